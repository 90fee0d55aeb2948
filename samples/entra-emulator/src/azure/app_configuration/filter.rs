//! Filters of keys and labels: `*`, a beginning followed by `*`, or up to five exact names.

use super::refusal;
use crate::azure::Denial;

/// One filter.
pub(super) enum Filter {
    Any,
    Prefix(String),
    /// None is what has no label, which requests write as `%00`.
    OneOf(Vec<Option<String>>),
}

impl Filter {
    pub(super) fn read(text: Option<&str>, name: &str) -> Result<Self, Denial> {
        let text = match text {
            None | Some("*") => return Ok(Self::Any),
            Some(text) => text,
        };
        let parts = split(text);
        if let [one] = parts.as_slice()
            && let Some(prefix) = one.strip_suffix('*').filter(|prefix| !prefix.ends_with('\\'))
        {
            return if prefix.contains('*') {
                Err(refusal::argument(name, "it is malformed"))
            } else {
                Ok(Self::Prefix(unescape(prefix)))
            };
        }
        if parts.len() > 5 || parts.iter().any(|part| part.replace("\\*", "").contains('*')) {
            return Err(refusal::argument(name, "it is malformed"));
        }
        let exact = |part: &String| (part != "\0").then(|| unescape(part));
        Ok(Self::OneOf(parts.iter().map(exact).collect()))
    }

    pub(super) fn takes(&self, text: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::OneOf(names) => names.iter().any(|name| name.as_deref() == text),
        }
    }
}

/// Splits at the commas that are not escaped by a backslash.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == ',' && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    parts
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        plain.push(if c == '\\' { characters.next().unwrap_or(c) } else { c });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_beginning_or_names() {
        for (filter, text, taken) in [
            ("*", Some("a"), true),
            ("*", None, true),
            ("a*", Some("ab"), true),
            ("a*", Some("b"), false),
            ("a*", None, false),
            ("a", Some("a"), true),
            ("a", Some("ab"), false),
            ("a,b", Some("b"), true),
            ("\0", None, true),
            ("\0", Some("a"), false),
            ("a,\0", None, true),
            ("a\\,b", Some("a,b"), true),
            ("a\\*", Some("a*"), true),
            ("a\\*", Some("ab"), false),
        ] {
            assert_eq!(Filter::read(Some(filter), "key").unwrap().takes(text), taken, "{filter:?} {text:?}");
        }
        for malformed in ["a*b", "a*,b", "**", "a,b,c,d,e,f"] {
            assert!(Filter::read(Some(malformed), "key").is_err(), "{malformed}");
        }
    }
}
