//! The layer inside a bearer layer: what reaches the server, what is answered, and how it is recorded.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{
    HeaderMap, Method, Request, Response, StatusCode,
    header::{AUTHORIZATION, WWW_AUTHENTICATE},
};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimit, service_fn};
use tower_test::mock;

use crate::{
    audit,
    bearer::{BearerLayer, Caller},
    bypass::{BypassGuardLayer, BypassPolicy, Environment, Exposure, Hatch, OptIn},
    peek::Peeked,
    policy::ScopePolicy,
    reject::Rejection,
    testlog::Recorder,
    testtenant::{changed, claims, token, verifier},
    tool_policy::{Operation, ToolPolicyLayer},
};

const VERSION: (&str, &str) = ("mcp-protocol-version", "2026-07-28");

/// Answers with the operation it was told and the body it was sent.
async fn server<B: Body<Data = Bytes> + Unpin>(request: Request<Peeked<B>>) -> Result<Response<Bytes>, Infallible>
where
    B::Error: std::fmt::Debug,
{
    let told = request.extensions().get::<Operation>().map_or_else(
        || "nothing".to_owned(),
        |operation| format!("{} {}", operation.method(), operation.name().unwrap_or("-")),
    );
    let body = request.into_body().collect().await.unwrap().to_bytes();
    Ok(Response::new(format!("{told}: {}", String::from_utf8_lossy(&body)).into()))
}

fn tools() -> ToolPolicyLayer {
    ToolPolicyLayer::deny_unlisted()
        .allow_any_caller("whoami")
        .allow("publish", ScopePolicy::all(["Posts.ReadWrite", "Posts.Send"]).unwrap())
        .allow_method("resources/read", ScopePolicy::all(["Files.Read"]).unwrap())
        .allow_method_any_caller("completion/complete")
}

fn message(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

fn call(tool: &str) -> String {
    message("tools/call", &json!({"name": tool}))
}

fn request(claims: &Value, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let credential = format!("Bearer {}", token(claims));
    Request::post("/mcp").header(AUTHORIZATION, credential).body(Full::new(body.into())).unwrap()
}

async fn answer(tools: ToolPolicyLayer, request: Request<Full<Bytes>>) -> Response<Bytes> {
    let bearer = BearerLayer::with_verifier(verifier().0);
    bearer.layer(tools.layer(service_fn(server::<Full<Bytes>>))).oneshot(request).await.unwrap()
}

fn reason(response: &Response<Bytes>) -> &'static str {
    response.extensions().get().map_or("passes", Rejection::reason)
}

#[tokio::test]
async fn each_operation_is_open_or_listed_or_denied() {
    let writer = changed(&[("scp", json!("access_as_user Posts.ReadWrite Posts.Send"))]);
    let half = changed(&[("scp", json!("access_as_user Posts.Send"))]);
    let plain = claims();
    let notification = |method| json!({"jsonrpc": "2.0", "method": method}).to_string();
    let empty = json!({});
    for (name, who, body, expected) in [
        ("a tool for all", &plain, call("whoami"), "passes"),
        ("a tool for writers", &writer, call("publish"), "passes"),
        ("a tool for writers, half of the scopes", &half, call("publish"), "scope"),
        ("a tool for writers, none", &plain, call("publish"), "scope"),
        ("a tool that is not listed", &writer, call("shutdown"), "unlisted_tool"),
        ("another case", &writer, call("Whoami"), "unlisted_tool"),
        ("a blank after it", &writer, call("whoami "), "unlisted_tool"),
        ("no name", &writer, call(""), "unlisted_tool"),
        ("a tool by another method", &writer, message("tools/Call", &json!({"name": "whoami"})), "unlisted_method"),
        ("initialize", &plain, message("initialize", &empty), "passes"),
        ("ping", &plain, message("ping", &empty), "passes"),
        ("server/discover", &plain, message("server/discover", &empty), "passes"),
        ("tools/list", &plain, message("tools/list", &empty), "passes"),
        ("prompts/list", &plain, message("prompts/list", &empty), "passes"),
        ("resources/list", &plain, message("resources/list", &empty), "unlisted_method"),
        ("logging/setLevel", &plain, message("logging/setLevel", &empty), "unlisted_method"),
        ("tasks/cancel", &plain, message("tasks/cancel", &json!({"taskId": "t"})), "unlisted_method"),
        ("prompts/get", &plain, message("prompts/get", &json!({"name": "p"})), "unlisted_method"),
        ("a method that nobody knows", &plain, message("x/y", &empty), "unlisted_method"),
        ("no method's name", &plain, message("", &empty), "unlisted_method"),
        ("a listed method for all", &plain, message("completion/complete", &empty), "passes"),
        ("a listed method without the scope", &plain, message("resources/read", &json!({"uri": "u"})), "scope"),
        ("an open notification", &plain, notification("notifications/initialized"), "passes"),
        ("another notification", &plain, notification("notifications/shutdown"), "unlisted_method"),
        ("a notification with an id", &plain, message("notifications/initialized", &empty), "unlisted_method"),
        ("an open request without an id", &plain, notification("tools/list"), "unlisted_method"),
        ("an answer", &plain, json!({"jsonrpc": "2.0", "id": 1, "result": {}}).to_string(), "passes"),
    ] {
        let response = answer(tools(), request(who, body)).await;
        assert_eq!(reason(&response), expected, "{name}");
        assert_eq!(response.status() == StatusCode::OK, expected == "passes", "{name}");
    }
}

