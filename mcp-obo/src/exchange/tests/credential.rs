//! Whether Entra accepts this app's credential, asked without a user.

use serde_json::json;

use super::*;
use crate::{
    credential::CredentialKind,
    testtenant::{CLIENT, refused},
};

#[tokio::test(start_paused = true)]
async fn a_credential_is_proved_without_a_user() {
    for (name, answer, expected) in [
        ("accepted", granted(0), None),
        ("secret expired", refused("invalid_client", 7_000_222, json!({})), Some(ClientCredential)),
        ("federated record", refused("invalid_request", 700_213, json!({})), Some(ClientCredential)),
        ("outage", status(503, &[], ""), Some(Unavailable)),
        ("throttled", status(429, &[], ""), Some(Throttled)),
        ("no such app", refused("unauthorized_client", 700_016, json!({})), Some(Configuration)),
        // The credential was looked at before anything of these.
        ("nobody assigned the app to itself", refused("invalid_grant", 501_051, json!({})), None),
        ("no such resource", refused("invalid_resource", 500_011, json!({})), None),
    ] {
        let tenant = Tenant::answering(move |_| Box::pin(ready(answer.clone())));
        let exchange = tenant.exchange();
        let outcome = exchange.check_credential().await;
        assert_eq!(outcome.err().map(|error| error.kind()), expected, "{name}");
        let form = &tenant.calls()[0].form;
        assert_eq!(
            (form["grant_type"].as_str(), form["scope"].as_str()),
            ("client_credentials", &*format!("{CLIENT}/.default"))
        );
        assert!(!form.contains_key("assertion") && !form.contains_key("requested_token_use"), "{name}");
    }
    let kinds: Vec<_> = Tenant::granting().exchange().credentials().iter().map(CredentialStatus::kind).collect();
    assert_eq!(kinds, [CredentialKind::Secret]);
}
