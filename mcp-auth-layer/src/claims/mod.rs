//! The one claims type: typed Entra fields of v1 and v2 tokens, the rest by name.

mod date;
mod members;
mod store;
#[cfg(test)]
mod tests;
mod value;

use std::{collections::BTreeMap, fmt, mem, sync::OnceLock};

use memchr::memchr2;
use serde_json::Value;

use self::{
    date::Date,
    members::{INTERNAL, Known, Members},
    store::{Places, Span, Store},
};
pub(crate) use self::{
    members::Kind,
    value::{Text, once, pass},
};
use crate::{clock::UnixTime, reject::TokenFault, scope::ScopeSet, tenant::TenantId};

/// The claims of an access token.
///
/// Which of them may decide what: `oid` with `tid` identify a user; `upn`, `email` and `preferred_username` are texts that
/// can be changed and reused, so they have no accessor of their own.
///
/// They are the payload itself, of Entra's tokens without what Entra writes for itself, and the places of those claims in it that
/// are asked for, because a service keeps them for every caller that it knows.
#[derive(Clone)]
pub struct Claims {
    store: Store,
    known: Known,
    tenant: Option<TenantId>,
    /// All of them by name, made when somebody asks for one by its name.
    by_name: OnceLock<BTreeMap<String, Value>>,
    is_without_internal: bool,
}

/// How the `scp` claim is written: Entra writes a text, others a list, RFC 9068 knows no `scp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeForm {
    None,
    Text,
    List,
}

impl Claims {
    /// Parses a token's payload.
    ///
    /// Dates must be whole numbers and `iss` one string: the looser forms of RFC 7519 are never issued by Entra, and a
    /// parser that reads them differently from its neighbour is a hole.
    pub(crate) fn parse(payload: impl Into<Vec<u8>>) -> Result<Self, TokenFault> {
        let payload = String::from_utf8(payload.into()).map_err(|_| TokenFault::Malformed)?;
        let mut members = Members::default();
        members.read(&payload).map_err(|_| TokenFault::Malformed)?;
        if may_name_private(&payload) {
            by_name(&payload).map_err(|_| TokenFault::Malformed)?;
        }
        let mut places = Places::new(&payload, members.listed());
        let known = members.place(&mut places)?;
        let tenant = members.tid.as_ref().and_then(|tid| TenantId::parse(&tid.0).ok());
        let placed = places.finish();
        Ok(Self { store: placed.with(payload), known, tenant, by_name: OnceLock::new(), is_without_internal: false })
    }

    /// Leaves out what Entra writes for itself: its claims are kept for every caller that is known.
    pub(crate) fn leave_out_internal(&mut self) {
        let mut gone =
            mem::take(&mut self.known.internal).map(|text| text.filter(|text| self.store.is_in_payload(*text)));
        gone.sort_unstable();
        let gone = gone.into_iter().flatten();
        self.store.empty(gone.clone());
        self.known.without(gone);
        self.is_without_internal = true;
    }

