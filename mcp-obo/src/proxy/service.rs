//! The proxy as one terminal service: which path is answered by what.

use std::{error::Error, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header::ALLOW};
use http_body_util::LengthLimitError;
use mcp_auth_layer::{clock::Clock, peek::Peeked};
use serde_json::Value;
use tracing::Instrument as _;

use super::{
    authorize::{Authorize, Stopped},
    callback::{Callback, Stranded},
    client::Clients,
    consent::Pages,
    endpoint::Endpoint,
    error::{OAuthCode, OAuthError},
    host,
    issuer::Issuer,
    metadata, meter,
    parameters::Parameters,
    reference::Reference,
    register,
    respond::{self, Answer},
    token::Tokens,
};

/// More than any form or document that is posted here.
const MAX_BODY: usize = 32 << 10;

/// What is behind all paths.
pub(super) struct Parts {
    pub(super) issuer: Issuer,
    pub(super) endpoints: Vec<(Endpoint, String)>,
    pub(super) document: Value,
    pub(super) authorize: Authorize,
    pub(super) callback: Callback,
    pub(super) tokens: Tokens,
    pub(super) clients: Clients,
    pub(super) pages: Pages,
    pub(super) clock: Arc<dyn Clock>,
}

impl Parts {
    fn endpoint(&self, path: &str) -> Option<Endpoint> {
        self.endpoints.iter().find(|(_, known)| known == path).map(|(endpoint, _)| *endpoint)
    }

