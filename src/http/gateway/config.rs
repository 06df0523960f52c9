//! What the edge for proxies needs to know before it starts.

use std::net::SocketAddr;
use std::time::Duration;

use crate::crypto::tls::TlsConfig;
use crate::verifier::CallerKey;

/// Where and how proxies of HTTP ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayConfig {
    /// The address to listen on; port 0 asks the system for a free one.
    pub listen: SocketAddr,
    /// The certificate to show; `None` is plaintext.
    pub tls: Option<TlsConfig>,
    /// The callers and the digests of their keys. When empty, every caller is the auth server `local`.
    pub callers: Vec<CallerKey>,
    /// How many connections are let in at a time; further ones are closed at once.
    pub max_connections: u32,
    /// The longest time an answer may take.
    pub call_timeout: Duration,
    /// How long a connection may take to agree on TLS, or to send its next request.
    pub idle_timeout: Duration,
}

impl GatewayConfig {
    /// Plaintext on an address, open to whoever reaches it, with the usual limits.
    pub const fn on(listen: SocketAddr) -> Self {
        Self {
            listen,
            tls: None,
            callers: Vec::new(),
            max_connections: 4096,
            call_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
        }
    }
}
