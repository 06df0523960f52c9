//! Weighing: what is found, as far as the policy lets it count.

use super::{
    Appraisal, Circumstances, FORMAT_WITHDRAWN, Firmness, KEY_ATTESTATION_ABSENT, LAB_ANCHOR, PLAY_INTEGRITY_ABSENT,
    Rule, app_attest, executables, instance, key_attestation, play_integrity, status_list,
};
use crate::appraisal::facts::Known;
use crate::appraisal::policy::{Application, Condition, Effect, Mode, PlayIntegrityPolicy, Policy, Presence};
use crate::appraisal::reason::Reason;
use crate::appraisal::standing::INSTANCE_REVOKED;
use crate::appraisal::vector::{TrustVector, Worth};
use crate::evidence::claims::{Claims, PlayIntegrity};

/// An appraisal that grows.
pub(super) struct Weighing<'a> {
    policy: &'a Policy,
    circumstances: Circumstances<'a>,
    pub(super) appraisal: Appraisal,
}

impl<'a> Weighing<'a> {
    pub(super) const fn new(policy: &'a Policy, circumstances: Circumstances<'a>) -> Self {
        Self { policy, circumstances, appraisal: Appraisal::NOTHING }
    }

    /// The claims of every format, weighed.
    pub(super) fn of_sections(claims: &Claims, policy: &'a Policy, circumstances: Circumstances<'a>) -> Self {
        let mut weighing = Self::new(policy, circumstances);
        weighing.appraisal.knows_nothing = true;
        weighing.weigh_sections(claims);
        weighing
    }

    fn weigh_sections(&mut self, claims: &Claims) {
        if !claims.labs.is_empty() {
            self.find(LAB_ANCHOR, Firmness::Firm, &TrustVector::SILENT);
        }
        if self.circumstances.standing.is_revoked(self.circumstances.now) {
            self.find(INSTANCE_REVOKED, Firmness::Firm, &instance(Worth::CONTRAINDICATED));
        }
        let policy = self.policy;
        if let Some(claims) = claims.app_attest.as_deref() {
            self.weigh(app_attest::GENUINE, &app_attest::RULES, (claims, policy.app_attest.as_ref()));
        }
        if let Some(claims) = claims.key_attestation.as_deref() {
            let asked = (claims, policy.key_attestation.as_ref());
            self.weigh(key_attestation::GENUINE, &key_attestation::RULES, asked);
            self.weigh_rules(&status_list::RULES, asked);
        }
        if let Some(integrity) = &claims.play_integrity {
            self.weigh_integrity(integrity, policy.play_integrity.as_ref());
        }
    }

    /// Notes which evidence an Android device owes.
    pub(super) fn miss_android(&mut self, claims: &Claims) {
        if claims.key_attestation.is_none() {
            self.miss_key();
        }
        let integrity = self.policy.play_integrity.as_ref().map(|policy| policy.presence);
        if claims.play_integrity.is_none() && integrity == Some(Presence::Required) {
            self.find(PLAY_INTEGRITY_ABSENT, Firmness::Yielding, &executables(Worth::CONTRAINDICATED));
        }
    }

    /// Notes that a chain is owed.
    pub(super) fn miss_key(&mut self) {
        let presence = self.policy.key_attestation.as_ref().map(|policy| policy.presence);
        if presence == Some(Presence::Required) {
            self.find(KEY_ATTESTATION_ABSENT, Firmness::Yielding, &instance(Worth::CONTRAINDICATED));
        }
    }

    /// Weighs what Play Integrity says; while Google cannot be asked, that, and the verdict that goes on meanwhile.
    fn weigh_integrity(&mut self, integrity: &PlayIntegrity, policy: Option<&PlayIntegrityPolicy>) {
        let verdict = match integrity {
            PlayIntegrity::Decoded(claims) => Some(claims.as_ref()),
            PlayIntegrity::Unavailable { .. } => {
                self.weigh(TrustVector::SILENT, &play_integrity::OUTAGE_RULES, (integrity, policy));
                policy.and_then(|policy| play_integrity::held(integrity, policy, &self.circumstances))
            }
        };
        if let Some(claims) = verdict {
            self.weigh(play_integrity::shown(claims), &play_integrity::RULES, (claims, policy));
        }
    }

    /// Weighs the claims of one format: what they show by being genuine, then every rule.
    fn weigh<C, P>(&mut self, genuine: TrustVector, rules: &[Rule<C, P>], (claims, policy): (&C, Option<&P>)) {
        self.appraisal.show(&genuine);
        if policy.is_none() {
            self.find(FORMAT_WITHDRAWN, Firmness::Firm, &instance(Worth::CONTRAINDICATED));
        }
        self.weigh_rules(rules, (claims, policy));
    }

    pub(super) fn weigh_rules<C, P>(&mut self, rules: &[Rule<C, P>], (claims, policy): (&C, Option<&P>)) {
        let Some(policy) = policy else { return };
        for rule in rules {
            if let Some(found) = (rule.find)(claims, policy, &self.circumstances) {
                self.find(rule.reason(), rule.firmness, &found);
            }
        }
    }

    /// Weighs the app's own rules that these claims are for, one by one.
    pub(super) fn weigh_own(&mut self, known: &Known<'_>, is_for: impl Fn(&Condition) -> bool) {
        let policy = self.policy;
        for rule in policy.own_rules.iter().filter(|rule| rule.mode != Mode::Off && is_for(&rule.when)) {
            if rule.when.is_found(known) {
                let (reason, worth) = rule.finding();
                self.note(reason, &worth, &rule.application());
            }
        }
    }

    /// Notes what a built-in rule has found, as the policy has it apply.
    pub(super) fn find(&mut self, reason: Reason, firmness: Firmness, found: &TrustVector) {
        let application = self.policy.application(&reason.code);
        let restated = application.tier.map_or(*found, |tier| found.restated(tier.worth()));
        match firmness {
            Firmness::Firm => self.appraisal.add_firmly(reason, &found.worse(&restated)),
            Firmness::Yielding => self.note(reason, &restated, &application),
        }
    }

    /// Notes what was found, as far as it counts.
    pub(super) fn note(&mut self, reason: Reason, worth: &TrustVector, application: &Application) {
        match application.effect(&reason.code, self.circumstances.subject) {
            Effect::Counts => self.appraisal.add(reason, worth),
            Effect::IsReported => self.appraisal.report(reason, worth),
            Effect::IsIgnored => {}
        }
    }
}
