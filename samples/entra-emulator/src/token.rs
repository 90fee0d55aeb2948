//! Makes tokens: v1 and v2 access tokens for apps of the tenant, and Graph's own kind.

use aws_lc_rs::{digest, hmac};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    challenge::Evaluation,
    jwt::{self, compact},
    key::SigningKey,
    lifetime::Lifetime,
    signing::KeyRing,
    spec::{Signer, TokenSpec},
    tenant::{App, GRAPH_ID, TENANT_ID, V1_ISSUER},
    user::User,
};

/// The claim by which this Graph knows a token that answers its challenge; Entra's way of telling it is not public.
pub(crate) const MET: &str = "xms_challenge_met";

/// Who a token speaks for.
#[derive(Clone, Debug)]
pub(crate) enum Subject<'a> {
    User { user: &'a User, scopes: String },
    App { roles: Vec<String> },
}

/// What is needed to make an access token for an app of the tenant.
#[derive(Clone, Debug)]
pub(crate) struct Order<'a> {
    pub(crate) resource: &'a App,
    pub(crate) audience: String,
    pub(crate) client: &'a str,
    pub(crate) confidential: Confidential,
    pub(crate) subject: Subject<'a>,
    pub(crate) version: u8,
    pub(crate) base: &'a str,
    pub(crate) now: i64,
    pub(crate) lifetime: i64,
    pub(crate) client_capable: bool,
}

/// How the client authenticated, Entra's `azpacr` and `appidacr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confidential {
    Public,
    Secret,
    Certificate,
}

impl Confidential {
    pub(crate) const fn acr(self) -> &'static str {
        match self {
            Self::Public => "0",
            Self::Secret => "1",
            Self::Certificate => "2",
        }
    }
}

impl Order<'_> {
    /// Writes the claims of an access token.
    pub(crate) fn claims(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        set("aud", json!(self.audience));
        set("iat", json!(self.now));
        set("nbf", json!(self.now));
        set("exp", json!(self.now + self.lifetime));
        set("tid", json!(TENANT_ID));
        set("uti", json!(id()));
        set("rh", json!(id()));
        if self.version == 2 {
            set("iss", json!(issuer(self.base)));
            set("ver", json!("2.0"));
            set("azp", json!(self.client));
            set("azpacr", json!(self.confidential.acr()));
        } else {
            set("iss", json!(V1_ISSUER));
            set("ver", json!("1.0"));
            set("appid", json!(self.client));
            set("appidacr", json!(self.confidential.acr()));
        }
        let wants = |name: &str| self.resource.optional_claims.iter().any(|claim| claim == name);
        match &self.subject {
            Subject::User { user, scopes } => {
                set("oid", json!(user.oid));
                set("sub", json!(pairwise(user.oid, &self.resource.client_id)));
                set("name", json!(user.display));
                if self.version == 2 {
                    set("preferred_username", json!(user.upn()));
                } else {
                    set("upn", json!(user.upn()));
                    set("unique_name", json!(user.upn()));
                    set("amr", json!(["pwd"]));
                    set("acr", json!("1"));
                }
                set("scp", json!(scopes));
                if wants("idtyp") {
                    set("idtyp", json!("user"));
                }
                // Optional, and only for a client that declared the capability.
                if wants("xms_cc") && self.client_capable {
                    set("xms_cc", json!(["cp1"]));
                }
            }
            Subject::App { roles } => {
                let service_principal = service_principal(self.client);
                set("oid", json!(service_principal));
                set("sub", json!(service_principal));
                if !roles.is_empty() {
                    set("roles", json!(roles));
                }
                if wants("idtyp") {
                    set("idtyp", json!("app"));
                }
            }
        }
        claims
    }
}

/// Makes an ID token (OpenID Connect Core section 2) for an app to which a user signed in.
pub(crate) fn id_token(keys: &KeyRing, base: &str, app: &App, user: &User, nonce: Option<&str>, now: i64) -> String {
    let mut claims = json!({
        "aud": app.client_id, "iss": issuer(base), "iat": now, "nbf": now, "exp": now + Lifetime::ACCESS_TOKEN.seconds, "oid": user.oid,
        "sub": pairwise(user.oid, &app.client_id), "tid": TENANT_ID, "name": user.display,
        "preferred_username": user.upn(), "ver": "2.0", "uti": id(),
    });
    if let Some(nonce) = nonce {
        claims["nonce"] = json!(nonce);
    }
    jwt::sign(keys, claims.as_object().unwrap_or(&Map::new()))
}

