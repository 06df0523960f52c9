//! Cases with Android certificate chains.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::anchors;
use super::case::{Base64Bytes, Case, CaseFault};
use super::judgement::Judgement;
use super::key_attestation_facts::found;
use crate::appraisal::{Circumstances, KeyAttestationPolicy, Policy, StatusListPolicy, Tier, appraise};
use crate::crypto::digest::Digest;
use crate::endorsement::status_list::{KeptList, StatusList};
use crate::evidence::claims::{BootState, Claims, PatchLevel, Purpose, SecurityLevel};
use crate::evidence::key_attestation::{
    AppIdentity, Expectation, FactoryExpiry, IssuerRules, KeyAttestationFacts, Rejection, SharedUserId,
    verify_key_attestation,
};

/// What a case with a chain carries. A member that is absent is not checked.
#[derive(Debug, Deserialize)]
pub(in crate::cli) struct Input {
    /// The certificates, leaf first.
    pub(in crate::cli) chain: Vec<Base64Bytes>,
    challenge: Option<Base64Bytes>,
    package_name: Option<String>,
    signature_digests: Option<Vec<Base64Bytes>>,
    public_key_spki: Option<Base64Bytes>,
    /// A file in `revocation/`.
    revocation_list: Option<String>,
    #[serde(default)]
    policy: CasePolicy,
}

/// What the case asks of genuine evidence.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CasePolicy {
    min_security_level: Option<SecurityLevel>,
    verified_boot_states: Option<BTreeSet<BootState>>,
    require_device_locked: bool,
    require_origin_generated: bool,
    min_os_patch_level: Option<u64>,
    allowed_purposes: Option<Vec<String>>,
    ignore_factory_expiry: bool,
}

/// Judges one case.
pub(super) fn judge(case: &Case, folder: &Path) -> Result<Judgement, CaseFault> {
    let input: Input = case.input()?;
    let anchors = anchors::of_chain(case, folder)?;
    let list = input.revocation_list.as_deref().map(|name| status_list(name, folder)).transpose()?;
    let (apps, policy) = (input.apps()?, input.policy.policy()?);
    let chain = input.certificates();
    Ok(match verify_key_attestation(&chain, &anchors, input.expectation(apps.as_deref()), case.verify_at) {
        Err(rejection) => rejection.into(),
        Ok(verified) => {
            let facts = verified.facts();
            let list =
                list.map(|list| KeptList::new(Arc::new(list), case.verify_at, StatusListPolicy::CAREFUL.max_age));
            let circumstances = Circumstances { status_list: list.as_ref(), ..Circumstances::at(case.verify_at) };
            weighed(facts, policy, &circumstances).unwrap_or_else(|| Judgement::Accepted(found(&chain, facts)))
        }
    })
}

impl Input {
    /// The certificates, DER, leaf first.
    pub(in crate::cli) fn certificates(&self) -> Vec<Vec<u8>> {
        self.chain.iter().map(|Base64Bytes(der)| der.clone()).collect()
    }

    /// The apps that the case expects; `None` when it names none.
    pub(in crate::cli) fn apps(&self) -> Result<Option<Vec<AppIdentity>>, CaseFault> {
        let Some(package) = self.package_name.clone() else { return Ok(None) };
        let signers =
            self.signature_digests.as_ref().map(|digests| digests.iter().map(digest).collect()).transpose()?;
        Ok(Some(vec![AppIdentity { package, signers }]))
    }

    /// What the case expects. Cases do not ask what issuers may do, and take apps that share their user id.
    pub(in crate::cli) fn expectation<'a>(&'a self, apps: Option<&'a [AppIdentity]>) -> Expectation<'a> {
        let bytes = |bytes: &'a Option<Base64Bytes>| bytes.as_ref().map(|Base64Bytes(bytes)| bytes.as_slice());
        Expectation {
            challenge: bytes(&self.challenge),
            apps,
            shared_user_id: SharedUserId::Accepted,
            public_key: bytes(&self.public_key_spki),
            factory_expiry: match self.policy.ignore_factory_expiry {
                true => FactoryExpiry::Tolerated,
                false => FactoryExpiry::Refused,
            },
            issuers: IssuerRules::Unasked,
        }
    }
}

