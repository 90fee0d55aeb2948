//! The proxy as one terminal service: which path is answered by what.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header::ALLOW};
use http_body_util::{BodyExt as _, Limited};
use mcp_auth_layer::clock::Clock;
use serde_json::Value;

use super::{
    authorize::{Authorize, Stopped},
    callback::{Callback, Stranded},
    client::Clients,
    consent::{self, Pages, Reference},
    error::{OAuthCode, OAuthError},
    issuer::{CALLBACK, Issuer},
    metadata::{self, AUTHORIZE, REGISTER, TOKEN},
    parameters::Parameters,
    register,
    respond::{self, Answer},
    token::Tokens,
};

/// The reference server's other spellings.
const AUTHORIZE_ALIAS: &str = "/oauth2/v2.0/authorize";
const TOKEN_ALIAS: &str = "/oauth2/v2.0/token";

/// More than any form or document that is posted here.
const MAX_BODY: usize = 32 << 10;

/// What is behind all paths.
pub(super) struct Parts {
    pub(super) issuer: Issuer,
    pub(super) document: Value,
    pub(super) authorize: Authorize,
    pub(super) callback: Callback,
    pub(super) tokens: Tokens,
    pub(super) clients: Clients,
    pub(super) pages: Pages,
    pub(super) clock: Arc<dyn Clock>,
}

/// What a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Metadata,
    Authorize,
    Consent,
    Forget,
    Callback,
    Token,
    Register,
}

impl Place {
    /// Returns the methods that it answers, `OPTIONS` apart.
    const fn methods(self) -> &'static str {
        match self {
            Self::Metadata | Self::Authorize | Self::Callback => "GET",
            Self::Consent | Self::Token | Self::Register => "POST",
            Self::Forget => "GET, POST",
        }
    }

    /// Tells whether pages of every origin may ask: nothing there rests on cookies.
    const fn is_for_all_origins(self) -> bool {
        matches!(self, Self::Metadata | Self::Token | Self::Register)
    }
}

impl Parts {
    /// Returns every path that is answered here.
    pub(super) fn paths(&self) -> Vec<String> {
        let own = [AUTHORIZE, AUTHORIZE_ALIAS, consent::PATH, consent::FORGET, CALLBACK, TOKEN, TOKEN_ALIAS, REGISTER];
        metadata::paths(&self.issuer).into_iter().chain(own.map(ToOwned::to_owned)).collect()
    }

    fn place(&self, path: &str) -> Option<Place> {
        Some(match path {
            AUTHORIZE | AUTHORIZE_ALIAS => Place::Authorize,
            consent::PATH => Place::Consent,
            consent::FORGET => Place::Forget,
            CALLBACK => Place::Callback,
            TOKEN | TOKEN_ALIAS => Place::Token,
            REGISTER => Place::Register,
            _ if metadata::paths(&self.issuer).iter().any(|known| known == path) => Place::Metadata,
            _ => return None,
        })
    }

    pub(super) async fn answer<B>(&self, request: Request<B>) -> Answer
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let Some(place) = self.place(head.uri.path()) else { return status(StatusCode::NOT_FOUND) };
        let query = head.uri.query().unwrap_or_default();
        let answer = match (place, &head.method) {
            (place, &Method::OPTIONS) if place.is_for_all_origins() => respond::preflight(place.methods()),
            (Place::Metadata, &Method::GET) => self.metadata(),
            (Place::Authorize, &Method::GET) => self.shown(self.authorize.answer(query, &head.headers).await),
            (Place::Callback, &Method::GET) => self.returned(query, &head.headers),
            (Place::Forget, &Method::GET) => {
                let offered = self.authorize.consent.offer_to_forget(&head.headers, self.clock.now());
                offered.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
            }
            (Place::Consent | Place::Forget | Place::Token | Place::Register, &Method::POST) => {
                match Limited::new(body, MAX_BODY).collect().await {
                    Ok(body) => self.posted(place, &head.headers, &body.to_bytes()).await,
                    Err(_) => status(StatusCode::PAYLOAD_TOO_LARGE),
                }
            }
            (place, _) => not_allowed(place),
        };
        if place.is_for_all_origins() { respond::readable_by_all(answer) } else { answer }
    }

    async fn posted(&self, place: Place, headers: &HeaderMap, body: &[u8]) -> Answer {
        match place {
            Place::Consent => self.shown(self.authorize.decide(body, headers).await),
            Place::Forget => self.forgotten(headers, body),
            Place::Register => register::register(&self.clients, body, self.clock.now()),
            _ => self.token(headers, body).await,
        }
    }

    fn metadata(&self) -> Answer {
        respond::json(StatusCode::OK, &self.document)
    }

    async fn token(&self, headers: &HeaderMap, body: &[u8]) -> Answer {
        let Ok(parameters) = Parameters::read(body) else {
            return respond::error(&OAuthError::new(OAuthCode::InvalidRequest, "a parameter comes twice"));
        };
        let client = match self.clients.authenticate(headers, &parameters).await {
            Ok(client) => client,
            Err(refused) => {
                let mut answer = respond::error(&refused.error);
                answer.headers_mut().extend(refused.challenge());
                return answer;
            }
        };
        match self.tokens.grant(&client.digest(), &parameters).await {
            Ok(granted) => respond::json(StatusCode::OK, &granted),
            Err(error) => respond::error(&error),
        }
    }

    fn forgotten(&self, browser: &HeaderMap, body: &[u8]) -> Answer {
        let reference = Reference::random();
        match Parameters::read(body) {
            Ok(form) => {
                let forgotten = self.authorize.consent.forget(&form, browser, self.clock.now());
                forgotten.unwrap_or_else(|why| self.pages.form_refused(why, reference))
            }
            Err(_) => self.pages.request_malformed("it names a parameter twice", reference),
        }
    }

    fn returned(&self, query: &str, browser: &HeaderMap) -> Answer {
        let reference = Reference::random();
        match self.callback.answer(query, browser) {
            Ok(answer) => answer,
            Err(why) => {
                tracing::warn!(target: "mcp_obo::proxy", ?why, ?reference, "a browser came back and was sent nowhere");
                match why {
                    Stranded::Malformed => {
                        self.pages.request_malformed("it is not an answer of the sign-in", reference)
                    }
                    Stranded::Unknown => self.pages.begun_elsewhere(reference),
                    Stranded::Redirect => self.pages.redirect_not_allowed("", reference),
                }
            }
        }
    }

    fn shown(&self, answer: Result<Answer, Stopped>) -> Answer {
        let why = match answer {
            Ok(answer) => return answer,
            Err(why) => why,
        };
        let reference = Reference::random();
        tracing::warn!(target: "mcp_obo::proxy", why = why.reason(), ?reference, "a sign-in was stopped");
        match why {
            Stopped::Malformed(what) => self.pages.request_malformed(what, reference),
            Stopped::Client(fault) if fault.code() == OAuthCode::TemporarilyUnavailable => {
                self.pages.unavailable(std::time::Duration::from_secs(60), reference)
            }
            Stopped::Client(_) => self.pages.client_unknown(reference),
            Stopped::Redirect { given, .. } => self.pages.redirect_not_allowed(&given, reference),
            Stopped::Form(why) => self.pages.form_refused(why, reference),
        }
    }
}

fn status(status: StatusCode) -> Answer {
    respond::json(status, &Value::Null)
}

fn not_allowed(place: Place) -> Answer {
    let mut answer = status(StatusCode::METHOD_NOT_ALLOWED);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(place.methods()));
    answer
}
