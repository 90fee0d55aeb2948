//! What the tenant says of itself (OpenID Connect Discovery 1.0).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use mcp_auth_layer::{
    EntraApp,
    fetch::{FetchError, HttpClient},
};
use serde_json::Value;

use super::super::{
    check::{Check, Finding},
    patient::Service,
    words,
};
use crate::failure::Who;

pub(in super::super) const ID: &str = "discovery";

/// What the tenant answered.
#[derive(Debug, Default)]
pub(in super::super) struct Discovered {
    /// How far this machine's clock is ahead of the tenant's, in seconds; none where that is not known.
    pub(in super::super) ahead: Option<i64>,
    /// Where the keys are.
    pub(in super::super) jwks_uri: Option<String>,
    pub(in super::super) check: Option<Check>,
}

impl Discovered {
    fn because(check: Check) -> Self {
        Self { check: Some(check), ..Self::default() }
    }
}

/// Asks with the server's own client, as the server does.
pub(in super::super) async fn ask(service: &Service) -> Discovered {
    let (app, authority) = (&service.app, service.app.authority());
    let url = format!("{}/{}/v2.0/.well-known/openid-configuration", authority.host(), authority.segment());
    let before = now(app);
    let answer = match get(app.http(), &url).await {
        Ok(answer) => answer,
        Err(error) => return Discovered::because(unreachable(ID, "the tenant", &error)),
    };
    let mid = i64::midpoint(before, now(app));
    let ahead = date(&answer).map(|theirs| mid - theirs);
    let (check, jwks_uri) = judge(service, &answer).await;
    Discovered { ahead, jwks_uri, check: Some(check) }
}

async fn judge(service: &Service, answer: &Response<Bytes>) -> (Check, Option<String>) {
    let authority = service.app.authority();
    let (host, segment) = (authority.host(), authority.segment());
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    if answer.status() != StatusCode::OK {
        return (refused(answer.status(), &body, host, segment), None);
    }
    // Not what we make of the document, but what the server does.
    let mut found = authority.endpoints().await;
    // A slow answer is on its way, and the next call waits for the same.
    for _ in 0..2 {
        if found.is_err() {
            found = authority.endpoints().await;
        }
    }
    match found {
        Ok(endpoints) => {
            let tenant = endpoints.tenant().map_or_else(|| segment.to_owned(), ToString::to_string);
            let seen = format!("tenant {tenant}, issuer {}", endpoints.issuer_v2());
            (Check::ok(ID, seen), Some(endpoints.jwks_uri().to_owned()))
        }
        Err(_) => {
            let finding = Finding::new(
                format!(
                    "What answers at {host} is not the sign-in service of this tenant, or something on the way changes its answers."
                ),
                "Check AZURE_AUTHORITY_HOST and the tenant; look at the document's issuer.",
                Who::Operator,
                &["AADSTS50049", "issuer"],
            );
            (Check::fail(ID, format!("the document of {segment} cannot be used by the server"), finding), None)
        }
    }
}

fn refused(status: StatusCode, body: &Value, host: &str, segment: &str) -> Check {
    let code = body["error_codes"][0].as_u64();
    let ids = [("trace id", "trace_id"), ("correlation id", "correlation_id")].map(|(name, field)| {
        body[field].as_str().filter(|id| id.len() <= 64).map(|id| format!("{name} {}", id.escape_default()))
    });
    let check = match code {
        Some(90_002) => Check::fail(
            ID,
            format!("Entra does not know the tenant {segment} (AADSTS90002)"),
            Finding::new(
                format!(
                    "There is no tenant {segment} in the cloud of {host}: the id or domain is misspelt, or it is a tenant of another cloud."
                ),
                "Write the tenant's id as the Entra admin center shows it (GRAPH_TENANT_ID, AZURE_TENANT_ID), and the tenant's cloud (AZURE_CLOUD).",
                Who::Operator,
                &["AADSTS90002", "tenant not found", "invalid_tenant"],
            ),
        ),
        Some(code) => Check::fail(
            ID,
            format!("Entra refuses the tenant {segment} (AADSTS{code})"),
            Finding::new(
                "Entra does not serve this tenant under this address.",
                "Look the code up at https://login.microsoftonline.com/error; check tenant and cloud.",
                Who::Administrator,
                &[&format!("AADSTS{code}")],
            ),
        ),
        None if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => Check::fail(
            ID,
            format!("{host} answered {}", status.as_u16()),
            Finding::new(
                "The sign-in service is not well, or throttles.",
                "Try again later.",
                Who::Nobody,
                &[status.as_str()],
            ),
        ),
        None => Check::fail(
            ID,
            format!("{host} answered {}, which Entra does not", status.as_u16()),
            Finding::new(
                "What answers there is not Entra: a proxy's page, or another host.",
                "Check AZURE_AUTHORITY_HOST, and what the proxy does with this host.",
                Who::Operator,
                &[status.as_str()],
            ),
        ),
    };
    check.with_ids(ids.into_iter().flatten())
}

/// Says that the server's own client got no answer, although the way there may be open.
pub(super) fn unreachable(id: &'static str, whom: &str, error: &FetchError) -> Check {
    let own = error.fault().map_or(&["transport"][..], words::of);
    let finding = Finding::new(
        format!("The server's own client got no answer: {error}."),
        "Look at the checks of the network above; if they are well, try again.",
        Who::Operator,
        own,
    );
    Check::fail(id, format!("{whom} did not answer: {error}"), finding)
}

pub(super) async fn get(http: &HttpClient, url: &str) -> Result<Response<Bytes>, FetchError> {
    let request = Request::get(url).header(header::ACCEPT, "application/json").body(Bytes::new());
    http.send(request.map_err(|_| FetchError::Address)?).await
}

pub(super) fn now(app: &EntraApp) -> i64 {
    i64::try_from(app.clock().now().as_secs()).unwrap_or(i64::MAX)
}

/// What time it is there; a cache on the way says how long ago it was (RFC 9111 section 5.1).
fn date(answer: &Response<Bytes>) -> Option<i64> {
    let text = |name| answer.headers().get(name)?.to_str().ok();
    let date: SystemTime = httpdate::parse_http_date(text(header::DATE)?).ok()?;
    let since: Duration = date.duration_since(UNIX_EPOCH).ok()?;
    let age: i64 = text(header::AGE).and_then(|age| age.trim().parse::<u32>().ok()).map_or(0, i64::from);
    i64::try_from(since.as_secs()).ok()?.checked_add(age)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_answer_from_a_cache_goes_on() {
        for (date_header, age, expected) in [
            (Some("Thu, 01 Jan 1970 00:01:40 GMT"), None, Some(100)),
            (Some("Thu, 01 Jan 1970 00:01:40 GMT"), Some("20"), Some(120)),
            (Some("Thu, 01 Jan 1970 00:01:40 GMT"), Some("soon"), Some(100)),
            (Some("yesterday"), None, None),
            (None, Some("20"), None),
        ] {
            let mut answer = Response::new(Bytes::new());
            for (name, value) in [(header::DATE, date_header), (header::AGE, age)] {
                answer.headers_mut().extend(value.map(|value| (name, http::HeaderValue::from_static(value))));
            }
            assert_eq!(date(&answer), expected, "{date_header:?} {age:?}");
        }
    }
}
