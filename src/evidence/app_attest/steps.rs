//! The checks of an attestation, one a row, in order: verification runs the rows until one refuses, `inspect` shows them all.

use std::cell::OnceCell;

use data_encoding::HEXLOWER;

use super::app_id::AppId;
use super::attestation::{AttestationFacts, AttestationObject};
use super::leaf::{self, LeafFacts};
use super::rejection::Rejection;
use crate::crypto::certificate::Certificate;
use crate::crypto::digest::{equal_in_constant_time, sha256_of_joined};
use crate::crypto::key::P256PublicKey;
use crate::crypto::path::{AnchorOrigin, TrustAnchors};
use crate::evidence::Verified;
use crate::evidence::claims::{AppAttestClaims, Environment};
use crate::ids::KeyId;
use crate::time::Timestamp;

/// Names the development environment.
const DEVELOPMENT: &[u8; 16] = b"appattestdevelop";
/// Names the production environment.
const PRODUCTION: &[u8; 16] = b"appattest\0\0\0\0\0\0\0";

/// What an attestation has to be, besides genuine.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The hash that the device was given. The service always passes SHA-256 of the client data as received.
    pub client_data_hash: &'a [u8],
    /// The key id that the client names.
    pub key_id: &'a [u8],
    /// The apps that are expected; one of them must fit.
    pub app_ids: &'a [AppId],
    /// The environment that is expected.
    pub environment: Environment,
    /// The kind of device that is expected.
    pub device: Device,
}

/// The kind of device that makes the attestation: a Mac must also prove how it was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// iPhone, iPad, Apple TV, Apple Watch, Vision Pro.
    Mobile,
    /// A Mac; its access control list is checked (macOS 27).
    Mac,
}

/// An attestation object before its checks, with all that they need.
pub struct AttestationCheck<'a> {
    object: &'a AttestationObject,
    leaf: Certificate<'a>,
    leaf_facts: LeafFacts,
    key: Result<P256PublicKey, Rejection>,
    path: OnceCell<Result<AnchorOrigin, Rejection>>,
    anchors: &'a TrustAnchors,
    expectation: Expectation<'a>,
    now: Timestamp,
}

/// One check of an attestation.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What is checked, in a few words.
    pub title: &'static str,
    /// The part of the [`Expectation`] that the check compares with; `None` when it needs no expectation.
    pub compares_with: Option<&'static str>,
    run: fn(&AttestationCheck<'_>) -> Result<(), Rejection>,
}

