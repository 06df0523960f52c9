//! What the HTTP edge needs to know before it starts.

use std::net::SocketAddr;
use std::time::Duration;

/// Where and how metrics and health are served, in plaintext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// The address to listen on; port 0 asks the system for a free one.
    pub listen: SocketAddr,
    /// How many connections are let in at a time; further ones are closed at once.
    pub max_connections: u32,
    /// How long a connection may take altogether, from the first byte of the request to the last of the answer.
    pub connection_timeout: Duration,
}

impl HttpConfig {
    /// On an address, with the usual limits.
    pub const fn on(listen: SocketAddr) -> Self {
        Self { listen, max_connections: 64, connection_timeout: Duration::from_secs(10) }
    }
}
