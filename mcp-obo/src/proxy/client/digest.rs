//! By what a client is named where its id is too long or too telling.

use std::{fmt, str::FromStr};

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use base64::prelude::*;
use mcp_auth_layer::config::ConfigError;
use serde::{Deserialize, Serialize};

/// The SHA-256 of a client's id, which stands for it in logs.
///
/// Prints as 43 characters of base64url, and is read from the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ClientDigest(Box<str>);

impl ClientDigest {
    pub(in crate::proxy) fn of(id: &str) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, id.as_bytes())).into())
    }

    pub(in crate::proxy) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ClientDigest {
    type Err = ConfigError;

    /// Reads a digest as it stands in the log.
    ///
    /// # Errors
    /// [`ConfigError::Url`] for anything else: a client's id, or a digest that lost a character, would deny nobody.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let is_one = BASE64_URL_SAFE_NO_PAD.decode(text).is_ok_and(|digest| digest.len() == SHA256_OUTPUT_LEN);
        let why = "it is not a digest of a client, 43 characters of base64url as the log has them";
        is_one.then(|| Self(text.into())).ok_or_else(|| ConfigError::Url {
            what: "client digest",
            given: text.to_owned(),
            why,
        })
    }
}

impl TryFrom<String> for ClientDigest {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_is_printed_and_nothing_else_is() {
        let digest = ClientDigest::of("abc");
        // FIPS 180-4's example, in base64url.
        let text = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";
        assert_eq!((digest.to_string().as_str(), text.parse::<ClientDigest>().unwrap()), (text, digest.clone()));
        assert_eq!(serde_json::from_str::<ClientDigest>(&serde_json::to_string(&digest).unwrap()).unwrap(), digest);
        for (name, wrong) in [
            ("nothing", ""),
            ("cut", &text[1..]),
            ("longer", &format!("{text}A")),
            ("padded", &format!("{text}=")),
            ("with a space", &format!("{text} ")),
            ("the other alphabet", &text.replace('-', "+")),
            ("bits that belong to no byte", &text.replace("a0", "a1")),
            ("hexadecimal", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("an id", "mcp.abc"),
        ] {
            assert!(wrong.parse::<ClientDigest>().is_err(), "{name}");
            assert!(serde_json::from_value::<ClientDigest>(wrong.into()).is_err(), "{name}");
        }
    }
}
