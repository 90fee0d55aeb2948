//! The production guard.
