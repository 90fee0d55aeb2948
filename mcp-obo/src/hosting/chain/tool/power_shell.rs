//! `AzurePowerShellCredential`: whoever ran `Connect-AzAccount`.

use base64::prelude::*;

use super::{Tool, Wanted};
use crate::hosting::chain::name::CredentialName;

pub(in super::super) const AZURE_POWER_SHELL: Tool = Tool {
    name: CredentialName::AzurePowerShell,
    label: "Azure PowerShell",
    programs: if cfg!(windows) { &["pwsh", "powershell"] } else { &["pwsh"] },
    install: "install PowerShell 7 (https://aka.ms/powershell) and the module Az.Accounts, or put pwsh on the PATH",
    sign_in: "Connect-AzAccount",
    tenant_option: "-Tenant",
    again: "run `Connect-AzAccount` again on this machine: the downstream API refuses the present sign-in",
    arguments,
};

/// What the script prints where the module is missing.
pub(super) const NO_MODULE: &str = "mcp-obo: Az.Accounts is missing";

fn arguments(wanted: &Wanted<'_>) -> Vec<String> {
    // Encoded, because there is then nothing that any command line parser could split or expand.
    let script: Vec<u8> = script(wanted).encode_utf16().flat_map(u16::to_le_bytes).collect();
    ["-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand", &BASE64_STANDARD.encode(script)]
        .map(String::from)
        .to_vec()
}

/// Scope and tenant have no quotes in them, so that they can stand between single ones, where nothing is expanded.
///
/// Since Az.Accounts 5 the token is a `SecureString`; before, it is text, with a warning that it will not be.
fn script(wanted: &Wanted<'_>) -> String {
    let tenant = wanted.tenant.map(|tenant| format!("; TenantId = '{}'", tenant.as_str())).unwrap_or_default();
    format!(
        "$ErrorActionPreference = 'Stop'\n\
         $WarningPreference = $ProgressPreference = $InformationPreference = 'SilentlyContinue'\n\
         if (-not (Get-Module -ListAvailable -Name Az.Accounts)) {{ [Console]::Error.WriteLine('{NO_MODULE}'); exit 1 }}\n\
         try {{\n\
         Import-Module Az.Accounts\n\
         $ask = @{{ ResourceUrl = '{resource}'{tenant} }}\n\
         $got = Get-AzAccessToken @ask\n\
         $token = $got.Token\n\
         if ($token -is [securestring]) {{ $token = [Net.NetworkCredential]::new('', $token).Password }}\n\
         $end = ([DateTimeOffset]$got.ExpiresOn).ToUnixTimeSeconds()\n\
         [Console]::Out.WriteLine((ConvertTo-Json -Compress @{{ Token = $token; ExpiresOn = $end; TenantId = $got.TenantId }}))\n\
         }} catch {{ [Console]::Error.WriteLine($_.Exception.Message); exit 1 }}\n",
        resource = wanted.resource,
    )
}

#[cfg(test)]
mod tests {
    use mcp_auth_layer::tenant::TenantName;

    use super::*;

    #[test]
    fn the_script_goes_as_one_word_that_no_parser_touches() {
        let tenant = TenantName::parse("contoso.onmicrosoft.com").unwrap();
        let wanted =
            Wanted { scope: "https://a.example/.default", resource: "https://a.example", tenant: Some(&tenant) };
        let words = arguments(&wanted);
        assert_eq!(words[..4], ["-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand"]);
        let bytes = BASE64_STANDARD.decode(&words[4]).unwrap();
        let units: Vec<u16> = bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let text = String::from_utf16(&units).unwrap();
        assert!(text.contains("ResourceUrl = 'https://a.example'; TenantId = 'contoso.onmicrosoft.com' }"), "{text}");
        assert_eq!(text.matches('{').count(), text.matches('}').count(), "{text}");
        assert!(!script(&Wanted { tenant: None, ..wanted }).contains("TenantId = '"));
    }
}
