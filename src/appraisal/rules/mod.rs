//! The rules, one a row, a table for each format. All of them run, so that a verdict names every reason.

mod app_attest;
mod binding;
mod built_in;
mod key_attestation;
#[cfg(test)]
mod mode_tests;
#[cfg(test)]
mod own_tests;
mod play_integrity;
mod signals;
mod status_list;
#[cfg(test)]
mod tests;
mod weighing;

pub use binding::{Bond, Bonds, appraise_binding};

use super::facts::{Known, Request};
use super::policy::{Condition, Policy};
use super::reason::{Reason, Remedy};
use super::standing::Standing;
use super::vector::{Aspect, Tier, TrustVector, Worth};
use crate::endorsement::status_list::KeptList;
use crate::evidence::claims::Claims;
use crate::time::Timestamp;
use weighing::Weighing;

pub use built_in::{BuiltIn, built_in_rules};

/// What verified claims are worth under a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appraisal {
    /// The worth, aspect by aspect.
    pub vector: TrustVector,
    /// Every reason that was found.
    pub reasons: Vec<Reason>,
    /// What each of them is worth, in the same order.
    pub worths: Vec<TrustVector>,
    /// What else was found, by rules that only report: it changes nothing.
    pub reported: Vec<Reason>,
    /// What each of these would be worth, in the same order.
    pub reported_worths: Vec<TrustVector>,
    /// Whether something speaks against the evidence itself: then it is denied, whatever is done at its tier otherwise.
    pub is_barred: bool,
    /// Whether the evidence has shown nothing, and nothing firm was found: a doubt about it is then no better than that.
    pub knows_nothing: bool,
}

/// What a rule may look at beside claims and policy.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// When the claims are appraised.
    pub now: Timestamp,
    /// Google's status list, if there is one.
    pub status_list: Option<&'a KeptList>,
    /// Whom the claims are about, always by the same bytes: they decide for which rules it belongs to the share. Empty when that
    /// is not known; every rule counts then.
    pub subject: &'a [u8],
    /// Whether the instance still has the operator's trust.
    pub standing: Standing,
}

impl Circumstances<'_> {
    /// This time, no status list, and nobody who is known or was revoked.
    pub const fn at(now: Timestamp) -> Self {
        Self { now, status_list: None, subject: &[], standing: Standing::Good }
    }
}

/// One rule over the claims `C` under the policy `P` of a format: what it finds, and what that is worth.
#[derive(Clone, Copy, Debug)]
struct Rule<C, P> {
    /// The stable code of its reason.
    code: &'static str,
    text: &'static str,
    remedy: Remedy,
    firmness: Firmness,
    find: Find<C, P>,
}

/// Whether a policy may weaken a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Firmness {
    /// It may be reported only, be off, or count for less.
    Yielding,
    /// It holds for everybody and can only be made to count for more: what it finds is about authenticity, about who stands
    /// behind the evidence, or about an outage.
    Firm,
}

