use mcp_auth_layer::{clock::UnixTime, redirect::RedirectAllowlist};
use serde_json::json;

use super::*;
use crate::proxy::client::{Preregistered, read_registration};

const OWN: &str = "abcdef01-2222-3333-4444-555555555555";
/// With a percent sign, a plus and a colon, which have to be encoded for the header.
const CONFIGURED: &str = "8Q~con%fig+ured:SECRET";

const OLD: &str = "b2xkMDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg=";
const NEW: &str = "bmV3MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg=";

fn clients(keys: &str, configured: Option<&str>) -> Clients {
    Clients {
        ring: KeyRing::parse(keys).unwrap(),
        allowlist: RedirectAllowlist::default(),
        preregistered: Some(Preregistered::new(OWN, configured.map(SecretString::from))),
        not_before: UnixTime::from_secs(0),
        denied: std::sync::Arc::default(),
        documents: None,
    }
}

fn registered(clients: &Clients, method: &str) -> String {
    let asked = json!({ "redirect_uris": ["http://127.0.0.1/"], "token_endpoint_auth_method": method });
    let registration =
        read_registration(serde_json::from_value(asked).unwrap(), &clients.allowlist, UnixTime::from_secs(9));
    registration.unwrap().seal(&clients.ring).unwrap()
}

fn basic_of(id: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")))
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Returns the id that was believed, or the error and whether there is a challenge.
async fn ask(
    clients: &Clients,
    headers: &[&str],
    form: &[(&str, &str)],
) -> Result<String, (&'static str, Option<HeaderValue>)> {
    let headers = headers.iter().map(|value| (AUTHORIZATION, HeaderValue::try_from(*value).unwrap())).collect();
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let form = Parameters::read(form.as_bytes()).unwrap();
    match clients.authenticate(&headers, &form).await {
        Ok(client) => Ok(client.id().to_owned()),
        Err(refused) => Err((refused.error.code.as_str(), refused.challenge().map(|(_, value)| value))),
    }
}

#[tokio::test]
async fn a_client_with_a_secret_proves_itself_in_either_way_and_in_no_other() {
    let clients = clients(OLD, None);
    let id = &*registered(&clients, "client_secret_basic");
    let secret = &*derived(&clients.ring, id);
    let (right, wrong, empty) = (basic_of(id, secret), basic_of(id, "wrong"), basic_of(id, ""));
    let challenge = Some(HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\""));
    let with_challenge = || Err(("invalid_client", challenge.clone()));
    let (invalid, request) = (|| Err(("invalid_client", None)), || Err(("invalid_request", None)));
    let ok = || Ok(id.to_owned());
    let no_colon = format!("Basic {}", BASE64_STANDARD.encode(id));
    let lower = right.replacen("Basic", "basic", 1);
    let by_id = ("client_id", id);
    for (name, headers, form, expected) in [
        ("Basic", &[&*right][..], &[][..], ok()),
        ("basic", &[&*lower], &[], ok()),
        ("Basic, id in both", &[&*right], &[by_id], ok()),
        ("body", &[], &[by_id, ("client_secret", secret)], ok()),
        ("an empty secret in the header, the right one in the body", &[&*empty], &[("client_secret", secret)], ok()),
        ("no secret", &[], &[by_id], invalid()),
        ("an empty secret in the body", &[], &[by_id, ("client_secret", "")], invalid()),
        ("an empty secret in the header", &[&*empty], &[], with_challenge()),
        ("a wrong one in the header", &[&*wrong], &[], with_challenge()),
        ("a wrong one in the body", &[], &[by_id, ("client_secret", "wrong")], invalid()),
        ("a piece of it", &[], &[by_id, ("client_secret", &secret[..42])], invalid()),
        ("in both", &[&*right], &[("client_secret", secret)], request()),
        ("another id in the body", &[&*right], &[("client_id", OWN)], request()),
        ("no id", &[], &[("client_secret", secret)], request()),
        ("nothing", &[], &[], request()),
        ("two headers", &[&*right, &*right], &[], request()),
        ("no base64", &["Basic ???"], &[by_id], with_challenge()),
        ("no colon", &[&*no_colon], &[by_id], with_challenge()),
        ("nothing after Basic", &["Basic"], &[by_id], invalid()),
        ("another scheme", &["Bearer x"], &[by_id, ("client_secret", secret)], invalid()),
        ("an assertion", &[], &[by_id, ("client_secret", secret), ("client_assertion", "x")], invalid()),
        (
            "the kind of an assertion",
            &[],
            &[by_id, ("client_secret", secret), ("client_assertion_type", "x")],
            invalid(),
        ),
    ] {
        assert_eq!(ask(&clients, headers, form).await, expected, "{name}");
    }
}

