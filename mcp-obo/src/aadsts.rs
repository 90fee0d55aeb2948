//! What is known about Entra's error numbers.
//!
//! Microsoft says that code should not depend on them, so they are hints: what `error`, `suberror` and `claims` say comes
//! first, and a number that is missing here changes nothing but the advice.

use crate::error::ExchangeErrorKind::{
    self, AssertionExpired, AssertionRefused, BlockedByPolicy, ClientCredential, Configuration, Consent, NotAUser,
    StepUp, Throttled, Unavailable,
};

/// One number: what it means for an exchange, and what cures it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    code: u32,
    pub(crate) kind: ExchangeErrorKind,
    pub(crate) advice: &'static str,
}

/// Finds what is known about a number.
pub(crate) fn find(code: u32) -> Option<&'static Known> {
    TABLE.iter().find(|known| known.code == code)
}

/// Reads the first number out of a description that begins like `AADSTS65001: `.
pub(crate) fn number_in(description: &str) -> Option<u32> {
    let after = description.split_once("AADSTS")?.1;
    let digits = after.find(|one: char| !one.is_ascii_digit()).unwrap_or(after.len());
    after[..digits].parse().ok()
}

/// Tells whether a number is about the API that a token was asked of: its registration, the consent to it, or a policy, which
/// names the APIs that it is for. Whoever gets such a number may well get tokens of other APIs.
#[cfg(feature = "azure-identity")]
pub(crate) const fn is_about_the_api(code: u32) -> bool {
    matches!(code, 65_001 | 65_004 | 65_005 | 90_094 | 90_095 | 500_011 | 650_052 | 650_056 | 650_057 | 50_105)
        || matches!(code, 50_072 | 50_074 | 50_076 | 50_079 | 50_097 | 50_158 | 53_000..=53_003 | 530_032)
        || matches!(code, 28_002 | 28_003 | 70_011 | 650_053 | 700_022 | 700_023)
}

const fn known(code: u32, kind: ExchangeErrorKind, advice: &'static str) -> Known {
    Known { code, kind, advice }
}

const MFA: &str = "the user signs in again with multi-factor authentication, as the downstream API's policy asks";
const ENROL: &str = "the user registers a second factor at https://aka.ms/mfasetup, then signs in again";
const DEVICE: &str = "the user signs in again from a device that the downstream API's policy accepts";
const GRANT: &str = "an administrator grants this app's delegated permissions of the downstream API for the tenant";
const DECLARE: &str =
    "the app's owner adds the delegated permission of the downstream API to the registration; then consent is granted";
const POLICY: &str =
    "an administrator finds the sign-in by its correlation id and reviews the Conditional Access policy that blocks it";
const SIGN_IN: &str = "the user signs in again; the present session was revoked or has ended";
const SECRET: &str = "an administrator renews the app's client secret; the value is needed here, not the secret's id";
const CERTIFICATE: &str =
    "an administrator compares the certificate in the app registration with the one that is used here, and its dates";
const FEDERATED: &str = "an administrator compares issuer, subject and audience of the federated credential with those of the presented token";
const SCOPE: &str = "the operator corrects the downstream scopes: of one API, qualified, and existing there";
const TENANT: &str = "the operator corrects tenant and client id; the app must exist in the user's tenant";
const LATER: &str = "Entra has a passing fault; try again";

