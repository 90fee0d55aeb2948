//! Which members of a payload mean something, and where they stand.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, MapAccess, Visitor},
};

use super::{
    ScopeForm,
    date::Date,
    store::{Places, Run, Span},
    value::{Loose, Text, Texts, once, pass},
};
use crate::reject::TokenFault;

/// What Entra writes for itself and no API should use, as its reference of claims says. Random text, a tenth of a token.
pub(super) const INTERNAL: [&str; 2] = ["aio", "rh"];

/// The members of a payload, as they were read.
#[derive(Default)]
pub(super) struct Members<'a> {
    iss: Option<Text<'a>>,
    aud: Option<Texts<'a>>,
    exp: Option<u64>,
    nbf: Option<u64>,
    iat: Option<u64>,
    sub: Option<Text<'a>>,
    pub(super) tid: Option<Text<'a>>,
    oid: Option<Text<'a>>,
    scp: Option<Texts<'a>>,
    roles: Option<Texts<'a>>,
    azp: Option<Text<'a>>,
    appid: Option<Text<'a>>,
    idtyp: Option<Text<'a>>,
    uti: Option<Text<'a>>,
    // From here on any type may stand, which then means nothing.
    ver: Option<Loose<'a>>,
    scope: Option<Loose<'a>>,
    client_id: Option<Loose<'a>>,
    cid: Option<Loose<'a>>,
    groups: Option<Loose<'a>>,
    acr: Option<Loose<'a>>,
    acrs: Option<Loose<'a>>,
    auth_time: Option<Loose<'a>>,
    gty: Option<Loose<'a>>,
    typ: Option<Loose<'a>>,
    token_use: Option<Loose<'a>>,
    aio: Option<Loose<'a>>,
    rh: Option<Loose<'a>>,
    /// Hashes that stand in ID tokens, events of logout tokens.
    has_other_kinds: bool,
    has_cnf: bool,
}

impl<'de> DeserializeSeed<'de> for &mut Members<'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, payload: D) -> Result<(), D::Error> {
        payload.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Members<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut given: A) -> Result<(), A::Error> {
        let found = self;
        while let Some(name) = given.next_key::<Text<'_>>()? {
            match &*name.0 {
                "iss" => once(&mut found.iss, &mut given, "iss")?,
                "aud" => once(&mut found.aud, &mut given, "aud")?,
                "exp" => once(&mut found.exp, &mut given, "exp")?,
                "nbf" => once(&mut found.nbf, &mut given, "nbf")?,
                "iat" => once(&mut found.iat, &mut given, "iat")?,
                "sub" => once(&mut found.sub, &mut given, "sub")?,
                "tid" => once(&mut found.tid, &mut given, "tid")?,
                "oid" => once(&mut found.oid, &mut given, "oid")?,
                "scp" => once(&mut found.scp, &mut given, "scp")?,
                "roles" => once(&mut found.roles, &mut given, "roles")?,
                "azp" => once(&mut found.azp, &mut given, "azp")?,
                "appid" => once(&mut found.appid, &mut given, "appid")?,
                "idtyp" => once(&mut found.idtyp, &mut given, "idtyp")?,
                "uti" => once(&mut found.uti, &mut given, "uti")?,
                "ver" => once(&mut found.ver, &mut given, "ver")?,
                "scope" => once(&mut found.scope, &mut given, "scope")?,
                "client_id" => once(&mut found.client_id, &mut given, "client_id")?,
                "cid" => once(&mut found.cid, &mut given, "cid")?,
                "groups" => once(&mut found.groups, &mut given, "groups")?,
                "acr" => once(&mut found.acr, &mut given, "acr")?,
                "acrs" => once(&mut found.acrs, &mut given, "acrs")?,
                "auth_time" => once(&mut found.auth_time, &mut given, "auth_time")?,
                "gty" => once(&mut found.gty, &mut given, "gty")?,
                "typ" => once(&mut found.typ, &mut given, "typ")?,
                "token_use" => once(&mut found.token_use, &mut given, "token_use")?,
                "aio" => once(&mut found.aio, &mut given, "aio")?,
                "rh" => once(&mut found.rh, &mut given, "rh")?,
                "at_hash" | "c_hash" | "s_hash" | "events" => {
                    found.has_other_kinds = true;
                    pass(&mut given)?;
                }
                "cnf" => {
                    found.has_cnf = true;
                    pass(&mut given)?;
                }
                _ => pass(&mut given)?,
            }
        }
        Ok(())
    }
}

/// Where the claims stand that are asked for.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) iss: Span,
    pub(super) aud: Run,
    pub(super) sub: Option<Span>,
    pub(super) oid: Option<Span>,
    pub(super) scp: ScopeForm,
    /// The texts of `scp`, or the one of `scope`.
    pub(super) scopes: Run,
    pub(super) roles: Run,
    pub(super) groups: Run,
    /// Of `azp`, `appid`, `client_id` and `cid` the first that is there.
    pub(super) client: Option<Span>,
    pub(super) idtyp: Option<Span>,
    pub(super) uti: Option<Span>,
    pub(super) ver: Option<Option<Span>>,
    pub(super) acr: Option<Span>,
    pub(super) acrs: Run,
    /// The texts of [`INTERNAL`] claims, until they are left out.
    pub(super) internal: [Option<Span>; INTERNAL.len()],
    pub(super) kind: Kind,
    pub(super) is_bound: bool,
    pub(super) expires_at: u64,
    pub(super) not_before: Option<Date>,
    pub(super) issued_at: Option<Date>,
    pub(super) signed_in_at: Option<Date>,
}

