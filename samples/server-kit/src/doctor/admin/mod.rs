//! One request to the administrator, to paste into a ticket: everything that the guide says such a request should have.

mod commands;
mod questions;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use super::{
    checks::credential,
    endpoint::Need,
    errand::{Errand, Hosts},
    examine::Examination,
    network::Probed,
    patient::Service,
    report::Plain,
};

impl Examination {
    /// Writes the request, plain text. Nothing secret is in it.
    #[must_use]
    pub fn request_for_admin(&self) -> String {
        let mut text = format!("Request: let {} work\n", self.patient.program);
        for (title, body) in [
            ("Application", self.application()),
            ("What its tools need at least", self.needs()),
            (&*format!("Firewall: from {}, TCP, TLS", self.source()), self.firewall()),
            ("Private endpoints", self.private_endpoints()),
            ("Commands", commands::lines(self)),
            ("What fails now", self.failing()),
            ("Questions that could not be answered from here", questions::open(self)),
            ("Answered from here", questions::answered(self)),
        ] {
            let body = if body.is_empty() { "none\n" } else { &body };
            let _ = write!(text, "\n{title}\n{}", indented(body));
        }
        let mut plain = Plain(String::with_capacity(text.len()));
        let _ = plain.write_str(&text);
        plain.0
    }

    fn application(&self) -> String {
        let Some(service) = &self.patient.service else {
            return "its settings cannot be used, so that its id is not known; see below\n".to_owned();
        };
        let authority = service.app.authority();
        // The app that stands for the host's tenant has no id that anybody knows.
        let is_called = service.listener.is_some() || service.credentials.is_some();
        let id = if is_called { service.app.client_id() } else { "none: nobody calls it over the network" };
        let mut lines = format!(
            "name             {}\napplication id   {id}\ntenant           {} at {}\n",
            service.application,
            authority.segment(),
            authority.host()
        );
        let _ = writeln!(lines, "acts as          {}", self.acts_as(service));
        let _ = writeln!(lines, "credential used  {}", credential_used(service));
        lines
    }

    fn acts_as(&self, service: &Service) -> String {
        let object = self.account.as_ref().and_then(|account| account.object_id.as_ref());
        let object = object.map_or_else(String::new, |object| format!(", object id {object}"));
        let own = service
            .hosting
            .as_ref()
            .map(|identity| format!("its hosting identity: {}{object}", identity.description()));
        let for_users = self.patient.errands.iter().any(|errand| !errand.is_hosted());
        let user = for_users.then(|| "the signed-in user (On-Behalf-Of)".to_owned());
        let both: Vec<_> = user.into_iter().chain(own).collect();
        both.join("; ")
    }

    fn needs(&self) -> String {
        let mut lines = String::new();
        for errand in &self.patient.errands {
            let _ = writeln!(lines, "{}: {}", errand.tool, errand.what);
            if let Some(role) = &errand.role {
                let _ = writeln!(lines, "  role        {} ({})", role.name, role.kind.as_str());
                let _ = writeln!(lines, "  scope       {}", role.scope);
                let _ = writeln!(lines, "  principal   {}", self.principal(errand));
            }
            if let Some(permission) = errand.grantable() {
                let kind = if errand.is_hosted() { "application" } else { "delegated" };
                let _ = writeln!(
                    lines,
                    "  permission  {} of {} ({kind}), with admin consent",
                    permission.name, permission.api
                );
            }
        }
        lines
    }

    /// Who must have the role.
    fn principal(&self, errand: &Errand) -> String {
        if !errand.is_hosted() {
            return "each user of the tool (or a group that they are in)".to_owned();
        }
        let object = self.account.as_ref().and_then(|account| account.object_id.clone());
        object.map_or_else(
            || "the hosting identity (its object id is not known here)".to_owned(),
            |object| format!("object id {object}"),
        )
    }

    fn source(&self) -> String {
        self.source.map_or_else(|| "(this machine's address is not known here)".to_owned(), |source| source.to_string())
    }

    fn firewall(&self) -> String {
        let mut lines = String::new();
        for endpoint in &self.patient.endpoints {
            let state = self.probed.iter().find(|one| one.endpoint == *endpoint).map_or("not tried", state);
            let need = if endpoint.need == Need::Guide { ", for the tools around it" } else { "" };
            let place = format!("{}:{}", endpoint.host(), endpoint.port());
            let _ = writeln!(lines, "{place:44}  {}{need} ({state})", endpoint.purpose);
        }
        for hosts in self.unnamed() {
            let place = format!("*.{}:443", hosts.suffix);
            let _ =
                writeln!(lines, "{place:44}  {}, the resources in use (not tried: name them by --host)", hosts.service);
        }
        if let Some(hop) = self.probed.iter().find_map(|one| one.hop.as_ref()) {
            let _ = writeln!(lines, "through the proxy {}:{}", hop.host(), hop.port());
        }
        lines
    }

    /// The hosts of which not even one is known by its name.
    fn unnamed(&self) -> Vec<Hosts> {
        let mut found: Vec<Hosts> = Vec::new();
        for hosts in self.patient.errands.iter().filter_map(|errand| errand.hosts) {
            let is_below = |host: &str| host.strip_suffix(hosts.suffix).is_some_and(|name| name.ends_with('.'));
            let is_known = self.patient.endpoints.iter().any(|endpoint| is_below(endpoint.host()));
            if !is_known && !found.contains(&hosts) {
                found.push(hosts);
            }
        }
        found
    }

    fn private_endpoints(&self) -> String {
        let mut lines = String::new();
        for one in &self.probed {
            let Some((zone, found)) = &one.private else { continue };
            let state = match (found, one.is_private()) {
                (_, true) => "resolves to a private address here",
                (Ok(_), false) => "exists, but resolves to a public address here",
                (Err(_), false) => "none is known here",
            };
            let _ = writeln!(
                lines,
                "{}: zone {}, record {}, from {} on TCP {} ({state})",
                one.endpoint.host(),
                zone.zone,
                zone.record,
                self.source(),
                one.endpoint.port()
            );
        }
        for (hosts, zone) in self.unnamed().iter().filter_map(|hosts| hosts.zone.map(|zone| (hosts, zone))) {
            let _ = writeln!(
                lines,
                "*.{}: zone {zone}, where there are any, from {} on TCP 443 (not looked up: name them by --host)",
                hosts.suffix,
                self.source()
            );
        }
        lines
    }

    fn failing(&self) -> String {
        let mut lines = String::new();
        for check in self.report.checks().iter().filter(|check| check.is_fail()) {
            let _ = writeln!(lines, "{}: {}", check.name(), check.seen);
            for text in check.cure.iter() {
                let _ = writeln!(lines, "  cure  {text}");
            }
            for line in check.details.iter().chain(&check.ids) {
                let _ = writeln!(lines, "  {line}");
            }
        }
        lines
    }
}

fn state(probed: &Probed) -> &'static str {
    if probed.outcome.is_ok() { "reached" } else { "NOT reached" }
}

fn credential_used(service: &Service) -> String {
    let own = service.hosting.as_ref().map(|identity| identity.description());
    let all: Vec<_> = credential::used(service).into_iter().chain(own).collect();
    if all.is_empty() { "none".to_owned() } else { all.join("; ") }
}

fn indented(body: &str) -> String {
    body.lines().fold(String::new(), |text, line| text + "  " + line + "\n")
}
