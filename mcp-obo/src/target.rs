//! What a token is asked for: one downstream API and scopes of it.

use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::{Arc, OnceLock},
};

use aws_lc_rs::digest::{SHA256, digest};
use mcp_auth_layer::{cloud::Cloud, scope::is_openid};

/// One downstream API and the scopes of it that are asked for.
///
/// Two targets are equal when they ask for the same, in whatever order it was written. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Target(Arc<Parts>);

struct Parts {
    resource: Box<str>,
    /// As it is sent: qualified names, sorted, with single spaces.
    scope: Box<str>,
    id: TargetId,
}

impl Target {
    /// Names scopes of one API.
    ///
    /// `resource` is the API's identifier URI or client id exactly as Entra has it; a slash at its end is a part of it.
    /// `scopes` are names without it, such as `User.Read`, or `.default` alone: everything that was consented to.
    ///
    /// # Errors
    /// [`TargetError`] for an empty resource or list, for a mixture of `.default` and names, for OpenID Connect scopes, and
    /// for characters that no scope has.
    pub fn new(resource: &str, scopes: &[&str]) -> Result<Self, TargetError> {
        let resource = resource.trim();
        if resource.is_empty() {
            return Err(TargetError::NoResource);
        }
        check_characters(resource)?;
        let own = format!("{resource}/");
        let mut names: Vec<&str> = scopes.iter().map(|scope| scope.strip_prefix(&own).unwrap_or(scope)).collect();
        names.sort_unstable();
        names.dedup();
        check_names(&names)?;
        Ok(Self::of(resource, &names))
    }

    /// Reads qualified scopes with spaces between them, such as `https://graph.microsoft.com/.default`.
    ///
    /// # Errors
    /// [`TargetError`] as for [`new`](Self::new), for a name without its API (Entra would take it for one of Microsoft Graph's),
    /// and for scopes of more than one API (Entra issues a token for one).
    pub fn parse(scopes: &str) -> Result<Self, TargetError> {
        let mut resource = None;
        let mut names = Vec::new();
        for scope in scopes.split_ascii_whitespace() {
            let unqualified = || TargetError::Unqualified { given: scope.to_owned() };
            let (before, name) = scope.rsplit_once('/').ok_or_else(unqualified)?;
            // `https://graph.microsoft.com` is an API without a scope, not the scope `graph.microsoft.com` of `https:/`.
            if before.is_empty() || before.ends_with(":/") {
                return Err(unqualified());
            }
            if *resource.get_or_insert(before) != before {
                return Err(TargetError::SeveralResources);
            }
            names.push(name);
        }
        Self::new(resource.ok_or(TargetError::NoScope)?, &names)
    }

    /// Asks for everything that was consented to of Microsoft Graph in the public cloud.
    #[must_use]
    pub fn graph() -> Self {
        // Handlers write `&Target::graph()` in every request, so it is made once.
        static PUBLIC: OnceLock<Target> = OnceLock::new();
        PUBLIC.get_or_init(|| Self::of(PUBLIC_GRAPH, &[DEFAULT])).clone()
    }

    /// Asks for everything that was consented to of the Microsoft Graph of this cloud.
    ///
    /// None for clouds that have not published its address; name it by [`new`](Self::new) there.
    #[must_use]
    pub fn graph_in(cloud: Cloud) -> Option<Self> {
        cloud.graph_host().map(|host| Self::of(host, &[DEFAULT]))
    }

    /// Returns the API's identifier.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.0.resource
    }

    /// Returns the scopes as they are sent: qualified, sorted, with single spaces.
    #[must_use]
    pub fn scope(&self) -> &str {
        &self.0.scope
    }

    /// Returns the one scope that an identity without a user can ask for: its app roles are granted as a whole.
    pub(crate) fn everything(&self) -> Self {
        Self::of(self.resource(), &[DEFAULT])
    }

    pub(crate) fn id(&self) -> TargetId {
        self.0.id
    }

    pub(crate) fn mark(&self) -> TargetMark {
        self.0.id.mark()
    }

    fn of(resource: &str, names: &[&str]) -> Self {
        let scopes: Vec<String> = names.iter().map(|name| format!("{resource}/{name}")).collect();
        let scope = scopes.join(" ");
        let id = TargetId::of(&scope);
        Self(Arc::new(Parts { resource: resource.into(), scope: scope.into(), id }))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.0.scope).finish()
    }
}

