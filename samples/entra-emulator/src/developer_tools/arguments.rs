//! Options as the tools read them.

/// Returns an option's value, by any of its names: after a blank, or after an equals sign.
pub(super) fn option<'a>(arguments: &'a [String], names: &[&str]) -> Option<&'a str> {
    arguments.iter().enumerate().find_map(|(at, word)| {
        if names.contains(&word.as_str()) {
            return arguments.get(at + 1).map(String::as_str);
        }
        let (name, value) = word.split_once('=')?;
        names.contains(&name).then_some(value)
    })
}

/// Tells whether a command begins with these words.
pub(super) fn is_command(arguments: &[String], words: &[&str]) -> bool {
    arguments.len() >= words.len() && arguments.iter().zip(words).all(|(given, word)| given == word)
}
