//! For whom a token is: our exact names, and nobody else's.

use crate::{config::ConfigError, known_resource::KnownResource};

/// What the audience of a token means for this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intended {
    /// One of our names stands in it, and no known resource.
    ForUs,
    /// A known resource stands in it.
    For(KnownResource),
    /// It names somebody else, or nobody.
    ForOthers,
}

/// The exact audience strings that mean this service; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Audiences(Vec<Box<str>>);

impl Audiences {
    /// Accepts the client id (v2 tokens) and `api://` + client id (v1 tokens), nothing else.
    pub(crate) fn of_client(client_id: &str) -> Self {
        Self(vec![client_id.into(), format!("api://{client_id}").into()])
    }

    /// Accepts these names, nothing else.
    pub(crate) fn of<'a>(exact: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        let mut audiences = Self(Vec::new());
        exact.into_iter().try_for_each(|one| audiences.add(one))?;
        if audiences.0.is_empty() { Err(ConfigError::Empty { what: "the list of audiences" }) } else { Ok(audiences) }
    }

    pub(crate) fn add(&mut self, exact: &str) -> Result<(), ConfigError> {
        if exact.is_empty() || !exact.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigError::Audience { given: exact.to_owned() });
        }
        if let Some(resource) = KnownResource::of(exact) {
            return Err(ConfigError::KnownResource { given: exact.to_owned(), resource });
        }
        if !self.0.iter().any(|known| **known == *exact) {
            self.0.push(exact.into());
        }
        Ok(())
    }

    /// Judges the values of an `aud` claim.
    ///
    /// A known resource beside our own name is refused too: such a token would also be honoured there.
    pub(crate) fn judge<'a>(&self, values: impl IntoIterator<Item = &'a str>) -> Intended {
        let mut verdict = Intended::ForOthers;
        for value in values {
            if let Some(resource) = KnownResource::of(value) {
                return Intended::For(resource);
            }
            if self.0.iter().any(|ours| **ours == *value) {
                verdict = Intended::ForUs;
            }
        }
        verdict
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

/// Finds a known resource among the values of an `aud` claim.
pub(crate) fn known_resource<'a>(mut values: impl Iterator<Item = &'a str>) -> Option<KnownResource> {
    values.find_map(KnownResource::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-2222-3333-4444-555555555555";

    #[test]
    fn only_exact_names_are_ours() {
        let ours = Audiences::of_client(ID);
        let api = format!("api://{ID}");
        for (values, expected) in [
            (vec![ID], Intended::ForUs),
            (vec![api.as_str()], Intended::ForUs),
            (vec!["https://other.example", ID], Intended::ForUs),
            (vec![], Intended::ForOthers),
            (vec!["api://11111111-2222-3333-4444-555555555555/"], Intended::ForOthers),
            (vec!["https://evil.example/11111111-2222-3333-4444-555555555555"], Intended::ForOthers),
            (vec!["API://11111111-2222-3333-4444-555555555555"], Intended::ForOthers),
            (vec!["https://graph.microsoft.com"], Intended::For(KnownResource::Graph)),
            (vec![ID, "https://graph.microsoft.com/"], Intended::For(KnownResource::Graph)),
            (vec!["HTTPS://GRAPH.MICROSOFT.COM//"], Intended::For(KnownResource::Graph)),
            (vec!["https://management.core.windows.net/"], Intended::For(KnownResource::ResourceManager)),
        ] {
            assert_eq!(ours.judge(values.iter().copied()), expected, "{values:?}");
        }
    }

    #[test]
    fn a_list_of_names_replaces_all_others_and_is_never_empty() {
        let only = Audiences::of(["https://reports.contoso.example"]).unwrap();
        assert_eq!(only.judge(["https://reports.contoso.example"]), Intended::ForUs);
        assert_eq!(only.judge([ID]), Intended::ForOthers);
        assert!(Audiences::of([]).is_err());
        assert!(Audiences::of([ID, "https://graph.microsoft.com"]).is_err());
    }

    #[test]
    fn all_names_are_listed_as_they_were_given() {
        let mut ours = Audiences::of_client(ID);
        ours.add("https://mcp.contoso.example").unwrap();
        ours.add(ID).unwrap();
        assert_eq!(ours.iter().collect::<Vec<_>>(), [ID, &format!("api://{ID}"), "https://mcp.contoso.example"]);
        assert_eq!(known_resource(ours.iter()), None);
        assert_eq!(known_resource(["x", "https://graph.microsoft.com"].into_iter()), Some(KnownResource::Graph));
    }

    #[test]
    fn a_known_resource_or_a_blank_cannot_be_configured() {
        let mut ours = Audiences::of_client(ID);
        for bad in ["", " ", "a b", "https://graph.microsoft.com/", "00000003-0000-0000-C000-000000000000"] {
            assert!(ours.add(bad).is_err(), "{bad:?}");
        }
        ours.add("https://mcp.contoso.example").unwrap();
        assert_eq!(ours.judge(["https://mcp.contoso.example"]), Intended::ForUs);
        assert_eq!(ours.judge(["https://mcp.contoso.example/"]), Intended::ForOthers);
    }
}
