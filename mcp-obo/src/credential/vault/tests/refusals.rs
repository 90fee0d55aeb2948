//! What a vault refuses, and what its administrator reads then.

use super::*;

fn forbidden(code: &str) -> String {
    json!({ "error": { "code": "Forbidden", "message": "appid=secret-looking", "innererror": { "code": code } } })
        .to_string()
}

#[tokio::test]
async fn each_refusal_names_its_cure_and_repeats_nothing_of_the_answer() {
    for (name, code, body, cure) in [
        ("RBAC", 403, forbidden("ForbiddenByRbac"), "role `Key Vault Secrets User`"),
        ("access policy", 403, forbidden("AccessDenied"), "`secrets/get` in the access policies"),
        ("firewall", 403, forbidden("ForbiddenByFirewall"), "firewall"),
        ("private link", 403, forbidden("ForbiddenByConnection"), "private endpoint"),
        ("disabled", 403, forbidden("SecretDisabled"), "disabled or outside its dates"),
        ("another reason", 403, forbidden("New"), "see whether this service's identity has `Key Vault Secrets User`"),
        ("no reason", 403, "<html>".to_owned(), "see whether"),
        ("not there", 404, String::new(), "nothing by this name or version"),
        ("throttled", 429, String::new(), "too often"),
        ("out of order", 500, String::new(), "HTTP 500"),
        ("redirected", 302, String::new(), "HTTP 302"),
        ("not JSON", 200, "<html>".to_owned(), "not JSON"),
        ("too large", 200, " ".repeat(300 * 1024), "too large"),
    ] {
        let vault = Vault::answering(move |_| status(code, &[], &body));
        let why = why(at(&vault.secret(), NOW).await);
        assert!(why.contains(cure) && !why.contains("secret-looking"), "{name}: {why}");
    }
}

#[tokio::test]
async fn the_cure_is_that_of_the_operation() {
    for (name, is_reading, cure) in
        [("reading", true, "`Key Vault Certificate User`"), ("signing", false, "`Key Vault Crypto User`")]
    {
        let vault = Vault::answering(move |request| {
            if !is_reading && request.method() == "GET" {
                let pem = TestKey::first().certificate((2020, 1, 1), (2120, 1, 1));
                let cer = pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
                return status(200, &[], &json!({ "cer": cer, "kid": format!("{URL}/keys/graph/1") }).to_string());
            }
            status(403, &[], &forbidden("ForbiddenByRbac"))
        });
        let why = why(at(&vault.certificate(), NOW).await);
        assert!(why.contains(cure), "{name}: {why}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_spent_and_asked_for_once_more() {
    const CHALLENGE: &str =
        r#"Bearer authorization="https://login.windows.net/contoso.example", resource="https://vault.azure.net""#;
    let refuse = |_: &Request<Bytes>| status(401, &[("www-authenticate", CHALLENGE)], "");
    let vault = Vault::answering(refuse);
    assert!(why(at(&vault.secret(), NOW).await).contains("those of tenant contoso.example"));
    assert_eq!(vault.requests().len(), 2);
    assert_eq!(*vault.tokens.told.lock().unwrap(), ["spent vault-token-0"]);

    let vault = Vault::answering(move |request| {
        let is_first = request.headers()["authorization"] == "Bearer vault-token-0";
        if is_first { refuse(request) } else { secret(&TestKey::first().file()) }
    });
    at(&vault.secret(), NOW).await.unwrap();
}

#[tokio::test]
async fn a_revoked_token_is_replaced_by_one_with_the_claims_that_are_asked_for() {
    for (name, challenge, told) in [
        ("claims", r#"Bearer error="insufficient_claims", claims="eyJhIjoxfQ==""#, &[r#"claims {"a":1}"#][..]),
        ("claims that nobody can read", r#"Bearer error="insufficient_claims", claims="***""#, &[]),
        ("claims of another error", r#"Bearer error="invalid_token", claims="eyJhIjoxfQ==""#, &[]),
    ] {
        let vault = Vault::answering(move |request| {
            let is_first = request.headers()["authorization"] == "Bearer vault-token-0";
            let refusal = status(401, &[("www-authenticate", challenge)], "");
            if is_first { refusal } else { secret(&TestKey::first().file()) }
        });
        at(&vault.secret(), NOW).await.unwrap();
        let expected = [&["spent vault-token-0"], told].concat();
        assert_eq!(*vault.tokens.told.lock().unwrap(), expected, "{name}");
    }
}
