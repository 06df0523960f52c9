//! The rules, one a row, a table for each format. All of them run, so that a verdict names every reason.

mod app_attest;
mod key_attestation;
mod play_integrity;

use super::policy::{PlayIntegrityPolicy, Policy};
use super::reason::{Reason, Remedy};
use super::vector::{Tier, TrustVector, Worth};
use crate::evidence::claims::{Anchor, Claims, PlayIntegrity};
use crate::time::Timestamp;

/// What verified claims are worth under a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appraisal {
    /// The worth, aspect by aspect.
    pub vector: TrustVector,
    /// Every reason that was found.
    pub reasons: Vec<Reason>,
}

/// What a rule may look at beside claims and policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// When the claims are appraised.
    pub now: Timestamp,
}

/// One rule over the claims `C` under the policy `P` of a format: what it finds, and what that is worth.
#[derive(Clone, Copy, Debug)]
struct Rule<C, P> {
    /// The stable code of its reason.
    code: &'static str,
    text: &'static str,
    remedy: Remedy,
    find: Find<C, P>,
}

/// The worth of what was found; `None` when the rule has nothing to say.
type Find<C, P> = fn(&C, &P, &Circumstances) -> Option<TrustVector>;

const fn rule<C, P>(code: &'static str, text: &'static str, remedy: Remedy, find: Find<C, P>) -> Rule<C, P> {
    Rule { code, text, remedy, find }
}

const LAB_ANCHOR: Reason =
    Reason::new("lab_anchor", "trusted only because a laboratory root is configured", Remedy::None);

const FORMAT_WITHDRAWN: Reason =
    Reason::new("format_withdrawn", "the app does not take evidence of this format any more", Remedy::UpdateApp);

/// Appraises verified claims under an app's policy.
pub fn appraise(claims: &Claims, policy: &Policy, circumstances: &Circumstances) -> Appraisal {
    let mut appraisal = Appraisal { vector: TrustVector::SILENT, reasons: Vec::new() };
    if claims.anchor == Anchor::Lab {
        appraisal.reasons.push(LAB_ANCHOR);
    }
    if let Some(claims) = claims.app_attest.as_deref() {
        appraisal.weigh(app_attest::GENUINE, &app_attest::RULES, (claims, policy.app_attest.as_ref()), circumstances);
    }
    if let Some(claims) = claims.key_attestation.as_deref() {
        let asked = (claims, policy.key_attestation.as_ref());
        appraisal.weigh(key_attestation::GENUINE, &key_attestation::RULES, asked, circumstances);
    }
    if let Some(integrity) = &claims.play_integrity {
        appraisal.weigh_integrity(integrity, policy.play_integrity.as_ref(), circumstances);
    }
    appraisal
}

impl Appraisal {
    /// The worst tier of the vector.
    pub fn tier(&self) -> Tier {
        self.vector.tier()
    }

    /// Notes one more reason, and what it is worth.
    pub fn add(&mut self, reason: Reason, worth: &TrustVector) {
        self.vector = self.vector.worse(worth);
        self.reasons.push(reason);
    }

    /// Weighs what Play Integrity says; while Google cannot be asked, that, and the verdict that goes on meanwhile.
    fn weigh_integrity(
        &mut self,
        integrity: &PlayIntegrity,
        policy: Option<&PlayIntegrityPolicy>,
        circumstances: &Circumstances,
    ) {
        let verdict = match integrity {
            PlayIntegrity::Decoded(claims) => Some(claims.as_ref()),
            PlayIntegrity::Unavailable { .. } => {
                let rules = &play_integrity::OUTAGE_RULES;
                self.weigh(TrustVector::SILENT, rules, (integrity, policy), circumstances);
                policy.and_then(|policy| play_integrity::held(integrity, policy, circumstances))
            }
        };
        if let Some(claims) = verdict {
            let shown = play_integrity::shown(claims);
            self.weigh(shown, &play_integrity::RULES, (claims, policy), circumstances);
        }
    }

    /// Weighs the claims of one format: what they show by being genuine, then every rule.
    fn weigh<C, P>(
        &mut self,
        genuine: TrustVector,
        rules: &[Rule<C, P>],
        (claims, policy): (&C, Option<&P>),
        circumstances: &Circumstances,
    ) {
        self.vector = self.vector.worse(&genuine);
        let Some(policy) = policy else { return self.add(FORMAT_WITHDRAWN, &instance(Worth::CONTRAINDICATED)) };
        for rule in rules {
            if let Some(found) = (rule.find)(claims, policy, circumstances) {
                self.add(Reason::new(rule.code, rule.text, rule.remedy), &found);
            }
        }
    }
}

const fn instance(worth: Worth) -> TrustVector {
    TrustVector { instance_identity: worth, ..TrustVector::SILENT }
}

const fn executables(worth: Worth) -> TrustVector {
    TrustVector { executables: worth, ..TrustVector::SILENT }
}

const fn configuration(worth: Worth) -> TrustVector {
    TrustVector { configuration: worth, ..TrustVector::SILENT }
}
