//! The rules, one a row, a table for each format. All of them run, so that a verdict names every reason.

mod app_attest;
mod binding;
mod key_attestation;
mod play_integrity;
mod signals;
mod status_list;

pub use binding::{Bond, Bonds, appraise_binding};

use super::policy::{PlayIntegrityPolicy, Policy, Presence};
use super::reason::{Reason, Remedy};
use super::vector::{Tier, TrustVector, Worth};
use crate::endorsement::status_list::KeptList;
use crate::evidence::claims::{Claims, PlayIntegrity};
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
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// When the claims are appraised.
    pub now: Timestamp,
    /// Google's status list, if there is one.
    pub status_list: Option<&'a KeptList>,
}

impl Circumstances<'_> {
    /// This time, and no status list.
    pub const fn at(now: Timestamp) -> Self {
        Self { now, status_list: None }
    }
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
type Find<C, P> = fn(&C, &P, &Circumstances<'_>) -> Option<TrustVector>;

const fn rule<C, P>(code: &'static str, text: &'static str, remedy: Remedy, find: Find<C, P>) -> Rule<C, P> {
    Rule { code, text, remedy, find }
}

const LAB_ANCHOR: Reason =
    Reason::new("lab_anchor", "trusted only because a laboratory root is configured", Remedy::None);

const FORMAT_WITHDRAWN: Reason =
    Reason::new("format_withdrawn", "the app does not take evidence of this format any more", Remedy::UpdateApp);

const KEY_ATTESTATION_ABSENT: Reason =
    Reason::new("key_attestation_absent", "no key attestation was sent, and the app needs one", Remedy::ReEnrol);

const PLAY_INTEGRITY_ABSENT: Reason =
    Reason::new("play_integrity_absent", "no integrity token was sent, and the app needs one", Remedy::NewChallenge);

/// Appraises verified claims under an app's policy, as all that an instance has shown.
pub fn appraise(claims: &Claims, policy: &Policy, circumstances: &Circumstances<'_>) -> Appraisal {
    let mut appraisal = appraise_part(claims, policy, circumstances);
    if claims.app_attest.is_none() {
        appraisal.miss_android(claims, policy);
    }
    if let Some(report) = &claims.report {
        appraisal.weigh_report(report, &policy.signals, circumstances);
    }
    appraisal
}

/// Appraises verified claims that may be only a part of what was sent.
pub fn appraise_part(claims: &Claims, policy: &Policy, circumstances: &Circumstances<'_>) -> Appraisal {
    let mut appraisal = Appraisal { vector: TrustVector::SILENT, reasons: Vec::new() };
    if !claims.labs.is_empty() {
        appraisal.reasons.push(LAB_ANCHOR);
    }
    if let Some(claims) = claims.app_attest.as_deref() {
        appraisal.weigh(app_attest::GENUINE, &app_attest::RULES, (claims, policy.app_attest.as_ref()), circumstances);
    }
    if let Some(claims) = claims.key_attestation.as_deref() {
        let asked = (claims, policy.key_attestation.as_ref());
        appraisal.weigh(key_attestation::GENUINE, &key_attestation::RULES, asked, circumstances);
        appraisal.weigh_rules(&status_list::RULES, asked, circumstances);
    }
    if let Some(integrity) = &claims.play_integrity {
        appraisal.weigh_integrity(integrity, policy.play_integrity.as_ref(), circumstances);
    }
    appraisal
}

/// What it is worth, and why, that an Android device sends no chain; `None` where it need not.
pub fn missing_key(policy: &Policy) -> Option<(TrustVector, Reason)> {
    let presence = policy.key_attestation.as_ref()?.presence;
    (presence == Presence::Required).then_some((instance(Worth::CONTRAINDICATED), KEY_ATTESTATION_ABSENT))
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

    /// Notes which evidence an Android device owes.
    fn miss_android(&mut self, claims: &Claims, policy: &Policy) {
        if let Some((worth, reason)) = missing_key(policy).filter(|_| claims.key_attestation.is_none()) {
            self.add(reason, &worth);
        }
        let integrity = policy.play_integrity.as_ref().map(|policy| policy.presence);
        if claims.play_integrity.is_none() && integrity == Some(Presence::Required) {
            self.add(PLAY_INTEGRITY_ABSENT, &executables(Worth::CONTRAINDICATED));
        }
    }

    /// Weighs what Play Integrity says; while Google cannot be asked, that, and the verdict that goes on meanwhile.
    fn weigh_integrity(
        &mut self,
        integrity: &PlayIntegrity,
        policy: Option<&PlayIntegrityPolicy>,
        circumstances: &Circumstances<'_>,
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
        circumstances: &Circumstances<'_>,
    ) {
        self.vector = self.vector.worse(&genuine);
        if policy.is_none() {
            self.add(FORMAT_WITHDRAWN, &instance(Worth::CONTRAINDICATED));
        }
        self.weigh_rules(rules, (claims, policy), circumstances);
    }

    fn weigh_rules<C, P>(
        &mut self,
        rules: &[Rule<C, P>],
        (claims, policy): (&C, Option<&P>),
        circumstances: &Circumstances<'_>,
    ) {
        for rule in policy.iter().flat_map(|_| rules) {
            if let Some(found) = policy.and_then(|policy| (rule.find)(claims, policy, circumstances)) {
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
