//! One app: its configuration, made ready.

use std::sync::Arc;
use std::time::Duration;

use super::app_attest::AppAttest;
use super::config::AppConfig;
use super::fault::BuildFault;
use super::key_attestation::KeyAttestation;
use super::play_integrity::PlayIntegrity;
use super::refusal::Refusal;
use crate::appraisal::{
    Appraisal, Circumstances, Policy, PolicyRevision, Reason, Remedy, TrustVector, Worth, appraise,
};
use crate::endorsement::status_list::KeptList;
use crate::evidence::claims::{self, Claims, Format};
use crate::ids::AppName;
use crate::time::Timestamp;
use crate::upstream::IntegrityDecoder;
use crate::verdict::{Frame, Subject, Verdict};

pub(super) struct App {
    pub(super) name: AppName,
    app_attest: Option<AppAttest>,
    key_attestation: Option<KeyAttestation>,
    play_integrity: Option<PlayIntegrity>,
    policy: Policy,
    frame: Frame,
}

const NOT_OURS: TrustVector = TrustVector { instance_identity: Worth::CONTRAINDICATED, ..TrustVector::SILENT };

const LAB_WITHDRAWN: Reason =
    Reason::new("lab_withdrawn", "no laboratory root is configured any more", Remedy::ReEnrol);

pub(super) const FORMAT_NOT_TAKEN: Reason =
    Reason::new("format_not_taken", "the app takes no evidence of this format", Remedy::ContactSupport);

impl App {
    pub(super) fn build(config: AppConfig, decoder: Option<Arc<dyn IntegrityDecoder>>) -> Result<Self, BuildFault> {
        let policy = config.policy();
        let frame = Frame {
            app: config.name.clone(),
            policy: policy.revision(),
            decisions: policy.decisions,
            issued_at: Timestamp::EPOCH,
            lifetime: config.verdict_lifetime,
            until: None,
            freshness: config.freshness,
        };
        let lab_root = |_| BuildFault::LabRoot(config.name.clone());
        Ok(Self {
            app_attest: config.app_attest.map(AppAttest::build).transpose().map_err(lab_root)?,
            key_attestation: config.key_attestation.map(KeyAttestation::build).transpose().map_err(lab_root)?,
            play_integrity: config.play_integrity.map(|format| PlayIntegrity::build(format, decoder)),
            name: config.name,
            policy,
            frame,
        })
    }

    /// What every verdict of this app says about itself, for a proof given at `issued_at`.
    pub(super) fn frame(&self, issued_at: Timestamp) -> Frame {
        Frame { issued_at, ..self.frame.clone() }
    }

    /// The verdict on claims that were proved at `issued_at`, as this configuration sees them.
    pub(super) fn verdict(
        &self,
        subject: Subject,
        claims: impl Into<Arc<Claims>>,
        issued_at: Timestamp,
        circumstances: &Circumstances<'_>,
    ) -> Verdict {
        let claims = claims.into();
        let appraisal = self.appraised(&claims, circumstances);
        self.stated(subject, claims, appraisal, issued_at, circumstances)
    }

    /// What the claims are worth to this configuration.
    pub(super) fn appraised(&self, claims: &Claims, circumstances: &Circumstances<'_>) -> Appraisal {
        let mut appraisal = appraise(claims, &self.policy, circumstances);
        for reason in self.withdrawn(claims) {
            appraisal.add_firmly(reason, &NOT_OURS);
        }
        appraisal
    }

    /// What is stated on claims that are worth this.
    pub(super) fn stated(
        &self,
        subject: Subject,
        claims: Arc<Claims>,
        appraisal: Appraisal,
        issued_at: Timestamp,
        circumstances: &Circumstances<'_>,
    ) -> Verdict {
        let until = self.until(&claims, circumstances);
        Verdict::on(subject, claims, appraisal, Frame { until, ..self.frame(issued_at) })
    }

    /// The verdict as it is kept in memory: with its claims only where requests are weighed with them.
    pub(super) fn remembered(&self, verdict: Verdict) -> Verdict {
        let claims = verdict.claims.filter(|_| self.policy.looks_at_requests());
        Verdict { claims, ..verdict }
    }

    /// When the claims will be worth something else than now: the status list grows stale, what Google said too old, or a revocation
    /// ends.
    fn until(&self, claims: &Claims, circumstances: &Circumstances<'_>) -> Option<Timestamp> {
        let chain = claims.key_attestation.as_ref().and(circumstances.status_list).zip(self.list_max_age());
        let list_ends = chain.map(|(list, max_age)| list.fetched_at.plus(max_age));
        let policy = self.policy.play_integrity.as_ref();
        let integrity_ends = claims.play_integrity.as_ref().zip(policy).and_then(|(said, policy)| policy.until(said));
        // What has ended already has its own reason.
        let ends = [list_ends, integrity_ends, circumstances.standing.ends()];
        ends.into_iter().flatten().filter(|end| *end > circumstances.now).min()
    }

    fn list_max_age(&self) -> Option<Duration> {
        self.key_attestation.as_ref().and_then(|format| format.list_max_age)
    }

    /// Whether this list is too old for the app's chains to count.
    pub(super) fn finds_stale(&self, list: &KeptList, now: Timestamp) -> bool {
        self.list_max_age().is_some_and(|max_age| list.is_stale(now, max_age))
    }

    /// What this app asks of App Attest.
    pub(super) fn app_attest(&self) -> Result<&AppAttest, Refusal> {
        taken(self.app_attest.as_ref())
    }

    /// What this app asks of Key Attestation.
    pub(super) fn key_attestation(&self) -> Result<&KeyAttestation, Refusal> {
        taken(self.key_attestation.as_ref())
    }

    /// What this app asks of Play Integrity.
    pub(super) fn play_integrity(&self) -> Result<&PlayIntegrity, Refusal> {
        taken(self.play_integrity.as_ref())
    }

    /// The policy that applies.
    pub(super) const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Its revision.
    pub(super) const fn revision(&self) -> PolicyRevision {
        self.frame.policy
    }

    /// What the claims rest on that an earlier configuration named and this one does not.
    fn withdrawn(&self, claims: &Claims) -> impl Iterator<Item = Reason> {
        let app_attest = self.app_attest.as_ref().zip(claims.app_attest.as_deref());
        let key_attestation = self.key_attestation.as_ref().zip(claims.key_attestation.as_deref());
        let said = claims.play_integrity.as_ref().and_then(claims::PlayIntegrity::claims);
        let play_integrity = self.play_integrity.as_ref().zip(said);
        let reasons = [
            app_attest.and_then(|(format, claims)| format.withdrawn(claims)),
            key_attestation.and_then(|(format, claims)| format.withdrawn(claims)),
            play_integrity.and_then(|(format, claims)| format.withdrawn(claims)),
            (!claims.labs.iter().all(|format| self.trusts_labs_for(*format))).then_some(LAB_WITHDRAWN),
        ];
        reasons.into_iter().flatten()
    }

    /// Whether a laboratory is still named for this format.
    fn trusts_labs_for(&self, format: Format) -> bool {
        match format {
            Format::AppAttest => self.app_attest.as_ref().is_some_and(|format| format.trusts_labs),
            Format::KeyAttestation => self.key_attestation.as_ref().is_some_and(|format| format.trusts_labs),
            Format::PlayIntegrity => self.play_integrity.as_ref().is_some_and(PlayIntegrity::trusts_labs),
        }
    }
}

fn taken<T>(format: Option<&T>) -> Result<&T, Refusal> {
    format.ok_or_else(|| Refusal::silent(FORMAT_NOT_TAKEN))
}
