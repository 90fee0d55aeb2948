//! Foreign text, made safe to log.

/// What a peer wrote: cut, escaped, and without anything that could be a token.
pub(crate) struct Diagnostic(Box<str>);

/// Longer than a GUID with its 36 characters; shorter than an Entra client secret with its 40, or any token.
const LONGEST_WORD: usize = 36;
const LONGEST_TEXT: usize = 600;

impl Diagnostic {
    pub(crate) fn of(text: &str) -> Self {
        let mut safe = String::new();
        for word in text.split_inclusive(|one: char| !is_token_character(one)) {
            let bare = word.trim_end_matches(|one: char| !is_token_character(one));
            let (shown, tail) = if bare.len() > LONGEST_WORD { ("[...]", &word[bare.len()..]) } else { (word, "") };
            // One line, ASCII: nobody can forge a log entry or hide one.
            safe.extend(shown.chars().chain(tail.chars()).flat_map(char::escape_default));
            if safe.len() >= LONGEST_TEXT {
                break;
            }
        }
        safe.truncate(LONGEST_TEXT);
        Self(safe.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What tokens, secrets and their percent-encoded forms consist of.
fn is_token_character(one: char) -> bool {
    one.is_ascii_alphanumeric() || matches!(one, '-' | '.' | '_' | '~' | '+' | '/' | '=' | '%')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_stay_and_tokens_go() {
        for (name, text, expected) in [
            ("plain", "AADSTS65001: no consent", "AADSTS65001: no consent"),
            (
                "guid",
                "Trace ID: 8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11",
                "Trace ID: 8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11",
            ),
            ("line breaks", "a\r\nlevel=info forged", "a\\r\\nlevel=info forged"),
            ("not ASCII", "\u{e9}\u{202e}", "\\u{e9}\\u{202e}"),
            ("jwt", "got eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln here", "got [...] here"),
            ("quoted", "\"8Q~0123456789012345678901234567890123456\"", "\\\"[...]\\\""),
        ] {
            assert_eq!(Diagnostic::of(text).as_str(), expected, "{name}");
        }
        assert_eq!(Diagnostic::of(&"word ".repeat(1_000)).as_str().len(), LONGEST_TEXT);
    }

    proptest! {
        #[test]
        fn no_word_of_a_secrets_length_survives(
            before in ".{0,80}", secret in "[A-Za-z0-9._~+/=-]{37,200}", after in ".{0,80}",
        ) {
            let text = Diagnostic::of(&format!("{before} {secret} {after}")).0;
            prop_assert!(!text.contains(&secret));
            prop_assert!(text.is_ascii() && !text.bytes().any(|byte| byte.is_ascii_control()));
        }
    }
}
