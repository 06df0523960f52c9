//! `[gateway]`: how requests of gateways are judged, and where proxies of HTTP ask.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::entry::Entry;
use super::section::Section;
use super::server::{Callers, address, dangers, read_tls};
use crate::gateway::{GatewayRules, Tell};
use crate::http::GatewayConfig;

/// Where proxies ask unless the section says otherwise.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7081);
const TELL: [(&str, Tell); 3] = [("remedies", Tell::Remedies), ("codes", Tell::Codes), ("nothing", Tell::Nothing)];
/// The longest name of a header field.
const NAME_LIMIT: usize = 64;

/// Reads `[gateway]` and `[gateway.http]`; without the latter, proxies of HTTP cannot ask.
pub(super) fn read(mut section: Section<'_>, named: Callers) -> (GatewayRules, Option<GatewayConfig>) {
    let http = section.section("http");
    let rules = GatewayRules {
        app: section.entry("app").and_then(Entry::parsed),
        tell: section.read("tell", |entry| entry.one_of(&TELL), Tell::Remedies),
        tls_fingerprint_header: section.entry("tls_fingerprint_header").and_then(header_name),
        session_header: section.entry("session_header").and_then(header_name),
    };
    section.finish();
    (rules, read_http(http, named))
}

fn read_http(mut section: Section<'_>, named: Callers) -> Option<GatewayConfig> {
    if !section.is_present() {
        return None;
    }
    let tls = section.section("tls");
    let dangers = dangers(&mut section, &tls, named);
    let usual = GatewayConfig::on(LISTEN);
    let (millis, seconds) = (Duration::from_millis, Duration::from_secs);
    let config = GatewayConfig {
        listen: section.read("listen", |entry| address(entry, &dangers), LISTEN),
        tls: read_tls(tls),
        callers: Vec::new(),
        max_connections: section.read("max_connections", |entry| entry.integer(1..=1_000_000), usual.max_connections),
        call_timeout: section.duration("call_timeout", millis(100)..=seconds(300), usual.call_timeout),
        idle_timeout: section.duration("idle_timeout", seconds(1)..=seconds(3_600), usual.idle_timeout),
    };
    section.finish();
    Some(config)
}

/// A name of a header field, in lower case: letters, digits and hyphens.
fn header_name(entry: Entry<'_>) -> Option<String> {
    let text = entry.text()?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.is_empty() || text.len() > NAME_LIMIT || !text.bytes().all(plain) || text.starts_with("bonafide-") {
        return entry.refuse("expected the name of a header field in lower case, for example \"x-ja4\"");
    }
    Some(text.to_owned())
}
