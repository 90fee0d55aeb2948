//! With what this server proves that it is its app: `AzureAd__ClientCredentials__N__*`, in the order of N.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcp_auth_layer::{EntraApp, bypass::Environment};
use mcp_obo::{
    ClientCredential, ClientCredentials, ClientSecret, HostingIdentity, KeyVault, KeyVaultCertificate, ManagedIdentity,
    WorkloadIdentity, credential::ClientCertificate, managed_identity::ManagedIdentityId,
};
use server_kit::settings::{Reader, certificate, host};

/// More than anybody has.
const MOST: usize = 10;

const SECTION: &str = "AzureAd__ClientCredentials";
const SHORT_SECRET: &str = "AzureAd__ClientSecret";

const SOURCES: [&str; 6] = [
    "ClientSecret",
    "Path",
    "Base64Encoded",
    "KeyVault",
    "SignedAssertionFromManagedIdentity",
    "SignedAssertionFilePath",
];
/// What stands beside a source's name.
const PARTS: [&str; 8] = [
    "ClientSecret",
    "CertificateDiskPath",
    "Base64EncodedValue",
    "KeyVaultUrl",
    "KeyVaultCertificateName",
    "ManagedIdentityClientId",
    "SignedAssertionFileDiskPath",
    "SignedAssertionFilePath",
];

type Found = Option<Arc<dyn ClientCredential>>;

pub(super) fn read(reader: &mut Reader<'_>, environment: Environment, app: &EntraApp) -> Option<ClientCredentials> {
    let before = reader.mistakes.len();
    let found: Vec<_> = (0..MOST).filter_map(|index| one(reader, environment, app, index)).collect();
    let short = reader.get(SHORT_SECRET).map(|secret| Arc::new(ClientSecret::new(secret)) as Arc<dyn ClientCredential>);
    let mut found = found.into_iter().chain(short);
    let Some(first) = found.next() else {
        if reader.mistakes.len() == before {
            reader.mistake(format!(
                "{SECTION}__0__SourceType: not set; users are acted for, so the app needs a credential: write \
                 SignedAssertionFromManagedIdentity, SignedAssertionFilePath, KeyVault, Path, Base64Encoded or ClientSecret"
            ));
        }
        return None;
    };
    Some(ClientCredentials::new(first, found))
}

fn one(reader: &mut Reader<'_>, environment: Environment, app: &EntraApp, index: usize) -> Found {
    let name = |part: &str| format!("{SECTION}__{index}__{part}");
    let Some(source) = reader.get(&name("SourceType")) else {
        if let Some(part) = PARTS.iter().map(|part| name(part)).find(|part| reader.is_set(part)) {
            reader.mistake(format!("{}: not set, so that {part} means nothing", name("SourceType")));
        }
        return None;
    };
    // .NET reads the names of sources in any case.
    let known = SOURCES.into_iter().find(|known| known.eq_ignore_ascii_case(source.trim()));
    match known.unwrap_or(&source) {
        "ClientSecret" => secret(reader, environment, &name("ClientSecret")),
        "Path" => {
            need(reader, &name("CertificateDiskPath"))?;
            let read = certificate::read(reader, &name("CertificateDiskPath"), &name("CertificatePassword"))?;
            Some(Arc::new(read))
        }
        "Base64Encoded" => encoded(reader, &name("Base64EncodedValue"), &name("CertificatePassword")),
        "KeyVault" => vault(reader, app, &name("KeyVaultUrl"), &name("KeyVaultCertificateName")),
        "SignedAssertionFromManagedIdentity" => managed(reader, app, &name("ManagedIdentityClientId")),
        "SignedAssertionFilePath" => {
            let names = [name("SignedAssertionFileDiskPath"), name("SignedAssertionFilePath")];
            file(reader, &names)
        }
        other => {
            reader.mistake(format!("{}: {}", name("SourceType"), why_not(other)));
            None
        }
    }
}

