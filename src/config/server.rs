//! `[server]` and `[[caller]]`: where the service listens, and to whom.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::entry::Entry;
use super::pem;
use super::section::Section;
use crate::grpc::{CallerKey, GrpcConfig, TlsConfig};

/// Where the service listens unless it is told otherwise.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7443);

/// Where plaintext may be spoken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plaintext {
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

/// Reads `[server]`.
pub(super) fn read(mut section: Section<'_>, named: Callers, callers: Vec<CallerKey>) -> GrpcConfig {
    let seconds = Duration::from_secs;
    let listen = section.entry("listen");
    let tls = section.section("tls");
    let places = [("loopback-only", Plaintext::LoopbackOnly), ("anywhere", Plaintext::Anywhere)];
    let plaintext = match section.read("plaintext", |entry| entry.one_of(&places), Plaintext::LoopbackOnly) {
        _ if tls.is_present() => Plaintext::Anywhere,
        plaintext => plaintext,
    };
    let config = GrpcConfig {
        listen: listen.and_then(|entry| address(entry, plaintext, named)).unwrap_or(LISTEN),
        tls: read_tls(tls),
        callers,
        call_timeout: section.read(
            "call_timeout",
            |entry| entry.duration(Duration::from_millis(100)..=seconds(300)),
            seconds(10),
        ),
        drain_deadline: section.read(
            "drain_deadline",
            |entry| entry.duration(Duration::ZERO..=seconds(600)),
            seconds(20),
        ),
        max_connection_age: section.read(
            "max_connection_age",
            |entry| entry.duration(seconds(10)..=seconds(86_400)),
            seconds(1_800),
        ),
        max_concurrent_streams: section.read("max_concurrent_streams", |entry| entry.integer(1..=65_536), 256),
    };
    section.finish();
    config
}

/// Reads the address, and asks for protection where others can reach it.
fn address(entry: Entry<'_>, plaintext: Plaintext, named: Callers) -> Option<SocketAddr> {
    let address = entry.address()?;
    if address.ip().to_canonical().is_loopback() {
        return Some(address);
    }
    if plaintext == Plaintext::LoopbackOnly {
        let hint = "add [server.tls], or set plaintext = \"anywhere\" if something in front speaks TLS";
        entry.refuse_with::<()>("plaintext would leave this machine", Some(hint.to_owned()));
    }
    if named == Callers::Absent {
        let hint = "add a [[caller]], or listen on 127.0.0.1";
        entry.refuse_with::<()>("anyone who reaches this address could call", Some(hint.to_owned()));
    }
    Some(address)
}

fn read_tls(mut section: Section<'_>) -> Option<TlsConfig> {
    if !section.is_present() {
        return None;
    }
    let chain = section.required("certificate").and_then(pem::certificates);
    let key = section.required("key").and_then(|entry| pem::private_key(entry, chain.as_ref()));
    let client_ca = section.entry("client_ca").and_then(pem::certificates).map(|ca| ca.pem);
    section.finish();
    Some(TlsConfig { certificate: chain?.pem, key: key?, client_ca })
}
