use std::io;

use mcp_auth_layer::fetch::FetchError;

use super::*;
use crate::testtenant::{CLAIMS, TENANT, seen_according_to};

const ALL: [ExchangeErrorKind; 13] = [
    ExchangeErrorKind::NotAUser,
    ExchangeErrorKind::NoUser,
    ExchangeErrorKind::UndeclaredTarget,
    ExchangeErrorKind::NoDelegatedScope,
    ExchangeErrorKind::StepUp,
    ExchangeErrorKind::Consent,
    ExchangeErrorKind::BlockedByPolicy,
    ExchangeErrorKind::AssertionRefused,
    ExchangeErrorKind::AssertionExpired,
    ExchangeErrorKind::Throttled,
    ExchangeErrorKind::Unavailable,
    ExchangeErrorKind::ClientCredential,
    ExchangeErrorKind::Configuration,
];

const WAIT: Duration = Duration::from_secs(7);

fn tenant() -> TenantId {
    TenantId::parse(TENANT).unwrap()
}

/// An error of this kind with all that Entra may say beside it.
fn full(kind: ExchangeErrorKind) -> ExchangeError {
    let report = Report { claims: Some(CLAIMS.to_owned()), ..Report::default() };
    let failure = Failure::new(kind);
    Failure { retry_after: Some(WAIT), tenant: Some(tenant()), report: Box::new(report), ..failure }.into()
}

#[test]
fn the_table_of_the_manual_is_true() {
    for kind in ALL {
        let seen = seen_according_to(include_str!("../lib.rs"), &format!("{kind:?}"));
        let status = full(kind).rejection().into_response::<()>().status();
        assert!(seen.starts_with(status.as_str()), "{kind:?}: {seen}, and it is {status}");
    }
}

#[test]
fn every_kind_has_its_rejection() {
    for (kind, expected) in [
        (ExchangeErrorKind::StepUp, Rejection::StepUp { claims: CLAIMS.to_owned() }),
        (ExchangeErrorKind::Consent, Rejection::Consent { tenant: tenant() }),
        (ExchangeErrorKind::BlockedByPolicy, Rejection::Forbidden(ForbiddenFault::Policy)),
        (ExchangeErrorKind::NotAUser, Rejection::Forbidden(ForbiddenFault::AppOnly)),
        (ExchangeErrorKind::NoDelegatedScope, Rejection::Forbidden(ForbiddenFault::NoDelegatedScope)),
        (ExchangeErrorKind::NoUser, Rejection::NoCredentials),
        (ExchangeErrorKind::AssertionRefused, TokenFault::AssertionRefused.into()),
        (ExchangeErrorKind::AssertionExpired, TokenFault::AssertionExpired.into()),
        (ExchangeErrorKind::Throttled, Rejection::Unavailable { retry_after: WAIT }),
        (ExchangeErrorKind::Unavailable, Rejection::Unavailable { retry_after: WAIT }),
        (ExchangeErrorKind::ClientCredential, Rejection::Misconfigured),
        (ExchangeErrorKind::Configuration, Rejection::Misconfigured),
        (ExchangeErrorKind::UndeclaredTarget, Rejection::Misconfigured),
    ] {
        assert_eq!(full(kind).rejection(), expected, "{kind:?}");
    }
}

#[test]
fn a_rejection_never_carries_an_empty_challenge() {
    assert_eq!(ExchangeError::from(ExchangeErrorKind::StepUp).rejection(), TokenFault::AssertionRefused.into());
    assert_eq!(ExchangeError::from(ExchangeErrorKind::Consent).rejection(), Rejection::Misconfigured);
    let Rejection::Unavailable { retry_after } = ExchangeError::from(ExchangeErrorKind::Unavailable).rejection() else {
        panic!("an outage is an outage")
    };
    assert_eq!(retry_after, TRY_AGAIN);
}

#[test]
fn words_and_texts_are_one_per_kind() {
    let mut words: Vec<_> = ALL.iter().map(|kind| kind.as_str()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), ALL.len());
    for kind in ALL {
        assert!(kind.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{kind:?}");
        let text = ExchangeError::from(kind).to_string();
        assert!(!text.ends_with('.') && text.len() > 10, "{text}");
        assert!(ExchangeError::from(kind).advice().len() > 10, "{kind:?}");
    }
}

#[test]
fn an_error_prints_one_level_and_leads_to_its_source() {
    let source = FetchError::Transport {
        fault: TransportFault::Refused,
        source: io::Error::from(io::ErrorKind::ConnectionRefused).into(),
    };
    let failure = Failure::new(ExchangeErrorKind::Unavailable).because(source);
    let mut failure = Failure { retry_after: Some(Duration::from_secs(9)), ..failure };
    failure.report.aadsts = Some(90_033);
    let error = ExchangeError::from(failure);
    assert_eq!(error.to_string(), "Entra did not give a usable answer (AADSTS90033)");
    assert_eq!(error.source().unwrap().to_string(), "the connection was refused");
    assert_eq!(error.transport(), Some(TransportFault::Refused));
    let undiscovered = Unavailable::new(Duration::from_secs(9)).with_fault(TransportFault::Dns);
    assert_eq!(ExchangeError::from(undiscovered).transport(), Some(TransportFault::Dns));
    let later = error.with_retry_after(Duration::from_secs(3));
    assert_eq!(
        (error.retry_after(), later.retry_after()),
        (Some(Duration::from_secs(9)), Some(Duration::from_secs(3)))
    );
}

#[test]
fn neither_entras_words_nor_claims_are_printed() {
    let report = Report {
        claims: Some(CLAIMS.to_owned()),
        diagnostic: Some(Diagnostic::of("invalid_grant: words of Entra")),
        ..Report::default()
    };
    let error = ExchangeError::from(Failure { report: Box::new(report), ..Failure::new(ExchangeErrorKind::StepUp) });
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains("words of Entra") && !text.contains("acrs"), "{text}");
    }
    assert_eq!(error.diagnostic(), Some("invalid_grant: words of Entra"));
    assert_eq!(error.claims(), Some(CLAIMS));
}
