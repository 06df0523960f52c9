//! What the role needs to know before it starts.

use std::collections::BTreeMap;
use std::time::Duration;

use super::tokens::TokenConfig;
use crate::appraisal::{
    AppAttestPolicy, Application, BindingPolicy, Decisions, KeyAttestationPolicy, OwnRule, PlayIntegrityPolicy, Policy,
    SignalsPolicy,
};
use crate::crypto::digest::{Digest, sha256};
use crate::evidence::app_attest::{AppId, Device};
use crate::evidence::claims::play_integrity::SignerDigest;
use crate::evidence::claims::{Anchor, HexBytes};
use crate::evidence::key_attestation::{AppIdentity, FactoryExpiry, IssuerRules, SharedUserId};
use crate::evidence::play_integrity::{IntegrityKeys, TokenKinds};
use crate::ids::AppName;
use crate::store::SignCountMode;
use crate::verdict::Freshness;

/// How many appraisals are kept on record unless told otherwise.
pub const APPRAISALS_KEPT: u32 = 10_000;

/// What the role needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierConfig {
    /// The apps, each with a name of its own.
    pub apps: Vec<AppConfig>,
    /// How long a challenge may be answered.
    pub challenge_lifetime: Duration,
    /// How much memory cached verdicts, instances and tokens may take together, in bytes.
    pub cache_capacity: u64,
    /// How much of its entries, in percent, a status list may have lost when it takes the place of an older one.
    pub status_list_max_shrink: u8,
    /// How many appraisals are kept on record, the last ones, for rehearsals of another policy.
    pub appraisals_kept: u32,
    /// How tokens are signed; `None`: not at all.
    pub token: Option<TokenConfig>,
}

/// What the role needs to know about one app. A format without a section is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppConfig {
    /// The name that callers use.
    pub name: AppName,
    /// What App Attest has to prove.
    pub app_attest: Option<AppAttestConfig>,
    /// What Android Key Attestation has to prove.
    pub key_attestation: Option<KeyAttestationConfig>,
    /// What Google Play Integrity has to say.
    pub play_integrity: Option<PlayIntegrityConfig>,
    /// What the app's reports against itself do.
    pub signals: SignalsPolicy,
    /// What requests have to have in common with the proof.
    pub binding: BindingPolicy,
    /// How built-in rules apply, by their codes.
    pub applications: BTreeMap<String, Application>,
    /// The app's own rules.
    pub own_rules: Vec<OwnRule>,
    /// What is done at each tier.
    pub decisions: Decisions,
    /// How long a verdict holds after the proof.
    pub verdict_lifetime: Duration,
    /// How long relying parties may reuse an answer.
    pub freshness: Freshness,
}

/// What Android Key Attestation has to prove for an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAttestationConfig {
    /// The packages that may prove themselves as this app, each with who may have signed it.
    pub apps: Vec<AppIdentity>,
    /// Whether the app may share its user id with other packages.
    pub shared_user_id: SharedUserId,
    /// What becomes of expired certificates from a factory.
    pub factory_expiry: FactoryExpiry,
    /// What issuers have to be.
    pub issuers: IssuerRules,
    /// Which sign counts are accepted.
    pub sign_count: SignCountMode,
    /// Roots of laboratories that are trusted beside Google's, DER certificates. Verdicts that rest on them say so.
    pub lab_roots: Vec<Vec<u8>>,
    /// What the claims should be.
    pub policy: KeyAttestationPolicy,
}

/// What Google Play Integrity has to say for an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayIntegrityConfig {
    /// The package.
    pub package_name: String,
    /// Who may have signed it.
    pub signers: Vec<SignerDigest>,
    /// The kinds of request that are answered.
    pub kinds: TokenKinds,
    /// The keys that open classic tokens here, as the Play Console gives them.
    pub keys: Vec<IntegrityKeys>,
    /// Keys of laboratories. Verdicts that rest on them say so.
    pub lab_keys: Vec<IntegrityKeys>,
    /// Who stands behind the service that opens tokens.
    pub decoder_origin: Anchor,
    /// How long that service may take.
    pub decode_timeout: Duration,
    /// How many tokens it may open in a day.
    pub daily_quota: u32,
    /// How many of these are kept for phones whose hardware has proved itself in the same call.
    pub quota_reserve: u32,
    /// How long ago a token may have been requested.
    pub max_age: Duration,
    /// What the claims should be.
    pub policy: PlayIntegrityPolicy,
}

