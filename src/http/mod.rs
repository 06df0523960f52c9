//! The HTTP edges, each with a listener of its own: metrics, liveness and readiness, for those who run the service, one request
//! on each connection and no body; and what proxies ask on every request of their clients.

mod config;
mod connection;
mod exposition;
mod gateway;
mod server;

pub use config::HttpConfig;
pub use gateway::{GatewayConfig, GatewayFault, GatewayServer};
pub use server::{HttpFault, HttpServer};
