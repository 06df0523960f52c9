//! `[http]`: where metrics and health are served.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::section::Section;
use super::server::{Danger, Plaintext, address, plaintext};
use crate::http::HttpConfig;

/// Where they are served unless the section says otherwise.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7080);

const PLAINTEXT: Danger = (
    "plaintext would leave this machine",
    "listen on 127.0.0.1, or set plaintext = \"anywhere\" if only those who may know reach it",
);

/// Reads `[http]`. Without the section, nothing is served.
pub(super) fn read(mut section: Section<'_>) -> Option<HttpConfig> {
    if !section.is_present() {
        return None;
    }
    let exposed = plaintext(&mut section) == Plaintext::LoopbackOnly;
    let dangers: Vec<Danger> = exposed.then_some(PLAINTEXT).into_iter().collect();
    let usual = HttpConfig::on(LISTEN);
    let (shortest, longest) = (Duration::from_millis(100), Duration::from_secs(60));
    let config = HttpConfig {
        listen: section.read("listen", |entry| address(entry, &dangers), LISTEN),
        max_connections: section.read("max_connections", |entry| entry.integer(1..=4096), usual.max_connections),
        connection_timeout: section.duration("connection_timeout", shortest..=longest, usual.connection_timeout),
    };
    section.finish();
    Some(config)
}
