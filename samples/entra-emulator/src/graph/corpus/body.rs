use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::draft::{Draft, Form};

/// Composes the HTML of a post.
///
/// Wordings rotate with the post's number, so that no two posts share a frame and a search for a word of it finds some.
pub(super) fn html(draft: &Draft) -> String {
    let mut parts = paragraphs(&draft.story);
    if draft.form != Form::Brief {
        parts.push(schedule(draft));
    }
    parts.push(section(draft, &["What changes", "What is different afterwards", "In detail"]));
    parts.push(list("ul", &draft.changes));
    parts.push(audience(draft));
    if draft.form != Form::Brief {
        parts.push(phases(draft));
    }
    if draft.form == Form::Guide {
        parts.push(questions(draft));
    }
    parts.push(section(draft, &["What to do", "Before it arrives", "Our advice", "Next steps"]));
    parts.push(list("ol", &draft.steps));
    if draft.form == Form::Guide {
        parts.push(notice(draft));
    }
    parts.push(draft.markup.clone());
    parts.push(links(draft));
    parts.concat()
}

fn paragraphs(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| format!("<p>{}</p>", escaped(text))).collect()
}

fn section(draft: &Draft, titles: &[&'static str]) -> String {
    format!("<p style=\"margin-top: 12px\"><b>{}</b></p>", pick(draft, titles))
}

fn list(tag: &str, items: &[String]) -> String {
    let items: String = items.iter().map(|item| format!("<li>{}</li>", escaped(item))).collect();
    format!("<{tag}>{items}</{tag}>")
}

fn schedule(draft: &Draft) -> String {
    let begin = day(draft.start + PHASE_STEP);
    let done = day(draft.start + PHASE_STEP * PHASES.len() as i32 + WEEK);
    let sentence = match number(draft) % 4 {
        0 => format!("The first tenants see the change on {begin}; all of them have it by {done}."),
        1 => format!("We begin on {begin} and expect to be through by {done}, public holidays aside."),
        2 => format!("The roll-out runs from {begin} to {done}, in steps that pause when a signal looks wrong."),
        _ => format!("Targeted tenants come first, on {begin}. Everybody else follows until {done}."),
    };
    let deadline = draft.action_required_by.map(|at| format!(" <strong>Please act before {}.</strong>", day(at)));
    let heading = section(draft, &["Schedule", "When", "Dates", "Timeline", "Calendar"]);
    format!("{heading}<p>{sentence}{}</p>", deadline.unwrap_or_default())
}

fn audience(draft: &Draft) -> String {
    let services = escaped(&draft.services.join(" and "));
    let platforms = if draft.platforms.is_empty() {
        "the service itself, whatever client is used".to_owned()
    } else {
        escaped(&draft.platforms.join(", "))
    };
    let sentence = match number(draft) % 5 {
        0 => format!("Everybody who works with {services} is concerned, on {platforms}."),
        1 => format!("This is about {services}. Clients concerned: {platforms}."),
        2 => format!("Tenants with at least one licence for {services} receive it. It shows on {platforms}."),
        3 => format!("If your people use {services} on {platforms}, they will notice."),
        _ => format!("Administrators of {services} should read on; the change reaches {platforms}."),
    };
    let heading = section(draft, &["Who is concerned", "Reach", "Audience"]);
    format!("{heading}<p>{sentence}</p>")
}

fn phases(draft: &Draft) -> String {
    let rows: String = (1..)
        .zip(PHASES)
        .map(|(step, (name, who))| {
            let from = draft.start + PHASE_STEP * step;
            let to = from + WEEK;
            let (from, to) = (day(from), day(to));
            let cells = [name, who, &from, &to].map(|text| format!("<td {CELL}>{text}</td>"));
            format!("<tr>{}</tr>", cells.concat())
        })
        .collect();
    let heading = section(draft, &["Phases", "Rings and dates", "Order of the roll-out"]);
    format!(
        "{heading}<table style=\"border-collapse: collapse; width: 100%\" border=\"1\">\
         <thead><tr><th>Phase</th><th>Tenants</th><th>From</th><th>To</th></tr></thead>\
         <tbody>{rows}</tbody></table>"
    )
}

fn questions(draft: &Draft) -> String {
    let service = escaped(draft.services.first().map_or("the service", String::as_str));
    let id = escaped(&draft.id);
    let end = day(draft.end);
    let known = [
        (
            format!("Can we postpone it for {service}?"),
            format!(
                "By one ring, once, through a request that quotes {id}. A second delay is not possible, \
                     because both forms cannot be kept side by side after {end}."
            ),
        ),
        (
            "Does it cost anything?".to_owned(),
            format!(
                "No licence of {service} changes, and no meter is added. Storage that grows or shrinks \
                     through the change is counted as it is today."
            ),
        ),
        (
            "How do we see that our tenant has it?".to_owned(),
            format!(
                "The health page of {service} shows {id} as complete, and the audit log has an entry \
                     with the same number from that day on."
            ),
        ),
        (
            "What shall the service desk say?".to_owned(),
            "That the change is planned, which date it has, and where the guide is. Tickets about it need no \
             diagnostic files; a picture of the screen and the time are enough."
                .to_owned(),
        ),
        (
            "Is personal data handled in another way?".to_owned(),
            format!(
                "No. {service} keeps the same data in the same region for the same time. Should your \
                     register of processing name the old function, correct the name."
            ),
        ),
        (
            "What happens when we do nothing?".to_owned(),
            format!(
                "The steps below are taken for you with the default answers, the last of them on {end}. \
                     You can change the answers afterwards, but not the date."
            ),
        ),
    ];
    let first = number(draft) % known.len();
    let items: String = known
        .iter()
        .cycle()
        .skip(first)
        .take(known.len())
        .map(|(question, answer)| format!("<p><i>{question}</i><br>{answer}</p>"))
        .collect();
    let heading = section(draft, &["Questions we were asked", "Questions and answers"]);
    format!("{heading}{items}")
}

/// A text that administrators may pass on.
fn notice(draft: &Draft) -> String {
    let heading = section(draft, &["Text for your intranet", "A notice you may pass on", "Words for your people"]);
    let summary = escaped(&draft.summary);
    let first = escaped(draft.changes.first().map_or("", String::as_str));
    let begin = day(draft.start + PHASE_STEP);
    let closing = match number(draft) % 3 {
        0 => "You need not do anything. If something looks wrong, write to the service desk and say what you did last.",
        1 => {
            "Nothing you have stored is lost. The service desk answers questions, and holds an open hour in that week."
        }
        _ => "Most of you will notice little. Whoever is concerned has been told in person; if in doubt, ask us.",
    };
    format!(
        "{heading}<blockquote><p>From {begin} on something changes for us: {summary} {first}</p>\
         <p>{closing}</p></blockquote>"
    )
}

fn links(draft: &Draft) -> String {
    let words = ["Documentation", "The guide for administrators", "Full description", "Background and settings"];
    let guide = format!(
        "<a href=\"https://docs.contoso.example/messages/{}\" target=\"_blank\">{}</a>",
        escaped(&draft.id).to_lowercase(),
        pick(draft, &words),
    );
    let roadmap: String = draft
        .roadmap
        .iter()
        .map(|item| format!(" · <a href=\"https://roadmap.contoso.example/?id={item}\">Roadmap {item}</a>"))
        .collect();
    format!("<p>{guide}{roadmap}</p>")
}

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// From the announcement to the first phase, and from each phase to the next.
const PHASE_STEP: SignedDuration = SignedDuration::from_hours(14 * 24);

const PHASES: [(&str, &str); 5] = [
    ("Preview", "volunteers who asked for it"),
    ("First ring", "one tenant in a hundred, chosen by region"),
    ("Second ring", "commercial tenants with targeted release"),
    ("General", "all commercial and education tenants"),
    ("Government", "government tenants, after their own approval"),
];

/// Real posts carry such attributes in plenty; a client that strips markup must cope with them.
const CELL: &str = "style=\"padding: 4px 8px; vertical-align: top\"";

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%-d %B %Y").to_string()
}

/// The digits of the id, or zero.
fn number(draft: &Draft) -> usize {
    draft.id.trim_start_matches("MC").parse().unwrap_or(0)
}

fn pick(draft: &Draft, wordings: &[&'static str]) -> &'static str {
    // Another divisor than in the sentences, so that headings and sentences do not rotate in step.
    wordings[(number(draft) / 7) % wordings.len()]
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
