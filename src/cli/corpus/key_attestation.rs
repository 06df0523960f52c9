//! Cases with Android certificate chains.

use std::path::Path;

use serde::Deserialize;

use super::anchors;
use super::case::{Base64Bytes, Case, CaseFault};
use super::judgement::Judgement;
use super::key_attestation_facts::found;
use crate::crypto::digest::Digest;
use crate::evidence::key_attestation::{
    AppIdentity, Expectation, FactoryExpiry, IssuerRules, KeyAttestationFacts, Rejection, SharedUserId,
    verify_key_attestation,
};

/// What a case with a chain carries. A member that is absent is not checked.
#[derive(Debug, Deserialize)]
pub(in crate::cli) struct Input {
    /// The certificates, leaf first.
    chain: Vec<Base64Bytes>,
    #[serde(default)]
    challenge: Option<Base64Bytes>,
    package_name: Option<String>,
    signature_digests: Option<Vec<Base64Bytes>>,
    public_key_spki: Option<Base64Bytes>,
    #[serde(default)]
    policy: CasePolicy,
}

/// What the case asks of genuine evidence.
#[derive(Debug, Default, Deserialize)]

struct CasePolicy {
    #[serde(default)]
    ignore_factory_expiry: bool,
}

/// Judges one case.
pub(super) fn judge(case: &Case, folder: &Path) -> Result<Judgement, CaseFault> {
    let input: Input = case.input()?;
    let anchors = anchors::of_chain(case, folder)?;
    let apps = input.apps()?;
    let chain: Vec<_> = input.chain.iter().map(|Base64Bytes(der)| der.clone()).collect();
    Ok(match verify_key_attestation(&chain, &anchors, input.expectation(apps.as_deref()), case.verify_at) {
        Ok(verified) => appraised(&chain, verified.facts()),
        Err(rejection) => rejection.into(),
    })
}

fn appraised(chain: &[Vec<u8>], facts: &KeyAttestationFacts) -> Judgement {
    Judgement::Accepted(found(chain, facts))
}

impl Input {
    /// What the case expects. Cases leave it open what issuers may do, and take apps that share their user id.
    fn expectation<'a>(&'a self, apps: Option<&'a [AppIdentity]>) -> Expectation<'a> {
        Expectation {
            challenge: self.challenge.as_ref().map(|Base64Bytes(bytes)| bytes.as_slice()).unwrap_or_default(),
            apps,
            shared_user_id: SharedUserId::Accepted,
            public_key: self.public_key_spki.as_ref().map(|Base64Bytes(der)| der.as_slice()),
            factory_expiry: match self.policy.ignore_factory_expiry {
                true => FactoryExpiry::Tolerated,
                false => FactoryExpiry::Refused,
            },
            issuers: IssuerRules::Unasked,
        }
    }

    fn apps(&self) -> Result<Option<Vec<AppIdentity>>, CaseFault> {
        let Some(package) = self.package_name.clone() else { return Ok(None) };
        let signers =
            self.signature_digests.as_ref().map(|digests| digests.iter().map(digest).collect()).transpose()?;
        Ok(Some(vec![AppIdentity { package, signers }]))
    }
}

fn digest(Base64Bytes(bytes): &Base64Bytes) -> Result<Digest, CaseFault> {
    let digest = Digest::try_from(bytes.as_slice());
    digest.map_err(|_| CaseFault::Input { member: "signature_digests", wanted: "a list of SHA-256 values" })
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
