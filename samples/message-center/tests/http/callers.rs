//! Which callers an operator lets in, beyond a good token.

use entra_emulator::{CLIENT_ID, TokenSpec};
use serde_json::json;

use crate::support::Fixture;

const OTHER_CLIENT: &str = "99999999-2222-4333-8444-555555555555";

#[tokio::test]
async fn only_clients_on_the_list_may_call() {
    for (listed, status) in [(CLIENT_ID, 200), (OTHER_CLIENT, 403)] {
        let server = Fixture::with(&[("MCP_ALLOWED_CLIENT_IDS", listed)]).await;
        let answer = server.call_as("alice").await;
        assert_eq!(answer.status, status, "{listed}: {answer:?}");
        if status == 403 {
            assert_eq!(answer.json()["error"]["data"]["error"], "access_denied");
            let audited = server.log.last_audit();
            assert_eq!((&*audited["reason"], &*audited["azp"]), ("client", CLIENT_ID));
            // Another token of the same client changes nothing, so no error code invites it to ask for one.
            assert!(!answer.header("www-authenticate").unwrap().contains("error="), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_required_role_is_asked_of_users_and_opens_no_door_to_applications() {
    let server = Fixture::with(&[("MCP_REQUIRED_ROLES", "Messages.Reader,Messages.Admin")]).await;
    let with_role = TokenSpec::user("alice").claim("roles", json!(["Messages.Reader"]));
    for (name, spec, status, reason) in [
        ("a user with the role", with_role, 200, "-"),
        ("a user without", TokenSpec::user("alice"), 403, "role"),
        ("an application with the role", TokenSpec::app(&["Messages.Reader"]), 403, "app_only"),
    ] {
        let token = server.emulator.mint(spec);
        let answer = server.call(Some(&token), json!({})).await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        if status == 403 {
            assert_eq!(server.log.last_audit()["reason"], reason, "{name}");
        }
    }
}
