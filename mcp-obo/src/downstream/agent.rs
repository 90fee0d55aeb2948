//! The one course of a call: token, request, and at most one repetition with a new token.

use std::{future::Future, sync::Arc};

use http::{
    HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode,
    header::{AUTHORIZATION, HOST},
};
use mcp_auth_layer::{
    clock::{Clock, SystemClock},
    config::ConfigError,
};
use uuid::Uuid;

use super::{base::Base, error::DownstreamError, form::TokenForm, repeat::Repetition};
use crate::{
    access_token::AccessToken, error::ExchangeErrorKind, retry_after, target::Target, token_source::TokenSource,
    www_authenticate,
};

/// What both forms of the caller share.
#[derive(Clone, Debug)]
pub(super) struct Agent {
    pub(super) base: Base,
    pub(super) target: Target,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) form: TokenForm,
}

/// Whatever sends one request.
pub(super) trait Client<B> {
    /// The body of an answer.
    type Body;

    fn send(
        &mut self,
        request: Request<B>,
    ) -> impl Future<Output = Result<Response<Self::Body>, DownstreamError>> + Send;
}

impl Agent {
    pub(super) fn new(target: Target, base_url: &str) -> Result<Self, ConfigError> {
        Ok(Self { base: Base::parse(base_url)?, target, clock: Arc::new(SystemClock), form: TokenForm::default() })
    }

    /// Calls the API as `who`.
    pub(super) async fn call<R, B, C>(
        &self,
        who: &dyn TokenSource,
        mut request: Request<B>,
        mut client: C,
    ) -> Result<Response<C::Body>, DownstreamError>
    where
        R: Repetition<B>,
        C: Client<B>,
    {
        *request.uri_mut() = self.base.resolve(request.uri()).map_err(|_| DownstreamError::ForeignAddress)?;
        // Shared front ends choose the site by it, so that another one would get the token at the right address.
        request.headers_mut().remove(HOST);
        name(request.headers_mut());
        let spent = who.token(&self.target).await?;
        self.authorize(request.headers_mut(), &spent)?;
        let spare = R::copy(&request);
        let answer = client.send(request).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return self.judge(answer);
        }
        let renewed = self.renew(who, &spent, answer.headers()).await?;
        if renewed.is(&spent) {
            return self.judge(answer);
        }
        // A 401 says that the request had no effect, so any method may be repeated.
        let Some(mut again) = spare else {
            return Err(DownstreamError::Renewed { request_id: request_id(answer.headers()).map(Into::into) });
        };
        drop(answer);
        self.authorize(again.headers_mut(), &renewed)?;
        self.judge(client.send(again).await?)
    }

    /// Gets the token that takes the place of a refused one.
    async fn renew(
        &self,
        who: &dyn TokenSource,
        spent: &AccessToken,
        refusal: &HeaderMap,
    ) -> Result<AccessToken, DownstreamError> {
        let claims = www_authenticate::claims(refusal);
        tracing::debug!(
            target: "mcp_obo::downstream",
            resource = self.target.resource(),
            request_id = request_id(refusal),
            challenged = claims.is_some(),
            "the downstream API refused a token, which is renewed",
        );
        let Some(claims) = claims else {
            // A token that was good a moment ago may have been revoked since.
            who.invalidate(&self.target, spent);
            return Ok(who.token(&self.target).await?);
        };
        who.token_with_claims(&self.target, claims.as_str()).await.map_err(|error| {
            if error.kind() == ExchangeErrorKind::StepUp && error.claims().is_none() {
                // Entra refuses and does not say what for; the API did.
                DownstreamError::Challenge { request_id: request_id(refusal).map(Into::into), claims: claims.clone() }
            } else {
                error.into()
            }
        })
    }

    /// Replaces whatever credential the caller set.
    fn authorize(&self, headers: &mut HeaderMap, token: &AccessToken) -> Result<(), DownstreamError> {
        headers.insert(AUTHORIZATION, token.to_header_behind(self.form.prefix()).map_err(|_| DownstreamError::Token)?);
        Ok(())
    }

    /// Finds the errors among the answers; every other status is the caller's to read.
    fn judge<C>(&self, answer: Response<C>) -> Result<Response<C>, DownstreamError> {
        let (status, headers) = (answer.status(), answer.headers());
        let request_id = request_id(headers).map(Into::into);
        if status == StatusCode::UNAUTHORIZED
            && let Some(claims) = www_authenticate::claims(headers)
        {
            return Err(DownstreamError::Challenge { claims, request_id });
        }
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
            && let Some(retry_after) = retry_after::read(headers, self.clock.now())
        {
            return Err(DownstreamError::Paused { status, retry_after, request_id });
        }
        Ok(answer)
    }
}

/// Returns the API's own id of a request, from an answer's headers.
///
/// Its support finds the request by it. None that is no plain text of at most 128 bytes.
#[must_use]
pub fn request_id(headers: &HeaderMap) -> Option<&str> {
    let header = [&REQUEST_ID, &MS_REQUEST_ID].into_iter().find_map(|name| headers.get(name))?;
    let is_id = |id: &&str| !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic());
    header.to_str().ok().filter(is_id)
}

/// Gives the call its id: the one that the caller passes on if it is one, else a new one.
fn name(headers: &mut HeaderMap) {
    let mut given = headers.get_all(&CLIENT_REQUEST_ID).iter();
    let is_guid = |id: &HeaderValue| id.len() == 36 && id.to_str().is_ok_and(|id| Uuid::parse_str(id).is_ok());
    if given.next().is_some_and(is_guid) && given.next().is_none() {
        return;
    }
    let fresh = HeaderValue::try_from(Uuid::new_v4().to_string()).expect("a GUID is hexadecimal digits and hyphens");
    headers.insert(CLIENT_REQUEST_ID, fresh);
}

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");

/// Microsoft Graph's.
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Azure's.
const MS_REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");
