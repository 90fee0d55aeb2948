//! Says why a server does not work here, the first fault first.
//!
//! A server hands over what it knows of itself, as a [`Patient`]; [`examine`] makes the checks, at the same time where none
//! depends on another, and skips what cannot be checked because something before it failed. Each check that is not well says what
//! was seen, why it is so, what to do, who can do that, and by which words other people search for it.
//!
//! | id | what it looks at |
//! |---|---|
//! | `configuration` | the settings, all mistakes at once |
//! | `proxy` | which proxy is in force, and whether it lets this server through |
//! | `dns` | each host's addresses, and whether a private endpoint is missed |
//! | `ca` | whom this machine trusts, and who signed what the hosts show |
//! | `reach` | each host, over TCP and TLS |
//! | `clock` | this machine's clock against Entra's |
//! | `discovery`, `keys` | the tenant, and the keys by which callers are judged |
//! | `credential` | with what the server proves that it is its app |
//! | `hosting` | who the place is where it runs |
//! | `permissions`, `roles` | what the acting identity may do |
//! | `listener` | the port, and the public name |
//!
//! A server adds checks of its own with [`Patient::with_check`].

mod account;
mod admin;
mod check;
mod checks;
mod endpoint;
mod errand;
mod examine;
mod form;
mod network;
mod patient;
mod report;
mod rights;
mod words;

pub use self::{
    check::{Check, Finding, Status},
    endpoint::{Endpoint, Need},
    errand::{Errand, Hosts, Permission, Role, RoleKind},
    examine::{Examination, examine},
    form::{Form, FormOptions},
    network::{
        fault::NameFault,
        resolve::{Resolver, SystemResolver},
    },
    patient::{Listener, Patient, Service},
    report::Report,
};
