//! Reading discovery documents (OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3).

use http::StatusCode;
use serde::Deserialize;
use url::Url;

use crate::{
    config::ConfigError,
    fetch::{FetchError, HttpClient, TransportFault, is_loopback},
};

/// Why discovery failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiscoveryError {
    #[error("no answer: {0}")]
    Fetch(#[from] FetchError),
    #[error("the answer has status {0}")]
    Status(StatusCode),
    #[error("the answer is not a discovery document")]
    Document,
    #[error("the document's {0} is not usable")]
    Field(&'static str),
    #[error("the document is that of another issuer")]
    OtherIssuer,
}

impl DiscoveryError {
    /// Returns what failed on the way, when it was the way that failed.
    pub(crate) fn fault(&self) -> Option<TransportFault> {
        match self {
            Self::Fetch(error) => error.fault(),
            _ => None,
        }
    }
}

pub(crate) async fn read<T: for<'de> Deserialize<'de>>(http: &HttpClient, url: &str) -> Result<T, DiscoveryError> {
    let answer = http.get(url).await?;
    match answer.status() {
        StatusCode::OK => serde_json::from_slice(answer.body()).map_err(|_| DiscoveryError::Document),
        status => Err(DiscoveryError::Status(status)),
    }
}

/// Checks that tokens, keys and secrets may travel to this address.
pub(crate) fn address(text: String, field: &'static str) -> Result<String, DiscoveryError> {
    usable(&text).map(|_| text).ok_or(DiscoveryError::Field(field))
}

/// An address that tokens, keys and secrets may travel to or be named after: https, or http on loopback.
pub(crate) fn usable(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let private = url.scheme() == "https" || (url.scheme() == "http" && url.host_str().is_some_and(is_loopback));
    (private && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()).then_some(url)
}

/// The name of a plain OpenID Connect or RFC 8414 issuer, and where its document is.
#[derive(Clone, Debug)]
pub(crate) struct PlainIssuer {
    name: Box<str>,
    documents: Vec<Box<str>>,
}

#[derive(Deserialize)]
struct PlainDocument {
    issuer: String,
    jwks_uri: String,
}

impl PlainIssuer {
    /// Takes the exact name; the document is where the two standards say.
    pub(crate) fn new(name: &str) -> Result<Self, ConfigError> {
        let url = usable(name).filter(|url| url.query().is_none()).ok_or_else(|| refused("issuer", name))?;
        let path = url.path().trim_end_matches('/');
        let bare = name.strip_suffix('/').unwrap_or(name);
        Ok(Self {
            name: name.into(),
            documents: vec![
                format!("{bare}/.well-known/openid-configuration").into(),
                // RFC 8414 section 3.1 puts the well-known part before the path.
                format!("{}/.well-known/oauth-authorization-server{path}", url.origin().ascii_serialization()).into(),
            ],
        })
    }

    /// Takes the document from another address; External ID's issuer and its document have different hosts.
    pub(crate) fn at(mut self, document: &str) -> Result<Self, ConfigError> {
        usable(document).ok_or_else(|| refused("discovery document", document))?;
        self.documents = vec![document.into()];
        Ok(self)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Finds out where the issuer's keys are.
    pub(crate) async fn jwks_uri(&self, http: &HttpClient) -> Result<String, DiscoveryError> {
        let mut last = DiscoveryError::Document;
        for url in &self.documents {
            match read::<PlainDocument>(http, url).await {
                // Byte for byte (OpenID Connect Discovery 1.0 section 4.3, RFC 8414 section 3.3).
                Ok(document) if document.issuer == *self.name => return address(document.jwks_uri, "jwks_uri"),
                Ok(_) => return Err(DiscoveryError::OtherIssuer),
                // Only an issuer that says that it has no such document is asked for the other one.
                Err(error @ DiscoveryError::Status(StatusCode::NOT_FOUND)) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }
}

fn refused(what: &'static str, given: &str) -> ConfigError {
    let why = "it must be https, or http on loopback, without credentials, query and fragment";
    ConfigError::Url { what, given: given.to_owned(), why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    use bytes::Bytes;
    use http::{Request, Response};
    use serde_json::{Value, json};

    const NAME: &str = "https://issuer.example/realms/one";
    const OIDC: &str = "/realms/one/.well-known/openid-configuration";
    const OAUTH: &str = "/.well-known/oauth-authorization-server/realms/one";

    /// A network where these paths answer with these statuses and documents, and all others with 404.
    fn network(answers: Vec<(&'static str, u16, Value)>) -> HttpClient {
        HttpClient::new(tower::service_fn(move |request: Request<Bytes>| {
            let found = answers.iter().find(|(path, ..)| request.uri().path() == *path).cloned();
            async move {
                let (_, status, document) = found.unwrap_or(("", 404, Value::Null));
                let mut response = Response::new(Bytes::from(document.to_string()));
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                Ok::<_, Infallible>(response)
            }
        }))
    }

    #[tokio::test]
    async fn keys_are_where_the_issuers_own_document_says() {
        let good = json!({"issuer": NAME, "jwks_uri": "https://keys.example/jwks"});
        let with = |name: &str, value: &str| {
            let mut document = good.clone();
            document[name] = json!(value);
            document
        };
        for (name, answers, expected) in [
            ("OpenID Connect", vec![(OIDC, 200, good.clone())], Ok("https://keys.example/jwks")),
            ("RFC 8414", vec![(OAUTH, 200, good.clone())], Ok("https://keys.example/jwks")),
            ("neither", vec![], Err("the answer has status 404 Not Found")),
            (
                "another's document, with a good one beside it",
                vec![(OIDC, 200, with("issuer", "https://issuer.example/realms/one/")), (OAUTH, 200, good.clone())],
                Err("the document is that of another issuer"),
            ),
            (
                "an outage is no reason to look elsewhere",
                vec![(OIDC, 503, Value::Null), (OAUTH, 200, good.clone())],
                Err("the answer has status 503 Service Unavailable"),
            ),
            (
                "keys in the open",
                vec![(OIDC, 200, with("jwks_uri", "http://keys.example/jwks"))],
                Err("the document's jwks_uri is not usable"),
            ),
            ("no document", vec![(OIDC, 200, json!([]))], Err("the answer is not a discovery document")),
        ] {
            let found = PlainIssuer::new(NAME).unwrap().jwks_uri(&network(answers)).await;
            assert_eq!(found.as_deref().map_err(ToString::to_string), expected.map_err(str::to_owned), "{name}");
        }
    }

    #[tokio::test]
    async fn a_document_may_stand_under_another_host_and_must_still_name_the_issuer() {
        let issuer = PlainIssuer::new(NAME).and_then(|issuer| issuer.at("https://other.example/doc")).unwrap();
        let document = json!({"issuer": NAME, "jwks_uri": "https://keys.example/jwks"});
        assert!(issuer.jwks_uri(&network(vec![("/doc", 200, document)])).await.is_ok());
        let strange = json!({"issuer": "https://other.example", "jwks_uri": "https://keys.example/jwks"});
        assert!(issuer.jwks_uri(&network(vec![("/doc", 200, strange)])).await.is_err());
    }

    #[test]
    fn an_issuer_is_named_as_its_tokens_name_it() {
        for (name, good) in [
            ("https://issuer.example", true),
            ("https://issuer.example/", true),
            ("http://127.0.0.1:9000/realm", true),
            ("http://issuer.example", false),
            ("https://issuer.example?x", false),
            ("https://issuer.example#x", false),
            ("https://u:p@issuer.example", false),
            ("issuer.example", false),
            ("", false),
        ] {
            assert_eq!(PlainIssuer::new(name).is_ok(), good, "{name}");
        }
        let slash = PlainIssuer::new("https://issuer.example/").unwrap();
        assert_eq!(&*slash.documents[0], "https://issuer.example/.well-known/openid-configuration");
        assert_eq!(&*slash.documents[1], "https://issuer.example/.well-known/oauth-authorization-server");
        assert!(slash.at("http://issuer.example/doc").is_err());
    }
}
