//! What a verified caller must bring besides a good token.
//!
//! An [`AccessPolicy`] lets a caller through exactly when
//! 1. it is a user, or an application whose app role the policy names; applications are shut out by default;
//! 2. its client is on the list of clients, if there is one;
//! 3. it has the scopes, by the [`ScopePolicy`], if there is one;
//! 4. it has one of the app roles, and is in one of the groups, if such lists exist;
//! 5. it signed in as the policy asks: authentication context, `acr`, age of the sign-in.
//!
//! The order is that of what helps the caller: a missing scope can be asked for, a role cannot, and a new sign-in is worth
//! nothing to somebody who will be refused anyway.
//!
//! Lists are never empty: "nobody" and "everybody" are both mistakes that a list should not be able to make.
//!
//! # Example
//! ```
//! use mcp_auth_layer::policy::{AccessPolicy, ScopePolicy};
//!
//! # fn main() -> Result<(), mcp_auth_layer::config::ConfigError> {
//! // Readers may read; a nightly job may too; writers must have signed in with what context c1 asks for.
//! let read = AccessPolicy::new(ScopePolicy::any(["Posts.Read", "Posts.ReadWrite"])?.or_app_role("Posts.Read.All")?);
//! let write = AccessPolicy::new(ScopePolicy::all(["Posts.ReadWrite"])?).require_authentication_context("c1")?;
//! # let _ = (read, write); Ok(()) }
//! ```

mod access;
mod scopes;
mod sign_in;

pub use self::{access::AccessPolicy, scopes::ScopePolicy};
