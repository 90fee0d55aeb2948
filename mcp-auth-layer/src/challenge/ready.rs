//! The challenges that anybody can ask for as often as he likes, written once.

use http::HeaderValue;

use super::ChallengeFields;
use crate::reject::{Rejection, RequestFault, TokenFault};

/// What is found out without a signature, and so costs whoever sends it the least.
const FAULTS: [TokenFault; 9] = [
    TokenFault::Malformed,
    TokenFault::Algorithm,
    TokenFault::Header,
    TokenFault::WrongAudience,
    TokenFault::WrongIssuer,
    TokenFault::WrongTenant,
    TokenFault::Expired,
    TokenFault::NotYetValid,
    TokenFault::UnknownKey,
];

/// What a request is answered with that has no token, something that is none, or one that is not for us.
#[derive(Debug)]
pub(crate) struct Ready {
    no_credentials: Option<HeaderValue>,
    no_text: Option<HeaderValue>,
    of_token: Vec<(TokenFault, HeaderValue)>,
}

impl Ready {
    pub(crate) fn of(fields: &ChallengeFields) -> Self {
        let write = |why: Rejection| fields.header(&why, None);
        Self {
            no_credentials: write(Rejection::NoCredentials),
            no_text: write(RequestFault::Malformed.into()),
            of_token: FAULTS.into_iter().filter_map(|fault| Some((fault, write(fault.into())?))).collect(),
        }
    }

    pub(super) fn get(&self, why: &Rejection) -> Option<&HeaderValue> {
        match why {
            Rejection::NoCredentials => self.no_credentials.as_ref(),
            Rejection::Request(RequestFault::Malformed) => self.no_text.as_ref(),
            Rejection::Token(fault) => self.of_token.iter().find(|(known, _)| known == fault).map(|(_, text)| text),
            _ => None,
        }
    }
}