const fn step(
    title: &'static str,
    compares_with: Option<&'static str>,
    run: fn(&AttestationCheck<'_>) -> Result<(), Rejection>,
) -> Step {
    Step { title, compares_with, run }
}

/// All checks after parsing, in their order.
pub const STEPS: [Step; 10] = [
    step("certificates lead to a trusted root and are in force", None, |check| check.path().map(drop)),
    step("nonce fits authenticator data and client data", Some("client_data_hash"), |check| check.nonce()),
    step("a Mac runs with full security", Some("device"), |check| check.mac_access_control()),
    step("made for an expected app", Some("app_id"), |check| check.app_id().map(drop)),
    step("key id is the hash of the certified key", Some("key_id"), |check| check.key_id()),
    step("certificate's subject names the key", None, |check| check.subject()),
    step("credential id is the key id", None, |check| check.credential_id()),
    step("COSE key is the certified key", None, |check| check.cose_key()),
    step("sign count is zero", None, |check| check.sign_count()),
    step("key lives in the expected environment", Some("environment"), |check| check.environment()),
];

impl Step {
    /// Runs this check alone.
    pub fn run(&self, check: &AttestationCheck<'_>) -> Result<(), Rejection> {
        (self.run)(check)
    }
}

/// Verifies an attestation object at the time `now`: structure first, then every row of [`STEPS`].
///
/// Errors with the first check that fails.
pub fn verify_attestation(
    bytes: &[u8],
    anchors: &TrustAnchors,
    expectation: Expectation<'_>,
    now: Timestamp,
) -> Result<Verified<AttestationFacts>, Rejection> {
    let object = AttestationObject::parse(bytes)?;
    let check = AttestationCheck::new(&object, anchors, expectation, now)?;
    STEPS.iter().try_for_each(|step| step.run(&check))?;
    check.facts().map(Verified::new)
}

impl<'a> AttestationCheck<'a> {
    /// Makes the checks ready; errors when the leaf certificate cannot be read.
    pub fn new(
        object: &'a AttestationObject,
        anchors: &'a TrustAnchors,
        expectation: Expectation<'a>,
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        let leaf = Certificate::parse(&object.leaf).map_err(|_| Rejection::CertificateMalformed)?;
        let leaf_facts = LeafFacts::read(&leaf);
        let key = leaf.p256_key().map_err(|_| Rejection::KeyUnsupported);
        Ok(Self { object, leaf, leaf_facts, key, path: OnceCell::new(), anchors, expectation, now })
    }

    fn path(&self) -> Result<AnchorOrigin, Rejection> {
        let verified = || Ok(self.anchors.verify(&self.object.leaf, &self.object.intermediate, self.now)?);
        self.path.get_or_init(verified).clone()
    }

    fn nonce(&self) -> Result<(), Rejection> {
        let certified = leaf::nonce(&self.leaf)?;
        let nonce = sha256_of_joined(&[&self.object.raw_authenticator_data, self.expectation.client_data_hash]);
        require(equal_in_constant_time(&certified, &nonce), Rejection::NonceMismatch)
    }

    fn mac_access_control(&self) -> Result<(), Rejection> {
        match self.expectation.device {
            Device::Mobile => Ok(()),
            Device::Mac => require(leaf::has_full_security(&self.leaf), Rejection::MacAccessControl),
        }
    }

    fn app_id(&self) -> Result<&'a AppId, Rejection> {
        let proved = &self.object.authenticator_data.rp_id_hash;
        self.expectation.app_ids.iter().find(|app| app.rp_id_hash() == proved).ok_or(Rejection::AppMismatch)
    }

    fn certified_key(&self) -> Result<P256PublicKey, Rejection> {
        self.key.clone()
    }

    fn key_id(&self) -> Result<(), Rejection> {
        let KeyId(computed) = self.certified_key()?.key_id();
        require(equal_in_constant_time(&computed, self.expectation.key_id), Rejection::KeyIdMismatch)
    }

    fn subject(&self) -> Result<(), Rejection> {
        let KeyId(computed) = self.certified_key()?.key_id();
        let named = self.leaf.common_name() == Some(HEXLOWER.encode(&computed).as_str());
        require(named, Rejection::SubjectMismatch)
    }

    fn credential_id(&self) -> Result<(), Rejection> {
        let KeyId(computed) = self.certified_key()?.key_id();
        require(self.object.credential.credential_id == computed, Rejection::CredentialIdMismatch)
    }

    fn cose_key(&self) -> Result<(), Rejection> {
        require(&self.object.credential.cose_key == self.certified_key()?.sec1(), Rejection::CoseKeyMismatch)
    }

    fn sign_count(&self) -> Result<(), Rejection> {
        let count = self.object.authenticator_data.sign_count;
        require(count == 0, Rejection::SignCountNotZero(count))
    }

    fn environment(&self) -> Result<(), Rejection> {
        let environment = environment_of(&self.object.credential.aaguid).ok_or(Rejection::UnknownEnvironment)?;
        require(environment == self.expectation.environment, Rejection::EnvironmentMismatch)
    }

    fn facts(&self) -> Result<AttestationFacts, Rejection> {
        let key = self.certified_key()?;
        let extensions = &self.object.authenticator_data.extensions;
        let issuer = Certificate::parse(&self.object.intermediate).map_err(|_| Rejection::CertificateMalformed)?;
        let claims = AppAttestClaims {
            app_id: self.app_id()?.as_str().to_owned(),
            environment: self.expectation.environment,
            validation_category: extensions.validation_category,
            bundle_version: extensions.bundle_version.clone(),
            os_version: self.leaf_facts.os_version.clone(),
            os_build: self.leaf_facts.os_build.clone(),
        };
        let serials = vec![self.leaf.serial(), issuer.serial()];
        Ok(AttestationFacts {
            key,
            key_id: key.key_id(),
            anchor: self.path()?.into(),
            claims,
            certified_app_id: self.leaf_facts.app_id.clone(),
            receipt: self.object.receipt.clone(),
            serials,
        })
    }
}

/// The environment that an AAGUID names.
pub fn environment_of(aaguid: &[u8; 16]) -> Option<Environment> {
    match aaguid {
        PRODUCTION => Some(Environment::Production),
        DEVELOPMENT => Some(Environment::Development),
        _ => None,
    }
}

fn require(holds: bool, otherwise: Rejection) -> Result<(), Rejection> {
    if holds { Ok(()) } else { Err(otherwise) }
}
