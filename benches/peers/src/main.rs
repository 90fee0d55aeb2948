//! Writes the rows of the table `bearer`; with `serve`, is one of the servers that are measured over HTTP.

#![forbid(unsafe_code)]

use std::env;

use benches::{rows::Sheet, scale::Scale};
use peers::{http, stacks::Failure, table};

fn main() -> Result<(), Failure> {
    // Two backends are linked, so one must be chosen: the faster.
    jsonwebtoken_10::crypto::aws_lc::DEFAULT_PROVIDER
        .install_default()
        .map_err(|_| "a backend is installed already")?;
    let arguments: Vec<_> = env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        return http::server::run(&arguments);
    }
    let (scale, mut sheet) = (Scale::of_arguments(), Sheet::open("bearer")?);
    table::write(scale, &mut sheet)?;
    http::table::write(scale, &mut sheet)
}
