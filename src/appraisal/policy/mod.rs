//! Policy: what an app expects of the claims about its instances, one section for each format that it takes.

mod app_attest;
mod key_attestation;
mod play_integrity;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

pub use app_attest::AppAttestPolicy;
pub use key_attestation::{KeyAttestationPolicy, PatchAges, StatusListPolicy};
pub use play_integrity::{Outage, PlayIntegrityPolicy, Signal};

use super::vector::Worth;
use crate::crypto::digest::sha256;

/// The reference values and thresholds of one app. Data, not code. A format without a section is not trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// What App Attest has to show.
    pub app_attest: Option<AppAttestPolicy>,
    /// What Key Attestation has to show.
    pub key_attestation: Option<KeyAttestationPolicy>,
    /// What Play Integrity has to say.
    pub play_integrity: Option<PlayIntegrityPolicy>,
}

/// What a finding is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// It changes nothing.
    Allow,
    /// It casts doubt: a step-up is asked for.
    StepUp,
    /// It is refused.
    Deny,
}

impl Stance {
    /// Whether a finding changes anything.
    pub const fn is_felt(self) -> bool {
        !matches!(self, Self::Allow)
    }

    /// The worth of a finding; `None` when it changes nothing.
    pub(super) const fn worth(self) -> Option<Worth> {
        match self {
            Self::Allow => None,
            Self::StepUp => Some(Worth::DOUBTFUL),
            Self::Deny => Some(Worth::CONTRAINDICATED),
        }
    }
}

/// Whether an Android device has to send a kind of evidence, besides what else it sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Without it, the device is refused.
    Required,
    /// It counts where it is sent.
    #[default]
    Optional,
}

/// The hash of a policy: equal policies have equal revisions, on every replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyRevision(String);

impl PolicyRevision {
    /// The revision as 16 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Policy {
    /// This policy's revision.
    pub fn revision(&self) -> PolicyRevision {
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        PolicyRevision(HEXLOWER.encode(&sha256(&canonical)[..8]))
    }
}