fn why_not(source: &str) -> String {
    match source {
        "CustomSignedAssertion" => {
            "CustomSignedAssertion needs code of one's own, which this server cannot load".to_owned()
        }
        it if it.starts_with("StoreWith") => format!("{it} is a certificate store of Windows; write Path or KeyVault"),
        other => format!(
            "{other:?} is not known; write ClientSecret, Path, Base64Encoded, KeyVault, SignedAssertionFromManagedIdentity or \
             SignedAssertionFilePath"
        ),
    }
}

fn need(reader: &mut Reader<'_>, name: &str) -> Option<String> {
    let value = reader.get(name);
    if value.is_none() {
        reader.mistake(format!("{name}: not set, and its SourceType needs it"));
    }
    value
}

fn secret(reader: &mut Reader<'_>, environment: Environment, name: &str) -> Found {
    let secret = need(reader, name)?;
    if environment == Environment::Production {
        reader.warn(format!(
            "{name}: a client secret is in use; in production a managed identity (SignedAssertionFromManagedIdentity), a \
             workload identity (SignedAssertionFilePath) or a certificate is safer: nobody can copy it out of a variable"
        ));
    }
    Some(Arc::new(ClientSecret::new(secret)))
}

fn encoded(reader: &mut Reader<'_>, name: &str, password: &str) -> Found {
    let text = need(reader, name)?;
    let bytes = STANDARD.decode(text.trim()).map_err(|_| "it is not base64".to_owned());
    let bytes = reader.keep(name, bytes)?;
    let password = reader.get(password).unwrap_or_default();
    let certificate = reader.keep(name, ClientCertificate::from_pfx(bytes, password))?;
    Some(Arc::new(if certificate::sends_chain(reader) { certificate.with_x5c() } else { certificate }))
}

/// A certificate whose key stays in the vault, which is asked as what this service is deployed with.
fn vault(reader: &mut Reader<'_>, app: &EntraApp, url: &str, certificate: &str) -> Found {
    let (address, name) = (need(reader, url)?, need(reader, certificate)?);
    let Some(target) = KeyVault::target_in(app.cloud()) else {
        reader.mistake(format!("{url}: this cloud's Key Vault is not known here"));
        return None;
    };
    let identity = reader_of_vault(reader, app)?.add_target(&target);
    let vault = reader.keep(url, KeyVault::over(app.http().clone(), &address, app.cloud(), identity))?;
    let found = reader.keep(certificate, KeyVaultCertificate::from_certificate(&vault, &name))?;
    Some(Arc::new(found))
}

/// `AZURE_CLIENT_ID` alone is a managed identity; with a secret, a certificate or a workload's token it is a service principal.
pub(super) fn reader_of_vault(reader: &mut Reader<'_>, app: &EntraApp) -> Option<HostingIdentity> {
    let tenant = reader.get("AZURE_TENANT_ID").unwrap_or_else(|| app.authority().segment().to_owned());
    Some(HostingIdentity::chain(app, host::deployed(reader, app, &tenant)?))
}

fn managed(reader: &mut Reader<'_>, app: &EntraApp, name: &str) -> Found {
    let id = need(reader, name)?;
    let identity = reader.keep(name, ManagedIdentity::new(app, ManagedIdentityId::ClientId(id.trim().to_owned())))?;
    Some(Arc::new(identity))
}

/// The file that Kubernetes projects is what is meant where none is named.
fn file(reader: &mut Reader<'_>, names: &[String]) -> Found {
    const INJECTED: &str = "AZURE_FEDERATED_TOKEN_FILE";
    let named = names.iter().find(|name| reader.is_set(name)).map_or(INJECTED, String::as_str);
    let Some(path) = reader.get(named) else {
        reader.mistake(format!("{}: not set, and neither is {INJECTED}", names[0]));
        return None;
    };
    let identity = reader.keep(named, WorkloadIdentity::from_file(path))?;
    Some(Arc::new(identity))
}
