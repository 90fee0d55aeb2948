//! Azure's own names, as a client behind the network's proxy reaches them.

mod gateway;
mod network;
