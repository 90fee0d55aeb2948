mod dom;
mod forms;
mod markup;
mod need;
mod page;
mod pages;
mod remembered;
mod style;

use std::time::Duration;

use http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};
use mcp_auth_layer::clock::UnixTime;
use url::form_urlencoded;

use self::dom::Dom;
use super::*;
use crate::proxy::{
    pkce::Challenge,
    reference::Reference,
    registration::{Platform, Registration},
    wanted::{Prompt, Resource},
};

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
const MINUTE: Duration = Duration::from_secs(60);

const LOOPBACK: &str = "http://127.0.0.1:33418/";
const WEBSITE: &str = "https://app.contoso.com/signed-in";
const SHARED: &str = "https://teams.microsoft.com/api/platform/v1.0/oAuthRedirect";
const APP: &str = "cursor://anysphere.cursor-mcp/oauth/callback";

fn registered() -> Introduction<'static> {
    registered_as(Some("Claude Code"))
}

fn registered_as(name: Option<&str>) -> Introduction<'_> {
    Introduction { kind: ClientKind::Registered, name }
}

fn document() -> Introduction<'static> {
    document_of("vscode.dev", Some("VS Code"))
}

fn document_of<'a>(host: &str, name: Option<&'a str>) -> Introduction<'a> {
    Introduction { kind: ClientKind::Document { host: host.into() }, name }
}

fn preregistered() -> Introduction<'static> {
    preregistered_as(None)
}

fn preregistered_as(name: Option<&str>) -> Introduction<'_> {
    Introduction { kind: ClientKind::Preregistered, name }
}

fn wording() -> Wording {
    Wording {
        service: "Message Center".to_owned(),
        authority: "login.microsoftonline.com".to_owned(),
        scopes: vec![("access_as_user".to_owned(), "read announcements as you".to_owned())],
    }
}

fn consent_with(ring: &KeyRing, remembering: Remembering) -> Consent {
    let issuer = Issuer::new("https://mcp.contoso.com", "/mcp").unwrap();
    Consent::new(&issuer, ring, wording(), remembering)
}

fn consent(remembering: Remembering) -> Consent {
    consent_with(&KeyRing::ephemeral(), remembering)
}

fn pending(redirect: &str) -> Pending {
    Pending {
        client: "mcp.abc".to_owned(),
        redirect: redirect.to_owned(),
        state: Some("client-state".to_owned()),
        challenge: Challenge::read(Some(&"c".repeat(43)), Some("S256")).unwrap(),
        names: vec!["access_as_user".to_owned()],
        echo: "access_as_user".to_owned(),
        prompt: Some(Prompt::Login),
        login_hint: Some("adele@contoso.com".to_owned()),
        domain_hint: None,
        claims: None,
        resource: Resource::Ours,
    }
}

/// A browser: it keeps cookies and says where its requests come from.
#[derive(Clone, Debug, Default)]
struct Browser(Vec<(String, String)>);

impl Browser {
    fn keep(&mut self, cookies: impl IntoIterator<Item = HeaderValue>) {
        for cookie in cookies {
            let text = cookie.to_str().unwrap();
            let (pair, attributes) = text.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.0.retain(|(known, _)| known != name);
            if !attributes.contains("Max-Age=0;") {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// Shows a page: keeps its cookies and reads it.
    fn show(&mut self, response: &Answer) -> Dom {
        self.keep(response.headers().get_all(SET_COOKIE).into_iter().cloned());
        Dom::of(response)
    }

    fn sends(&self, site: Option<&'static str>) -> HeaderMap {
        let cookies = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::try_from(cookies).unwrap());
        headers
            .extend(site.map(|site| (http::HeaderName::from_static("sec-fetch-site"), HeaderValue::from_static(site))));
        headers
    }

    /// Opens the page about a client.
    fn is_asked(&mut self, consent: &Consent, client: &Introduction<'_>, redirect: &str) -> Dom {
        let response = consent.ask(client, &pending(redirect), &self.sends(Some("none")), NOW).unwrap();
        self.show(&response)
    }

    /// Posts the form of a page and keeps what comes back.
    fn answers(&mut self, consent: &Consent, form: &Parameters) -> Result<Decision, Refusal> {
        let decision = consent.decide(form, &self.sends(Some("same-origin")), NOW)?;
        self.keep(decision.cookies.clone());
        Ok(decision)
    }
}

fn form(fields: &[(&str, &str)]) -> Parameters {
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    Parameters::read(text.as_bytes()).unwrap()
}

/// Fills in a page's form.
fn filled(page: &Dom, answer: &str, others: &[(&str, &str)]) -> Parameters {
    let ticket = page.value_of("ticket").unwrap();
    form(&[&[("ticket", &*ticket), ("answer", answer)], others].concat())
}