    /// Returns `iss`, the issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.store.get(self.known.iss)
    }

    /// Returns the values of `aud`.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        self.store.all(self.known.aud)
    }

    /// Returns `exp`, the time from which the token is no longer valid.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        UnixTime::from_secs(self.known.expires_at)
    }

    /// Returns `nbf`, the time before which the token is not yet valid.
    #[must_use]
    pub fn not_before(&self) -> Option<UnixTime> {
        self.known.not_before.map(Date::time)
    }

    /// Returns `iat`, the time of issue.
    #[must_use]
    pub fn issued_at(&self) -> Option<UnixTime> {
        self.known.issued_at.map(Date::time)
    }

    /// Returns `sub`, which Entra makes different for every app.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.text(self.known.sub)
    }

    /// Returns `tid`, the tenant that issued the token, when it is a GUID.
    #[must_use]
    pub const fn tenant(&self) -> Option<&TenantId> {
        self.tenant.as_ref()
    }

    /// Returns `oid`, the user's or service principal's object id in that tenant.
    #[must_use]
    pub fn object_id(&self) -> Option<&str> {
        self.text(self.known.oid)
    }

    /// Returns the client that asked for the token.
    ///
    /// Entra writes `azp` (v2) or `appid` (v1), RFC 9068 `client_id`, Okta `cid`.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.text(self.known.client)
    }

    /// Returns the delegated scopes; none in ID tokens and in Entra's app-only tokens.
    ///
    /// Entra writes them into `scp`, as one text; RFC 9068 into `scope`; Okta into `scp`, as a list.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        let texts = self.store.all(self.known.scopes);
        match self.known.scp {
            ScopeForm::List => ScopeSet::from_names(texts),
            ScopeForm::None | ScopeForm::Text => ScopeSet::from_names(texts.flat_map(|text| text.split(' '))),
        }
    }

    /// Tells how `scp` is written.
    pub(crate) const fn scope_form(&self) -> ScopeForm {
        self.known.scp
    }

    /// Returns `roles`, the app roles.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.store.all(self.known.roles)
    }

    /// Returns `groups`, the object ids of the groups that Entra wrote into the token.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.store.all(self.known.groups)
    }

    /// Returns `uti`, Entra's identifier of this token, safe to log and to search sign-in logs for.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.text(self.known.uti)
    }

    /// Returns any claim by its name, but for `aio` and `rh` of Entra's tokens, which are Entra's own affair and are not kept.
    ///
    /// The first call reads all claims once more and keeps them, two or three times as large as the token.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        // What could be read as claims can be read as values: what makes the difference was tried when they were parsed.
        if self.is_without_internal && INTERNAL.contains(&name) {
            return None;
        }
        let read = || by_name(self.store.payload()).unwrap_or_default();
        self.by_name.get_or_init(read).get(name)
    }

    pub(crate) fn id_type(&self) -> Option<&str> {
        self.text(self.known.idtyp)
    }

    /// Tells whether `ver` is this one, or is not there.
    pub(crate) fn is_of_version(&self, version: &str) -> bool {
        self.known.ver.is_none_or(|ver| self.text(ver) == Some(version))
    }

    /// Returns `acr`, the class of the authentication.
    pub(crate) fn authentication_class(&self) -> Option<&str> {
        self.text(self.known.acr)
    }

    /// Returns `acrs`, the authentication contexts that the sign-in satisfied.
    pub(crate) fn authentication_contexts(&self) -> impl Iterator<Item = &str> {
        self.store.all(self.known.acrs)
    }

    /// Returns `auth_time`, the time of the sign-in.
    pub(crate) fn signed_in_at(&self) -> Option<UnixTime> {
        self.known.signed_in_at.map(Date::time)
    }

    /// Returns what is said of the token's kind.
    pub(crate) const fn kind(&self) -> Kind {
        self.known.kind
    }

    /// Tells whether there is a `cnf`, whatever it says: the token is bound to a key (RFC 7800).
    pub(crate) const fn is_bound(&self) -> bool {
        self.known.is_bound
    }

    fn text(&self, place: Option<Span>) -> Option<&str> {
        place.map(|place| self.store.get(place))
    }
}

fn by_name(payload: &str) -> serde_json::Result<BTreeMap<String, Value>> {
    serde_json::from_str(payload)
}

/// Tells whether an object in this payload may have a name that serde_json keeps to itself.
///
/// With features that any crate of the program may switch on, a `Value` takes such an object for something else, or for an
/// error. Only an escape by number can hide such a name.
fn may_name_private(payload: &str) -> bool {
    // Neither letter stands in what Entra writes.
    let may = memchr2(b'$', b'\\', payload.as_bytes()).is_some();
    may && (payload.contains("$serde_json::private::") || payload.contains("\\u"))
}

/// Prints who and for what, never the personal texts.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("tid", &self.tenant)
            .field("oid", &self.object_id())
            .field("azp", &self.client_id())
            .field("uti", &self.token_id())
            .field("exp", &self.known.expires_at)
            .finish_non_exhaustive()
    }
}
