//! What an app asks of App Attest, made ready.

use super::attest::{Proven, ProvenKey};
use super::config::AppAttestConfig;
use super::refusal::Refusal;
use crate::appraisal::{Reason, Remedy};
use crate::crypto::certificate::CertificateMalformed;
use crate::crypto::digest::Digest;
use crate::crypto::key::P256PublicKey;
use crate::crypto::path::TrustAnchors;
use crate::endorsement::app_attest_anchors;
use crate::evidence::app_attest::{
    AppId, AssertionExpectation, AssertionFacts, Device, Expectation, Rejection, verify_assertion, verify_attestation,
};
use crate::evidence::claims::{AppAttestClaims, Claims, Environment, Format};
use crate::store::SignCountMode;
use crate::time::Timestamp;

/// What an Apple device sends to prove itself.
#[derive(Clone, Copy, Debug)]
pub struct AppAttestEvidence<'a> {
    /// The attestation object.
    pub attestation_object: &'a [u8],
    /// The key id that the client names.
    pub key_id: &'a [u8],
}

pub(super) struct AppAttest {
    pub(super) environment: Environment,
    pub(super) sign_count: SignCountMode,
    pub(super) trusts_labs: bool,
    app_ids: Vec<AppId>,
    device: Device,
    anchors: TrustAnchors,
}

const APP_WITHDRAWN: Reason =
    Reason::new("app_withdrawn", "the App ID is no longer one of this app's", Remedy::UpdateApp);

impl AppAttest {
    pub(super) fn build(config: AppAttestConfig) -> Result<Self, CertificateMalformed> {
        Ok(Self {
            environment: config.policy.environment,
            sign_count: config.sign_count,
            trusts_labs: !config.lab_roots.is_empty(),
            app_ids: config.app_ids,
            device: config.device,
            anchors: app_attest_anchors(&config.lab_roots)?,
        })
    }

    /// Verifies an attestation over these client data.
    pub(super) fn proven(
        &self,
        evidence: AppAttestEvidence<'_>,
        client_data_hash: &Digest,
        now: Timestamp,
    ) -> Result<Proven, Refusal> {
        let expectation = Expectation {
            client_data_hash,
            key_id: evidence.key_id,
            app_ids: &self.app_ids,
            environment: self.environment,
            device: self.device,
        };
        let verified = verify_attestation(evidence.attestation_object, &self.anchors, expectation, now)
            .map_err(|fault| Refusal::unverified(&fault))?;
        let facts = verified.into_facts();
        let environment = facts.claims.environment.name();
        let key = ProvenKey { key: facts.key, environment, serials: facts.serials, receipt: facts.receipt };
        let claims = Claims { app_attest: Some(Box::new(facts.claims)), ..Claims::default() };
        Ok(Proven { claims: claims.resting_on(facts.anchor, Format::AppAttest), key: Some(key) })
    }

    /// Verifies an assertion over these client data by an instance of which `known` is known. Gives its sign count and what is
    /// known with it.
    pub(super) fn asserted(
        &self,
        assertion: &[u8],
        known: &AppAttestClaims,
        key: &P256PublicKey,
        client_data_hash: &Digest,
    ) -> Result<(u32, AppAttestClaims), Refusal> {
        let app_id = self.app_id(&known.app_id).ok_or_else(|| Refusal::unverified(&Rejection::AppMismatch))?;
        let expectation = AssertionExpectation { client_data_hash, key, app_id };
        let verified = verify_assertion(assertion, expectation).map_err(|fault| Refusal::unverified(&fault))?;
        Ok((verified.facts().sign_count, proved_again(known, verified.facts())))
    }

    /// The configured App ID with this text; claims of an App ID that is no longer configured find none.
    fn app_id(&self, text: &str) -> Option<&AppId> {
        self.app_ids.iter().find(|app_id| app_id.as_str() == text)
    }

    /// Why claims count no longer that an earlier configuration took.
    pub(super) fn withdrawn(&self, claims: &AppAttestClaims) -> Option<Reason> {
        self.app_id(&claims.app_id).is_none().then_some(APP_WITHDRAWN)
    }
}

/// What the running code says now replaces what it said before; where it says nothing, the earlier word stands.
fn proved_again(earlier: &AppAttestClaims, facts: &AssertionFacts) -> AppAttestClaims {
    let now = &facts.extensions;
    AppAttestClaims {
        validation_category: now.validation_category.or(earlier.validation_category),
        bundle_version: now.bundle_version.clone().or_else(|| earlier.bundle_version.clone()),
        ..earlier.clone()
    }
}
