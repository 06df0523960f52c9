//! Configuration: one TOML file becomes the `Config` of each part, or a list of everything that is wrong with it.
//!
//! The document is read section by section through `Section`, which refuses what nobody asked for. Faults are
//! noted in a `Ledger` and reading goes on, so that all come out at once. `docs/configuration.md` names every key.

pub mod check;

mod android;
mod app;
mod app_attest;
mod binding;
mod caller;
mod changes;
mod decisions;
mod document;
mod entry;
mod fault;
mod gateway;
mod google;
mod http;
mod key_attestation;
mod ledger;
mod pem;
mod place;
mod play_integrity;
mod row;
mod rule;
mod section;
mod server;
mod service;
mod signals;
mod telling;
mod token;
mod units;
mod warning;

#[cfg(test)]
mod tests;

use std::path::Path;

use toml::de::DeTable;

pub use document::Document;
pub use fault::{Fault, Faults};
pub use google::{StatusListFrom, UpstreamConfig};
pub use place::Place;
pub use telling::Telling;
pub use warning::Warning;

use crate::grpc::GrpcConfig;
use crate::http::{GatewayConfig, HttpConfig};
use crate::store::StoreConfig;
use crate::telemetry::LogConfig;
use crate::verifier::VerifierConfig;
use ledger::Ledger;
use section::Section;
use server::Callers;

/// The longest configuration, in bytes.
const TEXT_LIMIT: usize = 256 << 10;

/// Everything the service needs to know before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where and how it listens, and to whom.
    pub grpc: GrpcConfig,
    /// Where metrics and health are served; `None` is nowhere.
    pub http: Option<HttpConfig>,
    /// Where proxies of HTTP ask; `None` is nowhere.
    pub gateway: Option<GatewayConfig>,
    /// Where it keeps what it keeps.
    pub store: StoreConfig,
    /// What it asks of the world outside.
    pub upstream: UpstreamConfig,
    /// Which apps it knows.
    pub verifier: VerifierConfig,
    /// What it writes about itself.
    pub log: LogConfig,
}

impl Config {
    /// Reads a file. Paths in it are seen from its folder.
    pub fn load(path: &Path) -> Result<Self, Faults> {
        Document::read(path)?.config()
    }

    /// Reads a text. Paths in it are seen from the folder `base`.
    pub fn parse(text: &str, base: &Path) -> Result<Self, Faults> {
        read(text, base, "configuration")
    }

    /// What is allowed, but should not be done unknowingly.
    pub fn warnings(&self) -> Vec<Warning> {
        warning::all(self)
    }
}

fn read(text: &str, base: &Path, file: &str) -> Result<Config, Faults> {
    if text.len() > TEXT_LIMIT {
        let message = format!("is longer than {}", units::written_size(TEXT_LIMIT as u64));
        return Err(Faults::unreadable(file.to_owned(), message));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut ledger = Ledger::new(text, base);
    let (document, errors) = DeTable::parse_recoverable(text);
    errors.iter().for_each(|error| ledger.syntax(error));
    let config = read_document(Section::root(document.get_ref(), &ledger));
    ledger.close(file).map(|()| config)
}

/// Reads every section. What comes out counts only when the ledger has stayed empty.
fn read_document(mut root: Section<'_>) -> Config {
    let callers = root.sections("caller");
    let named = if callers.is_empty() { Callers::Absent } else { Callers::Present };
    let (upstream, status_list_max_shrink) = google::read(root.section("google"), root.section("status_list"));
    let (store, appraisals_kept) = service::store(root.section("store"));
    let (names, apps) = app::read(root.required_sections("app"), &upstream);
    let (callers, audiences) = caller::read(callers, &names);
    let (rules, gateway) = gateway::read(root.section("gateway"), named);
    let config = Config {
        gateway: gateway.map(|gateway| GatewayConfig { callers: callers.clone(), ..gateway }),
        grpc: server::read(root.section("server"), named, callers, rules),
        http: http::read(root.section("http")),
        verifier: VerifierConfig {
            challenge_lifetime: service::challenge_lifetime(root.section("challenge")),
            cache_capacity: service::cache_capacity(root.section("cache")),
            status_list_max_shrink,
            appraisals_kept,
            token: token::read(root.section("token"), &store, audiences),
            apps,
        },
        store,
        upstream,
        log: service::log(root.section("log")),
    };
    root.finish();
    config
}
