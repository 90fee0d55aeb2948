//! What callers are told when a service refuses, or cannot be reached.

mod code;
mod commands;
mod principal;
mod refused;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use mcp_auth_layer::fetch::FetchError;
use mcp_obo::{DownstreamError, downstream::request_id, outgoing::ActingAs};
use server_kit::failure::{Context, Errand, Failure, Who};

pub(crate) use self::{
    code::ErrorCode,
    principal::Principal,
    refused::{Refused, cosmos_role},
};
use crate::{services::Service, tools::Spec};

/// Says what a tool wants of a service.
pub(crate) fn errand(spec: &Spec, service: Service) -> Errand<'static> {
    let permission = match service {
        Service::AppConfiguration => "KeyValue.Read of Azure App Configuration",
        Service::Arm => "user_impersonation of Azure Resource Manager",
        Service::Storage => "user_impersonation of Azure Storage",
        Service::KeyVault => "user_impersonation of Azure Key Vault",
        _ => "of this service, which has none",
    };
    Errand { what: spec.errand, permission }
}

/// Explains bad arguments.
pub(crate) fn of_arguments(error: &serde_json::Error) -> Failure {
    Failure::new(
        "invalid_arguments",
        Who::Caller,
        format!("The arguments cannot be read: {error}."),
        "Correct them and call again.",
    )
}

/// Explains that an argument makes no address.
pub(crate) fn address() -> Failure {
    Failure::new(
        "invalid_arguments",
        Who::Caller,
        "An argument has characters that no address of Azure has.",
        "Correct the names in the arguments and call again.",
    )
}

/// Explains that all requests of a call together took too long.
pub(crate) fn too_long(bound: Duration) -> Failure {
    Failure::new(
        "too_long",
        Who::Caller,
        format!("The call had no end within {} s.", bound.as_secs()),
        "Ask for less: fewer items, a narrower filter, or one resource group.",
    )
}

/// Explains that a resource's record names a host that is not the service's.
pub(crate) fn foreign_endpoint(service: Service) -> Failure {
    let mut failure = Failure::new(
        "foreign_endpoint",
        Who::Administrator,
        format!(
            "The resource's record names an address that is not one of {service} in this cloud. Nothing was sent there."
        ),
        "Look who changed the record; check AZURE_CLOUD.",
    );
    failure.service = Some(service.name());
    failure
}

/// Explains that a resource's record names no address.
pub(crate) fn no_endpoint(noun: &str, service: Service) -> Failure {
    let mut failure = Failure::new(
        "no_endpoint",
        Who::Administrator,
        format!("The record of the {noun} names no address; it may not be ready yet."),
        "Look at the resource's state in the portal, and try again later.",
    );
    failure.service = Some(service.name());
    failure
}

/// Explains that a resource is not among those that can be seen.
pub(crate) fn not_found(noun: &str, name: &str) -> Failure {
    let mut failure = Failure::new(
        "service_not_found",
        Who::Caller,
        format!("There is no {noun} named {name} in the subscription, or the acting identity may not see it."),
        "Check the name and the subscription; the identity needs the role Reader on the resource to find it.",
    );
    failure.service = Some(Service::Arm.name());
    failure
}

/// Explains that a service is not offered, or not known, in a cloud.
pub(crate) fn not_in_this_cloud(service: Service) -> Failure {
    let cause = format!("The address of {service} in this cloud is not known to this server.");
    let mut failure =
        Failure::new("not_in_this_cloud", Who::Operator, cause, "Use the portal or the service's own tools.");
    failure.service = Some(service.name());
    failure
}

/// Explains a success that cannot be read.
pub(crate) fn unreadable(service: Service, answer: &Response<Bytes>) -> Failure {
    named(cannot_read(service), service, request_id(answer.headers()))
}

fn cannot_read(service: Service) -> Failure {
    let cause = format!("{service} answered with something that this server cannot read.");
    Failure::new("service_unreadable", Who::Nobody, cause, "Try again later.")
}

