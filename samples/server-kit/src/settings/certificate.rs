//! A certificate in a file, PEM or PKCS#12.

use mcp_obo::credential::ClientCertificate;

use super::Reader;

/// Reads the certificate at the path that the first variable names, opened by the password in the second.
pub fn read(reader: &mut Reader<'_>, path_variable: &str, password_variable: &str) -> Option<ClientCertificate> {
    let path = reader.get(path_variable)?;
    let password = reader.get(password_variable).unwrap_or_default();
    let read = ClientCertificate::from_file(path, &password);
    let sends_chain = sends_chain(reader);
    let certificate = reader.keep(path_variable, read)?;
    Some(if sends_chain { certificate.with_x5c() } else { certificate })
}

/// Whether apps trust a subject name and issuer, so that the certificate has to come along; the Azure SDKs' own variable.
pub fn sends_chain(reader: &mut Reader<'_>) -> bool {
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
