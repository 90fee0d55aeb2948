//! The token cache: what is kept, for how long, and who may share a request.

mod expiry;
mod flights;
mod key;
mod l1;
mod users;

pub(crate) use self::{
    expiry::usable_until,
    flights::{Boarding, Outcome},
    key::{EntryKey, FlightKey, UserKey},
    l1::{Renewal, TokenCache},
    users::UserCell,
};
