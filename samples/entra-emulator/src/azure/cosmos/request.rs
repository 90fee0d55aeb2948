//! What Cosmos DB reads in a request's headers.

use serde_json::Value;

use super::{corpus::Container, refusal};
use crate::azure::{Call, Denial};

/// The first version of the interface with partitioned containers.
const FIRST_VERSION: &str = "2015-12-16";

/// Which part of a container a query is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Partition {
    /// The request does not say, and does not ask for all.
    None,
    All,
    Range,
    Key(Value),
}

impl Partition {
    pub(super) fn of(call: &Call) -> Result<Self, Denial> {
        if let Some(key) = call.header("x-ms-documentdb-partitionkey") {
            let key = serde_json::from_str::<Vec<Value>>(key).ok().and_then(|mut keys| keys.pop());
            return key.map(Self::Key).ok_or_else(refusal::partition_key);
        }
        match call.header("x-ms-documentdb-partitionkeyrangeid") {
            Some("0") => return Ok(Self::Range),
            Some(_) => return Err(refusal::range_gone()),
            None => {}
        }
        let across = call.header("x-ms-documentdb-query-enablecrosspartition");
        Ok(if across.is_some_and(|value| value.eq_ignore_ascii_case("true")) { Self::All } else { Self::None })
    }

    pub(super) fn takes(&self, container: &Container, item: &Value) -> bool {
        match self {
            Self::Key(key) => item[container.partition_key] == *key,
            Self::None | Self::All | Self::Range => true,
        }
    }
}

pub(super) fn check_headers(call: &Call) -> Result<(), Denial> {
    let version = call.header("x-ms-version").unwrap_or_default();
    let is_day = version.parse::<jiff::civil::Date>().is_ok();
    if !is_day || version < FIRST_VERSION {
        return Err(refusal::header("x-ms-version"));
    }
    // RFC 1123, as in HTTP's own `Date`; either of the two will do.
    let date = call.header("x-ms-date").or_else(|| call.header("date")).unwrap_or_default();
    let known = jiff::fmt::rfc2822::parse(date).is_ok() || jiff::fmt::rfc2822::parse(&date.to_uppercase()).is_ok();
    if known { Ok(()) } else { Err(refusal::header("x-ms-date")) }
}

/// Without the header, or with another type of body, a post would make an item.
pub(super) fn is_query(call: &Call) -> bool {
    let says = call.header("x-ms-documentdb-isquery").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let content_type = call.header("content-type").unwrap_or_default();
    says && content_type.split(';').next().is_some_and(|it| it.trim() == "application/query+json")
}

/// Minus one leaves the size to the service.
pub(super) fn page_size(call: &Call) -> Result<Option<usize>, Denial> {
    match call.header("x-ms-max-item-count").map(str::parse::<i64>) {
        None | Some(Ok(-1)) => Ok(None),
        Some(Ok(size @ 1..)) => Ok(usize::try_from(size).ok()),
        Some(_) => Err(refusal::header("x-ms-max-item-count")),
    }
}
