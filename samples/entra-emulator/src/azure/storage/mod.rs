//! Blob storage: the list of an account's containers, in XML.

mod refusal;
mod xml;

use axum::{
    Router,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};

use self::refusal::Storage;
use super::{Action, Call, Caller, Denial, Page, answer};
use crate::shared::Shared;

/// The first version of the interface that takes tokens of Entra.
const FIRST_VERSION: &str = "2017-11-09";

/// The containers of each account.
const CONTAINERS: [(&str, &[&str]); 4] = [
    ("contosodocs", &["archive", "contracts", "invoices", "policies", "reports"]),
    ("contosologs", &["audit", "diagnostics", "signins"]),
    ("contosolab", &["scratch"]),
    ("contosorogue", &["bait"]),
];

pub(crate) fn routes() -> Router<Shared> {
    Router::new().fallback(serve)
}

async fn serve(call: Call) -> Response {
    answer::<Storage>(&call, |caller| {
        check_version(&call)?;
        if call.method != Method::GET || call.path != "/" || call.parameter("comp") != Some("list") {
            return Err(refusal::unsupported());
        }
        list(&call, caller)
    })
    .await
}

/// Without a version the oldest one is meant, which knows no tokens.
fn check_version(call: &Call) -> Result<(), Denial> {
    let version = call.header("x-ms-version").ok_or_else(refusal::no_version)?;
    let is_day = version.parse::<jiff::civil::Date>().is_ok();
    if !is_day || version < FIRST_VERSION { Err(refusal::version()) } else { Ok(()) }
}

fn list(call: &Call, caller: &Caller) -> Result<Response, Denial> {
    let account = call.resource().map_err(|_| refusal::unsupported())?;
    if !call.shared.state.azure.permits(caller, Action::ListContainers, &account.id()) {
        return Err(refusal::forbidden());
    }
    let prefix = call.parameter("prefix").unwrap_or_default();
    let known = CONTAINERS.iter().find(|(name, _)| *name == account.name).map_or(&[][..], |(_, names)| names);
    let all: Vec<_> = known.iter().copied().filter(|name| name.starts_with(prefix)).collect();
    let size = call.parameter("maxresults").map(|size| size.parse().ok().filter(|size| *size > 0));
    let size = match size {
        None => None,
        Some(size) => Some(size.ok_or_else(|| refusal::out_of_range("maxresults"))?),
    };
    let marker = call.parameter("marker");
    let page = Page::cut(&all, marker, size).ok_or_else(|| refusal::out_of_range("marker"))?;
    let body = xml::containers(&call.base.to_string(), prefix, marker, size, &page);
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/xml")], body).into_response())
}