#[tokio::test]
async fn a_client_without_a_secret_needs_none_and_has_no_right_one() {
    let clients = clients(OLD, None);
    let id = &*registered(&clients, "none");
    let secret = &*derived(&clients.ring, id);
    assert_eq!(ask(&clients, &[], &[("client_id", id)]).await.as_deref(), Ok(id));
    assert_eq!(ask(&clients, &[&basic_of(id, "")], &[]).await.as_deref(), Ok(id), "an empty secret is none");
    for secret in ["x", secret] {
        let refused = ask(&clients, &[], &[("client_id", id), ("client_secret", secret)]).await;
        assert_eq!(refused.unwrap_err().0, "invalid_client");
    }
}

#[tokio::test]
async fn the_operators_own_client_shows_the_configured_secret_or_the_derived_one_or_none() {
    let clients = clients(OLD, Some(CONFIGURED));
    let own_secret = &*derived(&clients.ring, OWN);
    let in_header = basic_of(OWN, &encoded(CONFIGURED));
    let raw = basic_of(OWN, CONFIGURED);
    for (name, headers, secret, expected) in [
        ("none", &[][..], "", true),
        ("configured", &[], CONFIGURED, true),
        ("derived", &[], own_secret, true),
        ("configured, encoded in the header", &[&*in_header], "", true),
        ("configured, not encoded in the header", &[&*raw], "", false),
        ("encoded in the body twice", &[], &encoded(CONFIGURED), false),
        ("wrong", &[], "8Q~configuredSECREt", false),
        ("another client's", &[], &derived(&clients.ring, "mcp.x"), false),
    ] {
        let answer = ask(&clients, headers, &[("client_id", OWN), ("client_secret", secret)]).await;
        assert_eq!(answer.is_ok(), expected, "{name}: {answer:?}");
    }
    let upper = OWN.to_ascii_uppercase();
    let answer = ask(&clients, &[], &[("client_id", &upper), ("client_secret", own_secret)]).await;
    assert_eq!(answer, Ok(upper), "whatever case its id is in");
}

#[tokio::test]
async fn a_blank_configured_secret_is_none() {
    let clients = clients(OLD, Some(""));
    assert!(ask(&clients, &[], &[("client_id", OWN)]).await.is_ok());
    for secret in [" ", "x"] {
        assert!(ask(&clients, &[], &[("client_id", OWN), ("client_secret", secret)]).await.is_err());
    }
}

#[tokio::test]
async fn a_secret_outlives_the_change_of_keys_as_its_registration_does() {
    let old = clients(OLD, None);
    let id = &*registered(&old, "client_secret_post");
    let secret = &*derived(&old.ring, id);
    for (keys, expected) in [(format!("{NEW},{OLD}"), true), (format!("{OLD},{NEW}"), true), (NEW.to_owned(), false)] {
        let answer = ask(&clients(&keys, None), &[], &[("client_id", id), ("client_secret", secret)]).await;
        assert_eq!(answer.is_ok(), expected);
    }
}

#[tokio::test]
async fn a_client_that_is_not_known_is_told_to_register_again() {
    let clients = clients(OLD, None);
    assert_eq!(ask(&clients, &[], &[("client_id", "mcp.gone")]).await, Err(("invalid_client", None)));
    let refused = ask(&clients, &[&basic_of("mcp.gone", "x")], &[]).await.unwrap_err();
    assert!(refused.0 == "invalid_client" && refused.1.is_some());
}

#[test]
fn nothing_of_a_secret_is_shown() {
    let text = format!("{:?}", clients(OLD, Some(CONFIGURED)));
    assert!(!text.contains("8Q~") && !text.contains(OLD), "{text}");
}

#[tokio::test]
async fn the_secret_that_the_operator_configured_is_of_his_own_client_alone() {
    let clients = clients(OLD, Some(CONFIGURED));
    let id = registered(&clients, "client_secret_post");
    let refused = Err(("invalid_client", None));
    assert_eq!(ask(&clients, &[], &[("client_id", &id), ("client_secret", CONFIGURED)]).await, refused);
    assert_eq!(
        ask(&clients, &[], &[("client_id", OWN), ("client_secret", CONFIGURED)]).await.as_deref(),
        Ok(OWN),
        "and it is good there"
    );
}
