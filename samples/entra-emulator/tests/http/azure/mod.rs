//! Azure's own names, as a client behind the network's proxy reaches them.

mod app_configuration;
mod communication;
mod cosmos;
mod gateway;
mod health_models;
mod ledger;
mod management;
mod network;
mod permissions;
mod sdk;
mod storage;
mod vault;
