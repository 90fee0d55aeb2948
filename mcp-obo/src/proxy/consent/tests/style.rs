//! The look of the pages, as far as it can be judged without a browser.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::*;
use http::header::CONTENT_SECURITY_POLICY;

use super::*;

fn style() -> (Answer, String) {
    let response = consent(Remembering::Never).ask(&registered(), &pending(LOOPBACK), &HeaderMap::new(), NOW).unwrap();
    let style = Dom::of(&response).one("style").text();
    (response, style)
}

#[test]
fn the_policy_allows_the_style_that_the_browser_reads_and_no_other() {
    let (response, style) = style();
    let expected = format!("'sha256-{}'", BASE64_STANDARD.encode(digest(&SHA256, style.as_bytes())));
    let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.ends_with(&format!("style-src {expected}")), "{policy} {expected}");
    // It fetches nothing: fonts and images would be refused, and tell others who is asked.
    assert!(!style.contains("url(") && !style.contains("@import"));
}

/// The colours of the first or second block of custom properties: light, dark.
fn colours(style: &str, block: usize) -> HashMap<&str, [f64; 3]> {
    let body = style.split(":root {").nth(block + 1).unwrap().split('}').next().unwrap();
    let properties = body.split(';').filter_map(|line| line.trim().split_once(": #"));
    properties
        .map(|(name, hex)| {
            let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            (name, [part(0), part(2), part(4)])
        })
        .collect()
}

/// The contrast ratio of WCAG 2.2.
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let linear = |part: f64| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
    let luminance = |[r, g, b]: [f64; 3]| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_and_controls_can_be_read_in_light_and_dark() {
    let (_, style) = style();
    for (name, block) in [("light", 0), ("dark", 1)] {
        let colours = colours(&style, block);
        // WCAG 2.2, 1.4.3 for text and 1.4.11 for borders and the focus.
        for (front, back, least) in [
            ("--ink", "--sheet", 4.5),
            ("--ink", "--ground", 4.5),
            ("--quiet", "--ground", 4.5),
            ("--quiet", "--sheet", 4.5),
            ("--action", "--sheet", 4.5),
            ("--action", "--ground", 4.5),
            ("--on-action", "--action", 4.5),
            ("--on-warning", "--warning", 4.5),
            ("--line", "--ground", 3.0),
            ("--focus", "--sheet", 3.0),
            ("--focus", "--ground", 3.0),
        ] {
            let ratio = contrast(colours[front], colours[back]);
            assert!(ratio >= least, "{name}: {front} on {back} has {ratio:.2}");
        }
    }
}

#[test]
fn the_style_heeds_what_people_have_set() {
    let (_, style) = style();
    for wish in
        ["prefers-color-scheme: dark", "prefers-reduced-motion: reduce", "forced-colors: active", ":focus-visible"]
    {
        assert!(style.contains(wish), "{wish}");
    }
    assert!(!style.contains("outline: none") && !style.contains("outline: 0"));
    // Nothing is wider than a small phone: 320 px are 20rem.
    for length in
        style.split(|one: char| !(one.is_ascii_alphanumeric() || one == '.')).filter(|word| word.ends_with("px"))
    {
        let pixels: f64 = length.trim_end_matches("px").parse().unwrap();
        assert!(pixels <= 16.0, "{length}");
    }
}