/// The worth of what was found; `None` when the rule has nothing to say.
type Find<C, P> = fn(&C, &P, &Circumstances<'_>) -> Option<TrustVector>;

const fn rule<C, P>(code: &'static str, text: &'static str, remedy: Remedy, find: Find<C, P>) -> Rule<C, P> {
    Rule { code, text, remedy, firmness: Firmness::Yielding, find }
}

/// A rule that no policy weakens.
const fn firm_rule<C, P>(code: &'static str, text: &'static str, remedy: Remedy, find: Find<C, P>) -> Rule<C, P> {
    Rule { firmness: Firmness::Firm, ..rule(code, text, remedy, find) }
}

impl<C, P> Rule<C, P> {
    const fn reason(&self) -> Reason {
        Reason::new(self.code, self.text, self.remedy)
    }
}

const LAB_ANCHOR: Reason =
    Reason::new("lab_anchor", "trusted only because a laboratory root is configured", Remedy::None);

const FORMAT_WITHDRAWN: Reason =
    Reason::new("format_withdrawn", "the app does not take evidence of this format any more", Remedy::UpdateApp);

const KEY_ATTESTATION_ABSENT: Reason =
    Reason::new("key_attestation_absent", "no key attestation was sent, and the app needs one", Remedy::ReEnrol);

const PLAY_INTEGRITY_ABSENT: Reason = Reason::new(
    "play_integrity_absent",
    "no integrity token was sent, or none was opened, and the app needs one",
    Remedy::NewChallenge,
);

/// Appraises verified claims under an app's policy, as all that an instance has shown. Rules that look at requests do not run.
pub fn appraise(claims: &Claims, policy: &Policy, circumstances: &Circumstances<'_>) -> Appraisal {
    let mut weighing = Weighing::of_sections(claims, policy, *circumstances);
    if claims.app_attest.is_none() {
        weighing.miss_android(claims);
    }
    if let Some(report) = claims.report.as_deref() {
        weighing.weigh_rules(&signals::RULES, (report, Some(&policy.signals)));
    }
    let known = Known::new(Some(claims), Request::default());
    weighing.weigh_own(&known, |when| !when.looks_at_requests());
    weighing.appraisal
}

/// Appraises verified claims that may be only a part of what was sent.
pub fn appraise_part(claims: &Claims, policy: &Policy, circumstances: &Circumstances<'_>) -> Appraisal {
    let mut weighing = Weighing::of_sections(claims, policy, *circumstances);
    let known = Known::new(Some(claims), Request::default());
    weighing.weigh_own(&known, |when| !when.looks_at_requests() && when.is_settled_by(claims));
    weighing.appraisal
}

/// Appraises one request of an instance, of which these are the claims, by the rules that look at requests, and by no other.
/// Where nothing is found, nothing is claimed: what is found can only lower what the instance is worth by itself. Of a session, no
/// claims are kept: what Play Integrity said is unknown, and other evidence there was none.
pub fn appraise_request(
    policy: &Policy,
    claims: Option<&Claims>,
    request: &Request<'_>,
    circumstances: &Circumstances<'_>,
) -> Appraisal {
    let mut weighing = Weighing::new(policy, *circumstances);
    let known = Known::new(claims, *request);
    weighing.weigh_own(&known, Condition::looks_at_requests);
    weighing.appraisal
}

/// What it is worth, and why, that an Android device sends no chain; `None` where it need not, or where that is only reported.
pub fn missing_key(policy: &Policy, circumstances: &Circumstances<'_>) -> Option<(TrustVector, Reason)> {
    let mut weighing = Weighing::new(policy, *circumstances);
    weighing.miss_key();
    let Appraisal { vector, reasons, .. } = weighing.appraisal;
    reasons.into_iter().next().map(|reason| (vector, reason))
}

impl Appraisal {
    /// Nothing was found.
    pub const NOTHING: Self = Self {
        vector: TrustVector::SILENT,
        reasons: Vec::new(),
        worths: Vec::new(),
        reported: Vec::new(),
        reported_worths: Vec::new(),
        is_barred: false,
        knows_nothing: false,
    };

    /// The worst tier of the vector.
    pub fn tier(&self) -> Tier {
        self.tier_of(&self.vector)
    }

    /// The tier where the vector is this one: what nothing is known of stays unknown beside a doubt.
    pub fn tier_of(&self, vector: &TrustVector) -> Tier {
        match vector.tier() {
            Tier::Warning if self.knows_nothing => Tier::None,
            tier => tier,
        }
    }

    /// Whether no rule has found anything, not even to report it.
    pub fn is_silent(&self) -> bool {
        self.reasons.is_empty() && self.reported.is_empty()
    }

    /// Notes one more reason, and what it is worth.
    pub fn add(&mut self, reason: Reason, worth: &TrustVector) {
        self.vector = self.vector.worse(worth);
        self.reasons.push(reason);
        self.worths.push(*worth);
    }

    /// Notes what a rule found that only reports, and what it would be worth.
    pub fn report(&mut self, reason: Reason, worth: &TrustVector) {
        self.reported.push(reason);
        self.reported_worths.push(*worth);
    }

    /// The same for what no policy weakens.
    pub fn add_firmly(&mut self, reason: Reason, worth: &TrustVector) {
        self.is_barred |= worth.tier() == Tier::Contraindicated;
        self.knows_nothing &= worth.tier() == Tier::None;
        self.add(reason, worth);
    }

    /// Notes what evidence shows by being genuine.
    fn show(&mut self, genuine: &TrustVector) {
        self.knows_nothing &= genuine.tier() == Tier::None;
        self.vector = self.vector.worse(genuine);
    }
}

const fn instance(worth: Worth) -> TrustVector {
    TrustVector::of(Aspect::InstanceIdentity, worth)
}

const fn executables(worth: Worth) -> TrustVector {
    TrustVector::of(Aspect::Executables, worth)
}

const fn configuration(worth: Worth) -> TrustVector {
    TrustVector::of(Aspect::Configuration, worth)
}
