//! Every reason on the wire.

use super::*;
use crate::{
    cloud::Cloud,
    known_resource::KnownResource,
    reject::{ForbiddenFault, RequestFault, SessionFault, TokenFault},
    tenant::TenantId,
};

fn fields() -> ChallengeFields {
    ChallengeFields {
        resource_metadata: Some("https://mcp.example/.well-known/oauth-protected-resource/mcp".into()),
        scope_prefix: "1111/".into(),
        required: ScopeSet::required(["access_as_user"]).unwrap(),
    }
}

#[test]
fn every_reason_has_its_status_and_challenge() {
    let retry_after = Duration::from_secs(7);
    let tenant = TenantId::parse("8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11").unwrap();
    let tail = "scope=\"1111/access_as_user\", \
                resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp\"";
    for (why, status, start) in [
        (Rejection::NoCredentials, 401, Some("Bearer scope=")),
        (RequestFault::Malformed.into(), 401, Some("Bearer error=\"invalid_token\", ")),
        (RequestFault::SeveralCredentials.into(), 400, Some("Bearer error=\"invalid_request\", ")),
        (RequestFault::InQuery.into(), 400, Some("Bearer error=\"invalid_request\", ")),
        (RequestFault::InForm.into(), 400, Some("Bearer error=\"invalid_request\", ")),
        (RequestFault::TooLarge.into(), 431, Some("Bearer error=\"invalid_request\", ")),
        (TokenFault::Expired.into(), 401, Some("Bearer error=\"invalid_token\", ")),
        (TokenFault::KnownResource(KnownResource::Graph).into(), 401, Some("Bearer error=\"invalid_token\", ")),
        (Rejection::Forbidden(ForbiddenFault::AppOnly), 403, Some("Bearer error=\"insufficient_scope\", ")),
        (Rejection::Forbidden(ForbiddenFault::Policy), 403, Some("Bearer scope=")),
        (Rejection::Forbidden(ForbiddenFault::Client), 403, Some("Bearer scope=")),
        (Rejection::Forbidden(ForbiddenFault::Role), 403, Some("Bearer scope=")),
        (Rejection::Forbidden(ForbiddenFault::Group), 403, Some("Bearer scope=")),
        (Rejection::Forbidden(ForbiddenFault::GroupsLeftOut), 403, Some("Bearer scope=")),
        (Rejection::Forbidden(ForbiddenFault::UnlistedTool), 403, Some("Bearer scope=")),
        (Rejection::Forbidden(ForbiddenFault::UnlistedMethod), 403, Some("Bearer scope=")),
        (Rejection::Forbidden(ForbiddenFault::NoDelegatedScope), 403, Some("Bearer scope=")),
        (RequestFault::MalformedMessage.into(), 400, None),
        (RequestFault::Batch.into(), 400, None),
        (RequestFault::MessageTooLarge.into(), 413, None),
        (RequestFault::HeaderMismatch.into(), 400, None),
        (Rejection::Consent { tenant }, 403, Some("Bearer scope=")),
        (SessionFault::Several.into(), 404, None),
        (SessionFault::Unknown.into(), 404, None),
        (SessionFault::OfAnother.into(), 404, None),
        (Rejection::Unavailable { retry_after }, 503, None),
        (Rejection::Misconfigured, 500, None),
        (Rejection::NotWired { missing: "x" }, 500, None),
    ] {
        let mut headers = HeaderMap::new();
        fields().write(&why, None, &Ready::of(&fields()), &mut headers);
        assert_eq!(outside(&why).status().as_u16(), status, "{why:?}");
        let challenge = headers.get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap());
        match start {
            Some(start) => {
                let challenge = challenge.unwrap();
                assert!(challenge.starts_with(start) && challenge.ends_with(tail), "{why:?}: {challenge}");
            }
            None => assert_eq!(challenge, None, "{why:?}"),
        }
        let waits = headers.get(RETRY_AFTER).map(|value| value.to_str().unwrap());
        assert_eq!(waits, (status == 503).then_some("7"), "{why:?}");
    }
}

#[test]
fn a_wait_is_told_in_whole_seconds_and_never_too_short() {
    for (millis, expected) in [(0, "1"), (1, "1"), (1_000, "1"), (4_001, "5"), (7_000, "7")] {
        let mut headers = HeaderMap::new();
        let retry_after = Duration::from_millis(millis);
        fields().write(&Rejection::Unavailable { retry_after }, None, &Ready::of(&fields()), &mut headers);
        assert_eq!(headers[RETRY_AFTER], expected, "{millis} ms");
    }
}

#[test]
fn a_missing_scope_names_all_that_the_operation_needs() {
    let why = Rejection::Scope { required: ScopeSet::required(["b", "a"]).unwrap() };
    let challenge = fields().challenge(&why, &outside(&why), None);
    assert!(
        challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\"1111/a 1111/b\""),
        "{challenge}"
    );
}

