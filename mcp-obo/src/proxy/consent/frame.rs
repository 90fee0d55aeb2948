//! What all pages of this server have in common: their look, their frame, and what browsers may do with them.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::*;
use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_FRAME_OPTIONS},
};
use http_body_util::Full;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::proxy::respond::{self, Answer};

const STYLE: &str = include_str!("style.css");

/// Makes whole pages.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    service: Arc<str>,
    policy: HeaderValue,
}

/// One page.
pub(super) struct Page {
    pub(super) status: StatusCode,
    /// What the page is about, for tabs and screen readers.
    pub(super) title: &'static str,
    pub(super) main: Markup,
    /// What is said below it.
    pub(super) footer: Markup,
}

impl Frame {
    /// Makes the frame for the pages of a service of this name.
    pub(super) fn new(service: &str) -> Self {
        let style = BASE64_STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
        // No `form-action`: Chromium holds it against every redirect that follows a form, and so stops the sign-in on its way
        // to Entra, or on its way back to the client.
        let policy = format!("default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'sha256-{style}'");
        let policy = HeaderValue::try_from(policy).expect("base64 and quotes are visible ASCII");
        Self { service: service.into(), policy }
    }

    pub(super) fn service(&self) -> &str {
        &self.service
    }

    pub(super) fn answer(&self, page: Page) -> Answer {
        let text = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    title { (page.title) " – " (self.service()) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header { p { (self.service()) } }
                    main { (page.main) }
                    footer { (page.footer) }
                }
            }
        };
        let mut answer = respond::bare(page.status);
        *answer.body_mut() = Full::new(Bytes::from(text.into_string()));
        answer.headers_mut().extend([
            (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            (CONTENT_SECURITY_POLICY, self.policy.clone()),
        ]);
        answer
    }
}
