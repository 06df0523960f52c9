//! `[store]`, `[challenge]`, `[cache]` and `[log]`: the small sections.

use std::path::PathBuf;
use std::time::Duration;

use super::entry::Entry;
use super::section::Section;
use crate::store::StoreConfig;
use crate::telemetry::{LogConfig, LogFilter, LogFormat};
use crate::verifier::APPRAISALS_KEPT;

/// The database file, unless another one is named.
const DATABASE: &str = "bonafide.db";

#[derive(Clone, Copy)]
enum Kind {
    Sqlite,
    Memory,
}

/// The most appraisals that are kept on record.
const MOST_APPRAISALS: u32 = 1_000_000;

/// Reads `[store]`: where it is, and how many appraisals are kept on record.
pub(super) fn store(mut section: Section<'_>) -> (StoreConfig, u32) {
    let kinds = [("sqlite", Kind::Sqlite), ("memory", Kind::Memory)];
    let kind = section.read("kind", |entry| entry.one_of(&kinds), Kind::Sqlite);
    let path = section.entry("path");
    let kept = section.read("appraisals_kept", |entry| entry.integer(0..=MOST_APPRAISALS), APPRAISALS_KEPT);
    let usual = section.resolve(DATABASE);
    section.finish();
    let store = match kind {
        Kind::Sqlite => StoreConfig::Sqlite { path: path.and_then(database).unwrap_or(usual) },
        Kind::Memory => {
            path.and_then(|entry| entry.refuse::<()>("this has no meaning when kind = \"memory\""));
            StoreConfig::Memory
        }
    };
    (store, kept)
}

/// Reads the path of a file that is there or can be made.
fn database(entry: Entry<'_>) -> Option<PathBuf> {
    let path = entry.path()?;
    if path.is_dir() {
        return entry.refuse(format!("{} is a folder", path.display()));
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            entry.refuse(format!("there is no folder {}", folder.display()))
        }
        _ => Some(path),
    }
}

/// Reads `[challenge]`.
pub(super) fn challenge_lifetime(mut section: Section<'_>) -> Duration {
    let seconds = Duration::from_secs;
    let lifetime = section.duration("lifetime", seconds(10)..=seconds(900), seconds(300));
    section.finish();
    lifetime
}

/// Reads `[cache]`.
pub(super) fn cache_capacity(mut section: Section<'_>) -> u64 {
    let capacity = section.read("capacity", |entry| entry.size(1 << 20..=1 << 36), 64 << 20);
    section.finish();
    capacity
}

/// Reads `[log]`.
pub(super) fn log(mut section: Section<'_>) -> LogConfig {
    let formats = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let config = LogConfig {
        format: section.read("format", |entry| entry.one_of(&formats), LogFormat::Text),
        filter: section.read("filter", Entry::parsed, LogFilter::default()),
    };
    section.finish();
    config
}
