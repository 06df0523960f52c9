//! The edge for proxies of HTTP: forward-auth. It has a listener of its own, and hears known callers only.

mod config;
mod forward_auth;
mod proxy;
mod router;
mod server;

pub use config::GatewayConfig;
pub use server::{GatewayFault, GatewayServer};