const TABLE: &[Known] = &[
    known(50_072, StepUp, ENROL),
    known(50_074, StepUp, MFA),
    known(50_076, StepUp, MFA),
    known(50_078, StepUp, MFA),
    known(50_079, StepUp, ENROL),
    known(50_097, StepUp, DEVICE),
    known(50_158, StepUp, "the user signs in again and completes the external provider's check"),
    known(53_000, StepUp, DEVICE),
    known(53_001, StepUp, DEVICE),
    known(53_002, StepUp, "the user signs in again with an app that the downstream API's policy approves"),
    known(65_001, Consent, GRANT),
    known(65_004, Consent, "the user declined; an administrator can consent for the tenant"),
    known(65_005, Consent, DECLARE),
    known(90_094, Consent, GRANT),
    known(90_095, Consent, "an administrator approves the consent request that Entra has filed"),
    known(500_011, Consent, "the downstream API does not exist in the tenant: correct its identifier, or add it there"),
    known(650_052, Consent, "the downstream API does not exist in the tenant: an administrator adds it there"),
    known(650_056, Consent, DECLARE),
    known(650_057, Consent, DECLARE),
    known(50_057, BlockedByPolicy, "the user's account is disabled; an administrator can enable it"),
    known(50_105, BlockedByPolicy, "an administrator assigns the user, or a group of theirs, to the application"),
    known(53_003, BlockedByPolicy, POLICY),
    known(500_212, BlockedByPolicy, "the tenant's policy does not let this user into the other organisation"),
    known(500_213, BlockedByPolicy, "the tenant's cross-tenant policy does not let this user in"),
    known(530_032, BlockedByPolicy, POLICY),
    known(530_035, BlockedByPolicy, "security defaults block this sign-in; an administrator reviews them"),
    known(7_000_114, NotAUser, "the token that was sent has no user; call with a user's token"),
    known(50_013, AssertionRefused, "the token was not issued for this app, or by another tenant or with another key"),
    known(
        50_027,
        AssertionRefused,
        "the token is malformed for Entra; apps with keys of their own cannot be a middle tier",
    ),
    known(50_132, AssertionRefused, SIGN_IN),
    known(50_133, AssertionRefused, SIGN_IN),
    known(50_173, AssertionRefused, SIGN_IN),
    known(70_043, AssertionRefused, "the sign-in is older than the policy's sign-in frequency allows; sign in again"),
    known(240_002, AssertionRefused, "an ID token was sent; call with an access token for this app"),
    known(500_131, AssertionRefused, "the token's audience is not this app's id or App ID URI, whose case counts"),
    known(500_133, AssertionExpired, "refresh the access token; if it is fresh, correct this machine's clock"),
    known(50_196, Throttled, "Entra has seen the same failing request too often; find the caller that loops"),
    known(90_055, Throttled, "the whole tenant is throttled; wait"),
    known(50_012, ClientCredential, FEDERATED),
    known(70_021, ClientCredential, FEDERATED),
    known(
        700_024,
        ClientCredential,
        "the operator corrects this machine's clock; the client assertion is out of its time",
    ),
    known(700_025, ClientCredential, "the app is registered as a public client; an administrator removes that"),
    known(700_027, ClientCredential, CERTIFICATE),
    known(700_030, ClientCredential, CERTIFICATE),
    known(700_211, ClientCredential, FEDERATED),
    known(700_212, ClientCredential, FEDERATED),
    known(700_213, ClientCredential, FEDERATED),
    known(
        700_222,
        ClientCredential,
        "a system-assigned identity cannot stand for an app; the operator configures a user-assigned one",
    ),
    known(700_229, ClientCredential, FEDERATED),
    known(1_000_502, ClientCredential, CERTIFICATE),
    known(5_002_741, ClientCredential, "the client assertion must have one audience, a string"),
    known(7_000_214, ClientCredential, CERTIFICATE),
    known(7_000_215, ClientCredential, SECRET),
    known(7_000_218, ClientCredential, "this service sent no credential; the operator configures one"),
    known(7_000_222, ClientCredential, SECRET),
    known(7_000_274, ClientCredential, CERTIFICATE),
    known(7_000_277, ClientCredential, CERTIFICATE),
    known(28_002, Configuration, SCOPE),
    known(28_003, Configuration, SCOPE),
    known(50_049, Configuration, "the operator corrects the authority host; it does not serve this tenant's cloud"),
    known(50_194, Configuration, TENANT),
    known(70_001, Configuration, TENANT),
    known(70_011, Configuration, SCOPE),
    known(90_002, Configuration, TENANT),
    known(650_053, Configuration, SCOPE),
    known(700_016, Configuration, TENANT),
    known(700_022, Configuration, SCOPE),
    known(700_023, Configuration, SCOPE),
    known(900_144, Configuration, "a parameter is missing from the request; report it with the correlation id"),
    known(900_382, Configuration, "the operator uses the authority of the cloud in which the app is registered"),
    known(900_432, Configuration, "the operator uses the authority of the cloud in which the app is registered"),
    known(901_002, Configuration, "the `resource` parameter is not accepted; report it with the correlation id"),
    known(
        7_002_138,
        ClientCredential,
        "the federated credential's subject differs from the token's in the case of its letters",
    ),
    known(7_000_112, Configuration, "the app is disabled in the tenant; an administrator enables its sign-in"),
    known(9_001_023, Configuration, "the grant is not possible on this endpoint; use the tenant's own authority"),
    known(9_002_313, Configuration, "Entra finds the request malformed; report it with the correlation id"),
    known(9_010_010, Configuration, "`resource` and `scope` name different APIs; report it with the correlation id"),
    known(50_033, Unavailable, LATER),
    known(90_006, Unavailable, LATER),
    known(90_012, Unavailable, LATER),
    known(90_024, Unavailable, LATER),
    known(90_033, Unavailable, LATER),
    known(90_090, Unavailable, LATER),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_once() {
        let mut codes: Vec<u32> = TABLE.iter().map(|known| known.code).collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn a_number_is_read_from_the_description() {
        for (text, expected) in [
            ("AADSTS65001: The user or administrator has not consented", Some(65_001)),
            ("Error AADSTS7000215", Some(7_000_215)),
            ("AADSTS: nothing", None),
            ("AADSTS99999999999: too long to be one", None),
            ("nothing", None),
        ] {
            assert_eq!(number_in(text), expected, "{text}");
        }
    }

    #[test]
    fn every_advice_names_an_act_and_no_number() {
        for known in TABLE {
            assert!(known.advice.len() > 15, "{}", known.code);
            assert!(!known.advice.contains("AADSTS") && !known.advice.ends_with('.'), "{}", known.code);
        }
    }
}
