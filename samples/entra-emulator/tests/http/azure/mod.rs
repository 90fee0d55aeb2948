//! Azure's own names, as a client behind the network's proxy reaches them.

mod gateway;
mod management;
mod network;
mod permissions;
mod storage;
mod vault;
