//! What a `scope` parameter asks for, as Entra reads it.

use crate::{
    error::EntraError,
    tenant::{App, Resource, resource},
};

const OIDC: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// How Graph is spelled when a bare scope name means it.
const GRAPH: &str = "https://graph.microsoft.com";

/// The delegated scopes that Graph knows here.
const GRAPH_SCOPES: [&str; 3] = ["ServiceMessage.Read.All", "User.Read", "Mail.Read"];

/// What Graph grants for `.default`: what the API app's registration lists.
const GRAPH_DEFAULT: &str = "ServiceMessage.Read.All User.Read";

/// A scope parameter, resolved to at most one resource.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    /// The resource, with its spelling in the request.
    pub(crate) resource: Option<(Resource<'a>, String)>,
    pub(crate) names: Vec<String>,
    pub(crate) oidc: Vec<&'static str>,
}

impl<'a> Asked<'a> {
    /// Resolves each scope; a bare name belongs to Graph.
    ///
    /// In Entra's order: the form of each, then one resource, then whether it exists, then its scopes. `two_resources` is
    /// the code for scopes of different resources: it differs between the endpoints.
    pub(crate) fn read(apps: &'a [App], text: &str, two_resources: u32) -> Result<Self, EntraError> {
        let mut asked = Self { resource: None, names: Vec::new(), oidc: Vec::new() };
        let mut spellings = Vec::new();
        for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
            if let Some(known) = OIDC.iter().find(|known| **known == scope) {
                asked.oidc.push(known);
                continue;
            }
            let (spelling, name) = scope.rsplit_once('/').unwrap_or((GRAPH, scope));
            // `https://host` names a resource without a scope.
            if spelling.ends_with(":/") || name.is_empty() {
                return Err(EntraError::new(70011));
            }
            spellings.push(spelling);
            asked.names.push(name.to_owned());
        }
        let Some(first) = spellings.first() else { return Ok(asked) };
        let found = resource(apps, first);
        if spellings.iter().any(|other| other != first && (found.is_none() || resource(apps, other) != found)) {
            return Err(EntraError::new(two_resources));
        }
        if asked.names.len() > 1 && asked.is_default() {
            return Err(EntraError::new(70011));
        }
        let found = found.ok_or_else(|| EntraError::new(500_011))?;
        asked.names.iter().try_for_each(|name| check_name(found, name))?;
        asked.resource = Some((found, (*first).to_owned()));
        Ok(asked)
    }

    /// Asks for what a sign-in alone gives: Graph's basic profile.
    pub(crate) fn profile() -> Self {
        Self {
            resource: Some((Resource::Graph, GRAPH.to_owned())),
            names: vec!["User.Read".to_owned()],
            oidc: Vec::new(),
        }
    }

    /// Checks RFC 8707 `resource`: it must be the app that the scopes belong to; an MCP server's URL never is.
    pub(crate) fn check_resource(&self, apps: &[App], named: Option<&str>) -> Result<(), EntraError> {
        let Some(named) = named else { return Ok(()) };
        let found = resource(apps, named);
        let fits = self.resource.as_ref().is_none_or(|(scoped, _)| found == Some(*scoped));
        if found.is_some() && fits { Ok(()) } else { Err(EntraError::new(9_010_010)) }
    }

    /// Tells whether it is for one of Microsoft's services, at whose sign-in MFA is asked for.
    pub(crate) const fn is_for_microsoft(&self) -> bool {
        matches!(self.resource, Some((Resource::Graph | Resource::Service(_), _)))
    }

    pub(crate) fn is_for_graph(&self) -> bool {
        matches!(self.resource, Some((Resource::Graph, _)))
    }

    /// Tells whether consent covers what is asked of Graph; for other services it was checked with the registration.
    pub(crate) fn is_consented(&self, client: &App) -> bool {
        !self.is_for_graph()
            || self.granted(client).split(' ').all(|name| GRAPH_DEFAULT.split(' ').any(|known| known == name))
    }

    /// Checks that a client may have what is asked of one of Microsoft's other services.
    pub(crate) fn check_permission(&self, client: &App) -> Result<(), EntraError> {
        match &self.resource {
            Some((Resource::Service(service), _)) => client.permissions.grant(*service, &self.names).map(drop),
            _ => Ok(()),
        }
    }

    /// Returns the scopes that a client's token gets.
    pub(crate) fn granted(&self, client: &App) -> String {
        match &self.resource {
            Some((Resource::Graph, _)) if self.is_default() => GRAPH_DEFAULT.to_owned(),
            Some((Resource::App(app), _)) if self.is_default() => app.scopes.join(" "),
            Some((Resource::Service(service), _)) => {
                client.permissions.grant(*service, &self.names).unwrap_or_default()
            }
            _ => self.names.join(" "),
        }
    }

    pub(crate) fn wants_refresh(&self) -> bool {
        self.oidc.contains(&"offline_access")
    }

    /// Spells the granted scopes for the answer; `offline_access` shows in the refresh token alone.
    pub(crate) fn answered(&self, client: &App) -> String {
        let spelling = self.resource.as_ref().map_or("", |(_, spelling)| spelling);
        let granted = self.granted(client);
        let names = granted.split(' ').map(|name| format!("{spelling}/{name}"));
        let oidc = self.oidc.iter().filter(|name| **name != "offline_access").map(|name| (*name).to_owned());
        names.chain(oidc).collect::<Vec<_>>().join(" ")
    }

    fn is_default(&self) -> bool {
        self.names.iter().any(|name| name == ".default")
    }
}

fn check_name(resource: Resource<'_>, name: &str) -> Result<(), EntraError> {
    let known = match resource {
        Resource::Graph => GRAPH_SCOPES.contains(&name),
        Resource::App(app) => app.scopes.contains(&name),
        Resource::Service(service) => service.scopes().contains(&name),
    };
    if known || name == ".default" { Ok(()) } else { Err(EntraError::new(650_053)) }
}
