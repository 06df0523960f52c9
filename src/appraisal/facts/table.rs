//! The facts, one a row.

use data_encoding::BASE64URL_NOPAD;

use super::known::Known;
use super::words::{number, several, text, word};
use crate::appraisal::expression::{Kind, Value};
use crate::evidence::claims::play_integrity::{AccessRisk, LocationRisk};
use crate::evidence::claims::{AppAttestClaims, Claims, KeyAttestationClaims, Package, PlayIntegrityClaims};

/// One fact: its name, what values it has, and where it is found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) read: Read,
}

/// How a fact is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Read {
    Anything(fn(&Claims) -> Option<Value<'_>>),
    AppAttest(fn(&AppAttestClaims) -> Option<Value<'_>>),
    KeyAttestation(fn(&KeyAttestationClaims) -> Option<Value<'_>>),
    PlayIntegrity(fn(&PlayIntegrityClaims) -> Option<Value<'_>>),
    Request(for<'a> fn(&'a Known<'a>) -> Option<Value<'a>>),
}

/// Where a fact comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::appraisal) enum Source {
    /// Evidence of any format, and what the app says beside it.
    Anything,
    AppAttest,
    KeyAttestation,
    PlayIntegrity,
    Request,
}

impl Fact {
    pub(super) const fn source(&self) -> Source {
        match self.read {
            Read::Anything(_) => Source::Anything,
            Read::AppAttest(_) => Source::AppAttest,
            Read::KeyAttestation(_) => Source::KeyAttestation,
            Read::PlayIntegrity(_) => Source::PlayIntegrity,
            Read::Request(_) => Source::Request,
        }
    }
}

const fn fact(name: &'static str, kind: Kind, read: Read) -> Fact {
    Fact { name, kind, read }
}

pub(super) const ENVIRONMENTS: &[&str] = &["production", "development"];
pub(super) const CATEGORIES: &[&str] = &[
    "invalid",
    "os",
    "testflight",
    "development",
    "app-store",
    "enterprise",
    "developer-id",
    "local-signing",
    "rosetta",
    "out-of-process-jit",
    "none",
];
pub(super) const LEVELS: &[&str] = &["software", "trusted_environment", "strongbox"];
pub(super) const PROVISIONINGS: &[&str] = &["factory", "remote", "conflicting"];
pub(super) const BOOT_STATES: &[&str] = &["verified", "self_signed", "unverified", "failed"];
pub(super) const ORIGINS: &[&str] = &["generated", "derived", "imported", "securely_imported"];
pub(super) const KINDS: &[&str] = &["classic", "standard"];
pub(super) const APP_VERDICTS: &[&str] = &["PLAY_RECOGNIZED", "UNRECOGNIZED_VERSION"];
pub(super) const DEVICE_LABELS: &[&str] =
    &["MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY", "MEETS_STRONG_INTEGRITY", "MEETS_VIRTUAL_INTEGRITY"];
pub(super) const ACTIVITY_LEVELS: &[&str] = &["LEVEL_1", "LEVEL_2", "LEVEL_3", "LEVEL_4"];
pub(super) const LICENSING: &[&str] = &["LICENSED", "UNLICENSED"];
pub(super) const ACCOUNT_ACTIVITIES: &[&str] = &["UNUSUAL", "TYPICAL_BASIC", "TYPICAL_STRONG"];
pub(super) const ACCESS_RISKS: &[&str] = &[
    "KNOWN_INSTALLED",
    "KNOWN_CAPTURING",
    "KNOWN_OVERLAYS",
    "KNOWN_CONTROLLING",
    "UNKNOWN_INSTALLED",
    "UNKNOWN_CAPTURING",
    "UNKNOWN_OVERLAYS",
    "UNKNOWN_CONTROLLING",
];
pub(super) const PLAY_PROTECT: &[&str] = &["NO_ISSUES", "NO_DATA", "POSSIBLE_RISK", "MEDIUM_RISK", "HIGH_RISK"];
pub(super) const LOCATION_RISKS: &[&str] = &[
    "LOW_RISK_DEVICE",
    "LOW_RISK_NETWORK",
    "MEDIUM_RISK_DEVICE",
    "MEDIUM_RISK_NETWORK",
    "HIGH_RISK_DEVICE",
    "HIGH_RISK_NETWORK",
];

use Kind::{Authority, Bool, Choice, ChoiceList, Int, Text, TextList};
use Read::{Anything, AppAttest, KeyAttestation, PlayIntegrity, Request};

/// All facts. A further source of claims gets its rows here, and a variant of [`Read`].
pub(super) static FACTS: &[Fact] = &[
    fact("lab", Bool, Anything(|claims| Some(Value::Bool(!claims.labs.is_empty())))),
    fact("report.signals", TextList, Anything(|claims| Some(Value::Texts(&claims.report.as_deref()?.signals)))),
    // App Attest.
    fact("app_attest.app_id", Text, AppAttest(|claims| text(&claims.app_id))),
    fact(
        "app_attest.environment",
        Choice(ENVIRONMENTS),
        AppAttest(|claims| word(ENVIRONMENTS, claims.environment.name())),
    ),
    fact(
        "app_attest.validation_category",
        Choice(CATEGORIES),
        AppAttest(|claims| word(CATEGORIES, claims.validation_category?.name())),
    ),
    fact(
        "app_attest.bundle_version",
        Kind::Version,
        AppAttest(|claims| claims.bundle_version.as_ref()?.parse().ok().map(Value::Version)),
    ),
    fact(
        "app_attest.os_version",
        Kind::Version,
        AppAttest(|claims| Some(Value::Version(claims.os_version.as_ref()?.into()))),
    ),
    fact("app_attest.os_build", Text, AppAttest(|claims| text(claims.os_build.as_ref()?))),
    // Android Key Attestation.
    fact("key_attestation.package", TextList, KeyAttestation(|claims| several(&claims.packages))),
    fact("key_attestation.version_code", Int, KeyAttestation(|claims| version_code(&claims.packages))),
    fact(
        "key_attestation.security_level",
        Choice(LEVELS),
        KeyAttestation(|claims| word(LEVELS, claims.level().name())),
    ),
    fact("key_attestation.attestation_version", Int, KeyAttestation(|claims| number(claims.attestation_version))),
    fact("key_attestation.keymint_version", Int, KeyAttestation(|claims| number(claims.keymint_version))),
    fact(
        "key_attestation.provisioning",
        Choice(PROVISIONINGS),
        KeyAttestation(|claims| word(PROVISIONINGS, claims.provisioning.name())),
    ),
    fact(
        "key_attestation.certificates_issued",
        Int,
        KeyAttestation(|claims| number(claims.remote.as_ref()?.certificates_issued?)),
    ),
    fact(
        "key_attestation.boot_state",
        Choice(BOOT_STATES),
        KeyAttestation(|claims| word(BOOT_STATES, claims.boot.as_ref()?.state.name())),
    ),
    fact(
        "key_attestation.bootloader_locked",
        Bool,
        KeyAttestation(|claims| Some(Value::Bool(claims.boot.as_ref()?.locked))),
    ),
    fact("key_attestation.origin", Choice(ORIGINS), KeyAttestation(|claims| word(ORIGINS, claims.origin?.name()))),
    fact(
        "key_attestation.os_version",
        Kind::Version,
        KeyAttestation(|claims| Some(Value::Version(claims.os_version.as_ref()?.into()))),
    ),
    fact(
        "key_attestation.os_patch",
        Kind::Version,
        KeyAttestation(|claims| Some(Value::Version(claims.os_patch.as_ref()?.into()))),
    ),
    fact(
        "key_attestation.vendor_patch",
        Kind::Version,
        KeyAttestation(|claims| Some(Value::Version(claims.vendor_patch.as_ref()?.into()))),
    ),
    fact(
        "key_attestation.boot_patch",
        Kind::Version,
        KeyAttestation(|claims| Some(Value::Version(claims.boot_patch.as_ref()?.into()))),
    ),
    fact(
        "key_attestation.device_manufacturer",
        Text,
        KeyAttestation(|claims| text(claims.model.manufacturer.as_ref()?)),
    ),
    fact("key_attestation.device_brand", Text, KeyAttestation(|claims| text(claims.model.brand.as_ref()?))),
    fact("key_attestation.device_model", Text, KeyAttestation(|claims| text(claims.model.model.as_ref()?))),
    // Play Integrity.
    fact("play_integrity.kind", Choice(KINDS), PlayIntegrity(|claims| word(KINDS, claims.kind.name()))),
    fact("play_integrity.testing_response", Bool, PlayIntegrity(|claims| Some(Value::Bool(claims.testing_response)))),
    fact("play_integrity.package", Text, PlayIntegrity(|claims| text(claims.app.package_name.as_ref()?))),
    fact(
        "play_integrity.app_verdict",
        Choice(APP_VERDICTS),
        PlayIntegrity(|claims| word(APP_VERDICTS, claims.app.verdict.as_ref()?.name())),
    ),
    fact("play_integrity.version_code", Int, PlayIntegrity(|claims| number(claims.app.version_code?))),
    fact(
        "play_integrity.device_labels",
        ChoiceList(DEVICE_LABELS),
        PlayIntegrity(|claims| several(&claims.device.labels)),
    ),
    fact("play_integrity.sdk_version", Int, PlayIntegrity(|claims| number(claims.device.sdk_version?))),
    fact(
        "play_integrity.activity_level",
        Choice(ACTIVITY_LEVELS),
        PlayIntegrity(|claims| word(ACTIVITY_LEVELS, claims.device.recent_activity.as_ref()?.name())),
    ),
    fact(
        "play_integrity.licensing",
        Choice(LICENSING),
        PlayIntegrity(|claims| word(LICENSING, claims.account.licensing.as_ref()?.name())),
    ),
    fact(
        "play_integrity.account_activity",
        Choice(ACCOUNT_ACTIVITIES),
        PlayIntegrity(|claims| word(ACCOUNT_ACTIVITIES, claims.account.activity.as_ref()?.name())),
    ),
    fact("play_integrity.access_risk", ChoiceList(ACCESS_RISKS), PlayIntegrity(access_risk)),
    fact(
        "play_integrity.play_protect",
        Choice(PLAY_PROTECT),
        PlayIntegrity(|claims| word(PLAY_PROTECT, claims.surroundings.play_protect.as_ref()?.name())),
    ),
    fact("play_integrity.location_risk", ChoiceList(LOCATION_RISKS), PlayIntegrity(location_risk)),
    // The request.
    fact("request.method", Text, Request(|known| text(known.request.method))),
    fact("request.scheme", Text, Request(|known| text(known.request.scheme))),
    fact("request.authority", Authority, Request(authority)),
    fact("request.path", Text, Request(|known| known.request.plain_path().map(Value::Text))),
    fact("request.query", Text, Request(|known| known.request.query().map(Value::Text))),
    fact("request.address", Text, Request(address)),
    fact("request.tls_fingerprint", Text, Request(|known| text(known.request.tls_fingerprint))),
    fact("request.proof_age", Int, Request(|known| number(known.request.proof_age?.as_secs()))),
    fact("request.has_assertion", Bool, Request(|known| Some(Value::Bool(known.request.has_assertion)))),
    fact("request.has_session", Bool, Request(|known| Some(Value::Bool(known.request.has_session)))),
    fact("request.has_body_digest", Bool, Request(|known| Some(Value::Bool(known.request.has_body_digest)))),
    fact("request.headers_sha256", Text, Request(headers)),
    fact("request.has_dpop_proof", Bool, Request(|known| Some(Value::Bool(known.request.has_dpop_proof)))),
    fact(
        "request.has_client_certificate",
        Bool,
        Request(|known| Some(Value::Bool(known.request.has_client_certificate))),
    ),
];

/// The version of the app, where its user id is its own.
fn version_code(packages: &[Package]) -> Option<Value<'_>> {
    let [app] = packages else { return None };
    number(app.version)
}

/// Empty where there are no such apps.
fn access_risk(claims: &PlayIntegrityClaims) -> Option<Value<'_>> {
    let risks = claims.surroundings.access_risk.as_ref()?;
    (!risks.contains(&AccessRisk::Unspecified)).then_some(Value::Texts(risks))
}

fn location_risk(claims: &PlayIntegrityClaims) -> Option<Value<'_>> {
    let risks = claims.surroundings.location_risk.as_ref()?;
    several(risks).filter(|_| !risks.contains(&LocationRisk::Unspecified))
}

fn authority<'a>(known: &'a Known<'a>) -> Option<Value<'a>> {
    known.authority.get_or_init(|| known.request.plain_authority()).as_deref().map(Value::Text)
}

fn address<'a>(known: &'a Known<'a>) -> Option<Value<'a>> {
    let address = known.request.address?.to_canonical();
    Some(Value::Text(known.address.get_or_init(|| address.to_string())))
}

fn headers<'a>(known: &'a Known<'a>) -> Option<Value<'a>> {
    let digest = known.request.headers?;
    Some(Value::Text(known.headers.get_or_init(|| BASE64URL_NOPAD.encode(&digest))))
}
