//! Which scopes clients may ask for, and what is asked of Entra for them.
//!
//! Clients write a scope by its name, or behind the API's id, its App ID URI, or another of its audiences. Towards Entra it always
//! stands behind the id: behind an App ID URI the refresh would be refused where client and API are one app (AADSTS90009), and
//! a bare name would be looked for at Microsoft Graph (AADSTS650053).

use mcp_auth_layer::{
    EntraApp,
    config::ConfigError,
    scope::{ScopeSet, is_openid},
};

use crate::target::{Target, TargetError};

/// Longer lists are no client's, challenges that it keeps apart.
const MAX_TEXT: usize = 2_000;

/// How a scope begins that stands for a claims challenge; see [`super::step_up`].
pub(super) const STEP_UP: &str = "stepup.";

const OFFLINE: &str = "offline_access";

/// The scopes of one API.
#[derive(Clone, Debug)]
pub(super) struct ApiScopes {
    app: EntraApp,
    /// Given to clients that ask for none.
    names: Vec<Box<str>>,
}

/// What a client asked for, in the spelling in which it asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// As it was spelled, and its name.
    scopes: Vec<(Box<str>, Box<str>)>,
    offline: Offline,
    step_ups: Vec<Box<str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offline {
    Asked,
    NotAsked,
}

/// The list has a scope that is not of this API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope is asked for that is not of this server's API")]
pub(super) struct NotOurs;

impl ApiScopes {
    pub(super) fn new<'a>(app: &EntraApp, names: impl IntoIterator<Item = &'a str>) -> Result<Self, ConfigError> {
        let names = ScopeSet::required(names)?;
        Ok(Self { app: app.clone(), names: names.iter().map(Into::into).collect() })
    }

    /// Reads what a client asks for; nothing means all that there is.
    pub(super) fn read(&self, scope: Option<&str>) -> Result<Asked, NotOurs> {
        let mut asked = Asked { scopes: Vec::new(), offline: Offline::NotAsked, step_ups: Vec::new() };
        let text = scope.unwrap_or_default();
        // Clients keep every challenge that they ever answered, and must not be stopped for that; an address ends the list.
        if text.split(' ').filter(|one| !one.starts_with(STEP_UP)).map(|one| one.len() + 1).sum::<usize>() > MAX_TEXT {
            return Err(NotOurs);
        }
        for one in text.split(' ').filter(|one| !one.is_empty()) {
            match one {
                OFFLINE => asked.offline = Offline::Asked,
                // Taken and dropped: no ID token is handed out here.
                _ if is_openid(one) => {}
                _ if one.starts_with(STEP_UP) => asked.step_ups.push(one.into()),
                _ => asked.add(one, self.name_of(one).ok_or(NotOurs)?),
            }
        }
        if asked.scopes.is_empty() {
            for name in &self.names {
                asked.add(name, name);
            }
        }
        Ok(asked)
    }

    /// Returns the names, for metadata.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Returns what Entra is asked for: scopes of this API by its id, so that a scope of Graph cannot even be written.
    ///
    /// Names that are no longer there are left out, and nothing takes their place.
    pub(super) fn target<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<Target, TargetError> {
        let wanted: Vec<&str> = names.into_iter().filter(|name| self.has(name)).collect();
        Target::new(self.app.client_id(), &wanted)
    }

    /// Returns what is left of names and echo that were granted under yesterday's list; none when that is nothing.
    ///
    /// A person agreed to what was on the page, and not to what there is instead (RFC 6749 section 6).
    pub(super) fn left_of(&self, names: &[String], echo: &str) -> Option<(Vec<String>, String)> {
        let (left, gone): (Vec<_>, Vec<_>) = names.iter().cloned().partition(|name| self.has(name));
        let stands_for = |spelled: &str, name: &str| {
            spelled.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        let echo = echo.split(' ').filter(|one| !gone.iter().any(|name| stands_for(one, name)));
        let echo = echo.collect::<Vec<_>>().join(" ");
        (!left.is_empty()).then_some((left, echo))
    }

    fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    fn name_of(&self, scope: &str) -> Option<&str> {
        self.app.behind_audiences(scope).chain([scope]).find_map(|bare| self.names().find(|name| *name == bare))
    }
}

