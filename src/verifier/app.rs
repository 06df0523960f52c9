//! One app: its configuration, made ready.

use super::app_attest::AppAttest;
use super::config::AppConfig;
use super::fault::BuildFault;
use super::refusal::Refusal;
use crate::appraisal::{Circumstances, Policy, PolicyRevision, Reason, Remedy, TrustVector, Worth, appraise};
use crate::evidence::claims::{Anchor, Claims};
use crate::ids::AppName;
use crate::time::Timestamp;
use crate::verdict::{Frame, Subject, Verdict};

pub(super) struct App {
    pub(super) name: AppName,
    pub(super) app_attest: Option<AppAttest>,
    policy: Policy,
    revision: PolicyRevision,
    frame: Frame,
}

const NOT_OURS: TrustVector = TrustVector { instance_identity: Worth::CONTRAINDICATED, ..TrustVector::SILENT };

const LAB_WITHDRAWN: Reason =
    Reason::new("lab_withdrawn", "no laboratory root is configured any more", Remedy::ReEnrol);

pub(super) const FORMAT_NOT_TAKEN: Reason =
    Reason::new("format_not_taken", "the app takes no evidence of this format", Remedy::ContactSupport);

impl App {
    pub(super) fn build(config: AppConfig) -> Result<Self, BuildFault> {
        let policy = config.policy();
        let revision = policy.revision();
        let frame = Frame {
            app: config.name.clone(),
            policy: revision.clone(),
            issued_at: Timestamp::EPOCH,
            lifetime: config.verdict_lifetime,
            until: None,
            freshness: config.freshness,
        };
        let app_attest = config.app_attest.map(AppAttest::build).transpose();
        Ok(Self {
            app_attest: app_attest.map_err(|_| BuildFault::LabRoot(config.name.clone()))?,
            name: config.name,
            policy,
            revision,
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
        claims: Claims,
        issued_at: Timestamp,
        circumstances: &Circumstances,
    ) -> Verdict {
        let mut appraisal = appraise(&claims, &self.policy, circumstances);
        for reason in self.withdrawn(&claims) {
            appraisal.add(reason, &NOT_OURS);
        }
        Verdict::on(subject, claims, appraisal, self.frame(issued_at))
    }

    /// What this app asks of App Attest.
    pub(super) fn app_attest(&self) -> Result<&AppAttest, Refusal> {
        self.app_attest.as_ref().ok_or_else(|| Refusal::silent(FORMAT_NOT_TAKEN))
    }

    /// What the claims rest on that an earlier configuration named and this one does not.
    fn withdrawn(&self, claims: &Claims) -> impl Iterator<Item = Reason> {
        let app_attest = self.app_attest.as_ref().zip(claims.app_attest.as_deref());
        let app = app_attest.and_then(|(format, claims)| format.withdrawn(claims));
        let lab = (claims.anchor == Anchor::Lab && !self.trusts_labs()).then_some(LAB_WITHDRAWN);
        app.into_iter().chain(lab)
    }

    fn trusts_labs(&self) -> bool {
        self.app_attest.as_ref().is_some_and(|format| format.trusts_labs)
    }

    /// Whether a verdict was stated under the policy that applies now.
    pub(super) fn is_current(&self, verdict: &Verdict) -> bool {
        verdict.policy == self.revision
    }
}
