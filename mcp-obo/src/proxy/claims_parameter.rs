//! A client's own `claims` parameter (OpenID Connect Core section 5.5), as far as it goes on to Entra.

use serde_json::{Map, Value};

use crate::www_authenticate::ClaimsRequest;

/// More than any policy asks for; the address of the sign-in page has to take it.
const MAX: usize = 4 << 10;

/// Of an ID token, what decides how a person signs in.
///
/// No ID token is handed out here, so asking for what else it may hold would ask Entra for nothing; but an authentication
/// context or a second factor that is asked for there holds for the sign-in, and leaving it out would weaken that.
const OF_ID_TOKEN: [&str; 4] = ["acr", "acrs", "amr", "auth_time"];

/// The parameter is not one that may go on to Entra.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claims parameter is not an object of access_token and id_token of at most 4 KB")]
pub(super) struct NotClaims;

/// Reads the parameter; none when nothing of it matters to Entra.
pub(super) fn read(text: &str) -> Result<Option<ClaimsRequest>, NotClaims> {
    if text.len() > MAX {
        return Err(NotClaims);
    }
    let asked: Map<String, Value> = serde_json::from_str(text).map_err(|_| NotClaims)?;
    let mut kept = Map::new();
    for (name, value) in asked {
        let Value::Object(mut members) = value else { return Err(NotClaims) };
        match name.as_str() {
            "access_token" => {}
            "id_token" => members.retain(|name, _| OF_ID_TOKEN.contains(&name.as_str())),
            _ => return Err(NotClaims),
        }
        if !members.is_empty() {
            kept.insert(name, members.into());
        }
    }
    if kept.is_empty() {
        return Ok(None);
    }
    // What was judged is what goes on: a name that stood there twice stands there once.
    ClaimsRequest::read(&Value::Object(kept).to_string()).map(Some).map_err(|_| NotClaims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testtenant::CLAIMS;

    #[test]
    fn what_decides_about_a_sign_in_goes_on_and_all_else_is_refused_or_dropped() {
        let essential = r#"{"essential":true,"value":"c1"}"#;
        let sign_in = format!(r#"{{"id_token":{{"acrs":{essential}}}}}"#);
        let mixed = format!(r#"{{"id_token":{{"email":null,"acrs":{essential},"sub":{{"value":"x"}}}}}}"#);
        let filled = |size: usize| format!(r#"{{"access_token":{{"a":"{}"}}}}"#, "x".repeat(size - 25));
        let deep = format!(r#"{{"access_token":{}{}}}"#, r#"{"a":"#.repeat(200), "}".repeat(200));
        for (name, text, expected) in [
            ("a challenge", CLAIMS.to_owned(), Ok(Some(CLAIMS.to_owned()))),
            ("with spaces", CLAIMS.replace(':', " : "), Ok(Some(CLAIMS.to_owned()))),
            ("an authentication context of the sign-in", sign_in.clone(), Ok(Some(sign_in.clone()))),
            ("what an ID token would hold besides", mixed, Ok(Some(sign_in))),
            ("an ID token's alone", r#"{"id_token":{"email":null}}"#.to_owned(), Ok(None)),
            ("an empty object", "{}".to_owned(), Ok(None)),
            ("empty members", r#"{"access_token":{},"id_token":{}}"#.to_owned(), Ok(None)),
            (
                "a name twice",
                r#"{"access_token":{"a":1},"access_token":{"b":2}}"#.to_owned(),
                Ok(Some(r#"{"access_token":{"b":2}}"#.to_owned())),
            ),
            ("4 KB", filled(4_096), Ok(Some(filled(4_096)))),
            ("more than 4 KB", filled(4_097), Err(NotClaims)),
            ("userinfo", r#"{"userinfo":{"email":null}}"#.to_owned(), Err(NotClaims)),
            ("one that is right and one that is not", r#"{"access_token":{},"x":{}}"#.to_owned(), Err(NotClaims)),
            ("a member that is no object", r#"{"access_token":"x"}"#.to_owned(), Err(NotClaims)),
            ("null", r#"{"id_token":null}"#.to_owned(), Err(NotClaims)),
            ("an array", "[]".to_owned(), Err(NotClaims)),
            ("a string", r#""{}""#.to_owned(), Err(NotClaims)),
            ("base64", "e30=".to_owned(), Err(NotClaims)),
            ("something after it", "{} {}".to_owned(), Err(NotClaims)),
            ("cut", CLAIMS[..20].to_owned(), Err(NotClaims)),
            ("deeper than anybody asks", deep, Err(NotClaims)),
        ] {
            let read = read(&text).map(|claims| claims.map(|claims| claims.as_str().to_owned()));
            assert_eq!(read, expected, "{name}");
        }
    }
}
