//! The edge for proxies of HTTP, on a listener of its own: forward-auth and introspection for known callers; the keys of tokens and
//! where things are, for everyone.

mod config;
mod forward_auth;
mod introspection;
mod negotiation;
mod patience;
mod proxy;
mod router;
mod server;
mod strangers;
mod well_known;

pub use config::GatewayConfig;
pub use server::{GatewayFault, GatewayServer};
