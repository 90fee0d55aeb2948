//! Command lines that whoever may assign a role can paste.

use server_kit::failure::CommandLine;

/// Stands where something is not known.
pub(super) const OBJECT_ID: &str = "<object id of who acts>";
pub(super) const RESOURCE_ID: &str = "<id of the resource>";

/// Writes the same line for bash and for PowerShell, which quote differently.
pub(super) fn line(words: &[&str]) -> CommandLine {
    let line = |quoted: fn(&str) -> String| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ").into();
    CommandLine { bash: line(bash), power_shell: line(power_shell) }
}

/// POSIX.1-2017, Shell Command Language, section 2.2.2: nothing is special between single quotes but the quote.
fn bash(word: &str) -> String {
    if is_bare(word) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// *about_Quoting_Rules*: in a verbatim string a single quote is doubled. Before it goes to a program, PowerShell 5 loses a
/// double quote that has no backslash, so none is used in these lines.
fn power_shell(word: &str) -> String {
    if is_bare(word) { word.to_owned() } else { format!("'{}'", word.replace('\'', "''")) }
}

/// Words that mean themselves in both shells.
fn is_bare(word: &str) -> bool {
    // Git's bash on Windows makes a path of a slash that stands alone.
    word != "/"
        && !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_reads_the_same_words() {
        for (word, expected_bash, expected_power_shell) in [
            ("Reader", "Reader", "Reader"),
            ("Storage Blob Data Reader", "'Storage Blob Data Reader'", "'Storage Blob Data Reader'"),
            ("/", "'/'", "'/'"),
            (
                "/subscriptions/x/resourceGroups/rg(1)",
                "'/subscriptions/x/resourceGroups/rg(1)'",
                "'/subscriptions/x/resourceGroups/rg(1)'",
            ),
            ("o'clock", r"'o'\''clock'", "'o''clock'"),
            ("$(rm -rf)", "'$(rm -rf)'", "'$(rm -rf)'"),
            ("", "''", "''"),
        ] {
            let line = line(&[word]);
            assert_eq!((&*line.bash, &*line.power_shell), (expected_bash, expected_power_shell), "{word}");
        }
    }
}