impl Asked {
    fn add(&mut self, spelled: &str, name: &str) {
        if self.scopes.iter().all(|(_, known)| **known != *name) {
            self.scopes.push((spelled.into(), name.into()));
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().map(|(_, name)| &**name)
    }

    /// Returns the scopes that stand for claims challenges, still sealed.
    pub(super) fn step_ups(&self) -> impl Iterator<Item = &str> {
        self.step_ups.iter().map(|scope| &**scope)
    }

    /// Returns what the client is told that it got, as it spelled it; some clients compare.
    pub(super) fn echo(&self) -> String {
        let own = self.scopes.iter().map(|(spelled, _)| &**spelled);
        let offline = (self.offline == Offline::Asked).then_some(OFFLINE);
        own.chain(offline).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testtenant;

    const ID: &str = testtenant::CLIENT;

    fn scopes() -> ApiScopes {
        let app =
            EntraApp::single_tenant(testtenant::TENANT, ID).unwrap().add_audience("https://api.contoso.com").unwrap();
        ApiScopes::new(&app, ["access_as_user", "Messages.Read"]).unwrap()
    }

    #[test]
    fn a_scope_is_ours_in_every_spelling_and_is_echoed_as_spelled() {
        let id = format!("{ID}/access_as_user");
        let uri = format!("api://{ID}/access_as_user");
        for (name, asked, echo, entra) in [
            ("none", "", "Messages.Read access_as_user", "access_as_user Messages.Read"),
            ("its name", "access_as_user", "access_as_user", "access_as_user"),
            ("behind the id", &id, &id, "access_as_user"),
            ("behind the App ID URI", &uri, &uri, "access_as_user"),
            (
                "behind another audience",
                "https://api.contoso.com/Messages.Read",
                "https://api.contoso.com/Messages.Read",
                "Messages.Read",
            ),
            ("twice", "access_as_user access_as_user", "access_as_user", "access_as_user"),
            ("in two spellings", &format!("{id} {uri}"), &id, "access_as_user"),
            ("with OpenID Connect's", "openid profile email access_as_user", "access_as_user", "access_as_user"),
            ("OpenID Connect's alone", "openid", "Messages.Read access_as_user", "access_as_user Messages.Read"),
            ("offline", "access_as_user offline_access", "access_as_user offline_access", "access_as_user"),
        ] {
            let scopes = scopes();
            let read = scopes.read(Some(asked)).unwrap_or_else(|_| panic!("{name}"));
            assert_eq!(read.echo(), echo, "{name}");
            let mut expected: Vec<_> = entra.split(' ').map(|scope| format!("{ID}/{scope}")).collect();
            expected.sort();
            assert_eq!(scopes.target(read.names()).unwrap().scope(), expected.join(" "), "{name}");
        }
    }

    #[test]
    fn an_audience_that_begins_another_hides_none_of_its_scopes() {
        let app = EntraApp::single_tenant(testtenant::TENANT, ID).unwrap();
        let app =
            app.add_audience("https://api.contoso.com").unwrap().add_audience("https://api.contoso.com/v2").unwrap();
        let scopes = ApiScopes::new(&app, ["access_as_user"]).unwrap();
        for asked in ["https://api.contoso.com/access_as_user", "https://api.contoso.com/v2/access_as_user"] {
            assert_eq!(scopes.read(Some(asked)).map(|read| read.echo()).as_deref(), Ok(asked));
        }
        assert_eq!(scopes.read(Some("https://api.contoso.com/v3/access_as_user")), Err(NotOurs));
    }

    #[test]
    fn what_is_not_ours_is_refused_graph_above_all() {
        for asked in [
            "User.Read",
            "https://graph.microsoft.com/.default",
            "https://graph.microsoft.com/User.Read access_as_user",
            "00000003-0000-0000-c000-000000000000/User.Read",
            ".default",
            &format!("{ID}/.default"),
            &format!("api://{ID}/"),
            &format!("api://{ID}/access_as_user/x"),
            "ACCESS_AS_USER",
            "access_as_user\tUser.Read",
            &"x".repeat(3_000),
            &"access_as_user ".repeat(200),
        ] {
            assert_eq!(scopes().read(Some(asked)), Err(NotOurs), "{asked:.60}");
        }
    }

    #[test]
    fn entra_is_never_asked_for_a_name_that_is_not_ours() {
        let left = scopes().target(["User.Read", "access_as_user", "Gone"]).unwrap();
        assert_eq!(left.scope(), format!("{ID}/access_as_user"));
        assert!(scopes().target(["User.Read"]).is_err(), "and nothing takes its place");
    }

    #[test]
    fn a_step_up_scope_is_set_aside_and_never_echoed() {
        let read = scopes().read(Some("access_as_user stepup.abc")).unwrap();
        assert_eq!((read.step_ups().collect::<Vec<_>>(), &*read.echo()), (vec!["stepup.abc"], "access_as_user"));
    }
}