/// Explains a call that gave no answer.
pub(crate) fn of_downstream(error: &DownstreamError, spec: &Spec, service: Service, context: &Context) -> Failure {
    let name = service.name();
    let failure = match error {
        DownstreamError::Exchange(error) => {
            let mut failure = Failure::of_exchange(error, errand(spec, service), context);
            failure.service = Some(name);
            return failure;
        }
        DownstreamError::Transport(source) => match source.downcast_ref() {
            Some(FetchError::TooLarge { .. }) => Failure::new(
                "service_too_large",
                Who::Caller,
                format!("The answer of {name} is larger than this server reads."),
                "Ask for less.",
            ),
            Some(FetchError::Busy { .. }) => Failure::busy(name),
            _ => Failure::unavailable(name, error.fault()),
        },
        DownstreamError::Challenge { .. } => Failure::challenged(name, context.acting_as),
        DownstreamError::Paused { status: StatusCode::TOO_MANY_REQUESTS, retry_after, .. } => {
            throttled(service, Some(*retry_after))
        }
        DownstreamError::Paused { status, retry_after, .. } => {
            of_status(*status, spec, service, context.acting_as).after(*retry_after)
        }
        DownstreamError::Status { status, .. } => of_status(*status, spec, service, context.acting_as),
        DownstreamError::UnreadablePage { .. } => cannot_read(service),
        DownstreamError::TooManyPages { limit } => Failure::new(
            "too_many_pages",
            Who::Caller,
            format!("{name} has more than {limit} pages of this list, which is more than this server reads."),
            "Name the resource group, or a narrower filter or prefix.",
        ),
        DownstreamError::ForeignLink => Failure::new(
            "foreign_link",
            Who::Operator,
            format!("{name} says that the list goes on at an address that is not its own. Nothing was sent there."),
            "Look what stands between this server and the service; report it.",
        ),
        DownstreamError::Token => of_status(StatusCode::UNAUTHORIZED, spec, service, context.acting_as),
        other => Failure::new(
            "configuration",
            Who::Operator,
            format!("{name} was not called to its end: {other}."),
            "Read the server's log.",
        ),
    };
    named(failure, service, error.request_id())
}

/// Explains an answer that is not a success.
pub(crate) fn of_answer(answer: &Response<Bytes>, refused: &Refused<'_>) -> Failure {
    let code = ErrorCode::of(answer);
    let failure = match answer.status() {
        StatusCode::FORBIDDEN => refused.explain(&code),
        // One with `Retry-After` does not come here: it is `DownstreamError::Paused`.
        StatusCode::TOO_MANY_REQUESTS => throttled(refused.service, milliseconds(answer.headers())),
        status => of_status(status, refused.spec, refused.service, refused.acting_as),
    };
    let failure = failure.quoting(code.word.map(|code| format!("{} error code {code}", refused.service)));
    named(failure, refused.service, request_id(answer.headers()))
}

fn throttled(service: Service, pause: Option<Duration>) -> Failure {
    let cure =
        if pause.is_some() { "Try again after the time given." } else { "Try again in a minute, and then less often." };
    let failure = Failure::new("throttled", Who::Nobody, format!("{service} asks for a pause."), cure);
    pause.into_iter().fold(failure, Failure::after)
}

/// Reads the pause as some services of Azure write it; more than a day is nonsense.
fn milliseconds(headers: &HeaderMap) -> Option<Duration> {
    let header = ["retry-after-ms", "x-ms-retry-after-ms"].iter().find_map(|name| headers.get(*name))?;
    let pause = header.to_str().ok()?.parse().ok().filter(|pause| *pause <= 86_400_000)?;
    // Told in whole seconds, and never less than the service wants.
    Some(Duration::from_secs(u64::div_ceil(pause, 1_000)))
}

fn named(mut failure: Failure, service: Service, id: Option<&str>) -> Failure {
    failure.service = Some(service.name());
    failure.quoting(id.map(|id| format!("{service} request id {id}")))
}

fn of_status(status: StatusCode, spec: &Spec, service: Service, acting_as: ActingAs) -> Failure {
    match status.as_u16() {
        400 => Failure::new(
            "service_bad_request",
            Who::Caller,
            format!("{service} does not understand the request."),
            match service {
                Service::Cosmos => {
                    "Correct the query and call again. Aggregates, GROUP BY, DISTINCT and ORDER BY over several partitions \
                     are not served here: filter by the partition key, or leave them out."
                }
                _ => "Correct the arguments and call again.",
            },
        ),
        401 => Failure::new(
            "service_unauthorized",
            Who::Administrator,
            format!("{service} refused the token."),
            "Check that AZURE_CLOUD and the resource belong to the tenant of the identity that acts.",
        ),
        403 => Refused::unknown(spec, service, acting_as).explain(&ErrorCode::default()),
        404 => Failure::new(
            "service_not_found",
            Who::Caller,
            format!("{service} does not know this resource, or the acting identity may not see it."),
            "Check the names in the arguments.",
        ),
        429 => throttled(service, None),
        500..=599 => Failure::new(
            "service_unavailable",
            Who::Nobody,
            format!("{service} failed with status {}.", status.as_u16()),
            "Try again later.",
        ),
        other => Failure::new(
            "service_unexpected",
            Who::Operator,
            format!("{service} answered with status {other}."),
            "Read the server's log.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_in_milliseconds_is_never_told_shorter_nor_believed_for_ever() {
        for (name, value, seconds) in [
            ("x-ms-retry-after-ms", "1001", Some(2)),
            ("retry-after-ms", "2000", Some(2)),
            ("retry-after-ms", "86400001", None),
            ("retry-after-ms", "soon", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(milliseconds(&headers).map(|pause| pause.as_secs()), seconds, "{name}: {value}");
        }
    }
}
