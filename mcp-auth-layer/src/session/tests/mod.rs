//! The decision by tables, and requests through the layer.

mod decision;
mod ownership;
mod passing;
