//! What the person sees afterwards. Nothing that came with the request stands in any of it.

use http::StatusCode;

/// One of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// The sign-in came back.
    Done,
    /// It came back with an error.
    Refused,
    /// It came back before.
    Late,
    /// It is the answer to nothing that was asked here.
    Foreign,
    /// There is nothing else here.
    Missing,
}

impl Page {
    /// Writes the whole response; the connection ends with it.
    pub(super) fn response(self) -> String {
        let (status, title, text) = match self {
            Self::Done => (StatusCode::OK, "Signed in", "You can close this window."),
            Self::Refused => {
                (StatusCode::OK, "Not signed in", "The sign-in was refused or cancelled. You can close this window.")
            }
            Self::Late => (
                StatusCode::CONFLICT,
                "Already answered",
                "This sign-in was answered before. You can close this window.",
            ),
            Self::Foreign => (
                StatusCode::BAD_REQUEST,
                "Not this sign-in",
                "This is not the answer to the sign-in that was asked for here. Nobody was signed in by it.",
            ),
            Self::Missing => (StatusCode::NOT_FOUND, "Nothing here", "There is no such page."),
        };
        let body = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1><p>{text}</p></html>\n"
        );
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nX-Content-Type-Options: nosniff\r\n\
             Referrer-Policy: no-referrer\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{body}",
            body.len(),
        )
    }
}
