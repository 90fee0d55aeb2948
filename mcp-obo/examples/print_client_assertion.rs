//! Prints the assertion by which a certificate proves an app, to look at it with other tools.
//!
//! ```console
//! cargo run -p mcp-obo --example print_client_assertion --features pfx -- TOKEN_ENDPOINT CLIENT_ID FILE [x5c] [rs256]
//! ```
//!
//! `FILE` is PEM, or PKCS#12 without a password when its name ends with `.pfx`. What is printed proves the app for ten minutes.

#![allow(clippy::print_stdout, reason = "that is what it is for")]

use std::{env, error::Error};

use http::Uri;
use mcp_auth_layer::clock::{Clock, SystemClock};
use mcp_obo::{
    ClientCertificate, ClientCredential,
    credential::{CertificateError, ClientContext},
};

fn read(file: &str) -> Result<ClientCertificate, CertificateError> {
    #[cfg(feature = "pfx")]
    if file.ends_with(".pfx") {
        return ClientCertificate::from_pfx_file(file, "");
    }
    ClientCertificate::from_pem_file(file)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [token_endpoint, client_id, file, choices @ ..] = &arguments[..] else {
        return Err("usage: print_client_assertion TOKEN_ENDPOINT CLIENT_ID FILE [x5c] [rs256]".into());
    };
    let mut certificate = read(file)?;
    for choice in choices {
        certificate = match choice.as_str() {
            "x5c" => certificate.with_x5c(),
            "rs256" => certificate.with_rs256(),
            other => return Err(format!("{other} is none of x5c, rs256").into()),
        };
    }
    let token_endpoint: Uri = token_endpoint.parse()?;
    let auth = certificate.authenticate(&ClientContext::new(client_id, &token_endpoint, SystemClock.now())).await?;
    for (_, value) in auth.fields().iter().filter(|(name, _)| *name == "client_assertion") {
        println!("{value}");
    }
    Ok(())
}
