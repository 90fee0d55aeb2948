//! What a `scope` parameter asks for, as Entra reads it.

use crate::{
    error::EntraError,
    tenant::{App, Resource, resource},
};

const OIDC: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The delegated scopes that Graph knows here.
const GRAPH_SCOPES: [&str; 3] = ["ServiceMessage.Read.All", "User.Read", "Mail.Read"];

/// What Graph grants for `.default`: what the API app's registration lists.
pub(crate) const GRAPH_DEFAULT: &str = "ServiceMessage.Read.All User.Read";

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
    /// `two_resources` is the code for scopes of different resources: it differs between the endpoints.
    pub(crate) fn read(apps: &'a [App], text: &str, two_resources: u32) -> Result<Self, EntraError> {
        let mut asked = Self { resource: None, names: Vec::new(), oidc: Vec::new() };
        for scope in text.split(' ').filter(|scope| !scope.is_empty()) {
            if let Some(known) = OIDC.iter().find(|known| **known == scope) {
                asked.oidc.push(known);
                continue;
            }
            let (spelling, name) = match scope.rsplit_once('/') {
                Some((spelling, name)) if !spelling.ends_with('/') => (spelling, name),
                Some(_) => return Err(EntraError::new(70011)),
                None => ("https://graph.microsoft.com", scope),
            };
            let found = resource(apps, spelling).ok_or_else(|| EntraError::new(500_011))?;
            check_name(found, name)?;
            match &asked.resource {
                Some((before, _)) if *before != found => return Err(EntraError::new(two_resources)),
                _ => asked.resource = Some((found, spelling.to_owned())),
            }
            asked.names.push(name.to_owned());
        }
        if asked.names.len() > 1 && asked.names.iter().any(|name| name == ".default") {
            return Err(EntraError::new(70011));
        }
        Ok(asked)
    }

    /// Returns the scopes that a token gets.
    pub(crate) fn granted(&self) -> String {
        match &self.resource {
            Some((Resource::Graph, _)) if self.is_default() => GRAPH_DEFAULT.to_owned(),
            Some((Resource::App(app), _)) if self.is_default() => app.scopes.join(" "),
            _ => self.names.join(" "),
        }
    }

    pub(crate) fn wants_refresh(&self) -> bool {
        self.oidc.contains(&"offline_access")
    }

    fn is_default(&self) -> bool {
        self.names.iter().any(|name| name == ".default")
    }
}

fn check_name(resource: Resource<'_>, name: &str) -> Result<(), EntraError> {
    let known = match resource {
        Resource::Graph => GRAPH_SCOPES.contains(&name),
        Resource::App(app) => app.scopes.contains(&name),
    };
    if known || name == ".default" { Ok(()) } else { Err(EntraError::new(650_053)) }
}
