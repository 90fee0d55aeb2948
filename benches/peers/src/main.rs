//! Writes the rows of the table `bearer`; with `once`, prints those that need no HTTP; with `serve`, is one of the servers that
//! are measured over HTTP.

#![forbid(unsafe_code)]

use std::env;

use benches::{rows::Sheet, scale::Scale};
use peers::{http, processes, stacks::Failure, table::TABLE};

fn main() -> Result<(), Failure> {
    // Two backends are linked, so one must be chosen: the faster.
    jsonwebtoken_10::crypto::aws_lc::DEFAULT_PROVIDER
        .install_default()
        .map_err(|_| "a backend is installed already")?;
    let arguments: Vec<_> = env::args().skip(1).collect();
    let scale = Scale::of_arguments();
    match arguments.first().map(String::as_str) {
        Some("serve") => http::server::run(&arguments),
        Some(processes::ONCE) => processes::print(scale),
        _ => {
            let mut sheet = Sheet::open(TABLE)?;
            processes::write(scale, &mut sheet)?;
            http::table::write(scale, &mut sheet)
        }
    }
}
