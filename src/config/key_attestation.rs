//! `[app.key_attestation]`: what Android Key Attestation has to prove for an app.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::android::{package_name, signer};
use super::app_attest::{lab_roots, sign_count};
use super::entry::{Entry, refuse_repeats};
use super::section::Section;
use crate::appraisal::{KeyAttestationPolicy, PatchAges, Presence, Stance, StatusListPolicy};
use crate::crypto::digest::Digest;
use crate::evidence::claims::{BootState, Purpose, SecurityLevel};
use crate::evidence::key_attestation::{AppIdentity, FactoryExpiry, IssuerRules, SharedUserId};
use crate::verifier::KeyAttestationConfig;

const HOUR: Duration = Duration::from_secs(3600);
/// The oldest patches that can be asked for, in months.
const MONTHS: u32 = 240;

static LEVELS: [(&str, SecurityLevel); 3] = [
    ("software", SecurityLevel::Software),
    ("trusted_environment", SecurityLevel::TrustedEnvironment),
    ("strongbox", SecurityLevel::StrongBox),
];
static BOOT_STATES: [(&str, BootState); 4] = [
    ("verified", BootState::Verified),
    ("self_signed", BootState::SelfSigned),
    ("unverified", BootState::Unverified),
    ("failed", BootState::Failed),
];
static STANCES: [(&str, Stance); 3] = [("allow", Stance::Allow), ("step-up", Stance::StepUp), ("deny", Stance::Deny)];

/// Reads the section, if it is there.
pub(super) fn read(mut section: Section<'_>) -> Option<KeyAttestationConfig> {
    if !section.is_present() {
        return None;
    }
    let packages = section.required("package_names").and_then(packages).unwrap_or_default();
    let signers = section.required("signer_digests").and_then(signers).unwrap_or_default();
    let identity = |package: &String| AppIdentity { package: package.clone(), signers: Some(signers.clone()) };
    let usual = KeyAttestationConfig::careful(packages.iter().map(identity).collect());
    let shared = [("refuse", SharedUserId::Refused), ("accept", SharedUserId::Accepted)];
    let expiry = [("tolerate", FactoryExpiry::Tolerated), ("refuse", FactoryExpiry::Refused)];
    let issuers = [("factory-excepted", IssuerRules::FactoryExcepted), ("strict", IssuerRules::Strict)];
    let format = KeyAttestationConfig {
        shared_user_id: section.read("shared_user_id", |entry| entry.one_of(&shared), usual.shared_user_id),
        factory_expiry: section.read("factory_expiry", |entry| entry.one_of(&expiry), usual.factory_expiry),
        issuers: section.read("issuers", |entry| entry.one_of(&issuers), usual.issuers),
        sign_count: sign_count(&mut section),
        lab_roots: section.read("lab_roots", lab_roots, Vec::new()),
        policy: policy(&mut section, &packages),
        ..usual
    };
    section.finish();
    Some(format)
}

fn packages(entry: Entry<'_>) -> Option<Vec<String>> {
    entry.expect_items("package");
    let read = entry.items()?.into_iter().filter_map(|item| Some((item, package_name(item)?))).collect::<Vec<_>>();
    refuse_repeats(&read, "package");
    Some(read.into_iter().map(|(_, package)| package).collect())
}

fn signers(entry: Entry<'_>) -> Option<BTreeSet<Digest>> {
    entry.expect_items("signer's digest");
    let read = entry.items()?.into_iter().filter_map(|item| Some((item, signer(item)?.0))).collect::<Vec<_>>();
    refuse_repeats(&read, "signer's digest");
    Some(read.into_iter().map(|(_, signer)| signer).collect())
}

fn policy(section: &mut Section<'_>, packages: &[String]) -> KeyAttestationPolicy {
    let careful = KeyAttestationPolicy::careful();
    let presences = [("required", Presence::Required), ("optional", Presence::Optional)];
    let provisionings = [("any", false), ("remote", true)];
    let locks = [("locked", true), ("any", false)];
    let codes = |code: u32| packages.iter().map(|package| (package.clone(), u64::from(code))).collect();
    KeyAttestationPolicy {
        presence: section.read("presence", |entry| entry.one_of(&presences), careful.presence),
        status_list: Some(status_list(section)),
        min_version_codes: section.read(
            "min_version_code",
            |entry| entry.integer(1..=u32::MAX).map(codes),
            BTreeMap::new(),
        ),
        min_level: section.read("min_level", |entry| entry.one_of(&LEVELS).map(Some), careful.min_level),
        boot_states: section.read("boot_states", |entry| boot_states(entry).map(Some), careful.boot_states),
        self_signed_keys: section.read(
            "self_signed_keys",
            |entry| Some(Some(entry.items()?.into_iter().filter_map(Entry::parsed).collect())),
            careful.self_signed_keys,
        ),
        locked: section.read("bootloader", |entry| entry.one_of(&locks), careful.locked),
        purposes: section.read("purposes", |entry| purposes(entry).map(Some), careful.purposes),
        max_patch_age: PatchAges {
            os: months(section, "os_patch_months"),
            vendor: months(section, "vendor_patch_months"),
            boot: months(section, "boot_patch_months"),
        },
        min_os_patch: section.entry("min_os_patch").and_then(Entry::parsed),
        min_os_version: section.entry("min_os_version").and_then(Entry::parsed),
        remote_provisioning: section.read("provisioning", |entry| entry.one_of(&provisionings), false),
        max_certificates_issued: section
            .entry("max_certificates_issued")
            .and_then(|entry| entry.integer(1..=u32::MAX))
            .map(u64::from),
        refused_models: section.read("refused_models", models, BTreeSet::new()),
        ..careful
    }
}

fn status_list(section: &mut Section<'_>) -> StatusListPolicy {
    let usual = StatusListPolicy::CAREFUL;
    StatusListPolicy {
        max_age: section.duration("status_list_max_age", HOUR..=30 * 24 * HOUR, usual.max_age),
        stale: section.read("status_list_stale", |entry| entry.one_of(&STANCES), usual.stale),
        suspended: section.read("suspended", |entry| entry.one_of(&STANCES), usual.suspended),
    }
}

fn boot_states(entry: Entry<'_>) -> Option<BTreeSet<BootState>> {
    entry.expect_items("boot state");
    Some(entry.items()?.into_iter().filter_map(|item| item.one_of(&BOOT_STATES)).collect())
}

fn purposes(entry: Entry<'_>) -> Option<BTreeSet<Purpose>> {
    entry.expect_items("purpose");
    let known = (0..8).map(Purpose).filter(|purpose| Purpose::named(purpose.name()).is_some());
    let names: Vec<_> = known.map(|purpose| (purpose.name(), purpose)).collect();
    Some(entry.items()?.into_iter().filter_map(|item| item.one_of(&names)).collect())
}

fn months(section: &mut Section<'_>, key: &'static str) -> Option<u32> {
    section.entry(key).and_then(|entry| entry.integer(1..=MONTHS))
}

fn models(entry: Entry<'_>) -> Option<BTreeSet<String>> {
    Some(entry.items()?.into_iter().filter_map(Entry::text).map(str::to_owned).collect())
}
