//! What the upstream is told about the one who makes a request.

use crate::ids::AppName;
use crate::verdict::{Reason, Tier, Verdict};

/// The header fields of the identity, in lower case. Each is set on every request that passes, in place of what the client sent.
pub const IDENTITY_NAMES: [&str; 6] = [
    "bonafide-verdict",
    "bonafide-verdict-tier",
    "bonafide-verdict-app",
    "bonafide-verdict-instance",
    "bonafide-verdict-reasons",
    "bonafide-verdict-policy",
];
/// What stands where there is nothing to tell: an empty field is one that some proxies leave to the client.
const NOTHING: &str = "none";

/// What the upstream is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `allow`, `step_up`, `deny`, or `none` without a verdict.
    pub decision: &'static str,
    /// The trust tier.
    pub tier: &'static str,
    /// The app.
    pub app: String,
    /// The instance's pseudonym for the gateway's relying party.
    pub instance: String,
    /// The codes of the reasons.
    pub reasons: Vec<String>,
    /// The revision of the policy.
    pub policy: String,
}

impl Identity {
    /// What a verdict says, of an instance under this name.
    pub(super) fn of(verdict: &Verdict, instance: Option<String>) -> Self {
        Self {
            decision: verdict.decision.name(),
            tier: verdict.tier.name(),
            app: verdict.app.to_string(),
            instance: instance.unwrap_or_default(),
            reasons: verdict.reasons.iter().map(|reason| reason.code.to_string()).collect(),
            policy: verdict.policy.to_string(),
        }
    }

    /// A request that was refused before anybody was looked at.
    pub(super) fn nobody(app: &AppName, reason: &Reason) -> Self {
        let reasons = vec![reason.code.to_string()];
        Self { decision: "deny", app: app.to_string(), reasons, ..Self::unknown() }
    }

    /// No verdict at all.
    pub(super) fn unknown() -> Self {
        Self {
            decision: NOTHING,
            tier: Tier::None.name(),
            app: String::new(),
            instance: String::new(),
            reasons: Vec::new(),
            policy: String::new(),
        }
    }

    /// The fields of [`IDENTITY_NAMES`] with their values, none of which is empty.
    pub fn fields(&self) -> [(&'static str, String); 6] {
        let reasons = self.reasons.join(",");
        let told = |value: &str| if value.is_empty() { NOTHING.to_owned() } else { value.to_owned() };
        let values = [self.decision, self.tier, &self.app, &self.instance, &reasons, &self.policy].map(told);
        let mut values = values.into_iter();
        IDENTITY_NAMES.map(|name| (name, values.next().unwrap_or_default()))
    }
}
