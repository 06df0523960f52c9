//! The throw-away authority: a root, and the keys of factories and of a remote provisioner under it.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};

use super::authorization::AndroidApp;
use super::chain::LinkPlan;
use super::description::provisioning_info;
use super::device::LabAndroid;
use super::profile::{Level, Profile, Provisioning};
use crate::crypto::certificate::Validity;
use crate::crypto::digest::{sha256, sha256_of_parts};
use crate::crypto::secret::random;
use crate::lab::LabFault;
use crate::lab::certificate::{COMMON_NAME, CertificatePlan, Extension, Name, ORGANIZATION};
use crate::lab::der;
use crate::lab::key::{LabKey, SignedHash};
use crate::time::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// `keyCertSign`.
const SIGNS_CERTIFICATES: [u8; 2] = [0x02, 0x04];

/// The name that a root goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// A name that nobody takes for Google's.
    Lab,
    /// Exactly the name of Google's root with an RSA key.
    GoogleRsa,
    /// Exactly the name of Google's root on P-384.
    GoogleP384,
    /// The name of the root whose private key stands in Android's source.
    AndroidSoftware,
}

/// A laboratory's authority for key attestation. Its devices share it, so it costs its keys once.
#[derive(Clone, Debug)]
pub struct KeyAttestationLab(pub(super) Arc<Authority>);

#[derive(Debug)]
pub(super) struct Authority {
    pub(super) now: Timestamp,
    seed: [u8; 32],
    root_name: Name,
    pub(super) root_key: LabKey,
    pub(super) root: Vec<u8>,
}

impl KeyAttestationLab {
    /// A fresh authority, whose devices attest around the time `now`.
    pub fn new(now: Timestamp) -> Result<Self, LabFault> {
        Self::from_seed(&random()?, Names::Lab, now)
    }

    /// The authority of a seed: the same seed at the same time gives the same root. A seed is worth what the root is worth.
    pub fn from_seed(seed: &[u8; 32], names: Names, now: Timestamp) -> Result<Self, LabFault> {
        Self::with_root_key(seed, names, LabKey::p384(seed, "key attestation root")?, now)
    }

    /// The authority of a seed under a root with this key.
    pub fn with_root_key(seed: &[u8; 32], names: Names, root_key: LabKey, now: Timestamp) -> Result<Self, LabFault> {
        let root_name = names.root();
        let authority = Authority { now, seed: *seed, root_name, root: Vec::new(), root_key };
        let root = authority.root()?;
        Ok(Self(Arc::new(Authority { root, ..authority })))
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

    /// A new device, remotely provisioned, on which the app runs.
    pub fn device(&self, app: &AndroidApp) -> Result<LabAndroid, LabFault> {
        self.device_from_seed(&random()?, app)
    }

    /// The device of a seed: the same seed gives the same keys.
    pub fn device_from_seed(&self, seed: &[u8; 32], app: &AndroidApp) -> Result<LabAndroid, LabFault> {
        LabAndroid::new(self.clone(), seed, app)
    }
}

impl Names {
    fn root(self) -> Name {
        match self {
            Self::Lab => Name::google_root("Bonafide Lab Key Attestation CA"),
            Self::GoogleRsa => Name::factory("f92009e853b6b045", None),
            Self::GoogleP384 => Name::google_root("Key Attestation CA1"),
            Self::AndroidSoftware => Name::only("Android Keystore Software Attestation Root"),
        }
    }
}

impl Authority {
    fn root(&self) -> Result<Vec<u8>, LabFault> {
        let root = self.link(self.root_name.clone(), self.root_key.clone(), [YEAR, YEAR * 10])?;
        root.certificate.sign(&self.root_key)
    }

    /// What stands above the leaf, without the root: the attestation certificate first.
    pub(super) fn issuers(&self, device: &[u8; 32], profile: &Profile) -> Result<Vec<LinkPlan>, LabFault> {
        let mut links = match profile.provisioning {
            Provisioning::Factory => self.factory(profile.level)?,
            Provisioning::ShortFactory => self.factory(profile.level)?.into_iter().take(1).collect(),
            Provisioning::Remote => self.remote(device, profile.level)?,
            Provisioning::Software => {
                let name = Name::only("Android Keystore Software Attestation Intermediate");
                vec![self.link(name, LabKey::p256(&self.seed, "software")?, [YEAR, YEAR * 10])?]
            }
        };
        let above: Vec<Name> = links.iter().skip(1).map(|link| link.certificate.subject.clone()).collect();
        for (link, issuer) in links.iter_mut().zip(above.into_iter().chain([self.root_name.clone()])) {
            link.certificate.issuer = issuer;
        }
        Ok(links)
    }

    /// The key of a batch, and the intermediate of its factory.
    fn factory(&self, level: Level) -> Result<Vec<LinkPlan>, LabFault> {
        let title = level.title();
        let link = |purpose: &str, key: LabKey| {
            let serial = sha256_of_parts(&[purpose.as_bytes(), title.as_bytes(), &self.seed]);
            let serial = HEXLOWER.encode(&serial).chars().take(16).collect::<String>();
            self.link(Name::factory(&serial, Some(title)), key, [2 * YEAR, 8 * YEAR])
        };
        let batch = LabKey::p256(&self.seed, &format!("batch {title}"))?;
        let intermediate = LabKey::p384(&self.seed, &format!("factory {title}"))?;
        Ok(vec![link("batch", batch)?, link("factory", intermediate)?])
    }

    /// The key of one device, for weeks, and two authorities above it.
    fn remote(&self, device: &[u8; 32], level: Level) -> Result<Vec<LinkPlan>, LabFault> {
        let (title, key) = (level.title(), LabKey::p256(device, "attestation")?);
        let id = HEXLOWER.encode(&sha256(&key.spki()?)).chars().take(32).collect::<String>();
        let name = Name(vec![(COMMON_NAME, der::text(&id)), (ORGANIZATION, der::text(title))]);
        let mut attestation = self.link(name, key, [5 * DAY, 15 * DAY])?;
        attestation.certificate.extensions.push(provisioning_info(vec![0xA1, 0x01, 0x08]));
        let lower =
            self.link(Name::google("Droid CA3"), LabKey::p256(&self.seed, "droid CA3")?, [20 * DAY, 30 * DAY])?;
        let mut upper =
            self.link(Name::google("Droid CA2"), LabKey::p384(&self.seed, "droid CA2")?, [YEAR, 2 * YEAR])?;
        upper.certificate.put(Extension::authority(Some(2)));
        Ok(vec![attestation, lower, upper])
    }

    /// A CA that has been valid for a while and stays so for another.
    fn link(&self, subject: Name, key: LabKey, [since, until]: [Duration; 2]) -> Result<LinkPlan, LabFault> {
        let spki = key.spki()?;
        let serial = sha256(&spki);
        let certificate = CertificatePlan {
            // A first byte below 0x80 and above zero keeps the length at sixteen.
            serial: [0x5E].iter().chain(serial.iter().take(15)).copied().collect(),
            issuer: subject.clone(),
            subject,
            validity: Validity { not_before: self.now.minus(since), not_after: self.now.plus(until) },
            times: None,
            spki,
            hash: SignedHash::Sha256,
            algorithms: None,
            extensions: vec![Extension::authority(None), Extension::key_usage(SIGNS_CERTIFICATES)],
        };
        Ok(LinkPlan { certificate, key })
    }
}
