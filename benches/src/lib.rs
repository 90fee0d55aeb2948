//! What the benches share: a tenant without a network, works measured in turn, and the rows that they write.

pub mod bare;
pub mod crowd;
pub mod load;
pub mod rounds;
pub mod rows;
pub mod scale;
mod tenant;
pub mod works;

pub use tenant::{DOWNSTREAM_TOKEN, Tenant, unsigned_user};
