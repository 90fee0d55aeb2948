//! Words that came from outside, fit to be shown to a person.
//!
//! Whoever registers a client chooses its name, so it may hold markup, a whole page of text, or characters that reorder, hide or
//! forge what stands around it (Unicode Technical Report 36, section 3.1). The template escapes markup; what is here is the rest.

use maud::{Markup, Render, html};

/// A text from outside: cleaned, cut, and kept apart from the direction of the text around it.
///
/// A template takes nothing else from a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said(String);

/// What a word from outside is, which decides how much of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The name of a client, which registration bounds to the same length.
    Name,
    /// The name of a scope.
    Scope,
    /// A host; a DNS name has 253 characters at most, and its end is what tells whose it is.
    Host,
    /// A redirect URI, which the allowlist bounds to the same length.
    Address,
}

impl Part {
    const fn longest(self) -> usize {
        match self {
            Self::Name => 80,
            Self::Scope => 120,
            Self::Host => 253,
            Self::Address => 512,
        }
    }
}

impl Said {
    /// Cleans a text; none when nothing can be seen of it.
    pub(super) fn new(text: &str, part: Part) -> Option<Self> {
        let mut shown = String::new();
        let (mut left, mut marks) = (part.longest(), 0);
        // Runs of spaces push words out of sight, and each is one character that nobody sees.
        let words = text.split(|one: char| one.is_whitespace() || one.is_control());
        let words = words.map(|word| word.chars().filter(|one| is_visible(*one))).map(Iterator::peekable);
        for mut word in words {
            if word.peek().is_none() {
                continue;
            }
            let space = (!shown.is_empty()).then_some(' ');
            for one in space.into_iter().chain(word) {
                marks = if is_mark(one) { marks + 1 } else { 0 };
                if marks > MOST_MARKS {
                    continue;
                }
                if left == 0 {
                    shown.push('…');
                    return Some(Self(shown));
                }
                shown.push(one);
                left -= 1;
            }
        }
        (!shown.is_empty()).then_some(Self(shown))
    }

    #[cfg(test)]
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Render for Said {
    fn render(&self) -> Markup {
        html! { bdi { (self.0) } }
    }
}

/// How many marks one letter bears: no orthography has more, and piled up they reach into the lines around.
const MOST_MARKS: usize = 3;

/// Tells whether a character stands above, below or on the one before it, in the scripts whose marks fonts pile up.
const fn is_mark(one: char) -> bool {
    matches!(
        one,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'..='\u{5c2}'
            | '\u{5c4}'..='\u{5c5}' | '\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}'
            | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e4}' | '\u{6e7}'..='\u{6e8}' | '\u{6ea}'..='\u{6ed}' | '\u{e31}'
            | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' | '\u{eb1}' | '\u{eb4}'..='\u{ebc}' | '\u{ec8}'..='\u{ece}'
            | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
    )
}

/// Tells whether a character is one that a person sees, and that leaves its neighbours alone.
///
/// What is left out is Unicode's `Bidi_Control`, of `Default_Ignorable_Code_Point` what is not part of an emoji, and the quotation
/// marks that the pages put around names: a name must not seem to end before it does.
const fn is_visible(one: char) -> bool {
    !matches!(
        one,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{201c}'..='\u{201f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cleaned_of_what_deceives_the_eye() {
        for (name, text, expected) in [
            ("a name", "Claude Code", Some("Claude Code")),
            ("another script", "カーソル مؤشر", Some("カーソル مؤشر")),
            ("an emoji", "🦀️ Crab", Some("🦀\u{fe0f} Crab")),
            ("markup stays; the template escapes it", "<b>\"&'", Some("<b>\"&'")),
            ("right-to-left override", "\u{202e}edualC", Some("edualC")),
            ("isolates and marks", "\u{2066}a\u{2069}\u{200e}\u{61c}b", Some("ab")),
            ("nothing between letters", "Cl\u{200b}au\u{ad}de\u{feff}", Some("Claude")),
            ("an end of the name", "Claude” by Microsoft“", Some("Claude by Microsoft")),
            ("tags", "a\u{e0041}\u{e0042}", Some("a")),
            ("private use", "a\u{e000}\u{f0000}", Some("a")),
            ("null bytes", "a\0b\0\0", Some("a b")),
            ("lines", "a\r\n\n\tb\u{2028}c\u{85}d", Some("a b c d")),
            ("runs of spaces", "  a\u{3000}\u{a0}  b ", Some("a b")),
            ("empty", "", None),
            ("spaces", " \t\u{3000}", None),
            ("invisible", "\u{200b}\u{202e} \u{3164}\u{2800}", None),
        ] {
            assert_eq!(Said::new(text, Part::Name).as_ref().map(Said::as_str), expected, "{name}");
        }
    }

    #[test]
    fn a_text_that_is_read_from_the_right_turns_nothing_around_it() {
        let markup = Said::new("مؤشر <b>", Part::Name).unwrap().render().into_string();
        assert_eq!(markup, "<bdi>مؤشر &lt;b&gt;</bdi>");
    }

    #[test]
    fn marks_do_not_pile_up_over_what_stands_around_a_name() {
        for (name, text, expected) in [
            ("Vietnamese, taken apart", "Vie\u{302}\u{323}t", "Vie\u{302}\u{323}t"),
            ("Hebrew with points", "שָּׁ", "שָּׁ"),
            ("a pile", &*format!("a{}b", "\u{30d}".repeat(70)), "a\u{30d}\u{30d}\u{30d}b"),
            ("a pile in Thai", &*format!("ก{}", "\u{e49}".repeat(70)), "ก\u{e49}\u{e49}\u{e49}"),
            ("a mixed one", &*format!("a{}", "\u{334}\u{20dd}\u{489}\u{64b}".repeat(9)), "a\u{334}\u{20dd}\u{489}"),
            ("behind what is not seen", "a\u{30d}\u{30d}\u{30d}\u{200b}\u{30d}b", "a\u{30d}\u{30d}\u{30d}b"),
        ] {
            assert_eq!(Said::new(text, Part::Name).unwrap().as_str(), expected, "{name}");
        }
    }

    #[test]
    fn a_text_is_cut_by_characters() {
        let exactly = "é".repeat(80);
        for (name, text, part, expected) in [
            ("just fits", exactly.clone(), Part::Name, exactly.clone()),
            ("one too many", format!("{exactly}a"), Part::Name, format!("{exactly}…")),
            ("ten kilobytes", "é".repeat(5_000), Part::Name, format!("{exactly}…")),
            ("a space too many", format!("{exactly} "), Part::Name, exactly.clone()),
            ("a scope", "s".repeat(200), Part::Scope, format!("{}…", "s".repeat(120))),
            ("a host", "h".repeat(253), Part::Host, "h".repeat(253)),
        ] {
            assert_eq!(Said::new(&text, part).unwrap().as_str(), expected, "{name}");
        }
    }
}
