//! Requests through the router alone, on this thread, without a socket.

use std::{convert::Infallible, hint::black_box, path::Path};

use axum::{Router, body::Body, routing::post};
use benches::{
    rounds::Rounds,
    rows::{Sheet, Unit},
    scale::Scale,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use message_center::{settings::Settings, stack};
use serde_json::json;
use tokio::runtime::Builder;
use tower::ServiceExt as _;

use crate::{
    Failure,
    child::Child,
    mcp,
    server::{self, Audit},
};

const NOTE: &str =
    "one thread; verifying, rate limit, CORS, spans and metrics as configured by default; nobody reads the log";

pub(crate) fn measure(sheet: &mut Sheet, scale: Scale, tenant: &Child, tokens: &Path) -> Result<(), Failure> {
    let base = "http://127.0.0.1:8080";
    let mut headers = mcp::headers();
    headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8080"));
    headers.insert(header::AUTHORIZATION, mcp::authorizations(tokens, 1)?.remove(0));
    let settings = Settings::read(&server::variables(&tenant.url, base, Audit::On))?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let _context = runtime.enter();
    let (ours, without, alone) = (stack::router(&settings)?, mcp::bare(base, None), mcp::alone(base));

    for method in ["tools/list", "ping"] {
        let work = Work { headers: headers.clone(), body: mcp::request(method, &json!({})) };
        let expected = runtime.block_on(work.answer(&without))?;
        if runtime.block_on(work.answer(&ours))? != expected {
            return Err(format!("{method}: the layers change the answer").into());
        }
        let bare = Router::new().route("/mcp", post(async move || expected.clone()));
        let mut rounds = Rounds::new(scale);
        for (who, router) in
            [("ours", &ours), ("without our layers", &without), ("rmcp alone", &alone), ("bare", &bare)]
        {
            let work = &work;
            rounds.add_async(&runtime, who, async move |times| {
                for _ in 0..times {
                    let answer = black_box(work.once(router).await);
                    // A refusal would be the fastest answer.
                    assert_eq!(answer.0, StatusCode::OK, "{method}, {who}");
                }
            });
        }
        for measured in rounds.run() {
            let note = format!("{NOTE}; spread {:.0} %", measured.spread * 100.0);
            sheet.noted(&format!("{method}, in process"), &measured.name, measured.ns / 1e3, Unit::Us, &note)?;
        }
    }
    Ok(())
}

/// One request, again and again.
struct Work {
    headers: HeaderMap,
    body: Bytes,
}

impl Work {
    async fn once(&self, router: &Router) -> (StatusCode, Bytes) {
        let mut request = Request::post("/mcp").body(Body::from(self.body.clone())).expect("a constant path");
        *request.headers_mut() = self.headers.clone();
        let answer = router.clone().oneshot(request).await.unwrap_or_else(|never: Infallible| match never {});
        let status = answer.status();
        let body = answer.into_body().collect().await.map(http_body_util::Collected::to_bytes);
        (status, body.unwrap_or_default())
    }

    async fn answer(&self, router: &Router) -> Result<Bytes, Failure> {
        match self.once(router).await {
            (StatusCode::OK, body) => Ok(body),
            (status, body) => Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into()),
        }
    }
}
