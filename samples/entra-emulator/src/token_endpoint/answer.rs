//! The answer of a user's grant: the access token, and what else was asked for.

use serde_json::{Value, json};

use super::{Request, client_auth::Client};
use crate::{
    jwt,
    lifetime::Lifetime,
    place::Place,
    scope::Asked,
    service::{Principal, Service, ServiceOrder},
    state::Session,
    tenant::{App, Resource, TENANT_ID},
    token::{self, GraphOrder, Order, Subject},
};

/// Whether the client gets a refresh token without asking for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refreshable {
    /// It presented one: that is replaced.
    Already,
    /// Only by `offline_access`.
    IfAsked,
}

/// How long the tokens of a user live at a place.
pub(super) fn lifetime(request: &Request<'_>, place: Place, user: &str) -> Lifetime {
    request.shared.state.lifetimes.get(place, user).unwrap_or(Lifetime::ACCESS_TOKEN)
}

/// Answers for a session whose client and scopes are good.
pub(super) fn of_session(
    request: &Request<'_>,
    client: Client<'_>,
    session: Session,
    asked: &Asked<'_>,
    refreshable: Refreshable,
    lifetime: Lifetime,
) -> Value {
    let state = &request.shared.state;
    let access_token = match &asked.resource {
        Some((Resource::App(api), spelling)) => for_app(request, client, &session, (api, spelling), asked, lifetime),
        Some((Resource::Service(service), spelling)) => {
            for_service(request, client, &session, (*service, spelling), asked, lifetime)
        }
        Some((Resource::Graph, _)) | None => token::for_graph(
            &state.keys,
            &GraphOrder {
                user: session.user,
                scopes: &asked.granted(client.app),
                client: &client.app.client_id,
                capable: session.capable,
                met: session.met,
                now: state.clock.now(),
                lifetime: lifetime.seconds,
            },
        ),
    };
    let mut answer = lifetime.answer(&access_token);
    answer["scope"] = json!(asked.answered(client.app));
    if request.form.get("client_info") == Some("1") {
        answer["client_info"] = json!(jwt::encode(&json!({"uid": session.user.oid, "utid": TENANT_ID})));
    }
    if asked.oidc.contains(&"openid") {
        let (base, now) = (request.base.to_string(), state.clock.now());
        let nonce = session.nonce.as_deref();
        answer["id_token"] = json!(token::id_token(&state.keys, &base, client.app, session.user, nonce, now));
    }
    if asked.wants_refresh() || refreshable == Refreshable::Already {
        answer["refresh_token"] = json!(state.remember_session(session));
    }
    answer
}

/// Makes a user's token for one of Microsoft's other services; all of them take v1 tokens.
fn for_service(
    request: &Request<'_>,
    client: Client<'_>,
    session: &Session,
    (service, spelling): (Service, &str),
    asked: &Asked<'_>,
    lifetime: Lifetime,
) -> String {
    let state = &request.shared.state;
    let principal = Principal::User {
        user: session.user,
        scopes: asked.granted(client.app),
        capable: session.capable,
        met: session.met,
    };
    let order = ServiceOrder {
        service,
        resource: spelling,
        client: &client.app.client_id,
        principal,
        confidential: client.how,
        base: &request.base.to_string(),
        now: state.clock.now(),
        lifetime: lifetime.seconds,
    };
    order.sign(&state.keys)
}

fn for_app(
    request: &Request<'_>,
    client: Client<'_>,
    session: &Session,
    (api, spelling): (&App, &str),
    asked: &Asked<'_>,
    lifetime: Lifetime,
) -> String {
    let state = &request.shared.state;
    let version = api.issues_version();
    let order = Order {
        resource: api,
        audience: api.audience(version, spelling),
        client: &client.app.client_id,
        confidential: client.how,
        subject: Subject::User { user: session.user, scopes: asked.granted(client.app) },
        version,
        base: &request.base.to_string(),
        now: state.clock.now(),
        lifetime: lifetime.seconds,
        client_capable: session.capable,
    };
    let claims = order.claims();
    state.remember_met(claims["uti"].as_str().unwrap_or_default(), session.met);
    jwt::sign(&state.keys, &claims)
}
