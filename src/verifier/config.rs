//! What the role needs to know before it starts.

use std::time::Duration;

use crate::appraisal::{AppAttestPolicy, Policy};
use crate::evidence::app_attest::{AppId, Device};
use crate::ids::AppName;
use crate::store::SignCountMode;
use crate::verdict::Freshness;

/// What the role needs to know.
#[derive(Clone, Debug)]
pub struct VerifierConfig {
    /// The apps, each with a name of its own.
    pub apps: Vec<AppConfig>,
    /// How long a challenge may be answered.
    pub challenge_lifetime: Duration,
    /// How much memory cached verdicts and instances may take together, in bytes.
    pub cache_capacity: u64,
}

/// What the role needs to know about one app. A format without a section is refused.
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// The name that callers use.
    pub name: AppName,
    /// What App Attest has to prove.
    pub app_attest: Option<AppAttestConfig>,
    /// How long a verdict holds after the proof.
    pub verdict_lifetime: Duration,
    /// How long relying parties may reuse an answer.
    pub freshness: Freshness,
}

/// What App Attest has to prove for an app.
#[derive(Clone, Debug)]
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
        Self { apps, challenge_lifetime: Duration::from_secs(300), cache_capacity: 64 << 20 }
    }
}

impl AppConfig {
    /// An app that takes no evidence yet, with verdicts of ten minutes.
    pub const fn of(name: AppName) -> Self {
        Self {
            name,
            app_attest: None,
            verdict_lifetime: Duration::from_secs(600),
            freshness: Freshness { fresh_for: Duration::from_secs(30), stale_if_unavailable: Duration::ZERO },
        }
    }

    /// What the claims should be, all formats together.
    pub fn policy(&self) -> Policy {
        Policy { app_attest: self.app_attest.as_ref().map(|format| format.policy.clone()), ..Policy::default() }
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
