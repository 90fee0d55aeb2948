//! Ways around the layer that others have left open: methods, paths, headers of proxies, and the request's own word for things.

use super::*;

/// Not a body: whatever the layer does, it does without reading one.
struct Unread;

async fn send(request: Request<Unread>) -> Answer {
    let reached = |_: Request<Unread>| async { Ok::<_, Infallible>(Response::new(Bytes::from_static(b"reached"))) };
    layer().layer(service_fn(reached)).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn no_method_no_path_and_no_header_of_a_proxy_is_exempt() {
    for method in ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "get", "ANY"] {
        for path in ["/", "/mcp", "/healthz", "/healthz/../mcp", "//mcp", "/.well-known/oauth-protected-resource", "*"]
        {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header("x-original-url", "/healthz")
                .header("x-rewrite-url", "/healthz")
                .header("x-http-method-override", "OPTIONS")
                .header("x-forwarded-uri", "/healthz")
                .header("user-agent", "kube-probe/1.35")
                .body(Unread)
                .unwrap();
            let answer = send(request).await;
            assert_eq!(
                (answer.status(), answer.extensions().get()),
                (StatusCode::UNAUTHORIZED, Some(&Rejection::NoCredentials)),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn identities_in_other_headers_are_nobodys() {
    let token = token(&claims());
    for (name, value) in [
        ("x-forwarded-authorization", format!("Bearer {token}")),
        ("proxy-authorization", format!("Bearer {token}")),
        ("x-forwarded-access-token", token.clone()),
        ("x-ms-token-aad-access-token", token.clone()),
        ("x-ms-client-principal", "eyJhIjoxfQ".to_owned()),
        ("x_authorization", format!("Bearer {token}")),
        ("cookie", format!("Authorization=Bearer {token}")),
        ("forwarded", "for=127.0.0.1".to_owned()),
    ] {
        let request = Request::builder().header(name, value).body(Unread).unwrap();
        assert_eq!(send(request).await.status(), StatusCode::UNAUTHORIZED, "{name}");
    }
}

#[tokio::test]
async fn a_challenge_repeats_nothing_of_the_request() {
    let request = Request::builder()
        .uri("https://evil.example/mcp?x=evil")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example;proto=https")
        .header("origin", "https://evil.example")
        .header(AUTHORIZATION, format!("Bearer {}", token(&changed(&[("aud", json!("https://evil.example"))]))))
        .body(Unread)
        .unwrap();
    let answer = send(request).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let said = format!("{:?} {:?}", answer.headers(), answer.body());
    assert!(said.contains("https://mcp.example/.well-known/oauth-protected-resource/mcp"), "{said}");
    assert!(!said.contains("evil"), "{said}");
}
