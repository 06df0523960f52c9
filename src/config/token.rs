//! `[token]`: how verdicts are signed.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use super::entry::Entry;
use super::pem;
use super::section::Section;
use crate::crypto::seal::{SECRET_MINIMUM, SealKey};
use crate::ids::Name;
use crate::store::StoreConfig;
use crate::token::{LIFETIME_LIMIT, Schedule};
use crate::verdict::ear::EarProfile;
use crate::verifier::TokenConfig;

const ISSUER: &str =
    "an https URL without query, fragment and closing slash, for example \"https://verdicts.example.com\"";

/// The longest issuer, in bytes.
const ISSUER_LIMIT: usize = 255;

const MAKE_A_SECRET: &str = "make one with  openssl rand -hex 32";

/// Reads `[token]`. Without the section, nothing is signed.
pub(super) fn read(
    mut section: Section<'_>,
    store: &StoreConfig,
    audiences: HashMap<Name, Vec<Name>>,
) -> Option<TokenConfig> {
    if !section.is_present() {
        return None;
    }
    let issuer = section.required("issuer").and_then(issuer);
    let file = match store {
        StoreConfig::Memory => section.entry("seal_key_file"),
        StoreConfig::Sqlite { .. } => section.required("seal_key_file"),
    };
    let usual = TokenConfig::of("");
    let (second, minute, hour) = (Duration::from_secs(1), Duration::from_secs(60), Duration::from_secs(3600));
    let profiles = [EarProfile::Ear04, EarProfile::Veraison2023].map(|profile| (profile.name(), profile));
    let rotate_every = section.duration("rotate_every", hour..=hour * 8784, usual.schedule.rotate_every);
    let ahead = (usual.schedule.publish_ahead).min(rotate_every / 2);
    let publish_ahead = section.read("publish_ahead", |entry| entry.duration(minute * 10..=rotate_every / 2), ahead);
    let config = TokenConfig {
        seal: file.and_then(seal),
        seal_is_exposed: file.and_then(Entry::path).is_some_and(|path| is_exposed(&path)),
        lifetime: section.duration("lifetime", second * 10..=LIFETIME_LIMIT, usual.lifetime),
        schedule: Schedule { rotate_every, publish_ahead },
        profile: section.read("ear_profile", |entry| entry.one_of(&profiles), EarProfile::Ear04),
        audiences,
        ..usual
    };
    section.finish();
    Some(TokenConfig { issuer: issuer?, ..config })
}

fn issuer(entry: Entry<'_>) -> Option<String> {
    let text = entry.text()?;
    let host = text.strip_prefix("https://").and_then(|rest| rest.split('/').next()).filter(|host| !host.is_empty());
    let plain = |char: char| char.is_ascii_alphanumeric() || "-._~:/%[]".contains(char);
    let sound = host.is_some() && !text.ends_with('/') && text.chars().all(plain) && text.len() <= ISSUER_LIMIT;
    if sound { Some(text.to_owned()) } else { entry.refuse(format!("expected {ISSUER}")) }
}

/// Reads a secret. White space around it does not count; nothing of it is shown.
fn seal(entry: Entry<'_>) -> Option<SealKey> {
    let secret = zeroize::Zeroizing::new(pem::file(entry)?);
    let short = format!("the file holds less than {SECRET_MINIMUM} bytes");
    SealKey::derive(secret.trim_ascii()).or_else(|| entry.refuse_with(short, Some(MAKE_A_SECRET.to_owned())))
}

/// Whether others than its owner may read the file.
#[cfg(unix)]
fn is_exposed(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_exposed(_: &Path) -> bool {
    false
}
