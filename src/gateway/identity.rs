//! What the upstream is told about the one who makes a request.

use std::borrow::Cow;

use crate::ids::AppName;
use crate::verdict::{PolicyRevision, Reason, Tier};
use crate::verifier::Checked;

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
    /// The app; `None` without a verdict.
    pub app: Option<AppName>,
    /// The instance's pseudonym for the gateway's relying party; empty where none is known.
    pub instance: String,
    /// The codes of the reasons.
    pub reasons: Vec<Cow<'static, str>>,
    /// The revision of the policy, if one has applied.
    pub policy: Option<PolicyRevision>,
}

impl Identity {
    /// What a verdict says.
    pub(super) fn of(Checked { verdict, instance }: Checked) -> Self {
        Self {
            decision: verdict.decision.name(),
            tier: verdict.tier.name(),
            app: Some(verdict.app.clone()),
            instance,
            reasons: verdict.reasons.iter().map(|reason| reason.code.clone()).collect(),
            policy: Some(verdict.policy),
        }
    }

    /// A request that was refused before anybody was looked at.
    pub(super) fn nobody(app: &AppName, reason: &Reason) -> Self {
        Self { decision: "deny", app: Some(app.clone()), reasons: vec![reason.code.clone()], ..Self::unknown() }
    }

    /// No verdict at all.
    pub(super) const fn unknown() -> Self {
        Self {
            decision: NOTHING,
            tier: Tier::None.name(),
            app: None,
            instance: String::new(),
            reasons: Vec::new(),
            policy: None,
        }
    }

    /// The fields of [`IDENTITY_NAMES`] with their values, none of which is empty.
    pub fn fields(&self) -> [(&'static str, Cow<'_, str>); 6] {
        let [decision, tier, app, instance, reasons, policy] = IDENTITY_NAMES;
        let told = |value: Cow<'static, str>| if value.is_empty() { NOTHING.into() } else { value };
        [
            (decision, self.decision.into()),
            (tier, self.tier.into()),
            (app, self.app.as_ref().map_or(NOTHING, AppName::as_str).into()),
            (instance, if self.instance.is_empty() { NOTHING.into() } else { self.instance.as_str().into() }),
            (reasons, told(self.reasons.join(",").into())),
            (policy, self.policy.map_or(NOTHING.into(), |policy| String::from(policy).into())),
        ]
    }
}