/// What App Attest has to prove for an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppAttestConfig {
    /// The App IDs that may prove themselves as this app.
    pub app_ids: Vec<AppId>,
    /// The kind of device that is expected.
    pub device: Device,
    /// Which sign counts are accepted.
    pub sign_count: SignCountMode,
    /// Roots of laboratories that are trusted beside Apple's, DER certificates. Verdicts that rest on them say so.
    pub lab_roots: Vec<Vec<u8>>,
    /// What the claims should be.
    pub policy: AppAttestPolicy,
}

impl VerifierConfig {
    /// These apps, with challenges of five minutes and 64 MiB of cache.
    pub const fn of(apps: Vec<AppConfig>) -> Self {
        Self {
            apps,
            challenge_lifetime: Duration::from_secs(300),
            cache_capacity: 64 << 20,
            status_list_max_shrink: 25,
            appraisals_kept: APPRAISALS_KEPT,
            token: None,
        }
    }
}

impl AppConfig {
    /// An app that takes no evidence yet, with verdicts of ten minutes.
    pub fn of(name: AppName) -> Self {
        Self {
            name,
            app_attest: None,
            key_attestation: None,
            play_integrity: None,
            signals: SignalsPolicy::CAREFUL,
            binding: BindingPolicy::IGNORED,
            applications: BTreeMap::new(),
            own_rules: Vec::new(),
            decisions: Decisions::CAREFUL,
            verdict_lifetime: Duration::from_secs(600),
            freshness: Freshness::new(Duration::from_secs(30), Duration::ZERO),
        }
    }

    /// What the claims should be, all formats together.
    pub fn policy(&self) -> Policy {
        Policy {
            app_attest: self.app_attest.as_ref().map(|format| format.policy.clone()),
            key_attestation: self.key_attestation.as_ref().map(|format| format.policy.clone()),
            play_integrity: self.play_integrity.as_ref().map(|format| format.policy.clone()),
            signals: self.signals.clone(),
            binding: self.binding,
            applications: self.applications.clone(),
            own_rules: self.own_rules.clone(),
            decisions: self.decisions,
            expectation: Some(HexBytes(self.expectation().to_vec())),
        }
    }

    /// A digest over everything that is asked of evidence before it is appraised.
    fn expectation(&self) -> Digest {
        let app_attest = self.app_attest.as_ref().map(|format| (&format.app_ids, format.device, &format.lab_roots));
        let key_attestation = self.key_attestation.as_ref().map(|format| {
            let rules = (format.shared_user_id, format.factory_expiry, format.issuers);
            (&format.apps, rules, &format.lab_roots)
        });
        let play_integrity = self.play_integrity.as_ref().map(|format| {
            let keys = |keys: &[IntegrityKeys]| keys.iter().map(|pair| pair.verification).collect::<Vec<_>>();
            let made_by = (&format.package_name, &format.signers, format.decoder_origin);
            (made_by, format.kinds, format.max_age, keys(&format.keys), keys(&format.lab_keys))
        });
        let times = (self.verdict_lifetime, self.freshness);
        sha256(format!("{:?}", (app_attest, key_attestation, play_integrity, times)).as_bytes())
    }
}

impl KeyAttestationConfig {
    /// What a careful team would ship for an Android app.
    pub fn careful(apps: Vec<AppIdentity>) -> Self {
        Self {
            apps,
            shared_user_id: SharedUserId::Refused,
            factory_expiry: FactoryExpiry::Tolerated,
            issuers: IssuerRules::FactoryExcepted,
            sign_count: SignCountMode::Strict,
            lab_roots: Vec::new(),
            policy: KeyAttestationPolicy::careful(),
        }
    }
}

impl PlayIntegrityConfig {
    /// What a careful team would ship for an Android app.
    pub fn careful(package_name: String, signers: Vec<SignerDigest>) -> Self {
        Self {
            package_name,
            signers,
            kinds: TokenKinds::Any,
            keys: Vec::new(),
            lab_keys: Vec::new(),
            decoder_origin: Anchor::Vendor,
            decode_timeout: Duration::from_secs(5),
            daily_quota: 10_000,
            quota_reserve: 0,
            max_age: Duration::from_secs(300),
            policy: PlayIntegrityPolicy::careful(),
        }
    }
}

impl AppAttestConfig {
    /// What a careful team would ship for an iPhone app.
    pub fn careful(app_ids: Vec<AppId>) -> Self {
        Self {
            app_ids,
            device: Device::Mobile,
            sign_count: SignCountMode::Strict,
            lab_roots: Vec::new(),
            policy: AppAttestPolicy::careful(),
        }
    }
}