impl PartialEq for Parts {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Parts {}

impl Hash for Parts {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// A target's place in a cache key, made once: the whole SHA-256 of what is sent, so that nothing can collide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TargetId([u8; 32]);

impl TargetId {
    fn of(scope: &str) -> Self {
        let mut id = [0; 32];
        id.copy_from_slice(digest(&SHA256, scope.as_bytes()).as_ref());
        Self(id)
    }

    fn mark(self) -> TargetMark {
        let mut mark = [0; 16];
        mark.copy_from_slice(&self.0[..16]);
        TargetMark(mark)
    }
}

/// The first half of a [`TargetId`], for keys of which there are many.
///
/// 128 bits of SHA-256 tell declared targets apart, and no others reach the cache: who names two of one mark has tried 2^64
/// scopes and has had both declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TargetMark([u8; 16]);

impl Hash for TargetId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Eight of its bytes are random enough to choose a bucket; equality still compares all of them.
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        state.write_u64(u64::from_ne_bytes([a, b, c, d, e, f, g, h]));
    }
}

/// Why a target cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The API's identifier is empty.
    #[error("the downstream API's identifier is empty")]
    NoResource,
    /// There is no scope.
    #[error("no downstream scope is named")]
    NoScope,
    /// A scope has no API before its name.
    #[error("downstream scope {given:?} does not name its API, as in https://graph.microsoft.com/.default")]
    Unqualified {
        /// What was given.
        given: String,
    },
    /// The scopes belong to more than one API.
    #[error("the downstream scopes belong to more than one API")]
    SeveralResources,
    /// `.default` stands beside names.
    #[error("`.default` cannot stand beside other scopes")]
    MixedDefault,
    /// OpenID Connect scopes buy an ID token or a refresh token, and neither is wanted here.
    #[error("{given:?} is a sign-in scope, not a downstream API's")]
    SignIn {
        /// What was given.
        given: String,
    },
    /// A character that no scope has (RFC 6749 section 3.3).
    #[error("{given:?} has a character that no scope has")]
    Characters {
        /// What was given.
        given: String,
    },
}

const PUBLIC_GRAPH: &str = "https://graph.microsoft.com";

const DEFAULT: &str = ".default";

fn check_names(names: &[&str]) -> Result<(), TargetError> {
    if names.is_empty() || names.contains(&"") {
        return Err(TargetError::NoScope);
    }
    if names.contains(&DEFAULT) && names.len() > 1 {
        return Err(TargetError::MixedDefault);
    }
    for name in names {
        check_characters(name)?;
        if name.contains('/') {
            return Err(TargetError::SeveralResources);
        }
        if is_openid(name) {
            return Err(TargetError::SignIn { given: (*name).to_owned() });
        }
    }
    Ok(())
}

