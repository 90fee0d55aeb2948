//! The whole Message Center server beside the same MCP service without the layers, and `getMessages` end to end.
//!
//! Writes the rows of the table `full_stack`; `--smoke` is short and says nothing but that everything works.
//!
//! Servers are processes of their own on the first processor; the tenant with its Graph, and the generator, are on the second.
//! Where there is no `taskset`, or one processor only, they share what there is, and the rows say so.

mod child;
mod end_to_end;
mod in_process;
mod mcp;
mod over_http;
mod place;
mod server;
mod summary;

use std::{env, error::Error};

use benches::{rows::Sheet, scale::Scale};
use server_kit::program::Allocator;

use crate::{child::Child, place::Place, server::Role};

// As the servers' own programs have it.
#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Why a measurement did not come to its end.
type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let Some(role) = Role::read(&arguments)? {
        return role.serve();
    }
    // The generator's place is inherited by this program's own run.
    let place = match Place::of(&arguments)? {
        Place::Elsewhere(status) => std::process::exit(status),
        Place::Here(place) => place,
    };
    let scale = Scale::of_arguments();
    let files = tempfile::tempdir()?;
    let users = scale.pick(10_000, 20);
    let tokens = files.path().join("tokens");
    let tenant = Child::start(&Role::Tenant { users, tokens: tokens.clone() }, place.other)?;
    let mut sheet = Sheet::open("full_stack")?;
    in_process::measure(&mut sheet, scale, &tenant, &tokens)?;
    over_http::measure(&mut sheet, scale, place, &tenant, &tokens)?;
    end_to_end::measure(&mut sheet, scale, place, &tenant, &tokens)
}
