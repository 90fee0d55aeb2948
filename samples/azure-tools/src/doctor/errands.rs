//! What the tools need, as the doctor wants it.

use server_kit::{
    doctor::{Check, Errand, Finding, Hosts, Permission, Role, RoleKind},
    failure::Failure,
};

use super::probe;
use crate::{
    azure::Azure,
    failure::cosmos_role,
    services::Service,
    settings::Settings,
    tools::{Need, Spec, Tool},
};

/// Takes what each tool needs that is offered, and that is not refused anyway.
pub(super) fn all(settings: &Settings, azure: &Azure) -> Vec<Errand> {
    let usable = || settings.offer.tools().filter(|tool| settings.acting.undelegable(tool.spec()).is_none());
    let alone: Vec<_> = usable().filter_map(|tool| only(tool.spec())).collect();
    usable()
        .flat_map(|tool| {
            // Resource Manager says where a resource is; where another tool needs as much of it, that stands for both.
            let (own, before) = tool.spec().needs.split_last().unzip();
            let before = before.into_iter().flatten().filter(|need| !alone.contains(&need.service));
            let finding = before.filter_map(|need| errand(settings, tool.spec(), need, "find the resource"));
            let own = own.and_then(|need| errand(settings, tool.spec(), need, tool.spec().errand));
            finding.chain(own.map(|own| tried(own, settings, azure, tool))).collect::<Vec<_>>()
        })
        .collect()
}

/// The one service that a tool calls, where there is no other.
fn only(spec: &Spec) -> Option<Service> {
    if let [need] = spec.needs { Some(need.service) } else { None }
}

fn errand(settings: &Settings, spec: &Spec, need: &Need, what: &str) -> Option<Errand> {
    let place = need.service.place(settings.cloud)?;
    let acting_as = settings.acting.acting_as(need.service);
    let mut errand = Errand::new(spec.name, what, &place.target(), acting_as).with_role(role(spec, need));
    errand.permission = permission(need.service);
    let hosts = Hosts { service: need.service.name(), suffix: place.suffix, zone: place.private_zone };
    Some(if place.is_one_host { errand } else { errand.with_hosts(hosts) })
}

fn tried(errand: Errand, settings: &Settings, azure: &Azure, tool: &Tool) -> Errand {
    match tool.probe() {
        Some(probe) => {
            let probed = probe::Probed::new(azure, settings.acting.acting_as(tool.spec().service()), tool, probe);
            errand.with_probe(move |who| {
                let probed = probed.clone();
                Box::pin(async move { probed.ask(who).await })
            })
        }
        None => errand,
    }
}

fn role(spec: &Spec, need: &Need) -> Role {
    let scope = format!("<{}>", need.scope);
    match need.service {
        // Its data plane knows its own roles only, and a scope within the account.
        Service::Cosmos => {
            Role { name: cosmos_role(spec.effect).to_owned(), kind: RoleKind::Cosmos, scope: "/".into() }
        }
        Service::ConfidentialLedger => Role { name: need.role.to_owned(), kind: RoleKind::Ledger, scope },
        _ => Role { name: need.role.to_owned(), kind: RoleKind::Azure, scope },
    }
}

fn permission(service: Service) -> Option<Permission> {
    let known = service.known()?;
    let delegated = service.delegated_permissions().first()?;
    Some(Permission {
        api: known.name(),
        api_id: known.app_id(),
        name: delegated.name,
        delegated_id: Some(delegated.id),
        application_id: None,
    })
}

/// Says which tools are refused as this server runs: nobody can grant what does not exist.
pub(super) fn refused(settings: &Settings) -> Check {
    const ID: &str = "tools";
    let tools: Vec<_> = settings.offer.tools().map(Tool::spec).collect();
    let refusals: Vec<_> = tools.iter().filter_map(|spec| Some((spec, settings.acting.refusal(spec)?))).collect();
    let Some((_, first)) = refusals.first() else {
        return Check::ok(ID, format!("{} are offered, and none of them is refused beforehand", tools.len()));
    };
    let words = [first.kind, "AADSTS65001", "UseHostingEnvironmentIdentity"];
    let words = if first.kind == "no_delegated_scope" { &words[..] } else { &words[..1] };
    let finding = Finding::new(&*first.cause, &*first.cure, first.who, words);
    let seen = format!("{} of {} are refused as this server runs", refusals.len(), tools.len());
    let line = |(spec, refusal): &(&&Spec, Failure)| {
        format!("{}: {}, {}", spec.name, refusal.kind, refusal.service.unwrap_or_default())
    };
    Check::warn(ID, seen, finding).with_details(refusals.iter().map(line))
}
