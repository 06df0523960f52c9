//! `[app.play_integrity]`: what Google Play Integrity has to say for an app.

use std::collections::BTreeSet;
use std::time::Duration;

use data_encoding::BASE64;

use super::android::{package_name, signer};
use super::entry::{Entry, refuse_repeats};
use super::pem;
use super::section::Section;
use crate::appraisal::{Outage, PlayIntegrityPolicy, Presence, Signal, Stance};
use crate::crypto::jose::KeyEncryptionKey;
use crate::crypto::key::P256PublicKey;
use crate::evidence::claims::play_integrity::{AppVerdict, DeviceLabel, LicensingVerdict, SignerDigest, TokenKind};
use crate::evidence::play_integrity::{IntegrityKeys, TestingResponses, TokenKinds};
use crate::verifier::PlayIntegrityConfig;

/// The least time that is given to Google.
const MOMENT: Duration = Duration::from_millis(100);
/// How old a verdict may be, and how long one may be held: a day at most.
const DAY: Duration = Duration::from_secs(86_400);
/// How long a verdict is held unless told otherwise.
const HOLD: Duration = Duration::from_secs(3_600);

/// The verdicts on an app that can be accepted; the others say that nothing is known.
static APP_VERDICTS: [AppVerdict; 2] = [AppVerdict::PlayRecognized, AppVerdict::UnrecognizedVersion];
/// The labels that can be needed.
static DEVICE_LABELS: [DeviceLabel; 4] =
    [DeviceLabel::Basic, DeviceLabel::Device, DeviceLabel::Strong, DeviceLabel::Virtual];
/// The verdicts on a licence that can be accepted.
static LICENSING_VERDICTS: [LicensingVerdict; 2] = [LicensingVerdict::Licensed, LicensingVerdict::Unlicensed];

/// Reads the section, if it is there.
pub(super) fn read(mut section: Section<'_>) -> Option<PlayIntegrityConfig> {
    if !section.is_present() {
        return None;
    }
    let package_name = section.required("package_name").and_then(package_name).unwrap_or_default();
    let signers = section.required("signer_digests").and_then(signers).unwrap_or_default();
    let usual = PlayIntegrityConfig::careful(package_name, signers);
    let kinds = [
        ("any", TokenKinds::Any),
        ("classic", TokenKinds::Only(TokenKind::Classic)),
        ("standard", TokenKinds::Only(TokenKind::Standard)),
    ];
    let seconds = Duration::from_secs;
    let daily_quota = section.read("daily_quota", |entry| entry.integer(1..=u32::MAX), usual.daily_quota);
    let format = PlayIntegrityConfig {
        kinds: section.read("kinds", |entry| entry.one_of(&kinds), usual.kinds),
        keys: section.sections("key").into_iter().filter_map(keys).collect(),
        lab_keys: section.sections("lab_key").into_iter().filter_map(keys).collect(),
        decode_timeout: section.duration("decode_timeout", MOMENT..=seconds(30), usual.decode_timeout),
        daily_quota,
        quota_reserve: section.read("quota_reserve", |entry| entry.integer(0..=daily_quota), usual.quota_reserve),
        max_age: section.duration("max_age", seconds(1)..=DAY, usual.max_age),
        policy: policy(&mut section),
        ..usual
    };
    section.finish();
    Some(format)
}

fn signers(entry: Entry<'_>) -> Option<Vec<SignerDigest>> {
    entry.expect_items("signer's digest");
    let read = entry.items()?.into_iter().filter_map(|item| Some((item, signer(item)?))).collect::<Vec<_>>();
    refuse_repeats(&read, "signer's digest");
    Some(read.into_iter().map(|(_, signer)| signer).collect())
}

/// Reads one pair of response keys. What the files hold is never shown.
fn keys(mut section: Section<'_>) -> Option<IntegrityKeys> {
    let decryption = section.required("decryption").and_then(decryption_key);
    let verification = section.required("verification").and_then(verification_key);
    section.finish();
    Some(IntegrityKeys { decryption: decryption?, verification: verification? })
}

fn decryption_key(entry: Entry<'_>) -> Option<KeyEncryptionKey> {
    let key = console_text(entry)?.try_into().ok().map(KeyEncryptionKey::new);
    key.or_else(|| entry.refuse("the file holds no AES key of 32 bytes in base64"))
}

