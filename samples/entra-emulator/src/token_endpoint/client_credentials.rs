//! The client-credentials grant: an app by itself (RFC 6749 section 4.4).

use serde_json::{Value, json};

use super::{Request, client_auth};
use crate::{
    error::EntraError,
    scope::Asked,
    tenant::Resource,
    token::{self, LIFETIME, Order, Subject},
};

/// Issues an app-only token for an app of the tenant; only `.default` can be asked for.
pub(super) fn grant(request: &Request<'_>) -> Result<Value, EntraError> {
    let state = &request.shared.state;
    let client = client_auth::confidential(request)?;
    let asked = Asked::read(&state.apps, request.form.need("scope")?, 28000)?;
    if asked.names != [".default"] {
        return Err(EntraError::new(70011));
    }
    // Graph's application permissions are not modelled: no app of this tenant has any.
    let Some((Resource::App(api), spelling)) = &asked.resource else { return Err(EntraError::new(70011)) };
    let version = api.issues_version();
    let order = Order {
        resource: api,
        audience: api.audience(version, spelling),
        client: &client.app.client_id,
        confidential: client.how,
        subject: Subject::App { roles: Vec::new() },
        version,
        base: &request.base.to_string(),
        now: state.clock.now(),
        client_capable: false,
    };
    let access_token = token::sign(&state.keys, &order.claims());
    Ok(
        json!({"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": access_token}),
    )
}
