//! `VisualStudioCredential`: known by name, and never there.

use std::time::Duration;

use super::{
    link::{Ask, Link, Miss},
    name::CredentialName,
};
use crate::{access_token::AccessToken, boxed::BoxFuture};

#[derive(Debug)]
pub(super) struct VisualStudio;

impl Link for VisualStudio {
    fn name(&self) -> CredentialName {
        CredentialName::VisualStudio
    }

    fn token<'a>(&'a self, _: Ask<'a>) -> BoxFuture<'a, Result<AccessToken, Miss>> {
        let miss = Miss::unavailable("only .NET on Windows can ask Visual Studio");
        Box::pin(async { Err(miss.cured_by("sign in with az, Azure PowerShell or azd instead")) })
    }

    fn patience(&self) -> Duration {
        Duration::ZERO
    }
}
