//! What an app asks of Android Key Attestation, made ready.

use std::time::Duration;

use super::attest::ProvenKey;
use super::config::KeyAttestationConfig;
use super::refusal::Refusal;
use crate::appraisal::{Reason, Remedy};
use crate::crypto::certificate::CertificateMalformed;
use crate::crypto::chain::ChainAnchors;
use crate::crypto::digest::{Digest, sha256_of_parts};
use crate::crypto::key::P256PublicKey;
use crate::crypto::secret::MacKey;
use crate::endorsement::key_attestation_anchors;
use crate::evidence::claims::{Anchor, HexBytes, KeyAttestationClaims};
use crate::evidence::key_attestation::{
    Expectation, FactoryExpiry, KeyAssertionExpectation, KeyAttestationFacts, made_by_one_of, verify_key_assertion,
    verify_key_attestation,
};
use crate::store::SignCountMode;
use crate::time::Timestamp;

/// Where the keys of Android devices live: there is one such place.
pub(super) const ENVIRONMENT: &str = "android";

/// What an app asks of a chain.
pub(super) struct KeyAttestation {
    pub(super) sign_count: SignCountMode,
    pub(super) trusts_labs: bool,
    /// How old the status list may be for chains to count; `None` when it is not asked, or its age changes nothing.
    pub(super) list_max_age: Option<Duration>,
    config: KeyAttestationConfig,
    anchors: ChainAnchors,
}

/// A chain that verified.
pub(super) struct ProvenChain {
    pub(super) anchor: Anchor,
    pub(super) claims: KeyAttestationClaims,
    pub(super) key: ProvenKey,
}

/// A signature by an attested key, with the app's own count of its signatures.
#[derive(Clone, Copy, Debug)]
pub struct KeyAssertion<'a> {
    /// The count, from 1 up.
    pub sign_count: u32,
    /// The signature, DER.
    pub signature: &'a [u8],
}

const PACKAGE_WITHDRAWN: Reason =
    Reason::new("package_withdrawn", "package or signer are no longer this app's", Remedy::UpdateApp);

const EXPIRY_WITHDRAWN: Reason =
    Reason::new("factory_expiry_withdrawn", "expired certificates from a factory are taken no longer", Remedy::None);

impl KeyAttestation {
    pub(super) fn build(config: KeyAttestationConfig) -> Result<Self, CertificateMalformed> {
        let asked = config.policy.status_list.filter(|list| list.stale.is_felt());
        Ok(Self {
            sign_count: config.sign_count,
            trusts_labs: !config.lab_roots.is_empty(),
            list_max_age: asked.map(|list| list.max_age),
            anchors: key_attestation_anchors(&config.lab_roots)?,
            config,
        })
    }

    /// Verifies a chain over these client data. What names one device is kept under `ids` alone.
    pub(super) fn proven(
        &self,
        chain: &[Vec<u8>],
        client_data_hash: &Digest,
        ids: &MacKey,
        now: Timestamp,
    ) -> Result<ProvenChain, Refusal> {
        let expectation = Expectation {
            challenge: Some(client_data_hash),
            apps: Some(&self.config.apps),
            shared_user_id: self.config.shared_user_id,
            public_key: None,
            factory_expiry: self.config.factory_expiry,
            issuers: self.config.issuers,
        };
        let verified = verify_key_attestation(chain, &self.anchors, expectation, now);
        let facts = verified.map_err(|fault| Refusal::unverified(&fault))?.into_facts();
        let key = facts.p256_key().map_err(|fault| Refusal::unverified(&fault))?;
        let device_ids = keyed(&facts, ids);
        let serials = facts.claims.serials.iter().map(ToString::to_string).collect();
        let key = ProvenKey { key, environment: ENVIRONMENT, serials, receipt: Vec::new() };
        Ok(ProvenChain { anchor: facts.anchor, claims: KeyAttestationClaims { device_ids, ..facts.claims }, key })
    }

    /// Verifies a signature over these client data, and gives its sign count.
    pub(super) fn asserted(
        &self,
        assertion: KeyAssertion<'_>,
        key: &P256PublicKey,
        client_data_hash: &Digest,
    ) -> Result<u32, Refusal> {
        let expectation = KeyAssertionExpectation { client_data_hash, key };
        let verified = verify_key_assertion(assertion.sign_count, assertion.signature, expectation);
        Ok(verified.map_err(|fault| Refusal::unverified(&fault))?.facts().sign_count)
    }

    /// Why claims count no longer that an earlier configuration took.
    pub(super) fn withdrawn(&self, claims: &KeyAttestationClaims) -> Option<Reason> {
        let KeyAttestationConfig { apps, shared_user_id, factory_expiry, .. } = &self.config;
        let signers: Vec<&[u8]> = claims.signers.iter().map(|signer| signer.0.as_slice()).collect();
        if made_by_one_of(&claims.packages, &signers, apps, *shared_user_id).is_err() {
            return Some(PACKAGE_WITHDRAWN);
        }
        (claims.factory_expired && *factory_expiry == FactoryExpiry::Refused).then_some(EXPIRY_WITHDRAWN)
    }
}

/// The serial numbers of the device itself, as keyed hashes by their kind: enough to know a device again, and no more.
fn keyed(facts: &KeyAttestationFacts, ids: &MacKey) -> Vec<(String, HexBytes)> {
    let keyed = |kind: &str, id: &[u8]| ids.tag(&sha256_of_parts(&[kind.as_bytes(), id]));
    let each = facts.personal_ids.iter();
    each.map(|(kind, id)| (kind.name().to_owned(), keyed(kind.name(), id).as_slice().into())).collect()
}