/// RFC 6749 section 3.3: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
fn check_characters(text: &str) -> Result<(), TargetError> {
    if text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
        Ok(())
    } else {
        Err(TargetError::Characters { given: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAPH: &str = "https://graph.microsoft.com";

    #[test]
    fn scopes_are_sent_sorted_once_and_qualified() {
        for (name, resource, scopes, sent) in [
            ("default", GRAPH, &[".default"][..], "https://graph.microsoft.com/.default"),
            (
                "order and repetition",
                GRAPH,
                &["User.Read", "Mail.Read", "User.Read"],
                "https://graph.microsoft.com/Mail.Read https://graph.microsoft.com/User.Read",
            ),
            ("qualified", GRAPH, &["https://graph.microsoft.com/User.Read"], "https://graph.microsoft.com/User.Read"),
            ("spaces around the resource", " api://a ", &["x"], "api://a/x"),
            ("a slash at the end is kept", "https://management.azure.com/", &["x"], "https://management.azure.com//x"),
        ] {
            assert_eq!(Target::new(resource, scopes).unwrap().scope(), sent, "{name}");
        }
    }

    #[test]
    fn what_entra_would_misread_is_refused() {
        let given = |text: &str| text.to_owned();
        for (name, resource, scopes, expected) in [
            ("no resource", "", &[".default"][..], TargetError::NoResource),
            ("blank resource", "  ", &[".default"], TargetError::NoResource),
            ("no scope", GRAPH, &[], TargetError::NoScope),
            ("empty scope", GRAPH, &[""], TargetError::NoScope),
            ("the resource alone", GRAPH, &["https://graph.microsoft.com/"], TargetError::NoScope),
            ("mixed", GRAPH, &[".default", "User.Read"], TargetError::MixedDefault),
            ("another API's", GRAPH, &["https://vault.azure.net/.default"], TargetError::SeveralResources),
            ("refresh token", GRAPH, &["offline_access"], TargetError::SignIn { given: given("offline_access") }),
            ("ID token", GRAPH, &["openid"], TargetError::SignIn { given: given("openid") }),
            ("space", GRAPH, &["a b"], TargetError::Characters { given: given("a b") }),
            ("quote", "api://\"", &["a"], TargetError::Characters { given: given("api://\"") }),
            ("line break", GRAPH, &["a\n"], TargetError::Characters { given: given("a\n") }),
            ("not ASCII", GRAPH, &["ä"], TargetError::Characters { given: given("ä") }),
        ] {
            assert_eq!(Target::new(resource, scopes), Err(expected), "{name}");
        }
    }

    #[test]
    fn a_settings_line_is_read_as_scopes_of_one_api() {
        let unqualified = |text: &str| Err(TargetError::Unqualified { given: text.to_owned() });
        for (name, text, expected) in [
            ("default", "https://graph.microsoft.com/.default", Ok("https://graph.microsoft.com/.default")),
            ("two, odd spaces", " api://a/y  api://a/x ", Ok("api://a/x api://a/y")),
            (
                "a GUID",
                "00000003-0000-0000-c000-000000000000/.default",
                Ok("00000003-0000-0000-c000-000000000000/.default"),
            ),
            ("double slash", "https://management.azure.com//.default", Ok("https://management.azure.com//.default")),
            ("empty", " ", Err(TargetError::NoScope)),
            ("a bare name", "User.Read", unqualified("User.Read")),
            ("an API without a scope", GRAPH, unqualified(GRAPH)),
            ("no API", "/.default", unqualified("/.default")),
            ("two APIs", "api://a/x api://b/x", Err(TargetError::SeveralResources)),
        ] {
            let got = Target::parse(text);
            assert_eq!(got.as_ref().map(Target::scope).map_err(Clone::clone), expected, "{name}");
        }
    }

    #[test]
    fn equal_requests_are_equal_targets() {
        assert_eq!(
            Target::new(GRAPH, &["a", "b"]),
            Target::parse("https://graph.microsoft.com/b https://graph.microsoft.com/a")
        );
        assert_eq!(Target::graph(), Target::new(GRAPH, &[".default"]).unwrap());
        assert_eq!(Target::graph_in(Cloud::Public), Some(Target::graph()));
        assert_ne!(Target::graph_in(Cloud::UsGov), Some(Target::graph()));
        assert_eq!(Target::graph_in(Cloud::France), None);
        assert_ne!(Target::graph(), Target::new(GRAPH, &["User.Read"]).unwrap());
        // No concatenation can make two different requests look alike.
        assert_ne!(Target::new("api://a", &["b"]).unwrap(), Target::new("api://a/", &["b"]).unwrap());
    }
}