impl Known {
    /// Moves all texts to where they stand when some were emptied.
    pub(super) fn without(&mut self, gone: impl Iterator<Item = Span> + Clone) {
        let Self { iss, sub, oid, client, idtyp, uti, ver, acr, .. } = self;
        iss.without(gone.clone());
        for span in [sub, oid, client, idtyp, uti, acr].into_iter().chain(ver).flatten() {
            span.without(gone.clone());
        }
    }
}

/// What plain issuers write of a token's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Something says that it is no access token.
    pub(crate) is_another: bool,
    /// Auth0 says that a client got it by itself.
    pub(crate) is_of_client: bool,
}

impl<'a> Members<'a> {
    /// Reads a payload, which is nothing but one object.
    ///
    /// Into what is there, and nothing is there yet: so many members are not moved from hand to hand.
    pub(super) fn read(&mut self, payload: &'a str) -> serde_json::Result<()> {
        let mut reader = serde_json::Deserializer::from_str(payload);
        self.deserialize(&mut reader)?;
        reader.end()
    }

    /// Counts the texts that get a place in a list.
    pub(super) fn listed(&self) -> usize {
        let strict = [&self.aud, &self.scp, &self.roles].into_iter().flatten().map(|texts| texts.as_slice().len());
        let loose = [&self.scope, &self.groups, &self.acrs].into_iter().flatten().map(|texts| texts.as_texts().len());
        strict.chain(loose).sum()
    }

    /// Finds the place of each.
    pub(super) fn place(&self, places: &mut Places<'_>) -> Result<Known, TokenFault> {
        let (scp, scopes) = match (&self.scp, &self.scope) {
            (Some(Texts::One(text)), _) => (ScopeForm::Text, std::slice::from_ref(text)),
            (Some(Texts::Many(texts)), _) => (ScopeForm::List, &**texts),
            (None, Some(Loose::Text(text))) => (ScopeForm::None, std::slice::from_ref(text)),
            (None, _) => (ScopeForm::None, &[][..]),
        };
        let entra = self.azp.as_ref().or(self.appid.as_ref());
        let client = entra.or_else(|| text(&self.client_id)).or_else(|| text(&self.cid));
        let ver = self.ver.as_ref().map(|ver| place(ver.as_text(), places)).transpose()?;
        Ok(Known {
            iss: places.of(self.iss.as_ref().ok_or(TokenFault::Malformed)?)?,
            aud: places.of_all(self.aud.as_ref().ok_or(TokenFault::Malformed)?.as_slice())?,
            expires_at: self.exp.ok_or(TokenFault::Malformed)?,
            not_before: self.nbf.map(Date::of),
            issued_at: self.iat.map(Date::of),
            signed_in_at: self.auth_time.as_ref().and_then(Loose::as_number).map(Date::of),
            sub: place(self.sub.as_ref(), places)?,
            oid: place(self.oid.as_ref(), places)?,
            scp,
            scopes: places.of_all(scopes)?,
            roles: places.of_all(self.roles.as_ref().map(Texts::as_slice).unwrap_or_default())?,
            groups: places.of_all(texts(&self.groups))?,
            client: place(client, places)?,
            idtyp: place(self.idtyp.as_ref(), places)?,
            uti: place(self.uti.as_ref(), places)?,
            ver,
            acr: place(text(&self.acr), places)?,
            acrs: places.of_all(texts(&self.acrs))?,
            internal: [place(text(&self.aio), places)?, place(text(&self.rh), places)?],
            kind: self.kind(),
            is_bound: self.has_cnf,
        })
    }

    /// Believes a token that says it is another kind: Keycloak's `typ` claim, Cognito's `token_use`, the hashes of ID tokens
    /// (OpenID Connect Core 1.0 section 3.1.3.6), the `events` of logout and security event tokens (RFC 8417).
    fn kind(&self) -> Kind {
        let is_other = |claim: &Option<Loose<'_>>, expected: &str| claim.is_some() && !is(claim, expected);
        Kind {
            is_another: self.has_other_kinds || is_other(&self.typ, "Bearer") || is_other(&self.token_use, "access"),
            is_of_client: is(&self.gty, "client-credentials"),
        }
    }
}

fn text<'a, 'p>(claim: &'a Option<Loose<'p>>) -> Option<&'a Text<'p>> {
    claim.as_ref().and_then(Loose::as_text)
}

fn texts<'a, 'p>(claim: &'a Option<Loose<'p>>) -> &'a [Text<'p>] {
    claim.as_ref().map(Loose::as_texts).unwrap_or_default()
}

fn is(claim: &Option<Loose<'_>>, expected: &str) -> bool {
    text(claim).is_some_and(|text| text.0 == expected)
}

fn place(text: Option<&Text<'_>>, places: &mut Places<'_>) -> Result<Option<Span>, TokenFault> {
    text.map(|text| places.of(text)).transpose()
}
