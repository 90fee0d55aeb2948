//! Checks the signature of a JWS in compact form, exactly as the layers check that of a token.
//!
//! ```text
//! cargo run -p mcp-auth-layer --example verify-jws -- KEY.json [--alg RS256[,ES256...]] < token
//! ```
//!
//! `KEY.json` is a JWK or a JWK set; the JWS comes on standard input, and one line end behind it is not part of it. Without
//! `--alg` every algorithm of the library is allowed. There is no logic of verification here: what is called is
//! [`FixedKeys`] for the key and [`jws::check`] for the rest.
//!
//! | exit | first word | meaning |
//! | --- | --- | --- |
//! | 0 | `ok` | the signature is good |
//! | 1 | `key` | no key of the document may verify any allowed algorithm |
//! | 1 | another | the JWS is refused; the word is the one of audit events, and a sentence follows |
//! | 2 | `usage` | the program was called wrongly |
//!
//! # A public set of test vectors
//! Project Wycheproof has the largest one: `testvectors_v1/json_web_signature_test.json` and `json_web_key_test.json` of
//! `github.com/C2SP/wycheproof`. Each group has one key and many texts; write the group's `public` member (`private` where
//! there is none) to a file, put each `jws` through the program, and compare the exit status with `result`:
//!
//! ```text
//! jq -c '.testGroups[] | (.public // .private) as $key | .tests[] | [$key, .jws, .result, .tcId]' SET.json |
//! while read -r line; do
//!     jq '.[0]' <<< "$line" > key.json
//!     jq -j '.[1]' <<< "$line" | target/debug/examples/verify-jws key.json > said; status=$?
//!     jq -r --arg status $status --arg said "$(cat said)" '"\(.[3]) \(.[2]) \($status) \($said)"' <<< "$line"
//! done
//! ```
//!
//! No text called `invalid` may exit with 0. Some called `valid` exit with 1 on purpose: HMAC does not exist here, and a key
//! whose own `alg` is another than the text's verifies nothing.

use std::{
    fs,
    io::{self, Read, Write},
    process::ExitCode,
};

use mcp_auth_layer::{
    algorithm::{Algorithm, Algorithms},
    config::ConfigError,
    jws,
    keys::FixedKeys,
    reject::{Rejection, TokenFault},
};
use serde_json::Value;

fn main() -> ExitCode {
    let outcome = run(std::env::args().skip(1), io::stdin().lock());
    // Nobody is left to tell when standard output is closed; the status still says it.
    let _ = writeln!(io::stdout(), "{}", outcome.line());
    ExitCode::from(outcome.status())
}

/// What became of a run.
#[derive(Debug)]
pub(crate) enum Outcome {
    Good,
    Refused(TokenFault),
    Key(ConfigError),
    Usage(String),
}

impl Outcome {
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Refused(_) | Self::Key(_) => 1,
            Self::Usage(_) => 2,
        }
    }

    pub(crate) fn line(&self) -> String {
        match self {
            Self::Good => "ok".to_owned(),
            Self::Refused(fault) => format!("{}: {fault}", Rejection::from(*fault).reason()),
            Self::Key(error) => format!("key: {error}"),
            Self::Usage(why) => format!("usage: verify-jws KEY.json [--alg RS256[,ES256...]] < token ({why})"),
        }
    }
}

/// Runs the program on its arguments and its standard input.
pub(crate) fn run(arguments: impl IntoIterator<Item = String>, input: impl Read) -> Outcome {
    attempt(arguments.into_iter(), input).unwrap_or_else(Outcome::Usage)
}

fn attempt(mut arguments: impl Iterator<Item = String>, mut input: impl Read) -> Result<Outcome, String> {
    let (mut path, mut allowed) = (None, None);
    while let Some(argument) = arguments.next() {
        if argument == "--alg" && allowed.is_none() {
            allowed = Some(algorithms(&arguments.next().ok_or("--alg needs a list")?)?);
        } else if path.is_none() && !argument.starts_with('-') {
            path = Some(argument);
        } else {
            return Err(format!("what is {argument:?}?"));
        }
    }
    let document = fs::read_to_string(path.ok_or("no key file")?).map_err(|error| format!("the key file: {error}"))?;
    let allowed = allowed.map_or_else(|| Algorithms::new(Algorithm::ALL), Ok).map_err(|error| error.to_string())?;
    let mut compact = Vec::new();
    input.read_to_end(&mut compact).map_err(|error| format!("standard input: {error}"))?;
    judge(&document, &compact, allowed)
}

fn algorithms(names: &str) -> Result<Algorithms, String> {
    let each = names.split(',').map(|name| Algorithm::of_name(name).ok_or(format!("no algorithm {name:?} here")));
    Algorithms::new(each.collect::<Result<Vec<_>, _>>()?).map_err(|error| error.to_string())
}

fn judge(document: &str, compact: &[u8], allowed: Algorithms) -> Result<Outcome, String> {
    let key: Value = serde_json::from_str(document).map_err(|error| format!("the key file: {error}"))?;
    // RFC 7517 section 5: what has `keys` is a set.
    let keys = match key.get("keys") {
        Some(_) => FixedKeys::from_jwks_for(document, allowed),
        None => FixedKeys::from_jwk_for(document, allowed),
    };
    let compact = std::str::from_utf8(without_line_end(compact)).map_err(|_| TokenFault::Malformed);
    Ok(match keys {
        Err(error) => Outcome::Key(error),
        Ok(keys) => match compact.and_then(|compact| jws::check(compact, &keys, allowed)) {
            Ok(()) => Outcome::Good,
            Err(fault) => Outcome::Refused(fault),
        },
    })
}

/// Takes off the one line end that editors and `echo` leave; any other blank is part of the text, and makes it malformed.
fn without_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}
