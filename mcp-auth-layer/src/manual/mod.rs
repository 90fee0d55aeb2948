//! For those who review this crate: what it must withstand, and where to look.
//!
//! - [`threats`]: every threat to the layers, the control against it, and the test that fails without the control.
//! - [`known_failures`]: failures of others that became public, the rule by which they cannot happen here, and its test.

pub mod known_failures;
pub mod threats;
