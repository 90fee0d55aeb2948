//! The decision, and the service that acts on it.

use std::task::{Context, Poll};

use http::{Method, Request, Response, StatusCode};
use tower_service::Service;
use url::form_urlencoded;

use super::{AllowedRedirect, RedirectAllowlist, RedirectError, RedirectErrorKind, page};
use crate::{audit, early::ResponseFuture, respond::FromBytes};

/// Lets authorization requests with an allowed redirect URI through to `S`; see the [module docs](super).
#[derive(Clone, Debug)]
pub struct Redirect<S> {
    inner: S,
    allowlist: RedirectAllowlist,
}

impl<S> Redirect<S> {
    pub(super) const fn new(inner: S, allowlist: RedirectAllowlist) -> Self {
        Self { inner, allowlist }
    }
}

/// Takes the one redirect URI of a query, decoded once (RFC 6749 appendix B), and judges it.
fn judge(query: &str, allowlist: &RedirectAllowlist) -> Result<AllowedRedirect, RedirectError> {
    // The names are decoded too, so a second one cannot hide behind an encoding.
    let mut given = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "redirect_uri");
    let (_, candidate) = given.next().ok_or(RedirectErrorKind::Missing)?;
    if given.next().is_some() {
        return Err(RedirectErrorKind::Repeated.into());
    }
    allowlist.check(&candidate)
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Redirect<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: FromBytes,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return ResponseFuture::answered(page::method_not_allowed());
        }
        match judge(request.uri().query().unwrap_or_default(), &self.allowlist) {
            Ok(allowed) => {
                request.extensions_mut().insert(allowed);
                ResponseFuture::calling(self.inner.call(request))
            }
            Err(why) => {
                // The URI stays out of it: an attacker chose it, and a code may hang on it.
                audit::refused_for(why.kind().as_str(), &why, StatusCode::BAD_REQUEST.as_u16());
                ResponseFuture::answered(page::refused(why))
            }
        }
    }
}
