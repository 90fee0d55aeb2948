//! Developers' tools that keep a sign-in of their own, and print a token of it when asked.
//!
//! Each is a program that is run without a shell. The Azure SDK's own forms of these credentials write one line for `/bin/sh -c`
//! and put whatever the program said into their errors, so that they are not used here.

mod answer;
mod azure_cli;
mod command;
mod developer_cli;
mod diagnose;
mod environment;
mod power_shell;

use std::{sync::Arc, time::Duration};

use mcp_auth_layer::tenant::TenantName;

use self::{answer::Answer, command::Fault};
pub(super) use self::{
    azure_cli::AZURE_CLI, command::Program, developer_cli::AZURE_DEVELOPER_CLI, power_shell::AZURE_POWER_SHELL,
};
use super::{
    identity::Identity,
    link::{Ask, Link, Miss},
    name::CredentialName,
    values::HostValues,
};
use crate::{access_token::AccessToken, boxed::BoxFuture};

/// A program, and how it is spoken to.
#[derive(Debug)]
pub(super) struct Tool {
    name: CredentialName,
    /// What it is called among people.
    label: &'static str,
    /// What its file is called, without the endings of Windows.
    programs: &'static [&'static str],
    install: &'static str,
    /// The command with which people sign in, and its option for a tenant.
    sign_in: &'static str,
    tenant_option: &'static str,
    /// What cures a token that an API refuses.
    again: &'static str,
    arguments: fn(&Wanted<'_>) -> Vec<String>,
}

/// What goes into the arguments; it consists of characters that mean nothing to any program.
pub(super) struct Wanted<'a> {
    scope: &'a str,
    resource: &'a str,
    tenant: Option<&'a TenantName>,
}

impl Wanted<'_> {
    /// Writes the command line of the tools that take a scope.
    fn after(&self, words: &[&str], tenant_option: &str) -> Vec<String> {
        let tenant = self.tenant.map(TenantName::as_str).into_iter().flat_map(|tenant| [tenant_option, tenant]);
        words.iter().copied().chain(["--scope", self.scope]).chain(tenant).map(String::from).collect()
    }
}

/// A tool on this host.
#[derive(Debug)]
pub(super) struct DeveloperTool {
    tool: &'static Tool,
    host: Arc<HostValues>,
}

impl DeveloperTool {
    pub(super) fn new(tool: &'static Tool, host: &Arc<HostValues>) -> Self {
        Self { tool, host: Arc::clone(host) }
    }

    async fn ask(&self, ask: Ask<'_>) -> Result<AccessToken, Miss> {
        let tenant = self.tenant()?;
        let target = ask.target.everything();
        if !is_plain(target.scope()) {
            return Err(Miss::failed("the API's name has characters that are no part of a scope"));
        }
        let wanted = Wanted { scope: target.scope(), resource: target.resource(), tenant: tenant.as_ref() };
        let program = Program::find(&self.host, self.tool.programs).ok_or_else(|| self.missing())?;
        let output = program.run(&(self.tool.arguments)(&wanted), self.host.patience).await;
        let output = output.map_err(|fault| self.broken(&fault))?;
        let tenant = tenant.as_ref().map(TenantName::as_str);
        if !output.succeeded {
            return Err(diagnose::refusal(self.tool, &output.text(), tenant));
        }
        match answer::read(&output.stdout) {
            Some(answer) => self.accepted(answer, tenant),
            // Some of them report an error and still end as if all were well.
            None => Err(diagnose::no_token(self.tool, &output.text(), tenant)),
        }
    }

    fn tenant(&self) -> Result<Option<TenantName>, Miss> {
        let parsed = self.host.tenant.as_deref().map(TenantName::parse).transpose();
        parsed.map_err(|why| Miss::failed(why.to_string()).cured_by("correct AZURE_TENANT_ID"))
    }

    /// Looks whose token it is: the program may have ignored what it was asked.
    fn accepted(&self, answer: Answer, tenant: Option<&str>) -> Result<AccessToken, Miss> {
        let token = AccessToken::new(answer.token, answer.end);
        let identity = Identity::of(&token);
        let of_tenant = [answer.tenant.as_deref(), identity.tenant()];
        if identity.is_personal() || of_tenant.into_iter().flatten().any(|id| id == super::identity::PERSONAL_ACCOUNTS)
        {
            return Err(diagnose::personal(self.tool, tenant));
        }
        let wanted = self.host.tenant.as_deref().and_then(|name| mcp_auth_layer::tenant::TenantId::parse(name).ok());
        match (wanted, identity.tenant()) {
            (Some(wanted), Some(given)) if !wanted.is(given) => Err(diagnose::other_tenant(self.tool, given, tenant)),
            _ => Ok(token),
        }
    }

    fn missing(&self) -> Miss {
        Miss::unavailable(format!("{} is not installed, or not on the PATH", self.tool.label))
            .cured_by(self.tool.install)
    }

    fn broken(&self, fault: &Fault) -> Miss {
        let miss = Miss::failed(format!("{} {fault}", self.tool.label));
        match fault {
            Fault::Late { .. } => miss.for_a_while().cured_by("run it by hand, and see what it waits for"),
            Fault::TooMuch | Fault::Io(_) => miss,
        }
    }
}

impl Link for DeveloperTool {
    fn name(&self) -> CredentialName {
        self.tool.name
    }

    fn token<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<AccessToken, Miss>> {
        Box::pin(self.ask(ask))
    }

    fn patience(&self) -> Duration {
        self.host.patience
    }

    fn sign_in_again(&self) -> &'static str {
        self.tool.again
    }
}

/// Letters, digits and what stands in names of scopes; it begins with a letter or digit, so that it is no option.
fn is_plain(scope: &str) -> bool {
    scope.len() <= 512
        && scope.starts_with(|first: char| first.is_ascii_alphanumeric())
        && scope.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/._-".contains(&byte))
}
