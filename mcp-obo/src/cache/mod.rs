//! The token cache: what is kept, for how long, and who may share a request.

mod expiry;
mod flights;
mod forgotten;
mod hasher;
mod key;
mod l1;

pub(crate) use self::{
    expiry::usable_until,
    flights::{Boarding, Outcome},
    forgotten::{Departure, Forgotten, UserTag},
    key::{EntryKey, FlightKey, UserKey},
    l1::{Renewal, TokenCache},
};
