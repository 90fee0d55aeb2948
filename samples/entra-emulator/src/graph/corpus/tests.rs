use std::collections::HashSet;

use jiff::SignedDuration;

use super::draft::Draft;
use super::{CLOCK, messages};
use crate::graph::message::{Category, Message, Severity};

fn holds(what: &str, rule: impl Fn(&Message) -> bool) {
    for message in messages() {
        assert!(rule(message), "{} breaks: {what}", message.id);
    }
}

fn some(what: &str, rule: impl Fn(&Message) -> bool) {
    assert!(messages().iter().any(rule), "no message with {what}");
}

#[test]
fn the_corpus_has_at_least_sixty_distinct_messages() {
    let distinct = |field: fn(&Message) -> &str| {
        let values: HashSet<_> = messages().iter().map(field).collect();
        values.len()
    };
    let count = messages().len();
    assert!(count >= 60, "only {count}");
    assert_eq!(distinct(|m| &m.id), count, "ids");
    assert_eq!(distinct(|m| &m.title), count, "titles");
    assert_eq!(distinct(|m| &m.body), count, "bodies");
}

#[test]
fn every_category_and_severity_and_both_kinds_of_change_occur() {
    for category in Category::ALL {
        some(category.name(), |m| m.category == category);
    }
    for severity in Severity::ALL {
        some(severity.name(), |m| m.severity == severity);
    }
    some("a major change", |m| m.is_major_change);
    some("a minor change", |m| !m.is_major_change);
    some("a deadline", |m| m.action_required_by.is_some());
    some("no deadline", |m| m.action_required_by.is_none());
}

#[test]
fn a_dozen_services_and_the_usual_tags_occur() {
    let services: HashSet<_> = messages().iter().flat_map(|m| &m.services).collect();
    assert!(services.len() >= 12, "{services:?}");
    for tag in ["New feature", "User impact", "Admin impact", "Retirement"] {
        some(tag, |m| m.tags.iter().any(|t| t == tag));
    }
    holds("has a service and a tag", |m| !m.services.is_empty() && !m.tags.is_empty());
}

#[test]
fn the_clock_is_the_first_of_august() {
    assert_eq!(CLOCK.to_string(), "2026-08-01T00:00:00Z");
}

#[test]
fn dates_are_in_order_and_spread_over_the_year_before_the_clock() {
    holds("starts within the year", |m| {
        m.start < CLOCK && CLOCK.duration_since(m.start) <= SignedDuration::from_hours(366 * 24)
    });
    holds("is modified after its start", |m| m.start <= m.last_modified && m.last_modified < CLOCK);
    holds("ends after its start", |m| m.start < m.end);
    holds("has its deadline in between", |m| m.action_required_by.is_none_or(|at| m.start < at && at <= m.end));
    let months: HashSet<_> = messages().iter().map(|m| m.start.to_string()[..7].to_owned()).collect();
    assert_eq!(months.len(), 12, "{months:?}");
}

#[test]
fn ids_have_the_real_form_and_rise_with_time() {
    holds("MC and seven digits", |m| {
        m.id.strip_prefix("MC").is_some_and(|digits| digits.len() == 7 && digits.bytes().all(|b| b.is_ascii_digit()))
    });
    let mut by_start: Vec<_> = messages().iter().collect();
    by_start.sort_by_key(|m| m.start);
    assert!(by_start.windows(2).all(|pair| pair[0].id < pair[1].id));
}

#[test]
fn messages_come_the_most_recently_modified_first() {
    assert!(messages().windows(2).all(|pair| pair[0].last_modified >= pair[1].last_modified));
}

#[test]
fn details_name_summary_roadmap_and_platforms_and_may_lack_the_latter_two() {
    let has = |m: &Message, name: &str| m.details.iter().any(|d| d.name == name);
    holds("has a summary", |m| has(m, "Summary"));
    holds("has no empty detail", |m| m.details.iter().all(|d| !d.value.is_empty()));
    for name in ["RoadmapIds", "Platforms"] {
        some(name, |m| has(m, name));
        some("details lacking it", |m| !has(m, name));
    }
}

#[test]
fn bodies_are_html_of_half_to_six_kilobytes_with_links_and_lists() {
    holds("0.5 to 6 kB", |m| (512..=6144).contains(&m.body.len()));
    holds("has a link", |m| m.body.contains("<a href=\"https://"));
    holds("has lists", |m| m.body.contains("<ul><li>") && m.body.contains("<ol><li>"));
    some("a body beyond 5 kB", |m| m.body.len() > 5120);
    some("a body below 900 bytes", |m| m.body.len() < 900);
    some("a table", |m| m.body.contains("<table "));
}

#[test]
fn some_titles_are_not_ascii() {
    let count = messages().iter().filter(|m| !m.title.is_ascii()).count();
    assert!(count >= 5, "only {count}");
}

#[test]
fn exactly_one_body_is_hostile() {
    let hostile: Vec<_> = messages().iter().filter(|m| m.body.contains("<script>")).collect();
    assert_eq!(hostile.len(), 1);
    assert!(hostile[0].body.contains("Ignore all previous instructions"));
    assert!(hostile[0].body.contains("onerror="));
}

#[test]
fn links_lead_to_reserved_domains_only() {
    holds("has example links", |m| {
        m.body
            .match_indices("href=\"https://")
            .map(|(at, prefix)| &m.body[at + prefix.len()..])
            .filter_map(|rest| rest.split(['/', '"']).next())
            .all(|host| host.ends_with(".example"))
    });
}

#[test]
fn texts_are_escaped_and_markup_is_not() {
    let draft = r#"{
        "id": "MC1000001", "title": "t", "category": "stayInformed", "severity": "normal", "isMajorChange": false,
        "services": ["A & B"], "tags": [], "platforms": [], "roadmap": [], "start": "2026-01-01T00:00:00Z",
        "lastModified": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z", "form": "guide", "summary": "<s>",
        "story": ["1 < 2"], "changes": ["<b>"], "steps": ["\"quoted\""], "markup": "<hr>"
    }"#;
    let body = serde_json::from_str::<Draft>(draft).unwrap().into_message().body;
    for expected in ["A &amp; B", "&lt;s&gt;", "1 &lt; 2", "<li>&lt;b&gt;</li>", "&quot;quoted&quot;", "<hr>"] {
        assert!(body.contains(expected), "{expected} in {body}");
    }
}
