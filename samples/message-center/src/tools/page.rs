//! The result of `getMessages`: a page of messages as Graph wrote it, with an address for people in each.

use std::ops::Range;

use serde_json::value::RawValue;

use super::messages;

/// The largest page that one can ask for.
const MOST: usize = 1_000;

/// Gives each message the address at which a person can read it, behind its id or where Graph has a `url` of its own; none when
/// `body` is no list of messages, or strict readers could not take it.
///
/// All else stays as Graph wrote it: reading 30 kB into a tree and writing them again costs more than the rest of the call.
#[must_use]
pub fn with_urls(body: &[u8]) -> Option<String> {
    let body = str::from_utf8(body).ok()?;
    let messages = messages::read(body)?;
    let mut written = String::with_capacity(body.len() + messages.len().min(MOST) * 80);
    let mut done = 0;
    for message in messages {
        let Some(raw) = message.id else { continue };
        let named = place(body, raw);
        // A string; its escapes mean the same in the address.
        let Some(id) = raw.get().strip_prefix('"').and_then(|id| id.strip_suffix('"')) else { continue };
        let (Range { start, end }, name) = match message.url {
            // Of two members of one name, readers take different ones.
            Some(url) => (place(body, url), ""),
            None => (named.end..named.end, r#","url":"#),
        };
        written.extend([&body[done..start], name, "\"", MESSAGE_URL, id, "\""]);
        done = end;
    }
    written.push_str(&body[done..]);
    Some(written)
}

/// Finds where a part of `body` stands in it.
fn place(body: &str, part: &RawValue) -> Range<usize> {
    let start = part.get().as_ptr().addr() - body.as_ptr().addr();
    start..start + part.get().len()
}

const MESSAGE_URL: &str = "https://admin.microsoft.com/#/MessageCenter/:/messages/";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_message_gets_its_address() {
        for (name, message, expected) in [
            ("an id", json!({"id": "MC1", "title": "a \"quoted\" one"}), Some("MC1")),
            ("no id", json!({"title": "no id"}), None),
            ("no text", json!({"id": 5}), None),
            ("null", json!({"id": null}), None),
            ("an escape", json!({"id": "a\"b"}), Some("a\"b")),
            ("an escape at the end", json!({"id": "a\""}), Some("a\"")),
        ] {
            let body = json!({"@odata.count": 1, "value": [message, {"id": "MC2"}], "x": {"id": "no message"}});
            let written: Value = serde_json::from_str(&with_urls(body.to_string().as_bytes()).unwrap()).unwrap();
            let url = |id| json!(format!("https://admin.microsoft.com/#/MessageCenter/:/messages/{id}"));
            let mut whole = body;
            whole["value"][1]["url"] = url("MC2");
            if let Some(id) = expected {
                whole["value"][0]["url"] = url(id);
            }
            assert_eq!(written, whole, "{name}");
        }
    }

    #[test]
    fn only_a_list_of_messages_is_one() {
        for (name, body, good) in [
            ("a list", &br#"{"value": []}"#[..], true),
            ("no list", br#"{"value": {"id": "MC1"}}"#, false),
            ("no value", br#"{"error": {}}"#, false),
            ("a list of lists", br#"[[{"id": "MC1"}]]"#, false),
            ("a list of something", br#"{"value": ["MC1"]}"#, false),
            ("half of it", br#"{"value": [{"id": "MC1"}"#, false),
            ("more than it", br#"{"value": []} {}"#, false),
            ("no text", b"{\"value\": [], \"x\": \"\xff\"}", false),
            ("nothing", b"", false),
            ("null", br#"{"value": null}"#, false),
            ("a list of null", br#"{"value": [null]}"#, false),
            ("a list of lists of texts", br#"{"value": [["MC1", null]]}"#, false),
            ("two lists", br#"{"value": [], "value": []}"#, false),
            ("two lists in other spellings", br#"{"value": [], "v\u0061lue": []}"#, false),
            ("two ids", br#"{"value": [{"id": "MC1", "id": "MC2"}]}"#, false),
            ("a byte order mark", b"\xef\xbb\xbf{\"value\": []}", false),
        ] {
            assert_eq!(with_urls(body).is_some(), good, "{name}");
        }
    }

    #[test]
    fn an_address_takes_the_place_of_one_that_graph_gave() {
        let ours = r#""https://admin.microsoft.com/#/MessageCenter/:/messages/MC1""#;
        for (name, message, expected) in [
            ("text", r#"{"id":"MC1","url":"https://example.com/"}"#, format!(r#"{{"id":"MC1","url":{ours}}}"#)),
            ("null", r#"{"id":"MC1","url":null}"#, format!(r#"{{"id":"MC1","url":{ours}}}"#)),
            ("no text", r#"{"id":"MC1","url":[5]}"#, format!(r#"{{"id":"MC1","url":{ours}}}"#)),
            ("before the id", r#"{"url":null,"id":"MC1"}"#, format!(r#"{{"url":{ours},"id":"MC1"}}"#)),
            ("another spelling", r#"{"id":"MC1","\u0075rl":0}"#, format!(r#"{{"id":"MC1","\u0075rl":{ours}}}"#)),
            ("no id", r#"{"url":null}"#, r#"{"url":null}"#.to_owned()),
        ] {
            let (body, whole) = (format!(r#"{{"value":[{message}]}}"#), format!(r#"{{"value":[{expected}]}}"#));
            assert_eq!(with_urls(body.as_bytes()).as_deref(), Some(&*whole), "{name}");
        }
    }

    #[test]
    fn blanks_stay_where_they_are() {
        let body = "\r\n {\t\"value\" : [ { \"id\" :\n \"MC1\" , \"title\" : 1.50 } ] }\n";
        let address = ",\"url\":\"https://admin.microsoft.com/#/MessageCenter/:/messages/MC1\"";
        let expected = body.replace("\"MC1\"", &format!("\"MC1\"{address}"));
        assert_eq!(with_urls(body.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn what_strict_readers_cannot_take_is_no_page() {
        for (name, x, good) in [
            ("half of a character", r#""\ud83d""#, false),
            ("a whole one", r#""\ud83d\ude00""#, true),
            ("a number without end", "1e999", false),
        ] {
            for body in [format!(r#"{{"value":[],"x":{x}}}"#), format!(r#"{{"value":[{{"id":"MC1","x":{x}}}]}}"#)] {
                assert_eq!(with_urls(body.as_bytes()).is_some(), good, "{name}");
            }
        }
    }
}
