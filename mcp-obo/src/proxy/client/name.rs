//! The name that a client gives itself: shown to people, and chosen by anybody.

/// Longer ones are no names, and would fill the page on which they are shown.
const MAX_CHARS: usize = 80;

/// The name has more than 80 characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name is longer than {MAX_CHARS} characters")]
pub(super) struct LongName;

/// Reads a name: what cannot be seen, or makes the text around it read differently, is left out.
pub(super) fn read(given: &str) -> Result<Option<Box<str>>, LongName> {
    let seen: String = given.chars().filter(|char| !is_hidden(*char)).collect();
    let name = seen.trim();
    if name.chars().count() > MAX_CHARS {
        return Err(LongName);
    }
    Ok((!name.is_empty()).then(|| name.into()))
}

/// Controls, line separators, the characters with Unicode's property `Bidi_Control`, and spaces without width.
fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{61c}'
                | '\u{ad}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{2069}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_a_person_can_see_of_it() {
        let (longest, long) = ("é".repeat(80), "é".repeat(81));
        let hidden = format!("{longest}{}", "\u{202e}".repeat(500));
        for (name, given, expected) in [
            ("plain", "Visual Studio Code", Ok(Some("Visual Studio Code"))),
            ("white space around it", "  Cursor\t\n", Ok(Some("Cursor"))),
            ("controls", "Cur\u{0}s\u{1b}[31mor\u{85}", Ok(Some("Curs[31mor"))),
            ("turned around", "\u{202e}edoC lausiV\u{202c}", Ok(Some("edoC lausiV"))),
            ("isolated", "\u{2066}a\u{2069}\u{200f}b\u{61c}", Ok(Some("ab"))),
            ("lines", "a\u{2028}b\u{2029}c", Ok(Some("abc"))),
            ("without width", "Mic\u{200b}ro\u{2060}soft\u{feff}\u{ad}", Ok(Some("Microsoft"))),
            ("tags", "a\u{e0041}", Ok(Some("a"))),
            ("markup is for the page to escape", "<b>x</b>", Ok(Some("<b>x</b>"))),
            ("another script", "भाषा 👩‍💻", Ok(Some("भाषा 👩‍💻"))),
            ("80 characters", &longest, Ok(Some(&*longest))),
            ("80 characters that are seen", &hidden, Ok(Some(&*longest))),
            ("81 characters", &long, Err(LongName)),
            ("nothing", "", Ok(None)),
            ("nothing to see", " \u{202e}\u{0} ", Ok(None)),
        ] {
            assert_eq!(read(given).as_ref().map(Option::as_deref), expected.as_ref().map(|name| *name), "{name}");
        }
    }
}
