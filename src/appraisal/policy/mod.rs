//! Policy: what an app expects of the claims about its instances, one section for each format that it takes.

mod app_attest;
mod application;
mod binding;
mod decisions;
mod key_attestation;
mod own_rule;
mod play_integrity;
mod signals;

use std::fmt;

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

pub use app_attest::AppAttestPolicy;
pub use application::{Application, Concern, Mode, Percent, PercentMalformed};
pub use binding::BindingPolicy;
pub use decisions::{Decisions, Restraint};
pub use key_attestation::{KeyAttestationPolicy, PatchAges, StatusListPolicy};
pub use own_rule::{Condition, OwnCode, OwnRule, RuleNameMalformed};
pub use play_integrity::{Outage, PlayIntegrityPolicy, Signal};
pub use signals::SignalsPolicy;

pub(super) use application::Effect;

use super::vector::Worth;
use crate::crypto::digest::sha256;
use crate::evidence::claims::HexBytes;

/// The reference values and thresholds of one app. Data, not code. A format without a section is not trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// What App Attest has to show.
    pub app_attest: Option<AppAttestPolicy>,
    /// What Key Attestation has to show.
    pub key_attestation: Option<KeyAttestationPolicy>,
    /// What Play Integrity has to say.
    pub play_integrity: Option<PlayIntegrityPolicy>,
    /// What the app's reports against itself do.
    pub signals: SignalsPolicy,
    /// What requests have to have in common with the proof.
    pub binding: BindingPolicy,
    /// How built-in rules apply, by their codes; those that are not named apply as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub applications: BTreeMap<String, Application>,
    /// The app's own rules, in the order in which they run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_rules: Vec<OwnRule>,
    /// What is done at each tier.
    #[serde(default, skip_serializing_if = "Decisions::are_usual")]
    pub decisions: Decisions,
    /// A digest over whose evidence the app takes, and for how long it counts. It is verified, not appraised; what changes it makes
    /// another revision nevertheless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expectation: Option<HexBytes>,
}

/// What a finding is worth, the kindest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// The hash of a policy: equal policies have equal revisions, on every replica. Written as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PolicyRevision([u8; 8]);

/// A text is not a [`PolicyRevision`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a policy revision is 16 lower-case hexadecimal digits")]
pub struct RevisionMalformed;

impl fmt::Display for PolicyRevision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&String::from(*self))
    }
}

impl From<PolicyRevision> for String {
    fn from(revision: PolicyRevision) -> Self {
        HEXLOWER.encode(&revision.0)
    }
}

impl TryFrom<String> for PolicyRevision {
    type Error = RevisionMalformed;

    fn try_from(text: String) -> Result<Self, RevisionMalformed> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| RevisionMalformed)?;
        bytes.try_into().map(Self).map_err(|_| RevisionMalformed)
    }
}

impl Policy {
    /// How the built-in rule with this code applies.
    pub(super) fn application(&self, code: &str) -> Application {
        self.applications.get(code).copied().unwrap_or(Application::USUAL)
    }

    /// Whether a rule looks at requests, so that each of them has to be appraised by itself.
    pub fn looks_at_requests(&self) -> bool {
        self.own_rules.iter().any(|rule| rule.mode != Mode::Off && rule.when.looks_at_requests())
    }

    /// The codes of the rules that look at requests and are not off.
    pub fn request_rules(&self) -> impl Iterator<Item = &str> {
        let rules = self.own_rules.iter().filter(|rule| rule.mode != Mode::Off && rule.when.looks_at_requests());
        rules.map(|rule| rule.code.as_str())
    }

    /// Whether both ask the same of requests about where their instance gave proof.
    pub fn binds_like(&self, other: &Self) -> bool {
        let applied = |policy: &Self| -> Vec<(String, Application)> {
            let each = policy.applications.iter().filter(|(code, _)| code.starts_with("binding_"));
            each.map(|(code, application)| (code.clone(), *application)).collect()
        };
        self.binding == other.binding && applied(self) == applied(other)
    }

    /// Whether what an instance is worth hangs on its requests: an answer to one says nothing about the next.
    pub fn hangs_on_requests(&self) -> bool {
        self.own_rules.iter().any(|rule| rule.mode == Mode::Enforce && rule.when.looks_at_requests())
    }

    /// The names of the rules that report instead of counting for everybody.
    pub fn reporting_rules(&self) -> Vec<&str> {
        self.named_where(|application| application.mode != Mode::Off && !application.is_enforced())
    }

    /// The names of the rules that are off.
    pub fn silent_rules(&self) -> Vec<&str> {
        self.named_where(|application| application.mode == Mode::Off)
    }

    fn named_where(&self, applies: impl Fn(&Application) -> bool) -> Vec<&str> {
        let built_in = self.applications.iter().map(|(code, application)| (code.as_str(), *application));
        let own = self.own_rules.iter().map(|rule| (rule.code.as_str(), rule.application()));
        built_in.chain(own).filter(|(_, application)| applies(application)).map(|(code, _)| code).collect()
    }

    /// This policy's revision.
    pub fn revision(&self) -> PolicyRevision {
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        let mut revision = [0; 8];
        revision.copy_from_slice(&sha256(&canonical)[..8]);
        PolicyRevision(revision)
    }
}
