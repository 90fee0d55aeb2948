//! PEM (RFC 7468), as far as keys and certificates need it.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Writes DER under a label.
pub(crate) fn write(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Reads the first block with this label, whatever stands around it.
pub(crate) fn read(label: &str, text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back_from_among_other_blocks() {
        let der: Vec<u8> = (0..=200).collect();
        let text = write("OTHER", b"no") + &write("CERTIFICATE", &der);
        assert_eq!(read("CERTIFICATE", &text), Some(der));
        assert_eq!(read("PRIVATE KEY", &text), None);
    }
}
