use mcp_auth_layer::{clock::UnixTime, redirect::RedirectErrorKind};
use serde_json::json;

use super::{
    document::{Address, DocumentSource, Fetched},
    *,
};
use crate::{boxed::BoxFuture, testtenant};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

fn clients(ring: KeyRing) -> Clients {
    Clients {
        ring,
        allowlist: RedirectAllowlist::parse_list("default,vscode,cursor").unwrap(),
        preregistered: Some(Preregistered::new(testtenant::CLIENT, None)),
        not_before: UnixTime::from_secs(0),
        denied: Arc::default(),
        documents: None,
    }
}

fn registered(clients: &Clients, redirects: &[&str]) -> String {
    let asked = serde_json::from_value(json!({ "redirect_uris": redirects, "token_endpoint_auth_method": "none" }));
    read_registration(asked.unwrap(), &clients.allowlist, NOW).unwrap().seal(&clients.ring).unwrap()
}

#[derive(Debug)]
struct OneDocument(serde_json::Value);

impl DocumentSource for OneDocument {
    fn fetch<'a>(&'a self, _: &'a Address) -> BoxFuture<'a, Result<Fetched, DocumentFault>> {
        let body = self.0.to_string().into();
        Box::pin(async { Ok(Fetched { body, headers: http::HeaderMap::new() }) })
    }
}

#[tokio::test]
async fn a_client_is_found_by_what_its_id_is() {
    let mut clients = clients(KeyRing::ephemeral());
    let upper = "AAAAAAAA-2222-3333-4444-555555555555";
    clients.preregistered = Some(Preregistered::new(upper, None));
    let lower = upper.to_ascii_lowercase();
    for id in [upper, &lower] {
        let client = clients.find(id).await.unwrap();
        assert_eq!((client.id(), client.kind(), client.name()), (id, &ClientKind::Preregistered, None), "{id}");
    }
    let id = registered(&clients, &["http://127.0.0.1/"]);
    let client = clients.find(&id).await.unwrap();
    assert_eq!((client.id(), client.kind()), (&*id, &ClientKind::Registered));

    const URL: &str = "https://vscode.dev/oauth/client-metadata.json";
    assert_eq!(clients.find(URL).await.unwrap_err(), ClientFault::Unknown, "where URLs are no clients");
    let document =
        json!({ "client_id": URL, "client_name": "VS Code", "redirect_uris": ["https://vscode.dev/redirect"] });
    clients.documents = Some(Documents::new(DocumentHosts::new(["vscode.dev"]).unwrap(), OneDocument(document)));
    let client = clients.find(URL).await.unwrap();
    assert_eq!((client.kind(), client.name()), (&ClientKind::Document { host: "vscode.dev".into() }, Some("VS Code")));
    assert_eq!(client.redirect("https://insiders.vscode.dev/redirect").unwrap_err(), RedirectFault::NotOwn);
    assert!(client.redirect("https://vscode.dev/redirect").is_ok());
}

#[tokio::test]
async fn what_this_server_has_not_given_out_is_no_client() {
    let clients = clients(KeyRing::ephemeral());
    let id = registered(&clients, &["http://127.0.0.1/"]);
    let of_another = registered(&self::clients(KeyRing::ephemeral()), &["http://127.0.0.1/"]);
    let mut changed = id.clone().into_bytes();
    changed[60] ^= 1;
    let of_another_purpose = super::super::sealed::seal(
        &clients.ring,
        crate::seal::Purpose::Session,
        "",
        &Registration::open(&clients.ring, &id),
    );
    let mut longer = Registration::open(&clients.ring, &id).unwrap();
    longer.name = Some("n".repeat(2_048).into());
    let longer = super::super::sealed::seal(&clients.ring, crate::seal::Purpose::Registration, "", &longer);
    for (name, id) in [
        ("nothing", ""),
        ("more than this server ever writes", &format!("mcp.{}", longer.unwrap())),
        ("the prefix", "mcp."),
        ("another server's", &*of_another),
        ("a changed byte", std::str::from_utf8(&changed).unwrap()),
        ("cut off", &id[..id.len() - 1]),
        ("longer", &format!("{id}A")),
        ("padded", &format!("{id}=")),
        ("with a space", &format!("{id} ")),
        ("the prefix in capitals", &id.replacen("mcp.", "MCP.", 1)),
        ("sealed for something else", &format!("mcp.{}", of_another_purpose.unwrap())),
        ("endless", &format!("mcp.{}", "A".repeat(100_000))),
        ("another app", "00000003-0000-0000-c000-000000000000"),
        ("plain http", "http://vscode.dev/oauth/client-metadata.json"),
        ("a name", "Visual Studio Code"),
    ] {
        assert_eq!(clients.find(id).await.unwrap_err(), ClientFault::Unknown, "{name}");
    }
    assert_eq!(ClientFault::Unknown.code(), OAuthCode::InvalidClient, "so that SDKs register again");
}

#[tokio::test]
async fn a_registration_has_no_end_but_those_that_the_operator_makes() {
    let (old, new) = ("b2xkMDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg=", "bmV3MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg=");
    let ring = |keys: &str| KeyRing::parse(keys).unwrap();
    let id = registered(&clients(ring(old)), &["http://127.0.0.1/"]);
    let secs = |by| UnixTime::from_secs(NOW.as_secs() + by);
    for (name, keys, not_before, expected) in [
        ("as it was", old.to_owned(), secs(0), None),
        ("under a new key", format!("{new},{old}"), secs(0), None),
        ("without its key", new.to_owned(), secs(0), Some(ClientFault::Unknown)),
        ("from before", old.to_owned(), secs(1), Some(ClientFault::Ended)),
    ] {
        let clients = Clients { not_before, ..clients(ring(&keys)) };
        assert_eq!(clients.find(&id).await.err(), expected, "{name}");
    }
    assert_eq!(ClientFault::Ended.code(), OAuthCode::InvalidClient);
}

