//! The works whose allocations and instructions are counted, one by one.

use std::{convert::Infallible, hint::black_box, io, sync::Arc};

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use mcp_auth_layer::{BearerLayer, token::BearerToken};
use mcp_obo::Target;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tower::{Layer, Service, service_fn};

use crate::{DOWNSTREAM_TOKEN, bare, tenant::Tenant};

/// One thing that is done for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// Takes a token from the cache of exchanges.
    OboHit,
    /// Takes a value from a bare moka cache by a ready key.
    BareGet,
    /// Calls a service that does nothing, with a good token in the request.
    BareService,
    /// The same, behind a service that puts something into the request's extensions.
    Floor,
    /// The same, behind the bearer layer, which knows the token.
    Known,
    /// The same, with a text that is no token.
    Malformed,
    /// The same, with a good token that is meant for somebody else.
    WrongAudience,
    /// The same, with a signature that nobody made.
    BadSignature,
    /// Judges a token that nobody has seen.
    Uncached,
    /// Verifies its signature, and nothing else.
    RawVerify,
}

/// Does a work so many times.
pub type Doing<'a> = Box<dyn FnMut(u64) + 'a>;

impl Work {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::OboHit,
        Self::BareGet,
        Self::BareService,
        Self::Floor,
        Self::Known,
        Self::Malformed,
        Self::WrongAudience,
        Self::BadSignature,
        Self::Uncached,
        Self::RawVerify,
    ];

    /// Returns the table of its rows.
    #[must_use]
    pub fn table(self) -> &'static str {
        if matches!(self, Self::OboHit | Self::BareGet) { "token_cache" } else { "bearer" }
    }

    /// Returns what is done, as rows call it.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::OboHit | Self::BareGet => "OBO hit",
            Self::BareService | Self::Floor | Self::Known => "a known token",
            Self::Malformed => "a malformed token",
            Self::WrongAudience => "wrong audience",
            Self::BadSignature => "a bad signature",
            Self::Uncached | Self::RawVerify => "an uncached verify",
        }
    }

    /// Returns who does it, as rows call him.
    #[must_use]
    pub fn who(self) -> &'static str {
        match self {
            Self::BareGet | Self::BareService => "bare",
            Self::Floor => "floor",
            Self::RawVerify => "limit",
            _ => "ours",
        }
    }

    /// Prepares everything, so that what is left is the work.
    ///
    /// # Errors
    /// When the runtime cannot be made.
    ///
    /// # Panics
    /// When the work goes another way than it must: then its cost would mean nothing.
    pub fn prepare(self, tenant: &Tenant) -> io::Result<Doing<'_>> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        Ok(match self {
            Self::OboHit => obo_hit(tenant, runtime),
            Self::BareGet => bare_get(runtime),
            Self::BareService => service(runtime, service_fn(nothing), &tenant.token(0), 200),
            Self::Floor => service(runtime, service_fn(floor), &tenant.token(0), 200),
            Self::Known => service(runtime, layered(tenant), &tenant.token(0), 200),
            Self::Malformed => service(runtime, layered(tenant), "two.parts", 401),
            Self::WrongAudience => {
                let token = tenant.token_but("aud", json!("22222222-2222-3333-4444-555555555555"));
                service(runtime, layered(tenant), &token, 401)
            }
            Self::BadSignature => service(runtime, layered(tenant), &forged(&tenant.token(0), 0), 401),
            Self::Uncached => uncached(tenant, runtime),
            Self::RawVerify => raw_verify(tenant),
        })
    }
}

/// Gives a token a signature that nobody made: another one for each number.
///
/// # Panics
/// When this is no token.
#[must_use]
pub fn forged(token: &str, number: u32) -> String {
    let (unsigned, signature) = token.rsplit_once('.').expect("a token has a signature");
    let mut signature = URL_SAFE_NO_PAD.decode(signature).expect("a signature is base64url");
    let end = signature.len() - 4;
    for (byte, more) in signature[end..].iter_mut().zip((number + 1).to_be_bytes()) {
        *byte ^= more;
    }
    format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn obo_hit(tenant: &Tenant, runtime: Runtime) -> Doing<'_> {
    let (exchange, graph) = (tenant.exchange(), Target::graph());
    let caller = runtime.block_on(tenant.user(0));
    Box::new(move |operations| {
        runtime.block_on(async {
            for _ in 0..operations {
                black_box(exchange.token(&caller, &graph).await.expect("the endpoint always answers"));
            }
        });
    })
}

fn bare_get<'a>(runtime: Runtime) -> Doing<'a> {
    let (cache, key) = (bare::cache(10), bare::key(0));
    runtime.block_on(cache.insert(key, bare::text(DOWNSTREAM_TOKEN)));
    Box::new(move |operations| {
        runtime.block_on(async {
            for _ in 0..operations {
                black_box(cache.get(&key).await.expect("nothing was evicted"));
            }
        });
    })
}

async fn nothing(request: Request<()>) -> Result<Response<Bytes>, Infallible> {
    black_box(&request);
    Ok(Response::new(Bytes::new()))
}

#[derive(Clone)]
struct Somebody;

async fn floor(mut request: Request<()>) -> Result<Response<Bytes>, Infallible> {
    thread_local! {
        static SOMEBODY: Arc<Somebody> = Arc::new(Somebody);
    }
    request.extensions_mut().insert(SOMEBODY.with(Arc::clone));
    nothing(request).await
}

fn layered(tenant: &Tenant) -> impl Service<Request<()>, Response: Answer, Error = Infallible> + use<> {
    BearerLayer::with_verifier(tenant.verifier().clone()).layer(service_fn(nothing))
}

fn service<'a, S>(runtime: Runtime, mut service: S, token: &str, status: u16) -> Doing<'a>
where
    S: Service<Request<()>, Response: Answer, Error = Infallible> + 'a,
{
    let header: HeaderValue = format!("Bearer {token}").parse().expect("a token is a header value");
    Box::new(move |operations| {
        runtime.block_on(async {
            for _ in 0..operations {
                let mut request = Request::new(());
                request.headers_mut().insert(AUTHORIZATION, header.clone());
                let response = match service.call(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                assert_eq!(response.status(), status);
                black_box(response);
            }
        });
    })
}

/// A response of any body.
trait Answer {
    fn status(&self) -> u16;
}

impl<B> Answer for Response<B> {
    fn status(&self) -> u16 {
        self.status().as_u16()
    }
}

fn uncached(tenant: &Tenant, runtime: Runtime) -> Doing<'_> {
    let verifier = tenant.verifier().clone().with_cache_capacity(0);
    let token = BearerToken::new(&tenant.token(0));
    Box::new(move |operations| {
        runtime.block_on(async {
            for _ in 0..operations {
                black_box(verifier.verify(token.clone()).await.expect("the token is good"));
            }
        });
    })
}

fn raw_verify(tenant: &Tenant) -> Doing<'_> {
    let token = tenant.token(0);
    let (message, signature) = token.rsplit_once('.').expect("a token has a signature");
    let (message, signature) = (message.to_owned(), URL_SAFE_NO_PAD.decode(signature).expect("base64url"));
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, tenant.public_key()).expect("an RSA key");
    Box::new(move |operations| {
        for _ in 0..operations {
            black_box(key.verify_sig(message.as_bytes(), &signature)).expect("the signature is good");
        }
    })
}
