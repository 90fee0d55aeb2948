//! Messages as a table of at most 110 columns.

use serde_json::Value;

/// As long as the widest column.
const RULE: &str = "────────────────────────────────────────────────────";

/// Names and widths of the columns.
const COLUMNS: [(&str, usize); 5] = [("id", 9), ("changed", 10), ("severity", 8), ("service", 22), ("title", 52)];

/// Writes the messages of a result, one a line, and how many there are in all.
pub(super) fn of(body: &Value) -> String {
    let messages = body["value"].as_array().map_or(&[][..], Vec::as_slice);
    let mut lines =
        vec![row(COLUMNS.map(|(name, _)| name)), row(COLUMNS.map(|(_, width)| &RULE[..width * '─'.len_utf8()]))];
    lines.extend(messages.iter().map(|message| {
        let field = |name: &str| message[name].as_str().unwrap_or("-");
        let service = message["services"][0].as_str().unwrap_or("-");
        let changed = field("lastModifiedDateTime").split('T').next().unwrap_or("-");
        row([field("id"), changed, field("severity"), service, field("title")])
    }));
    lines.push(format!("  {} of {} messages", messages.len(), body["@odata.count"]));
    lines.join("\n")
}

fn row(cells: [&str; 5]) -> String {
    let cells = cells.iter().zip(COLUMNS).map(|(cell, (_, width))| cut(cell, width));
    format!("  {}", cells.collect::<Vec<_>>().join(" ")).trim_end().to_owned()
}

/// Cuts to a number of characters and fills up with spaces; what could move a terminal's cursor is left out.
fn cut(text: &str, width: usize) -> String {
    let clean: Vec<char> = text.chars().filter(|one| is_shown(*one)).collect();
    let mut shown: String = clean.iter().take(width).collect();
    if clean.len() > width {
        shown = clean.iter().take(width - 1).chain(['…'].iter()).collect();
    }
    format!("{shown:<width$}")
}

/// Control characters, and those that reverse or hide text (Unicode's `Cc`, and the bidirectional ones of `Cf`).
fn is_shown(one: char) -> bool {
    !one.is_control()
        && !matches!(one, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_hostile_title_cannot_leave_its_column() {
        let title = format!("\u{1b}[2J\u{202e}ä{}\r\n", "x".repeat(200));
        let body =
            json!({"value": [{"id": "MC1", "title": title, "services": [], "severity": "high"}], "@odata.count": 9});
        let text = of(&body);
        assert!(['\u{1b}', '\r', '\u{202e}'].iter().all(|one| !text.contains(*one)));
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
        assert!(text.ends_with("1 of 9 messages"));
    }
}
