//! The HTTP edge: metrics, liveness and readiness, for those who run the service. It has a listener of its own, answers one
//! request on each connection, and reads no body.

mod config;
mod connection;
mod exposition;
mod server;

pub use config::HttpConfig;
pub use server::{HttpFault, HttpServer};
