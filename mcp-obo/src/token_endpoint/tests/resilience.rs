//! Faults that pass, outages, and too many at once.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_fault_that_passes_is_met_by_one_more_attempt() {
    type Answer = fn() -> Result<Response<Bytes>, FetchError>;
    fn broken(fault: TransportFault) -> Result<Response<Bytes>, FetchError> {
        Err(FetchError::Transport { fault, source: "broken".into() })
    }
    for (name, first, attempts) in [
        ("outage", (|| Ok(status(503, &[], ""))) as Answer, 2),
        ("a page of a proxy", || Ok(status(502, &[], "<html>")), 2),
        ("a success that is none", || Ok(status(200, &[], "<html>")), 2),
        ("Entra says so", || Ok(refused("temporarily_unavailable", 90_033, json!({}))), 2),
        ("no listener", || broken(TransportFault::Refused), 2),
        ("broken connection", || broken(TransportFault::Reset), 2),
        ("no name", || broken(TransportFault::Dns), 1),
        ("no answer in time", || broken(TransportFault::Timeout), 1),
        ("foreign CA", || broken(TransportFault::TlsUntrusted), 1),
        ("too large", || Err(FetchError::TooLarge { limit: 1 }), 1),
        ("Entra says when", || Ok(status(503, &[("retry-after", "1")], "")), 1),
        ("throttled", || Ok(status(429, &[], "")), 1),
        ("refused", || Ok(refused("invalid_grant", 65_001, json!({}))), 1),
    ] {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let http = HttpClient::new(tower::service_fn(move |_| {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            ready(if number == 0 { first() } else { Ok(granted(number)) })
        }));
        let tenant = Tenant::granting();
        let app = EntraApp::single_tenant_over(http, TENANT, CLIENT).unwrap().with_clock(tenant.clock.clone());
        let documented =
            mcp_auth_layer::authority::Endpoints::documented(Cloud::Public, TenantId::parse(TENANT).unwrap());
        let endpoint = TokenEndpoint::new(&app.with_endpoints(documented).unwrap(), ClientSecret::new(SECRET));
        let request = TokenRequest::on_behalf_of(&tenant.user("alice").await, &Target::graph()).unwrap();
        let begun = Instant::now();
        let outcome = endpoint.oneshot(request).await;
        assert_eq!((outcome.is_ok(), count.load(Ordering::SeqCst)), (attempts == 2, attempts), "{name}");
        let pause = begun.elapsed().as_millis();
        assert!(if attempts == 2 { (500..=1_501).contains(&pause) } else { pause == 0 }, "{name}: {pause} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_everybody_is_asked_about_once_in_a_while() {
    let healthy = Arc::new(AtomicUsize::new(0));
    let switch = Arc::clone(&healthy);
    let tenant = Tenant::answering(move |call| {
        let healthy = switch.load(Ordering::SeqCst) == 1;
        Box::pin(ready(if healthy { granted(call.number) } else { status(503, &[], "") }))
    });
    let exchange = tenant.exchange();
    let ask = async |name: &str| exchange.token(&tenant.user(name).await, &Target::graph()).await;
    // One user alone never stops the others, however often he fails.
    for _ in 0..20 {
        ask("mallory").await.unwrap_err();
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    let before = tenant.exchanges();
    for name in ["a", "b", "c", "d"] {
        ask(name).await.unwrap_err();
    }
    assert_eq!(tenant.exchanges(), before + 8, "five users have failed in a row now");
    for name in ["e", "f", "g"] {
        let error = ask(name).await.unwrap_err();
        assert_eq!((error.kind(), error.retry_after()), (ExchangeErrorKind::Unavailable, Some(Duration::from_secs(5))));
    }
    assert_eq!(tenant.exchanges(), before + 8, "nobody asks while it is open");
    tokio::time::advance(Duration::from_secs(5)).await;
    ask("e").await.unwrap_err();
    assert_eq!(ask("f").await.unwrap_err().retry_after(), Some(Duration::from_secs(10)));
    healthy.store(1, Ordering::SeqCst);
    tokio::time::advance(Duration::from_secs(10)).await;
    ask("f").await.unwrap();
    ask("g").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn so_many_requests_at_a_time_and_the_others_wait() {
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let tenant = Tenant::answering(move |call| {
        let gate = Arc::clone(&opened);
        Box::pin(async move {
            gate.acquire().await.unwrap().forget();
            granted(call.number)
        })
    });
    let exchange = tenant.exchange();
    let mut callers = Vec::new();
    for number in 0..AT_A_TIME.get() + 10 {
        let (exchange, user) = (exchange.clone(), tenant.user(&number.to_string()).await);
        callers.push(tokio::spawn(async move { exchange.token(&user, &Target::graph()).await }));
    }
    crate::testtenant::settle().await;
    assert_eq!(tenant.exchanges(), AT_A_TIME.get());
    gate.add_permits(AT_A_TIME.get() + 10);
    for caller in callers {
        caller.await.unwrap().unwrap();
    }
    assert_eq!(tenant.exchanges(), AT_A_TIME.get() + 10);
}
