//! The fields of lines of text, which stay on their line whatever a caller put into them.

use std::fmt::{self, Write};

use tracing_subscriber::{
    field::RecordFields,
    fmt::{
        FormatFields,
        format::{DefaultFields, Writer},
    },
};

/// Writes fields as [`DefaultFields`] does, with whatever ends or turns a line escaped.
///
/// A field that goes by its `Display` is written there with its line breaks: rmcp names the id of a caller's request so, which
/// would begin a line of the caller's own.
#[derive(Debug)]
pub(super) struct OnOneLine;

impl<'writer> FormatFields<'writer> for OnOneLine {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        DefaultFields::new().format_fields(Writer::new(&mut Escaped(&mut writer)), fields)
    }
}

struct Escaped<'a, W>(&'a mut W);

impl<W: Write> Write for Escaped<'_, W> {
    fn write_str(&mut self, mut text: &str) -> fmt::Result {
        // What most texts are is told sixteen characters at a time.
        if text.bytes().fold(true, |plain, one| plain & matches!(one, b' '..=b'~')) {
            return self.0.write_str(text);
        }
        while let Some((at, one)) = text.char_indices().find(|(_, one)| is_escaped(*one)) {
            write!(self.0, "{}{}", &text[..at], one.escape_default())?;
            text = &text[at + one.len_utf8()..];
        }
        self.0.write_str(text)
    }
}

/// Controls, line separators, and what turns the direction of the text around it (Unicode's `Bidi_Control`).
fn is_escaped(one: char) -> bool {
    one.is_control()
        || matches!(one, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use tracing::{error, info, info_span, subscriber::with_default};
    use tracing_subscriber::{fmt, layer::SubscriberExt as _, registry};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(text)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(ansi: bool, log: impl FnOnce()) -> String {
        let to = Written::default();
        let writer = to.clone();
        let lines = fmt::layer().without_time().with_ansi(ansi).fmt_fields(OnOneLine);
        with_default(registry().with(lines.with_writer(move || writer.clone())), log);
        String::from_utf8(to.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn no_field_begins_a_line_or_speaks_to_a_terminal() {
        let forged = "x\r\n INFO mcp_auth::audit: admitted \u{1b}[2J\u{9b}1m\u{7f}\u{0}\u{2028}\u{202e}";
        let log = || {
            let _span = info_span!("request", shown = %forged, quoted = forged).entered();
            info!(shown = %forged, debug = ?forged, quoted = forged, "{forged}");
            error!(error = &io::Error::other(forged) as &(dyn std::error::Error + 'static));
        };
        for ansi in [false, true] {
            let lines = written(ansi, log);
            assert_eq!(lines.lines().count(), 2, "{lines:?}");
            assert_eq!(lines.matches("x\\r\\n").count(), 9, "{lines:?}");
            // Colours are this program's own.
            let rest = lines.replace("\u{1b}[", "");
            assert!(!rest.contains(|one: char| is_escaped(one) && one != '\n'), "{lines:?}");
            assert!(!lines.contains("\u{1b}[2J"), "{lines:?}");
        }
    }

    #[test]
    fn all_else_is_written_as_it_is() {
        let log = || info!(name = "Zo\u{eb} \u{1F600}", count = 3, id = %"a b", "a message");
        assert_eq!(
            written(false, log).trim_end().split_once("tests: ").unwrap().1,
            "a message name=\"Zo\u{eb} \u{1F600}\" count=3 id=a b"
        );
    }
}