#[tokio::test]
async fn nothing_is_allowed_by_default_and_tools_are_listed_one_by_one() {
    let tools = ToolPolicyLayer::deny_unlisted().allow_method_any_caller("tools/call");
    assert_eq!(reason(&answer(tools, request(&claims(), call("whoami"))).await), "unlisted_tool");
    let closed = ToolPolicyLayer::deny_unlisted().allow_method("tools/list", ScopePolicy::all(["List"]).unwrap());
    assert_eq!(reason(&answer(closed, request(&claims(), message("tools/list", &json!({})))).await), "scope");
}

#[tokio::test]
async fn what_passes_arrives_as_it_was_sent_with_its_operation() {
    let sent = format!("\n {} ", call("whoami").replace("whoami", "who\\u0061mi"));
    let response = answer(tools(), request(&claims(), sent.clone())).await;
    assert_eq!(response.body(), &format!("tools/call whoami: {sent}"));
}

#[tokio::test]
async fn a_missing_scope_is_told_with_all_that_the_operation_needs() {
    let (recorder, _guard) = Recorder::start();
    let half = changed(&[("scp", json!("access_as_user Posts.Send"))]);
    let response = answer(tools(), request(&half, call("publish"))).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let challenge = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
    assert!(challenge.contains("Posts.ReadWrite ") && challenge.contains("Posts.Send\""), "{challenge}");
    let events = recorder.events();
    let refused = events.iter().find(|event| event.target == audit::TARGET && event.fields.contains_key("reason"));
    assert_eq!(refused.unwrap().fields["operation"], "tools/call publish");
}

#[tokio::test]
async fn names_that_only_the_caller_knows_are_not_recorded() {
    let (recorder, _guard) = Recorder::start();
    for body in [call("forged-name"), message("forged-name", &json!({}))] {
        assert_eq!(answer(tools(), request(&claims(), body)).await.status(), StatusCode::FORBIDDEN);
    }
    assert!(!format!("{:?}", recorder.events()).contains("forged-name"));
}

