//! Messages as a table of at most 110 columns.

use std::fmt::Write as _;

use serde_json::Value;

const TITLE: usize = 52;
const SERVICE: usize = 22;

/// Writes the messages of a result, one a line, and how many there are in all.
pub(super) fn of(body: &Value) -> String {
    let mut text =
        format!("  {:<9} {:<10} {:<8} {:<SERVICE$} {:<TITLE$}\n", "id", "changed", "severity", "service", "title");
    let rule = ["─".repeat(9), "─".repeat(10), "─".repeat(8), "─".repeat(SERVICE), "─".repeat(TITLE)].join(" ");
    let _ = writeln!(text, "  {rule}");
    let messages = body["value"].as_array().map_or(&[][..], Vec::as_slice);
    for message in messages {
        let field = |name: &str| message[name].as_str().unwrap_or("-");
        let service = message["services"][0].as_str().unwrap_or("-");
        let changed = field("lastModifiedDateTime").split('T').next().unwrap_or("-");
        let (service, title) = (cut(service, SERVICE), cut(field("title"), TITLE));
        let _ = writeln!(text, "  {:<9} {changed:<10} {:<8} {service} {title}", field("id"), field("severity"));
    }
    let _ = write!(text, "  {} of {} messages", messages.len(), body["@odata.count"]);
    text
}

/// Cuts to a number of characters and fills up with spaces; what could move a terminal's cursor is left out.
fn cut(text: &str, width: usize) -> String {
    let clean: Vec<char> = text.chars().filter(|one| !one.is_control()).collect();
    let mut shown: String = clean.iter().take(width).collect();
    if clean.len() > width {
        shown = clean.iter().take(width - 1).chain(['…'].iter()).collect();
    }
    format!("{shown:<width$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_hostile_title_cannot_leave_its_column() {
        let title = format!("\u{1b}[2Jä{}\r\n", "x".repeat(200));
        let body =
            json!({"value": [{"id": "MC1", "title": title, "services": [], "severity": "high"}], "@odata.count": 9});
        let text = of(&body);
        assert!(!text.contains('\u{1b}') && !text.contains('\r'));
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
        assert!(text.ends_with("1 of 9 messages"));
    }
}