fn digest(Base64Bytes(bytes): &Base64Bytes) -> Result<Digest, CaseFault> {
    let digest = Digest::try_from(bytes.as_slice());
    digest.map_err(|_| CaseFault::Input { member: "signature_digests", wanted: "a list of SHA-256 values" })
}

impl CasePolicy {
    fn policy(&self) -> Result<KeyAttestationPolicy, CaseFault> {
        let fault = |member, wanted| move || CaseFault::Input { member, wanted };
        let patch = |number| PatchLevel::of(number).ok_or_else(fault("policy.min_os_patch_level", "a patch level"));
        let purpose = |name: &String| Purpose::named(name).ok_or_else(fault("policy.allowed_purposes", "purposes"));
        let purposes = self.allowed_purposes.as_ref().map(|names| names.iter().map(purpose).collect());
        Ok(KeyAttestationPolicy {
            min_level: self.min_security_level,
            boot_states: self.verified_boot_states.clone(),
            locked: self.require_device_locked,
            generated: self.require_origin_generated,
            min_os_patch: self.min_os_patch_level.map(patch).transpose()?,
            purposes: purposes.transpose()?,
            ..KeyAttestationPolicy::default()
        })
    }
}

fn status_list(name: &str, folder: &Path) -> Result<StatusList, CaseFault> {
    let fault = |wanted| CaseFault::Input { member: "revocation_list", wanted };
    let file = anchors::lookup(folder, "revocation", name).ok_or_else(|| fault("a file in a folder revocation"))?;
    StatusList::parse(&fs::read(file)?).map_err(|_| fault("a status list"))
}

/// The first reason that speaks against the device. One about which a lax policy finds little to say is accepted.
fn weighed(
    facts: &KeyAttestationFacts,
    policy: KeyAttestationPolicy,
    circumstances: &Circumstances<'_>,
) -> Option<Judgement> {
    let claims = Claims { key_attestation: Some(Box::new(facts.claims.clone())), ..Claims::default() };
    let status_list = circumstances.status_list.map(|_| StatusListPolicy::CAREFUL);
    let policy = Policy { key_attestation: Some(KeyAttestationPolicy { status_list, ..policy }), ..Policy::default() };
    let appraisal = appraise(&claims, &policy, circumstances);
    if appraisal.tier() != Tier::Contraindicated {
        return None;
    }
    let codes: Vec<_> = appraisal.reasons.iter().map(|reason| reason.code.as_ref()).collect();
    let text = appraisal.reasons.iter().map(|reason| reason.text.as_ref()).collect::<Vec<_>>().join("; ");
    let listed = codes.iter().any(|code| code.starts_with("chain_"));
    let reason = if listed { "revoked" } else { "constraint_violation" };
    Some(Judgement::Refused { reason, code: codes.join(" ").into(), text })
}

impl From<Rejection> for Judgement {
    fn from(rejection: Rejection) -> Self {
        Self::Refused { reason: reason(&rejection), code: rejection.code().into(), text: rejection.to_string() }
    }
}

/// The corpus's reason for a rejection.
const fn reason(rejection: &Rejection) -> &'static str {
    match rejection {
        // A leaf alone is well-formed, and leads to no anchor.
        Rejection::CertificateCount(0 | 1) | Rejection::UntrustedChain(_) | Rejection::IssuerUnfit(_) => {
            "untrusted_chain"
        }
        Rejection::CertificateCount(_)
        | Rejection::TooLarge { .. }
        | Rejection::CertificateMalformed
        | Rejection::SerialTooLong
        | Rejection::ExtensionRepeated
        | Rejection::ExtensionCritical
        | Rejection::DescriptionMissing
        | Rejection::Description(_)
        | Rejection::ApplicationId(_) => "malformed",
        Rejection::DescriptionAboveLeaf | Rejection::KeyContradicted | Rejection::KeyUnsupported => {
            "constraint_violation"
        }
        Rejection::NotYetValid => "not_yet_valid",
        Rejection::Expired => "expired",
        Rejection::ChallengeMismatch => "nonce_mismatch",
        Rejection::ApplicationIdMissing | Rejection::PackageMismatch | Rejection::SignerMismatch => "app_mismatch",
        Rejection::KeyMismatch => "key_mismatch",
        Rejection::SignatureTooLong { .. } | Rejection::SignatureInvalid => "signature_invalid",
        Rejection::SignCountZero => "counter_not_advanced",
    }
}
