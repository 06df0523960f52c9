//! What an app asks of App Attest, made ready.

use super::config::AppAttestConfig;
use crate::appraisal::{Reason, Remedy};
use crate::crypto::certificate::CertificateMalformed;
use crate::crypto::path::TrustAnchors;
use crate::endorsement::app_attest_anchors;
use crate::evidence::app_attest::{AppId, Device};
use crate::evidence::claims::{AppAttestClaims, Environment};
use crate::store::SignCountMode;

pub(super) struct AppAttest {
    pub(super) app_ids: Vec<AppId>,
    pub(super) environment: Environment,
    pub(super) device: Device,
    pub(super) sign_count: SignCountMode,
    pub(super) anchors: TrustAnchors,
    pub(super) trusts_labs: bool,
}

const APP_WITHDRAWN: Reason =
    Reason::new("app_withdrawn", "the App ID is no longer one of this app's", Remedy::UpdateApp);

impl AppAttest {
    pub(super) fn build(config: AppAttestConfig) -> Result<Self, CertificateMalformed> {
        Ok(Self {
            app_ids: config.app_ids,
            environment: config.policy.environment,
            device: config.device,
            sign_count: config.sign_count,
            anchors: app_attest_anchors(&config.lab_roots)?,
            trusts_labs: !config.lab_roots.is_empty(),
        })
    }

    /// The configured App ID with this text; claims of an App ID that is no longer configured find none.
    pub(super) fn app_id(&self, text: &str) -> Option<&AppId> {
        self.app_ids.iter().find(|app_id| app_id.as_str() == text)
    }

    /// Why claims count no longer that an earlier configuration took.
    pub(super) fn withdrawn(&self, claims: &AppAttestClaims) -> Option<Reason> {
        self.app_id(&claims.app_id).is_none().then_some(APP_WITHDRAWN)
    }
}