#[tokio::test]
async fn a_redirect_uri_is_the_clients_own_with_any_port_on_loopback() {
    let clients = clients(KeyRing::ephemeral());
    let own = [
        "http://127.0.0.1/",
        "http://localhost:3118/callback?a=b",
        "http://[::1]/x",
        "https://vscode.dev/redirect",
        "cursor://anysphere.cursor-mcp/oauth/callback",
    ];
    let client = clients.find(&registered(&clients, &own)).await.unwrap();
    let not_listed = RedirectFault::NotAllowed(RedirectErrorKind::NotListed.into());
    let of = |kind: RedirectErrorKind| Some(RedirectFault::NotAllowed(kind.into()));
    for (name, candidate, expected) in [
        ("as registered", "http://127.0.0.1/", None),
        ("another port", "http://127.0.0.1:33418/", None),
        ("without a path, which is the same", "http://127.0.0.1:33418", None),
        ("a path, a query, another port", "http://localhost:50000/callback?a=b", None),
        ("IPv6", "http://[::1]:9/x", None),
        ("https", "https://vscode.dev/redirect", None),
        ("its own scheme", "cursor://anysphere.cursor-mcp/oauth/callback", None),
        ("another path", "http://127.0.0.1:33418/evil", Some(RedirectFault::NotOwn)),
        ("the path of another host", "http://127.0.0.1/callback?a=b", Some(RedirectFault::NotOwn)),
        ("another spelling of the host", "http://localhost/", Some(RedirectFault::NotOwn)),
        ("another query", "http://localhost:1/callback?a=c", Some(RedirectFault::NotOwn)),
        ("no query", "http://localhost:1/callback", Some(RedirectFault::NotOwn)),
        ("allowed, and another client's", "https://insiders.vscode.dev/redirect", Some(RedirectFault::NotOwn)),
        ("another case in the path", "http://[::1]/X", Some(RedirectFault::NotOwn)),
        ("a port with https", "https://vscode.dev:444/redirect", Some(not_listed)),
        ("nobody's", "https://evil.example/redirect", Some(not_listed)),
        ("loopback as a prefix", "http://127.0.0.1.evil.example/", Some(not_listed)),
        ("a user", "http://127.0.0.1@evil.example/", of(RedirectErrorKind::Userinfo)),
        ("a fragment", "http://127.0.0.1/#", of(RedirectErrorKind::Fragment)),
        ("nothing", "", of(RedirectErrorKind::Scheme)),
    ] {
        let answer = client.redirect(candidate);
        assert_eq!(answer.as_ref().err(), expected.as_ref(), "{name}");
        assert!(answer.is_err() || answer.unwrap().as_str() == candidate, "{name}: the bytes that were judged");
    }
}

#[tokio::test]
async fn the_operators_list_of_today_decides_whatever_was_registered() {
    let mut clients = clients(KeyRing::ephemeral());
    let id = registered(&clients, &["https://vscode.dev/redirect", "http://127.0.0.1/"]);
    clients.allowlist = RedirectAllowlist::parse_list("loopback").unwrap();
    let client = clients.find(&id).await.unwrap();
    let dropped = RedirectFault::NotAllowed(RedirectErrorKind::NotListed.into());
    assert_eq!(client.redirect("https://vscode.dev/redirect").unwrap_err(), dropped);
    assert!(client.redirect("http://127.0.0.1:7/").is_ok());
    clients.allowlist = RedirectAllowlist::parse_list("none").unwrap();
    for id in [&*id, testtenant::CLIENT] {
        let client = clients.find(id).await.unwrap();
        assert_eq!(client.redirect("http://127.0.0.1:7/").unwrap_err(), dropped, "an empty list allows nothing: {id}");
    }
}

#[tokio::test]
async fn the_operators_own_client_may_go_where_the_operator_allows_it() {
    let clients = clients(KeyRing::ephemeral());
    let client = clients.find(testtenant::CLIENT).await.unwrap();
    for (candidate, expected) in [
        ("http://localhost:8400/", true),
        ("http://127.0.0.1:1/any/path", true),
        ("https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect", true),
        ("https://evil.example/", false),
    ] {
        assert_eq!(client.redirect(candidate).is_ok(), expected, "{candidate}");
    }
}

#[tokio::test]
async fn another_port_is_another_place_except_on_loopback() {
    let mut clients = clients(KeyRing::ephemeral());
    let list = "https://app.contoso.com/cb,https://app.contoso.com:8443/cb";
    clients.allowlist = RedirectAllowlist::parse_list(list).unwrap();
    let client = clients.find(&registered(&clients, &["https://app.contoso.com/cb"])).await.unwrap();
    assert!(client.redirect("https://app.contoso.com/cb").is_ok());
    let other = client.redirect("https://app.contoso.com:8443/cb");
    assert_eq!(other.unwrap_err(), RedirectFault::NotOwn, "the operator allows it to whoever names it as his own");
}

#[tokio::test]
async fn a_denied_app_is_denied_in_either_case() {
    let (upper, lower) = ("AAAAAAAA-2222-3333-4444-555555555555", "aaaaaaaa-2222-3333-4444-555555555555");
    for named in [upper, lower] {
        let mut clients = clients(KeyRing::ephemeral());
        clients.preregistered = Some(Preregistered::new(named, None));
        clients.denied = Arc::new([clients.digest_of(lower)].into());
        for id in [upper, lower] {
            assert_eq!(clients.find(id).await.unwrap_err(), ClientFault::Denied, "{named}: {id}");
        }
    }
}