/// The tenant's v2 issuer, under the address by which the client reached it.
pub(crate) fn issuer(base: &str) -> String {
    format!("{base}/{TENANT_ID}/v2.0")
}

/// What is needed to make a Graph token.
#[derive(Clone, Debug)]
pub(crate) struct GraphOrder<'a> {
    pub(crate) user: &'a User,
    pub(crate) scopes: &'a str,
    pub(crate) client: &'a str,
    /// The client declared `cp1`: Graph may challenge it.
    pub(crate) capable: bool,
    /// The challenges that were met in the session behind it, or by the request.
    pub(crate) met: Evaluation,
    pub(crate) now: i64,
    pub(crate) lifetime: i64,
}

/// Makes a user's token for Graph, in v1 format.
pub(crate) fn for_graph(keys: &KeyRing, order: &GraphOrder<'_>) -> String {
    let GraphOrder { user, now, .. } = order;
    let mut claims = json!({
        "aud": "https://graph.microsoft.com", "iss": V1_ISSUER,
        "iat": now, "nbf": now, "exp": now + order.lifetime, "tid": TENANT_ID, "oid": user.oid,
        "sub": pairwise(user.oid, GRAPH_ID), "appid": order.client, "appidacr": "1", "scp": order.scopes, "ver": "1.0",
        "name": user.display, "upn": user.upn(), "uti": id(), "idtyp": "user",
    });
    if order.capable {
        claims["xms_cc"] = json!(["cp1"]);
    }
    if order.met.mfa {
        claims["acrs"] = json!(["c1"]);
    }
    if order.met.continuous {
        claims[MET] = json!(true);
    }
    jwt::sign_for_graph(keys, claims.as_object().unwrap_or(&Map::new()))
}

/// Makes a token to order out of the claims that it has without changes; returns its `uti` too.
pub(crate) fn mint(spec: &TokenSpec, mut claims: Map<String, Value>, now: i64, keys: &KeyRing) -> (String, String) {
    if let Some(seconds) = spec.expires_in {
        claims.insert("exp".to_owned(), json!(now + seconds));
    }
    overlay(&mut claims, &spec.claims);
    let key = if spec.signer == Signer::Attacker { keys.attacker() } else { keys.live() };
    let mut header = Map::new();
    for (name, value) in [("typ", "JWT"), ("alg", alg(spec.signer)), ("x5t", &key.kid), ("kid", &key.kid)] {
        header.insert(name.to_owned(), json!(value));
    }
    overlay(&mut header, &spec.header);
    let uti = claims.get("uti").and_then(Value::as_str).unwrap_or_default().to_owned();
    (compact(&Value::Object(header), &claims, |message| signature(spec.signer, &key, message)), uti)
}

const fn alg(signer: Signer) -> &'static str {
    match signer {
        Signer::Live | Signer::Attacker => "RS256",
        Signer::Nobody => "none",
        Signer::PublicKeyAsSecret => "HS256",
    }
}

fn signature(signer: Signer, key: &SigningKey, message: &str) -> String {
    match signer {
        Signer::Live | Signer::Attacker => key.sign(message),
        Signer::Nobody => String::new(),
        Signer::PublicKeyAsSecret => {
            let secret = hmac::Key::new(hmac::HMAC_SHA256, key.public_pem.as_bytes());
            URL_SAFE_NO_PAD.encode(hmac::sign(&secret, message.as_bytes()))
        }
    }
}

fn overlay(members: &mut Map<String, Value>, changes: &Map<String, Value>) {
    for (name, value) in changes {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}

/// An id in the shape of Entra's `uti`.
pub(crate) fn id() -> String {
    URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes())
}

/// The object id of an app's service principal in the tenant, a GUID like all of them.
pub(crate) fn service_principal(client: &str) -> String {
    let digest = digest::digest(&digest::SHA256, format!("{client} {TENANT_ID}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Entra's `sub` differs for each app; this one is stable as well.
pub(crate) fn pairwise(who: &str, app: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, format!("{who} {app}").as_bytes()))
}