#[tokio::test]
async fn malformed_messages_are_refused_without_a_challenge() {
    let long = format!("{}{}", call("whoami"), " ".repeat(300));
    for (name, body, status, expected) in [
        ("not JSON", "{".to_owned(), 400, "malformed_message"),
        ("nothing", String::new(), 400, "malformed_message"),
        ("a batch", format!("[{}]", call("whoami")), 400, "batch"),
        ("too long, even by blanks", long, 413, "message_too_large"),
    ] {
        let response = answer(tools().with_max_message(300), request(&claims(), body)).await;
        assert_eq!((response.status().as_u16(), reason(&response)), (status, expected), "{name}");
        assert!(!response.headers().contains_key(WWW_AUTHENTICATE), "{name}");
    }
    let exact = call("whoami");
    let layer = tools().with_max_message(exact.len());
    assert_eq!(answer(layer, request(&claims(), exact)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn requests_without_a_message_pass_and_all_others_are_judged() {
    for (method, expected) in [
        (Method::GET, "passes"),
        (Method::HEAD, "passes"),
        (Method::DELETE, "passes"),
        (Method::OPTIONS, "passes"),
        (Method::PUT, "unlisted_tool"),
        (Method::PATCH, "unlisted_tool"),
        (Method::from_bytes(b"post").unwrap(), "unlisted_tool"),
    ] {
        let mut request = request(&claims(), call("shutdown"));
        *request.method_mut() = method.clone();
        assert_eq!(reason(&answer(tools(), request).await), expected, "{method}");
    }
}

#[tokio::test]
async fn headers_are_compared_with_the_body_and_trusted_only_where_that_was_chosen() {
    let listing = ("mcp-method", "tools/list");
    let calling = ("mcp-method", "tools/call");
    for (name, layer, headers, body, expected) in [
        ("a header that differs", tools(), vec![VERSION, listing], call("whoami"), "header_mismatch"),
        ("a header that is missing", tools(), vec![VERSION], call("whoami"), "header_mismatch"),
        ("trusted", tools().trust_headers(), vec![VERSION, calling, ("mcp-name", "whoami")], "{".into(), "passes"),
        (
            "trusted and denied",
            tools().trust_headers(),
            vec![VERSION, calling, ("mcp-name", "shutdown")],
            call("whoami"),
            "unlisted_tool",
        ),
        (
            "trusted, a notification",
            tools().trust_headers(),
            vec![VERSION, ("mcp-method", "notifications/cancelled")],
            "{".into(),
            "passes",
        ),
        (
            "trusted, an older version",
            tools().trust_headers(),
            vec![("mcp-protocol-version", "2025-11-25"), listing],
            call("shutdown"),
            "header_mismatch",
        ),
        ("trusted, no headers", tools().trust_headers(), vec![], call("shutdown"), "unlisted_tool"),
        ("trusted, no name", tools().trust_headers(), vec![VERSION, calling], call("whoami"), "header_mismatch"),
    ] {
        let mut request = request(&claims(), body);
        for (header, value) in headers {
            request.headers_mut().insert(header, value.parse().unwrap());
        }
        assert_eq!(reason(&answer(layer, request).await), expected, "{name}");
    }
}

#[tokio::test]
async fn an_open_hatch_asks_for_no_scope_and_opens_no_list() {
    for (tool, expected) in [("publish", "passes"), ("shutdown", "unlisted_tool")] {
        let policy = BypassPolicy::new(Environment::Development, Exposure::Loopback);
        let guard = BypassGuardLayer::new(policy.open(Hatch::NoAuthentication, OptIn::Yes).unwrap());
        let bearer = BearerLayer::with_verifier(verifier().0);
        let service = guard.layer(bearer.layer(tools().layer(service_fn(server::<Full<Bytes>>))));
        let request = Request::post("/").body(Full::from(call(tool))).unwrap();
        assert_eq!(reason(&service.oneshot(request).await.unwrap()), expected, "{tool}");
    }
}

#[tokio::test]
async fn the_wrong_order_is_an_error_whatever_is_asked() {
    for method in [Method::POST, Method::GET] {
        let bearer = BearerLayer::with_verifier(verifier().0);
        let service = tools().layer(bearer.layer(service_fn(server::<Full<Bytes>>)));
        let mut request = request(&claims(), call("whoami"));
        *request.method_mut() = method;
        assert_eq!(service.oneshot(request).await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}

/// A body that is sent in part, and then breaks or falls silent.
struct Cut(Option<Bytes>, Poll<Option<Result<Frame<Bytes>, &'static str>>>);

impl Body for Cut {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        match self.0.take() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
            None => std::mem::replace(&mut self.1, Poll::Pending),
        }
    }
}

async fn of_caller<B>(body: B) -> Request<B> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let keep = service_fn(move |request: Request<Full<Bytes>>| {
        let sent = sender.send(request.extensions().get::<Caller>().cloned());
        async move { Ok::<_, Infallible>(sent.map_or_else(|_| Response::default(), |()| Response::new(Bytes::new()))) }
    });
    BearerLayer::with_verifier(verifier().0).layer(keep).oneshot(request(&claims(), "")).await.unwrap();
    let mut request = Request::post("/").body(body).unwrap();
    request.extensions_mut().insert(receiver.recv().unwrap().unwrap());
    request
}

#[tokio::test]
async fn a_body_that_breaks_is_refused_and_one_that_never_ends_is_bounded() {
    let begun = Bytes::from(call("whoami"));
    let service = || tools().with_max_message(200).layer(service_fn(server::<Cut>));
    let broken = Cut(Some(begun.clone()), Poll::Ready(Some(Err("cut"))));
    assert_eq!(service().oneshot(of_caller(broken).await).await.unwrap().status(), StatusCode::BAD_REQUEST);
    let endless = Cut(Some(Bytes::from(vec![b' '; 201])), Poll::Pending);
    assert_eq!(service().oneshot(of_caller(endless).await).await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
    let slow = service().oneshot(of_caller(Cut(Some(begun), Poll::Pending)).await);
    assert!(tokio_test::task::spawn(slow).poll().is_pending(), "half a message is not judged");
}

#[tokio::test]
async fn the_service_that_was_ready_is_called_and_a_refusal_gives_its_place_back() {
    type Inner = ConcurrencyLimit<mock::Mock<Request<Peeked<Full<Bytes>>>, Response<Bytes>>>;
    let (service, mut handle) = mock::spawn_with(|inner| {
        let limited: Inner = ConcurrencyLimit::new(inner, 1);
        tools().layer(limited)
    });
    handle.allow(3);
    let mut service = service.into_inner();
    for tool in ["shutdown", "publish"] {
        let request = of_caller(Full::from(call(tool))).await;
        let refused = service.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{tool}");
    }
    let request = of_caller(Full::from(call("whoami"))).await;
    let response = tokio::spawn(service.ready().await.unwrap().call(request));
    let (_, send) = handle.next_request().await.unwrap();
    send.send_response(Response::new(Bytes::from_static(b"called")));
    assert_eq!(response.await.unwrap().unwrap().body(), "called");
}

#[tokio::test]
async fn a_list_shows_each_caller_what_he_may_call_and_is_private() {
    let caller = of_caller(()).await.extensions().get::<Caller>().cloned().unwrap();
    let all = || json!([{"name": "whoami"}, {"name": "publish"}, {"name": "shutdown"}, {"name": 1}, {}, "whoami"]);
    let own = json!([{"name": "whoami"}]);
    for (name, mut result, expected) in [
        (
            "a list",
            json!({"tools": all(), "nextCursor": "n"}),
            json!({"tools": own, "nextCursor": "n", "cacheScope": "private"}),
        ),
        (
            "a public list",
            json!({"tools": all(), "cacheScope": "public"}),
            json!({"tools": own, "cacheScope": "private"}),
        ),
        ("no list", json!({}), json!({"tools": [], "cacheScope": "private"})),
        ("another type", json!({"tools": {"whoami": 1}}), json!({"tools": [], "cacheScope": "private"})),
        ("no result", all(), json!({"tools": [], "cacheScope": "private"})),
    ] {
        tools().filter_tools(&caller, &mut result);
        assert_eq!(result, expected, "{name}");
    }
    assert!(tools().visible(&caller, "whoami") && !tools().visible(&caller, "publish"));
}

#[tokio::test]
async fn axum_takes_the_layer_as_it_is() {
    let bearer = BearerLayer::with_verifier(verifier().0);
    let told = |headers: HeaderMap, body: String| async move { format!("{} {}", headers.len(), body.len()) };
    let router = axum::Router::new().route("/mcp", axum::routing::post(told)).layer((bearer, tools()));
    for (tool, status) in [("whoami", StatusCode::OK), ("shutdown", StatusCode::FORBIDDEN)] {
        let (parts, body) = request(&claims(), call(tool)).into_parts();
        let request = Request::from_parts(parts, axum::body::Body::new(body));
        assert_eq!(router.clone().oneshot(request).await.unwrap().status(), status, "{tool}");
    }
}

#[test]
fn it_is_send_sync_and_clone() {
    fn check<T: Send + Sync + Clone>(_: &T) {}
    fn future<T: Send>(_: &T) {}
    check(&tools());
    let mut service = tools().layer(service_fn(server::<Full<Bytes>>));
    check(&service);
    future(&service.call(Request::new(Full::default())));
}
