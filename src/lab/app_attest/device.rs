//! The software device.

use ciborium::Value;
use p256::ecdsa::SigningKey;

use super::assertion::AssertionPlan;
use super::attestation::{AttestationPlan, Attested};
use super::authenticator::extension_map;
use super::authority::AppAttestLab;
use crate::crypto::digest::{Digest, sha256, sha256_of_parts};
use crate::crypto::key::P256PublicKey;
use crate::evidence::app_attest::{AppId, Device};
use crate::evidence::claims::{Environment, ValidationCategory};
use crate::lab::LabFault;
use crate::time::Timestamp;

/// A device with one key, which signs as often as it is asked to.
#[derive(Clone, Debug)]
pub struct LabDevice {
    pub(super) lab: AppAttestLab,
    pub(super) key: SigningKey,
    pub(super) public_key: P256PublicKey,
    pub(super) app_id: AppId,
    pub(super) environment: Environment,
    pub(super) profile: Profile,
    pub(super) now: Timestamp,
    sign_count: u32,
}

/// What a device is and runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Whether it is a Mac, which proves how it was started.
    pub device: Device,
    /// The version of its operating system.
    pub os_version: String,
    /// The build of its operating system.
    pub os_build: String,
    /// What the operating system says of the running code; `None` before iOS 27.
    pub running_code: Option<RunningCode>,
}

/// What iOS 27 and macOS 27 say of the running code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningCode {
    /// How it was validated at launch.
    pub validation_category: ValidationCategory,
    /// The version of its bundle.
    pub bundle_version: String,
    /// SHA-256 of its code directory hash, for apps that opt in.
    pub code_directory_hash: Option<Digest>,
}

impl LabDevice {
    pub(super) fn new(
        lab: AppAttestLab,
        seed: &[u8; 32],
        app_id: &AppId,
        environment: Environment,
    ) -> Result<Self, LabFault> {
        let scalar = sha256_of_parts(&[b"bonafide lab", b"device", seed]);
        let key = SigningKey::from_slice(&scalar).map_err(|_| LabFault::Seed)?;
        let point = key.verifying_key().to_sec1_point(false);
        let public_key = P256PublicKey::from_sec1(point.as_bytes()).map_err(|_| LabFault::Seed)?;
        let (app_id, profile, now) = (app_id.clone(), Profile::ios_17(), lab.0.now);
        Ok(Self { lab, key, public_key, app_id, environment, profile, now, sign_count: 0 })
    }

    /// The same device with another profile.
    pub fn with_profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// The same device at another time.
    pub fn at(self, now: Timestamp) -> Self {
        Self { now, ..self }
    }

    /// The key's id.
    pub fn key_id(&self) -> Digest {
        self.public_key.key_id().0
    }

    /// The key.
    pub fn public_key(&self) -> &P256PublicKey {
        &self.public_key
    }

    /// How often the key has signed.
    pub fn sign_count(&self) -> u32 {
        self.sign_count
    }

    /// Attests the key over client data; the same client data gives the same object.
    pub fn attest(&self, client_data: &[u8]) -> Result<Attested, LabFault> {
        self.attest_with(client_data, |_| ())
    }

    /// Attests the key after a change to the plan.
    pub fn attest_with(
        &self,
        client_data: &[u8],
        change: impl FnOnce(&mut AttestationPlan),
    ) -> Result<Attested, LabFault> {
        let mut plan = AttestationPlan::of(self, sha256(client_data))?;
        change(&mut plan);
        plan.forge(self)
    }

    /// Signs client data, with the next sign count.
    pub fn assert(&mut self, client_data: &[u8]) -> Result<Vec<u8>, LabFault> {
        self.sign_count = self.sign_count.saturating_add(1);
        self.assert_at(self.sign_count, client_data)
    }

    /// Signs client data with a sign count of the caller's choice, and leaves the device's own count alone.
    pub fn assert_at(&self, sign_count: u32, client_data: &[u8]) -> Result<Vec<u8>, LabFault> {
        self.assert_with(client_data, |plan| plan.authenticator.sign_count = sign_count)
    }

    /// Signs client data after a change to the plan, whose sign count is the next one; leaves the device's count alone.
    pub fn assert_with(
        &self,
        client_data: &[u8],
        change: impl FnOnce(&mut AssertionPlan),
    ) -> Result<Vec<u8>, LabFault> {
        let mut plan = AssertionPlan::of(self, sha256(client_data))?;
        change(&mut plan);
        plan.forge(&self.key)
    }
}

impl Profile {
    /// An iPhone before the extension map.
    pub fn ios_17() -> Self {
        Self { device: Device::Mobile, os_version: "17.5.1".into(), os_build: "21F90".into(), running_code: None }
    }

    /// An iPhone with the extension map, running an app from the App Store.
    pub fn ios_27() -> Self {
        let running_code = Some(RunningCode::app_store());
        Self { device: Device::Mobile, os_version: "27.0".into(), os_build: "25A100".into(), running_code }
    }

    /// A Mac with the extension map and full security, running an app from the App Store.
    pub fn macos_27() -> Self {
        Self { device: Device::Mac, ..Self::ios_27() }
    }

    pub(super) fn tail(&self) -> Result<Vec<u8>, LabFault> {
        self.running_code.as_ref().map_or(Ok(Vec::new()), RunningCode::extension_map)
    }
}

impl RunningCode {
    /// An app from the App Store.
    pub fn app_store() -> Self {
        let bundle_version = "1.0".into();
        Self { validation_category: ValidationCategory::APP_STORE, bundle_version, code_directory_hash: None }
    }

    /// The extension map, with the names that are seen on the wire.
    pub fn extension_map(&self) -> Result<Vec<u8>, LabFault> {
        let category = Value::Bytes(self.validation_category.0.to_le_bytes().to_vec());
        let version = Value::from(self.bundle_version.as_str());
        let mut members = vec![("apple_validation_category_01", category), ("apple_bundle_version_01", version)];
        if let Some(hash) = self.code_directory_hash {
            members.push(("apple_cd_hash_hash_01", Value::Bytes(hash.to_vec())));
            members.push(("apple_cd_hash_type_01", Value::Bytes(vec![2])));
        }
        extension_map(&members)
    }
}
