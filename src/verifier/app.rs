//! One app: its configuration, made ready.

use super::config::AppConfig;
use super::fault::BuildFault;
use crate::appraisal::{Policy, PolicyRevision, appraise};
use crate::crypto::path::TrustAnchors;
use crate::endorsement::app_attest_anchors;
use crate::evidence::app_attest::{AppId, Device};
use crate::evidence::claims::Claims;
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
    revision: PolicyRevision,
    frame: Frame,
}

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
            policy: config.policy,
            revision,
            frame,
        })
    }

    /// What every verdict of this app says about itself, for a proof given at `issued_at`.
    pub(super) fn frame(&self, issued_at: Timestamp) -> Frame {
        Frame { issued_at, ..self.frame.clone() }
    }

    /// The verdict on claims that were proved at `issued_at`.
    pub(super) fn verdict(&self, instance: InstanceId, claims: Claims, issued_at: Timestamp) -> Verdict {
        let appraisal = appraise(&claims, &self.policy);
        Verdict::on(instance, claims, appraisal, self.frame(issued_at))
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