#[test]
fn a_step_up_carries_the_claims_and_where_to_take_them() {
    let tenant = TenantId::parse("8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11").unwrap();
    let endpoints = Endpoints::documented(Cloud::Public, tenant);
    let why = Rejection::StepUp { claims: "{\"a\":1}".to_owned() };
    let challenge = fields().challenge(&why, &outside(&why), Some(&endpoints));
    assert!(challenge.contains("error=\"insufficient_claims\""), "{challenge}");
    assert!(challenge.contains("claims=\"eyJhIjoxfQ==\""), "{challenge}");
    assert!(
        challenge.contains(&format!("authorization_uri=\"{}\"", endpoints.authorization_endpoint())),
        "{challenge}"
    );
    assert!(challenge.contains("realm=\"8b0c9b59-0f5c-4f4b-9c1e-1d6f0a1e7b11\""), "{challenge}");
}

#[test]
fn a_challenge_describes_its_error_and_tells_apart_only_what_helps_an_honest_caller() {
    let vague = "the access token is not valid";
    for (fault, text) in [
        (TokenFault::Expired, "the access token has expired"),
        (TokenFault::WrongAudience, "the access token is not meant for this resource"),
        (
            TokenFault::KnownResource(KnownResource::Graph),
            "the access token is meant for another API; request one for this resource",
        ),
        (TokenFault::Signature, vague),
        (TokenFault::UnknownKey, vague),
        (TokenFault::WrongIssuer, vague),
        (TokenFault::NotAnAccessToken, vague),
    ] {
        let why = Rejection::from(fault);
        let challenge = fields().challenge(&why, &outside(&why), None);
        assert!(challenge.contains(&format!("error_description=\"{text}\"")), "{fault:?}: {challenge}");
    }
}

#[test]
fn a_body_always_has_a_word() {
    for (why, word) in [
        (Rejection::NoCredentials, "unauthorized"),
        (TokenFault::Expired.into(), "invalid_token"),
        (Rejection::Forbidden(ForbiddenFault::Policy), "access_denied"),
        (SessionFault::Unknown.into(), "not_found"),
        (Rejection::Unavailable { retry_after: Duration::ZERO }, "temporarily_unavailable"),
        (Rejection::Misconfigured, "server_error"),
    ] {
        assert_eq!(outside(&why).error_or_word(), word);
    }
}

#[test]
fn quotes_and_control_characters_cannot_leave_their_quotes() {
    let mut parts = Parts::default();
    parts.push("x", "a\"b\\c\r\nd\u{e9}");
    assert_eq!(parts.0, "Bearer x=\"a\\\"b\\\\c??d?\"");
}

#[test]
fn a_stronger_sign_in_at_a_plain_issuer_is_asked_for_as_rfc_9470_says() {
    let acr_values = Some(ScopeSet::required(["phr", "phrh"]).unwrap());
    for (acr_values, max_age, expected) in [
        (acr_values.clone(), None, "acr_values=\"phr phrh\", resource_metadata="),
        (None, Some(Duration::from_secs(300)), "max_age=\"300\", resource_metadata="),
        (acr_values, Some(Duration::ZERO), "acr_values=\"phr phrh\", max_age=\"0\", resource_metadata="),
    ] {
        let why = Rejection::Authentication { acr_values, max_age };
        let challenge = fields().challenge(&why, &outside(&why), None);
        assert_eq!(outside(&why).status(), 401);
        assert!(challenge.starts_with("Bearer error=\"insufficient_user_authentication\", "), "{challenge}");
        assert!(challenge.contains(expected), "{challenge}");
    }
}

#[test]
fn a_step_up_scope_stands_beside_the_scopes_that_every_request_needs() {
    let why = Rejection::StepUpScope { scope: "stepup.abc".to_owned() };
    let challenge = fields().challenge(&why, &outside(&why), None);
    assert_eq!(outside(&why).status(), 403);
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    assert!(challenge.contains("scope=\"1111/access_as_user stepup.abc\""), "{challenge}");
    let bare = ChallengeFields { required: ScopeSet::default(), ..fields() };
    assert!(bare.challenge(&why, &outside(&why), None).contains("scope=\"stepup.abc\""));
}

#[test]
fn what_is_ready_is_what_would_be_written() {
    let ready = Ready::of(&fields());
    let faults = [TokenFault::Malformed, TokenFault::WrongAudience, TokenFault::Expired, TokenFault::UnknownKey];
    let others = [Rejection::NoCredentials, RequestFault::Malformed.into()];
    for why in faults.into_iter().map(Rejection::from).chain(others) {
        assert_eq!(ready.get(&why), fields().header(&why, None).as_ref(), "{why}");
        assert!(ready.get(&why).is_some(), "{why}");
    }
    // These say what only the moment knows, or whom the token was for.
    for why in [Rejection::Token(TokenFault::KnownResource(KnownResource::Graph)), step_up()] {
        assert!(ready.get(&why).is_none(), "{why}");
    }
}

fn step_up() -> Rejection {
    Rejection::StepUp { claims: "{}".to_owned() }
}