    pub(super) async fn answer<B>(&self, request: Request<B>) -> Answer
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let Some(endpoint) = self.endpoint(head.uri.path()) else { return respond::bare(StatusCode::NOT_FOUND) };
        // Before any cookie is set: it would be another host's. A form that is posted there is refused as it is.
        if matches!((endpoint, &head.method), (Endpoint::Authorize | Endpoint::Forget, &Method::GET))
            && let Some(own) = host::elsewhere(&self.issuer, &head)
        {
            return respond::found(&own);
        }
        let query = head.uri.query().unwrap_or_default();
        let answer = match (endpoint, &head.method) {
            (endpoint, &Method::OPTIONS) if endpoint.is_for_all_origins() => respond::preflight(endpoint.methods()),
            (Endpoint::Metadata, &Method::GET | &Method::HEAD) => self.metadata(head.uri.path()).await,
            (Endpoint::Authorize, &Method::GET) => self.shown(self.authorize.answer(query, &head.headers).await),
            (Endpoint::Callback, &Method::GET) => self.returned(query, &head.headers),
            (Endpoint::Forget, &Method::GET) => {
                let offered = self.authorize.consent.offer_to_forget(&head.headers, self.clock.now());
                offered.unwrap_or_else(|_| respond::bare(StatusCode::INTERNAL_SERVER_ERROR))
            }
            (
                Endpoint::Consent | Endpoint::Forget | Endpoint::Token | Endpoint::Revoke | Endpoint::Register,
                &Method::POST,
            ) => match whole(body).await {
                Ok(body) => self.posted(endpoint, &head.headers, &body).await,
                Err(why) => respond::bare(why),
            },
            (endpoint, _) => not_allowed(endpoint),
        };
        meter::answered(endpoint, &answer);
        if endpoint.is_for_all_origins() { respond::readable_by_all(answer) } else { answer }
    }

    async fn posted(&self, endpoint: Endpoint, headers: &HeaderMap, body: &[u8]) -> Answer {
        match endpoint {
            Endpoint::Consent => self.shown(self.authorize.decide(body, headers).await),
            Endpoint::Forget => self.forgotten(headers, body),
            Endpoint::Register => register::register(&self.clients, body, self.clock.now()),
            _ => self.asked(endpoint, headers, body).await,
        }
    }

    async fn metadata(&self, path: &str) -> Answer {
        if !metadata::is_openid(path) {
            return respond::json(StatusCode::OK, &self.document);
        }
        match self.tokens.upstream.endpoints().await {
            Ok(endpoints) => respond::json(StatusCode::OK, &metadata::openid(self.document.clone(), &endpoints)),
            Err(error) => respond::error(&error),
        }
    }

    /// Answers a client: it proves itself in the same way wherever it posts a form (RFC 7009 section 2.1).
    async fn asked(&self, endpoint: Endpoint, headers: &HeaderMap, body: &[u8]) -> Answer {
        let Ok(parameters) = Parameters::read(body) else {
            return respond::error(&OAuthError::new(OAuthCode::InvalidRequest, "a parameter comes twice"));
        };
        let client = match self.clients.authenticate(headers, &parameters).await {
            Ok(client) => client,
            Err(refused) => {
                refused.log();
                let mut answer = respond::error(&refused.error);
                answer.headers_mut().extend(refused.challenge());
                return answer;
            }
        };
        let client = client.digest();
        let span = tracing::info_span!(target: "mcp_obo::proxy", "grant", %client);
        let answer = async {
            match endpoint {
                Endpoint::Revoke => {
                    self.tokens.revoke(&client, &parameters).await.map(|()| respond::bare(StatusCode::OK))
                }
                _ => {
                    self.tokens.grant(&client, &parameters).await.map(|granted| respond::json(StatusCode::OK, &granted))
                }
            }
        };
        let answer = answer.instrument(span.clone()).await;
        answer.unwrap_or_else(|error| {
            span.in_scope(|| error.log());
            respond::error(&error)
        })
    }

    fn forgotten(&self, browser: &HeaderMap, body: &[u8]) -> Answer {
        let forgotten = Parameters::read(body)
            .map_err(Stopped::from)
            .and_then(|form| self.authorize.consent.forget(&form, browser, self.clock.now()).map_err(Stopped::Form));
        self.shown(forgotten)
    }

    fn returned(&self, query: &str, browser: &HeaderMap) -> Answer {
        let why = match self.callback.answer(query, browser) {
            Ok(answer) => return answer,
            Err(why) => why,
        };
        let reference = Reference::random();
        tracing::warn!(target: "mcp_obo::proxy", why = why.reason(), %reference, "a browser came back and was sent nowhere");
        let (page, outcome) = match why {
            Stranded::Malformed => (self.pages.answer_malformed(reference), "stopped_malformed"),
            Stranded::Unknown => (self.pages.begun_elsewhere(reference), "stopped_unknown"),
            Stranded::Redirect => (self.pages.redirect_not_allowed("", reference), "stopped_redirect"),
        };
        meter::noted(page, outcome)
    }

    fn shown(&self, answer: Result<Answer, Stopped>) -> Answer {
        let why = match answer {
            Ok(answer) => return answer,
            Err(why) => why,
        };
        let reference = Reference::random();
        tracing::warn!(target: "mcp_obo::proxy", why = why.reason(), %reference, client = why.client().map(tracing::field::display), "a sign-in was stopped");
        let outcome = why.outcome();
        let page = match why {
            Stopped::Malformed(what) => self.pages.request_malformed(what, reference),
            Stopped::Client { fault, .. } if fault.code() == OAuthCode::TemporarilyUnavailable => {
                self.pages.unavailable(std::time::Duration::from_secs(60), reference)
            }
            Stopped::Client { .. } => self.pages.client_unknown(reference),
            Stopped::Redirect { given, .. } => self.pages.redirect_not_allowed(&given, reference),
            Stopped::Form(why) => self.pages.form_refused(why, reference),
        };
        meter::noted(page, outcome)
    }
}

/// Reads what is posted. Pieces are copied: each would keep all of the buffer that it came in.
async fn whole<B>(body: B) -> Result<Bytes, StatusCode>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    match Peeked::up_to(MAX_BODY, Box::pin(body)).await {
        Ok(body) if body.is_whole() => Ok(body.seen().clone()),
        Ok(_) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        // A layer further out found it too large, or it broke off or came too late.
        Err(error) => {
            Err(if is_limit(error.into().as_ref()) { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST })
        }
    }
}

fn is_limit(error: &(dyn Error + 'static)) -> bool {
    error.is::<LengthLimitError>() || error.source().is_some_and(is_limit)
}

fn not_allowed(endpoint: Endpoint) -> Answer {
    let mut answer = respond::bare(StatusCode::METHOD_NOT_ALLOWED);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(endpoint.methods()));
    answer
}
