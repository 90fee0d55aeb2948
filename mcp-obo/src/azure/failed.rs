//! What a client of the Azure SDK failed with, in this crate's words.

use azure_core::{error::ErrorKind, http::RawResponse};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use crate::{downstream::DownstreamError, error::ExchangeError};

/// Finds in an SDK's error what happened: the service's own answer, or why there is none.
///
/// It knows the errors of [`ActingCredential`](super::ActingCredential) and of both transports; with another transport what
/// that one said is the source of [`DownstreamError::Transport`].
///
/// # Errors
/// [`DownstreamError`] when the service gave no answer, or a success that the SDK could not read.
pub fn failure(error: azure_core::Error) -> Result<Response<Bytes>, DownstreamError> {
    match error.kind() {
        ErrorKind::HttpResponse { status, raw_response, .. } => {
            answer(u16::from(*status), raw_response.as_deref()).ok_or(UNREADABLE)
        }
        ErrorKind::DataConversion => Err(UNREADABLE),
        _ => Err(own(error)),
    }
}

const UNREADABLE: DownstreamError = DownstreamError::UnreadablePage { request_id: None };

fn answer(status: u16, raw: Option<&RawResponse>) -> Option<Response<Bytes>> {
    let mut answer = Response::new(raw.map(|raw| Bytes::copy_from_slice(raw.body())).unwrap_or_default());
    *answer.status_mut() = StatusCode::from_u16(status).ok()?;
    for (name, value) in raw.into_iter().flat_map(|raw| raw.headers().iter()) {
        let pair = HeaderName::try_from(name.as_str()).ok().zip(HeaderValue::try_from(value.as_str()).ok());
        if let Some((name, value)) = pair {
            answer.headers_mut().append(name, value);
        }
    }
    Some(answer)
}

/// Looks through the contexts that the SDK put around the cause.
fn own(error: azure_core::Error) -> DownstreamError {
    let mut cause: Box<dyn std::error::Error + Send + Sync> = error.into();
    loop {
        cause = match cause.downcast::<DownstreamError>() {
            Ok(own) => return *own,
            Err(other) => other,
        };
        cause = match cause.downcast::<ExchangeError>() {
            Ok(own) => return DownstreamError::Exchange(*own),
            Err(other) => other,
        };
        cause = match cause.downcast::<azure_core::Error>().map(|outer| outer.into_inner()) {
            Ok(Ok(inner)) => inner,
            Ok(Err(outer)) => return DownstreamError::Transport(outer.into()),
            Err(other) => return DownstreamError::Transport(other),
        };
    }
}
