//! The configuration, the decision by tables, and requests through the layer.

mod configuration;
mod decision;
mod passing;
