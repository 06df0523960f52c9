//! One app: its configuration, made ready.

use super::config::AppConfig;
use super::fault::BuildFault;
use crate::appraisal::{Policy, PolicyRevision, Reason, Remedy, TrustVector, Worth, appraise};
use crate::crypto::path::TrustAnchors;
use crate::endorsement::app_attest_anchors;
use crate::evidence::app_attest::{AppId, Device};
use crate::evidence::claims::{Anchor, Claims};
use crate::ids::{AppName, InstanceId};
use crate::store::SignCountMode;
use crate::time::Timestamp;
use crate::verdict::{Frame, Verdict};

pub(super) struct App {
    pub(super) name: AppName,
    pub(super) app_ids: Vec<AppId>,
    pub(super) device: Device,
    pub(super) sign_count: SignCountMode,
    pub(super) anchors: TrustAnchors,
    pub(super) policy: Policy,
    trusts_labs: bool,
    revision: PolicyRevision,
    frame: Frame,
}

const NOT_OURS: TrustVector = TrustVector { instance_identity: Worth::CONTRAINDICATED, ..TrustVector::SILENT };

const APP_WITHDRAWN: Reason =
    Reason::new("app_withdrawn", "the App ID is no longer one of this app's", Remedy::UpdateApp);
const LAB_WITHDRAWN: Reason =
    Reason::new("lab_withdrawn", "no laboratory root is configured any more", Remedy::ReEnrol);

impl App {
    pub(super) fn build(config: AppConfig) -> Result<Self, BuildFault> {
        let anchors = app_attest_anchors(&config.lab_roots).map_err(|_| BuildFault::LabRoot(config.name.clone()))?;
        let revision = config.policy.revision();
        let frame = Frame {
            app: config.name.clone(),
            policy: revision.clone(),
            issued_at: Timestamp::EPOCH,
            lifetime: config.verdict_lifetime,
            freshness: config.freshness,
        };
        Ok(Self {
            name: config.name,
            app_ids: config.app_ids,
            device: config.device,
            sign_count: config.sign_count,
            anchors,
            trusts_labs: !config.lab_roots.is_empty(),
            policy: config.policy,
            revision,
            frame,
        })
    }

    /// What every verdict of this app says about itself, for a proof given at `issued_at`.
    pub(super) fn frame(&self, issued_at: Timestamp) -> Frame {
        Frame { issued_at, ..self.frame.clone() }
    }

    /// The verdict on claims that were proved at `issued_at`, as this configuration sees them.
    pub(super) fn verdict(&self, instance: InstanceId, claims: Claims, issued_at: Timestamp) -> Verdict {
        let mut appraisal = appraise(&claims, &self.policy);
        for reason in self.withdrawn(&claims) {
            appraisal.vector = appraisal.vector.worse(&NOT_OURS);
            appraisal.reasons.push(reason);
        }
        Verdict::on(instance, claims, appraisal, self.frame(issued_at))
    }

    /// An earlier verdict on claims, as this configuration would state it; one that rests on no claims is left as it is.
    pub(super) fn restated(&self, first: Verdict) -> Verdict {
        match (first.instance, first.claims.clone()) {
            (Some(instance), Some(claims)) => self.verdict(instance, claims, first.issued_at),
            _ => first,
        }
    }

    /// What the claims rest on that an earlier configuration named and this one does not.
    fn withdrawn(&self, claims: &Claims) -> impl Iterator<Item = Reason> {
        let app = self.app_id(&claims.app_id).is_none().then_some(APP_WITHDRAWN);
        let lab = (claims.anchor == Anchor::Lab && !self.trusts_labs).then_some(LAB_WITHDRAWN);
        app.into_iter().chain(lab)
    }

    /// The configured App ID with this text; claims of an App ID that is no longer configured find none.
    pub(super) fn app_id(&self, text: &str) -> Option<&AppId> {
        self.app_ids.iter().find(|app_id| app_id.as_str() == text)
    }

    /// Whether a verdict was stated under the policy that applies now.
    pub(super) fn is_current(&self, verdict: &Verdict) -> bool {
        verdict.policy == self.revision
    }
}
