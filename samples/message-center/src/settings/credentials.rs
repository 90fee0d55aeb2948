//! With what this server proves to Entra that it is its app: every credential that is set, in the contract's order.

use std::{fs, sync::Arc};

use mcp_obo::{
    ClientCredential, ClientCredentials, ClientSecret,
    credential::{CertificateError, ClientCertificate},
};

use super::{identity::Source, reader::Reader};

/// Reads them; the next one is tried when Entra refuses the one before.
pub(super) fn read(reader: &mut Reader<'_>, source: Source) -> Option<ClientCredentials> {
    let before = reader.mistakes.len();
    let mut found: Vec<Arc<dyn ClientCredential>> = Vec::new();
    if let Some(secret) = reader.get(source.secret_variable()) {
        found.push(Arc::new(ClientSecret::new(secret)));
    }
    if let Some(certificate) = certificate(reader, source) {
        found.push(Arc::new(certificate));
    }
    let unread = reader.mistakes.len() > before;
    later(reader, !found.is_empty());
    let mut found = found.into_iter();
    let Some(first) = found.next() else {
        // One that is set and cannot be read has been reported as what it is.
        if !unread {
            missing(reader, source);
        }
        return None;
    };
    Some(ClientCredentials::new(first, found))
}

/// Says in production that a secret is the weakest of them.
pub(super) fn warn_of_secret(reader: &mut Reader<'_>) {
    reader.warn(
        "a client secret is in use; in production a certificate (GRAPH_CLIENT_CERT_PATH, or in Key Vault \
         GRAPH_CLIENT_CERT_KEYVAULT_URL), a managed identity (GRAPH_CLIENT_MANAGED_IDENTITY) or a workload identity \
         (AZURE_FEDERATED_TOKEN_FILE) is safer: nobody can copy it out of a variable",
    );
}

pub(super) fn certificate(reader: &mut Reader<'_>, source: Source) -> Option<ClientCertificate> {
    let (path_variable, password_variable) = source.certificate_variables();
    let path = reader.get(path_variable)?;
    let password = reader.get(password_variable).unwrap_or_default();
    let read = if is_pem(&path) {
        ClientCertificate::from_pem_file(path)
    } else {
        ClientCertificate::from_pfx_file(path, password)
    };
    let sends_chain = source == Source::Azure && chain(reader);
    let certificate = reader.keep(path_variable, read.map_err(Explained))?;
    Some(if sends_chain { certificate.with_x5c() } else { certificate })
}

/// PEM is text and says so; what cannot be read is reported as PEM, the more usual form.
fn is_pem(path: &str) -> bool {
    fs::read(path).map_or(true, |bytes| bytes.windows(11).any(|window| window == b"-----BEGIN "))
}

fn chain(reader: &mut Reader<'_>) -> bool {
    const NAME: &str = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN";
    match reader.get(NAME).map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("false" | "0") => false,
        Some("true" | "1") => true,
        Some(other) => {
            reader.mistake(format!("{NAME}: {other:?} is not known; write true or false"));
            false
        }
    }
}

/// Shows the reason below the error too: an administrator gets one line.
struct Explained(CertificateError);

impl std::fmt::Display for Explained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        match std::error::Error::source(&self.0) {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

/// The app's credentials that this version cannot use.
const LATER: [&str; 3] =
    ["GRAPH_CLIENT_CERT_KEYVAULT_URL", "GRAPH_CLIENT_MANAGED_IDENTITY", "AZURE_FEDERATED_TOKEN_FILE"];

fn later(reader: &mut Reader<'_>, others: bool) {
    for name in LATER {
        if reader.is_set(name) {
            let text = format!("{name}: not supported by this version");
            match name {
                _ if !others => reader.mistake(text),
                // The platform injects it; nobody asked for it to be used.
                "AZURE_FEDERATED_TOKEN_FILE" => {}
                _ => reader.warn(format!("{text}; it is not used")),
            }
        }
    }
}

fn missing(reader: &mut Reader<'_>, source: Source) {
    let hint = if source == Source::Graph && reader.is_set("AZURE_CLIENT_SECRET") {
        "; AZURE_CLIENT_SECRET belongs to the hosting identity and is never sent with GRAPH_CLIENT_ID"
    } else {
        ""
    };
    let (certificate, _) = source.certificate_variables();
    reader.mistake(format!(
        "{}: not set; write the secret of this server's app, or the path of its certificate into {certificate}{hint}",
        source.secret_variable()
    ));
}
