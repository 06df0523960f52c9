//! `[server]` and `[[caller]]`: where the service listens, and to whom.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::entry::Entry;
use super::pem;
use super::section::Section;
use crate::gateway::GatewayRules;
use crate::grpc::{CallerKey, GrpcConfig, TlsConfig};

/// Where the service listens unless it is told otherwise.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7443);

/// Where plaintext may be spoken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Plaintext {
    LoopbackOnly,
    Anywhere,
}

/// Whether callers are named, readable or not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Callers {
    /// No `[[caller]]` stands in the document.
    Absent,
    /// At least one does.
    Present,
}

/// What is wrong once other machines can reach the service, and what to do about it.
pub(super) type Danger = (&'static str, &'static str);

const PLAINTEXT: Danger = (
    "plaintext would leave this machine",
    "add [server.tls], or set plaintext = \"anywhere\" if something in front speaks TLS",
);
const ANYONE: Danger = ("anyone who reaches this address could call", "add a [[caller]], or listen on 127.0.0.1");

/// Reads `[server]`.
pub(super) fn read(
    mut section: Section<'_>,
    named: Callers,
    callers: Vec<CallerKey>,
    gateway: GatewayRules,
) -> GrpcConfig {
    let (millis, seconds) = (Duration::from_millis, Duration::from_secs);
    let tls = section.section("tls");
    let dangers = dangers(&mut section, &tls, named);
    let config = GrpcConfig {
        listen: section.read("listen", |entry| address(entry, &dangers), LISTEN),
        tls: read_tls(tls),
        callers,
        gateway,
        call_timeout: section.duration("call_timeout", millis(100)..=seconds(300), seconds(10)),
        drain_deadline: section.duration("drain_deadline", seconds(0)..=seconds(600), seconds(20)),
        max_connection_age: section.duration("max_connection_age", seconds(10)..=seconds(86_400), seconds(1_800)),
        max_concurrent_streams: section.read("max_concurrent_streams", |entry| entry.integer(1..=65_536), 256),
        max_connections: section.read("max_connections", |entry| entry.integer(1..=1_000_000), 4096),
        handshake_timeout: section.read(
            "handshake_timeout",
            |entry| entry.duration(Duration::from_millis(100)..=seconds(60)),
            seconds(10),
        ),
    };
    section.finish();
    config
}

/// What would be wrong if other machines could reach the service.
pub(super) fn dangers(section: &mut Section<'_>, tls: &Section<'_>, named: Callers) -> Vec<Danger> {
    let exposed = plaintext(section) == Plaintext::LoopbackOnly && !tls.is_present();
    let open = named == Callers::Absent;
    exposed.then_some(PLAINTEXT).into_iter().chain(open.then_some(ANYONE)).collect()
}

/// Reads where plaintext may be spoken.
pub(super) fn plaintext(section: &mut Section<'_>) -> Plaintext {
    let places = [("loopback-only", Plaintext::LoopbackOnly), ("anywhere", Plaintext::Anywhere)];
    section.read("plaintext", |entry| entry.one_of(&places), Plaintext::LoopbackOnly)
}

/// Reads the address, and states the dangers if others can reach it.
pub(super) fn address(entry: Entry<'_>, dangers: &[Danger]) -> Option<SocketAddr> {
    let address = entry.address()?;
    if !address.ip().to_canonical().is_loopback() {
        for (danger, hint) in dangers {
            entry.refuse_with::<()>(*danger, Some((*hint).to_owned()));
        }
    }
    Some(address)
}

/// Reads certificate and key, and the CA of clients.
pub(super) fn read_tls(mut section: Section<'_>) -> Option<TlsConfig> {
    if !section.is_present() {
        return None;
    }
    let chain = section.required("certificate").and_then(pem::certificates);
    let key = section.required("key").and_then(|entry| pem::private_key(entry, chain.as_ref()));
    let client_ca = section.entry("client_ca").and_then(pem::certificates).map(|ca| ca.pem);
    section.finish();
    Some(TlsConfig { certificate: chain?.pem, key: key?, client_ca })
}
