//! The client-credentials grant: an app by itself (RFC 6749 section 4.4).

use serde_json::Value;

use super::{
    Failure, Request, apply,
    client_auth::{self, Client},
};
use crate::{
    error::EntraError,
    jwt,
    lifetime::Lifetime,
    place::Place,
    scope::Asked,
    service::{Principal, Service, ServiceOrder},
    tenant::{App, Resource},
    token::{self, Order, Subject},
};

/// Issues an app-only token; only `.default` of one resource can be asked for.
pub(super) async fn grant(request: &Request<'_>) -> Result<Value, Failure> {
    let state = &request.shared.state;
    let client = client_auth::confidential(request).await?;
    let id = &client.app.client_id;
    let lifetime = state.lifetimes.get(Place::ClientCredentials, id).unwrap_or(Lifetime::ACCESS_TOKEN);
    let access_token = issue(request, client, lifetime)?;
    apply(request, Place::ClientCredentials, id).await?;
    Ok(lifetime.answer(&access_token))
}

fn issue(request: &Request<'_>, client: Client<'_>, lifetime: Lifetime) -> Result<String, EntraError> {
    let scope = request.form.need("scope")?;
    // Many callers write the slash twice, for a resource that ends with one.
    if let Some((resource, service)) = scope.strip_suffix("/.default").and_then(|it| Some((it, Service::find(it)?))) {
        return Ok(for_service(request, client, (resource, service), lifetime));
    }
    let asked = Asked::read(&request.shared.state.apps, scope, 28000)?;
    if asked.names != [".default"] {
        return Err(EntraError::new(70011));
    }
    let Some((Resource::App(api), spelling)) = &asked.resource else { return Err(EntraError::new(70011)) };
    Ok(for_app(request, client, (api, spelling), lifetime))
}

/// Makes a token for a service of Microsoft's, which every tenant knows; at Graph it has the roles that were assigned.
fn for_service(
    request: &Request<'_>,
    client: Client<'_>,
    (resource, service): (&str, Service),
    lifetime: Lifetime,
) -> String {
    let state = &request.shared.state;
    let id = &client.app.client_id;
    ServiceOrder {
        service,
        resource,
        client: id,
        principal: Principal::App { object_id: &token::service_principal(id), roles: state.app_roles(service, id) },
        confidential: client.how,
        base: &request.base.to_string(),
        now: state.clock.now(),
        lifetime: lifetime.seconds,
    }
    .sign(&state.keys)
}

fn for_app(request: &Request<'_>, client: Client<'_>, (api, spelling): (&App, &str), lifetime: Lifetime) -> String {
    let state = &request.shared.state;
    let version = api.issues_version();
    let order = Order {
        resource: api,
        audience: api.audience(version, spelling),
        client: &client.app.client_id,
        confidential: client.how,
        subject: Subject::App { roles: state.roles_at(api, &client.app.client_id) },
        version,
        base: &request.base.to_string(),
        now: state.clock.now(),
        lifetime: lifetime.seconds,
        client_capable: false,
    };
    jwt::sign(&state.keys, &order.claims())
}
