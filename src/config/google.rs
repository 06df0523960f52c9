//! `[google]` and `[status_list]`: how Google is reached, and where its list of revoked certificates comes from.

use std::path::PathBuf;
use std::time::Duration;

use super::entry::Entry;
use super::pem;
use super::section::Section;
use crate::evidence::claims::Anchor;
use crate::upstream::{AccessConfig, AccessToken, Endpoint, GoogleConfig, ProxyAddress, ServiceAccount};
use crate::verifier::AppConfig;

/// How much of its entries, in percent, a list may have lost unless told otherwise.
const MAX_SHRINK: u32 = 25;

/// What is asked of the world outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamConfig {
    /// How Google is reached.
    pub google: GoogleConfig,
    /// Where the status list comes from.
    pub status_list: StatusListFrom,
}

/// Where the status list comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusListFrom {
    /// From Google, or what [`GoogleConfig::status_list`] names in its place.
    Google,
    /// From a file that somebody else renews.
    File(PathBuf),
    /// From nowhere: policies that ask for a list refuse every chain.
    Nowhere,
}

impl UpstreamConfig {
    /// Google's own services, and no way to have tokens opened there.
    pub fn usual() -> Self {
        Self { google: GoogleConfig::new(None), status_list: StatusListFrom::Google }
    }

    /// The app with the word of who opens its tokens: anybody but Google is a laboratory.
    pub(super) fn standing_behind(&self, mut app: AppConfig) -> AppConfig {
        if let Some(format) = &mut app.play_integrity {
            let genuine = self.google.play_integrity == Endpoint::google_play_integrity();
            format.decoder_origin = if genuine { Anchor::Vendor } else { Anchor::Lab };
        }
        app
    }
}

/// Reads `[google]` and `[status_list]`, with the share of its entries that a list may lose, in percent.
pub(super) fn read(mut google: Section<'_>, mut list: Section<'_>) -> (UpstreamConfig, u8) {
    let access = access(&mut google);
    let usual = GoogleConfig::new(access);
    let seconds = Duration::from_secs;
    let config = GoogleConfig {
        play_integrity: google.read("play_integrity", endpoint, usual.play_integrity.clone()),
        extra_roots: google.read("extra_roots", roots, Vec::new()),
        proxy: google.entry("proxy").and_then(proxy),
        connect_timeout: google.duration("connect_timeout", seconds(1)..=seconds(30), usual.connect_timeout),
        status_list: list.read("url", endpoint, usual.status_list.clone()),
        status_list_timeout: list.duration("timeout", seconds(1)..=seconds(600), usual.status_list_timeout),
        ..usual
    };
    let status_list = source(&mut list);
    let max_shrink = list.read("max_shrink", |entry| entry.integer(0..=100), MAX_SHRINK);
    google.finish();
    list.finish();
    (UpstreamConfig { google: config, status_list }, u8::try_from(max_shrink).unwrap_or(0))
}

#[derive(Clone, Copy)]
enum Source {
    Google,
    File,
    Off,
}

fn source(list: &mut Section<'_>) -> StatusListFrom {
    let sources = [("google", Source::Google), ("file", Source::File), ("off", Source::Off)];
    let source = list.read("source", |entry| entry.one_of(&sources), Source::Google);
    let path = list.entry("path");
    match (source, path) {
        (Source::File, Some(entry)) => StatusListFrom::File(entry.path().unwrap_or_default()),
        (Source::File, None) => {
            list.miss("\"path\" is missing".to_owned());
            StatusListFrom::Nowhere
        }
        (other, path) => {
            path.and_then(|entry| entry.refuse::<()>("this has no meaning unless source = \"file\""));
            if matches!(other, Source::Off) { StatusListFrom::Nowhere } else { StatusListFrom::Google }
        }
    }
}

/// At most one way to get access tokens.
fn access(google: &mut Section<'_>) -> Option<AccessConfig> {
    let tokens = google.read("token_endpoint", endpoint, Endpoint::google_tokens());
    let account = google.entry("service_account").and_then(|entry| service_account(entry, tokens));
    let metadata = google.entry("metadata_server").and_then(|entry| match entry.text()? {
        "google-cloud" => Some(Endpoint::metadata_server()),
        _ => endpoint(entry),
    });
    let fixed = google.entry("access_token_file");
    let token = fixed.and_then(access_token);
    let others = [google.entry("metadata_server"), fixed].into_iter().flatten();
    let first = usize::from(account.is_none());
    for entry in others.skip(first) {
        entry.refuse::<()>("another way to get access tokens is named already");
    }
    let account = account.map(|account| AccessConfig::ServiceAccount(Box::new(account)));
    account.or(metadata.map(AccessConfig::MetadataServer)).or(token.map(AccessConfig::Fixed))
}

fn endpoint(entry: Entry<'_>) -> Option<Endpoint> {
    match Endpoint::parse(entry.text()?) {
        Ok(endpoint) => Some(endpoint),
        Err(fault) => entry.refuse(fault.to_string()),
    }
}

/// Reads a key file of Google Cloud. Nothing of it is shown.
fn service_account(entry: Entry<'_>, tokens: Endpoint) -> Option<ServiceAccount> {
    match ServiceAccount::parse(&pem::file(entry)?, tokens) {
        Ok(account) => Some(account),
        Err(fault) => entry.refuse(fault.to_string()),
    }
}

fn access_token(entry: Entry<'_>) -> Option<AccessToken> {
    let bytes = pem::file(entry)?;
    let token = std::str::from_utf8(bytes.trim_ascii()).ok().and_then(AccessToken::parse);
    token.or_else(|| entry.refuse("the file holds no access token"))
}

fn roots(entry: Entry<'_>) -> Option<Vec<Vec<u8>>> {
    let files = entry.items()?.into_iter().filter_map(|item| Some(pem::certificates(item)?.der));
    Some(files.flatten().collect())
}

fn proxy(entry: Entry<'_>) -> Option<ProxyAddress> {
    entry.conceal();
    ProxyAddress::parse(entry.text()?).or_else(|| entry.refuse("expected an address such as \"http://proxy:3128\""))
}