fn verification_key(entry: Entry<'_>) -> Option<P256PublicKey> {
    let key = P256PublicKey::from_spki(&console_text(entry)?).ok();
    key.or_else(|| entry.refuse("the file holds no public key on P-256 in base64"))
}

/// What a file with a text of the Play Console holds; nothing where it is not base64.
fn console_text(entry: Entry<'_>) -> Option<Vec<u8>> {
    let text = pem::file(entry)?;
    Some(BASE64.decode(text.trim_ascii()).unwrap_or_default())
}

fn policy(section: &mut Section<'_>) -> PlayIntegrityPolicy {
    let careful = PlayIntegrityPolicy::careful();
    let app_verdicts = section.entry("app_verdicts").and_then(|entry| {
        entry.expect_items("verdict");
        words(entry, &APP_VERDICTS, AppVerdict::name)
    });
    let presences = [("required", Presence::Required), ("optional", Presence::Optional)];
    let testing = [("refuse", TestingResponses::Refused), ("take", TestingResponses::Taken)];
    PlayIntegrityPolicy {
        presence: section.read("presence", |entry| entry.one_of(&presences), careful.presence),
        app_verdicts: app_verdicts.or(careful.app_verdicts),
        min_version_code: section
            .entry("min_version_code")
            .and_then(|entry| entry.integer(1..=u32::MAX))
            .map(u64::from),
        device_labels: section.read(
            "device_labels",
            |entry| {
                entry.expect_items("device label");
                words(entry, &DEVICE_LABELS, DeviceLabel::name)
            },
            careful.device_labels,
        ),
        strong_min_sdk: section
            .entry("strong_min_sdk")
            .map_or(careful.strong_min_sdk, |entry| entry.integer(1..=1_000)),
        licensing_verdicts: section.read(
            "licensing_verdicts",
            |entry| words(entry, &LICENSING_VERDICTS, LicensingVerdict::name),
            careful.licensing_verdicts,
        ),
        unlicensed: stance(section, "unlicensed", careful.unlicensed),
        recent_activity: signal(section, ["recent_activity", "recent_activity_unknown"], careful.recent_activity),
        access_risk: signal(section, ["access_risk", "access_risk_unknown"], careful.access_risk),
        known_access_risk: stance(section, "known_access_risk", careful.known_access_risk),
        play_protect: signal(section, ["play_protect", "play_protect_unknown"], careful.play_protect),
        location_risk: signal(section, ["location_risk", "location_risk_unknown"], careful.location_risk),
        testing_responses: section.read("testing_responses", |entry| entry.one_of(&testing), careful.testing_responses),
        refresh_every: section
            .entry("refresh_every")
            .and_then(|entry| entry.duration(Duration::from_secs(60)..=30 * DAY)),
        outage: outage(section),
    }
}

/// A list of words, each one of these.
fn words<W: Clone + Ord>(entry: Entry<'_>, known: &'static [W], name: fn(&W) -> &str) -> Option<BTreeSet<W>> {
    let names: Vec<_> = known.iter().map(|word| (name(word), word)).collect();
    Some(entry.items()?.into_iter().filter_map(|item| item.one_of(&names).cloned()).collect())
}

fn stance(section: &mut Section<'_>, key: &'static str, default: Stance) -> Stance {
    let stances = [("allow", Stance::Allow), ("step-up", Stance::StepUp), ("deny", Stance::Deny)];
    section.read(key, |entry| entry.one_of(&stances), default)
}

fn signal(section: &mut Section<'_>, [found, unknown]: [&'static str; 2], default: Signal) -> Signal {
    Signal { found: stance(section, found, default.found), unknown: stance(section, unknown, default.unknown) }
}

fn outage(section: &mut Section<'_>) -> Outage {
    let modes = [("refuse", Outage::Refuse), ("step-up", Outage::StepUp), ("hold", Outage::Hold(HOLD))];
    let outage = section.read("outage", |entry| entry.one_of(&modes), Outage::Refuse);
    let hold = section.entry("outage_hold");
    match (outage, hold) {
        (Outage::Hold(usual), hold) => {
            Outage::Hold(hold.and_then(|entry| entry.duration(Duration::from_secs(1)..=DAY)).unwrap_or(usual))
        }
        (outage, None) => outage,
        (outage, Some(entry)) => {
            entry.refuse::<()>("this has no meaning unless outage = \"hold\"");
            outage
        }
    }
}
