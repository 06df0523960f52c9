//! The throw-away authority: a root, an intermediate, and the devices whose keys it certifies.

use std::sync::Arc;
use std::time::Duration;

use super::device::LabDevice;
use crate::crypto::certificate::Validity;
use crate::crypto::secret::random;
use crate::evidence::app_attest::AppId;
use crate::evidence::claims::Environment;
use crate::lab::LabFault;
use crate::lab::certificate::{CertificatePlan, Extension, Name};
use crate::lab::key::{LabKey, SignedHash};
use crate::time::Timestamp;
use data_encoding::BASE64;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// `keyCertSign` and `cRLSign`.
const SIGNS_CERTIFICATES: [u8; 2] = [0x01, 0x06];

/// The names that an authority goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// The root's common name.
    pub root: &'static str,
    /// The intermediate's common name.
    pub intermediate: &'static str,
    /// The organization in every name.
    pub organization: &'static str,
}

impl Names {
    /// Names that nobody takes for Apple's.
    pub const LAB: Self = Self {
        root: "Bonafide Lab App Attestation Root CA",
        intermediate: "Bonafide Lab App Attestation CA 1",
        organization: "Bonafide Lab",
    };
    /// Exactly Apple's names, for an attacker who hopes that names are all that is compared.
    pub const APPLE: Self = Self {
        root: "Apple App Attestation Root CA",
        intermediate: "Apple App Attestation CA 1",
        organization: "Apple Inc.",
    };
}

/// A laboratory's App Attest authority. Its devices share it, so it costs its keys once.
#[derive(Clone, Debug)]
pub struct AppAttestLab(pub(super) Arc<Authority>);

#[derive(Debug)]
pub(super) struct Authority {
    pub(super) names: Names,
    pub(super) now: Timestamp,
    root_key: LabKey,
    pub(super) issuer_key: LabKey,
    pub(super) root: Vec<u8>,
    pub(super) issuer_plan: CertificatePlan,
    issuer: Vec<u8>,
}

impl AppAttestLab {
    /// A fresh authority; the keys that it certifies are certified around the time `now`.
    pub fn new(now: Timestamp) -> Result<Self, LabFault> {
        Self::from_seed(&random()?, Names::LAB, now)
    }

    /// The authority of a seed: the same seed at the same time gives the same root. A seed is worth what the root is worth.
    pub fn from_seed(seed: &[u8; 32], names: Names, now: Timestamp) -> Result<Self, LabFault> {
        let (root_key, issuer_key) = (LabKey::p384(seed, "root")?, LabKey::p384(seed, "intermediate")?);
        let root_plan = names.root_plan(&root_key, now)?;
        let issuer_plan = names.issuer_plan(&issuer_key, now)?;
        let (root, issuer) = (root_plan.sign(&root_key)?, issuer_plan.sign(&root_key)?);
        Ok(Self(Arc::new(Authority { names, now, root_key, issuer_key, root, issuer_plan, issuer })))
    }

    /// The root, DER.
    pub fn root_der(&self) -> &[u8] {
        &self.0.root
    }

    /// The root, PEM, as a configuration names it.
    pub fn root_pem(&self) -> String {
        let text = BASE64.encode(&self.0.root);
        let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
        format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
    }

    /// The intermediate, DER.
    pub fn intermediate_der(&self) -> &[u8] {
        &self.0.issuer
    }

    /// A new device that runs the app `app_id` in `environment`.
    pub fn device(&self, app_id: &AppId, environment: Environment) -> Result<LabDevice, LabFault> {
        self.device_from_seed(&random()?, app_id, environment)
    }

    /// The device of a seed: the same seed gives the same key.
    pub fn device_from_seed(
        &self,
        seed: &[u8; 32],
        app_id: &AppId,
        environment: Environment,
    ) -> Result<LabDevice, LabFault> {
        LabDevice::new(self.clone(), seed, app_id, environment)
    }
}

impl Authority {
    /// The certificate of a plan for the intermediate, signed by the root.
    pub(super) fn issuer(&self, plan: &CertificatePlan) -> Result<Vec<u8>, LabFault> {
        if *plan == self.issuer_plan { Ok(self.issuer.clone()) } else { plan.sign(&self.root_key) }
    }
}

impl Names {
    fn root_plan(self, key: &LabKey, now: Timestamp) -> Result<CertificatePlan, LabFault> {
        let root = Name::new(self.root, None, self.organization);
        let extensions = vec![Extension::authority(None), Extension::key_usage(SIGNS_CERTIFICATES)];
        authority(1, [root.clone(), root], key, extensions, now)
    }

    fn issuer_plan(self, key: &LabKey, now: Timestamp) -> Result<CertificatePlan, LabFault> {
        let names = [self.root, self.intermediate].map(|name| Name::new(name, None, self.organization));
        let extensions = vec![Extension::authority(Some(0)), Extension::key_usage(SIGNS_CERTIFICATES)];
        authority(2, names, key, extensions, now)
    }
}

fn authority(
    serial: u8,
    [issuer, subject]: [Name; 2],
    key: &LabKey,
    extensions: Vec<Extension>,
    now: Timestamp,
) -> Result<CertificatePlan, LabFault> {
    let (spki, hash) = (key.spki()?, SignedHash::Sha384);
    let validity = Validity { not_before: now.minus(YEAR), not_after: now.plus(YEAR * 10) };
    let (serial, times, algorithms) = (vec![serial], None, None);
    Ok(CertificatePlan { serial, issuer, subject, validity, times, spki, hash, algorithms, extensions })
}
