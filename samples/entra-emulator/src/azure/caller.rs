//! Who calls a service: the token check that all of them share.

use axum::http::{HeaderMap, header::AUTHORIZATION};

use crate::{
    jwt::Jwt,
    service::Service,
    state::State,
    tenant::{TENANT_ID, V1_ISSUER},
    token::MET,
    user::{Condition, User},
};

/// For whom a good token speaks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// A user's name, or the client id of an app by itself.
    pub(crate) name: String,
    pub(crate) object_id: String,
    pub(crate) client_id: String,
    user: Option<&'static User>,
    scopes: Vec<String>,
    capable: bool,
    met: bool,
    revoked: bool,
}

/// Why there is no caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unauthenticated {
    Missing,
    /// An account key, a shared access signature, or a connection string's.
    Local,
    /// Another scheme, or the token in a form that this service does not read.
    Scheme,
    Malformed,
    Signature,
    Issuer,
    Audience,
    Expired,
}

/// In which form a service wants its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenForm {
    Bearer,
    /// Cosmos DB's: `type=aad&ver=1.0&sig=…`, percent-encoded.
    Cosmos,
}

impl Caller {
    /// Checks the token that a request presents to a service.
    pub(crate) fn of(
        state: &State,
        headers: &HeaderMap,
        query: &[(String, String)],
        (service, form): (Service, TokenForm),
    ) -> Result<Self, Unauthenticated> {
        if query.iter().any(|(name, _)| name == "sig") {
            return Err(Unauthenticated::Local);
        }
        let value = headers.get(AUTHORIZATION).ok_or(Unauthenticated::Missing)?;
        let value = value.to_str().map_err(|_| Unauthenticated::Malformed)?;
        let text = match form {
            TokenForm::Bearer => bearer(value)?,
            TokenForm::Cosmos => cosmos(value)?,
        };
        Self::read(state, &text, service)
    }

    fn read(state: &State, text: &str, service: Service) -> Result<Self, Unauthenticated> {
        let token = Jwt::read(text).ok_or(Unauthenticated::Malformed)?;
        if token.has_nonce() || !token.is_signed_by(&state.keys) {
            return Err(Unauthenticated::Signature);
        }
        if token.text("iss") != V1_ISSUER || token.text("tid") != TENANT_ID {
            return Err(Unauthenticated::Issuer);
        }
        if Service::find(token.text("aud")) != Some(service) {
            return Err(Unauthenticated::Audience);
        }
        let (claims, now) = (&token.claims, state.clock.now());
        let begun = claims["nbf"].as_i64().is_none_or(|start| start <= now + 300);
        if !begun || claims["exp"].as_i64().is_none_or(|end| end <= now) {
            return Err(Unauthenticated::Expired);
        }
        // An app's token says so itself; any other must be a user's.
        let user = User::find(token.text("oid"));
        if user.is_none() && token.text("idtyp") != "app" {
            return Err(Unauthenticated::Malformed);
        }
        Ok(Self::of_token(state, &token, user))
    }

    fn of_token(state: &State, token: &Jwt<'_>, user: Option<&'static User>) -> Self {
        let client_id = token.text("appid").to_owned();
        let issued = token.claims["iat"].as_i64().unwrap_or_default();
        Self {
            name: user.map_or_else(|| client_id.clone(), |user| user.name.to_owned()),
            object_id: token.text("oid").to_owned(),
            client_id,
            user,
            scopes: token.text("scp").split(' ').map(str::to_owned).collect(),
            capable: token.claims["xms_cc"].as_array().is_some_and(|values| values.iter().any(|one| one == "cp1")),
            met: token.claims[MET] == true,
            revoked: user.is_some_and(|user| state.is_revoked(user, issued)),
        }
    }

    /// Tells whether an assignment's principal is this caller; an app's user is not the app.
    pub(crate) fn is(&self, principal: &str) -> bool {
        let by_client = self.user.is_none() && self.client_id.eq_ignore_ascii_case(principal);
        by_client || self.object_id.eq_ignore_ascii_case(principal)
    }

    /// Tells whether an app calls by itself.
    pub(crate) const fn is_app(&self) -> bool {
        self.user.is_none()
    }

    /// Tells whether a user's token has what an app needs to act for a user; an app by itself needs no scope.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        // Microsoft's own apps have this one at every service.
        self.is_app() || self.scopes.iter().any(|held| held == scope || held == "user_impersonation")
    }

    /// Tells whether a service may send a claims challenge: the client can answer one, and has not yet.
    pub(crate) const fn is_challengeable(&self) -> bool {
        self.capable && !self.met
    }

    /// Tells whether continuous access evaluation has something against the session.
    pub(crate) fn is_to_be_evaluated(&self) -> bool {
        self.revoked || self.user.is_some_and(|user| user.condition == Condition::Cae)
    }
}

fn bearer(value: &str) -> Result<String, Unauthenticated> {
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.to_owned()),
        Some((scheme, _)) if ["sharedkey", "sharedkeylite", "hmac-sha256"].contains(&&*scheme.to_ascii_lowercase()) => {
            Err(Unauthenticated::Local)
        }
        _ => Err(Unauthenticated::Scheme),
    }
}

fn cosmos(value: &str) -> Result<String, Unauthenticated> {
    let text = percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
    let part = |name: &str| text.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    match (part("type"), part("ver"), part("sig")) {
        (Some("aad"), Some("1.0"), Some(token)) => Ok(token.to_owned()),
        (Some("master" | "resource"), ..) => Err(Unauthenticated::Local),
        _ => Err(Unauthenticated::Scheme),
    }
}
