//! What the gRPC edge needs to know before it starts.

use std::net::SocketAddr;
use std::time::Duration;

use crate::crypto::tls::TlsConfig;
use crate::gateway::GatewayRules;
use crate::verifier::CallerKey;

/// Where and how the service listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcConfig {
    /// The address to listen on; port 0 asks the system for a free one.
    pub listen: SocketAddr,
    /// The certificate to show; `None` is plaintext.
    pub tls: Option<TlsConfig>,
    /// The callers and the digests of their keys. When empty, every caller is the auth server `local`.
    pub callers: Vec<CallerKey>,
    /// How requests of gateways are judged.
    pub gateway: GatewayRules,
    /// The longest time a call may take, whatever deadline the caller states.
    pub call_timeout: Duration,
    /// How long calls may go on after the service was told to stop.
    pub drain_deadline: Duration,
    /// How long one connection is kept before the client has to open a new one.
    pub max_connection_age: Duration,
    /// How many calls one connection may have in flight.
    pub max_concurrent_streams: u32,
    /// How many connections are let in at a time; further ones are closed at once.
    pub max_connections: u32,
    /// How long a connection may take to send its first bytes, and TLS to be agreed on.
    pub handshake_timeout: Duration,
}

impl GrpcConfig {
    /// Plaintext on an address, open to whoever reaches it, with the usual limits.
    pub const fn on(listen: SocketAddr) -> Self {
        Self {
            listen,
            tls: None,
            callers: Vec::new(),
            gateway: GatewayRules::USUAL,
            call_timeout: Duration::from_secs(10),
            drain_deadline: Duration::from_secs(20),
            max_connection_age: Duration::from_secs(1_800),
            max_concurrent_streams: 256,
            max_connections: 4096,
            handshake_timeout: Duration::from_secs(10),
        }
    }
}
