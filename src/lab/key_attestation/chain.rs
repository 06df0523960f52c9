//! Chains of certificates, planned and forged.

use std::time::Duration;

use super::authorization::{AndroidApp, AuthorizationPlan, numbers};
use super::description::{DescriptionPlan, description_extension};
use super::device::LabAndroid;
use super::profile::Profile;
use super::tag;
use crate::crypto::certificate::Validity;
use crate::crypto::key::P256PublicKey;
use crate::lab::LabFault;
use crate::lab::certificate::{CertificatePlan, Extension, Name};
use crate::lab::der;
use crate::lab::key::{LabKey, SignedHash};
use crate::time::Timestamp;

/// `digitalSignature`.
const SIGNS: [u8; 2] = [0x07, 0x80];
/// 2048-01-01, as most devices write it.
const LEAF_END: Timestamp = Timestamp::from_millis(2_461_449_600_000);
const SECOND: Duration = Duration::from_secs(1);

/// A chain with the key that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestedKey {
    /// The certificates, DER, leaf first.
    pub chain: Vec<Vec<u8>>,
    /// The attested key.
    pub public_key: P256PublicKey,
}

/// A certificate before it is signed, and the key that signs what stands below it.
#[derive(Clone, Debug)]
pub struct LinkPlan {
    /// The certificate. Its `spki` stays what it is when `key` is another.
    pub certificate: CertificatePlan,
    /// The key that signs below it.
    pub key: LabKey,
}

/// A chain before it is signed. Each certificate is signed by the key of the one above.
#[derive(Clone, Debug)]
pub struct ChainPlan {
    app: AndroidApp,
    /// What the leaf says about the key.
    pub description: DescriptionPlan,
    /// How the leaf carries the description that it is handed.
    pub description_extensions: fn(Vec<u8>) -> Vec<Extension>,
    /// Certificates below the leaf, lowest first. A genuine chain has none.
    pub below: Vec<LinkPlan>,
    /// The leaf without its description.
    pub leaf: LinkPlan,
    /// The certificate of the key that attests.
    pub attestation: LinkPlan,
    /// What stands between it and the root, lowest first.
    pub intermediates: Vec<LinkPlan>,
    /// What stands last; `None` leaves the root out.
    pub root: Option<Vec<u8>>,
    /// A last change to the chain, DER, leaf first.
    pub rearrange: fn(&mut Vec<Vec<u8>>),
}

impl ChainPlan {
    /// The plan of a genuine chain.
    pub(super) fn of(device: &LabAndroid, challenge: &[u8]) -> Result<Self, LabFault> {
        let mut issuers = device.issuers.iter().map(|known| known.plan.clone());
        let attestation = issuers.next().ok_or(LabFault::Unsigned)?;
        Ok(Self {
            app: device.app.clone(),
            description: description(device, challenge),
            description_extensions: |der| vec![description_extension(der)],
            below: Vec::new(),
            leaf: leaf(device, attestation.certificate.subject.clone())?,
            attestation,
            intermediates: issuers.collect(),
            root: Some(device.lab.0.root.clone()),
            rearrange: |_| (),
        })
    }

    /// Changes the app that the description names.
    pub fn change_app(&mut self, change: impl FnOnce(&mut AndroidApp)) {
        change(&mut self.app);
        self.description.software.put(tag::APPLICATION_ID, self.app.der());
    }

    /// Lets the lowest key of the chain certify another, as an app can do with a key that signs. With a description, the
    /// certificate says of that key what it likes.
    pub fn certify(&mut self, key: LabKey, description: Option<&DescriptionPlan>) -> Result<(), LabFault> {
        let lowest = self.below.first().unwrap_or(&self.leaf);
        let mut certificate = CertificatePlan { spki: key.spki()?, ..lowest.certificate.clone() };
        certificate.issuer = lowest.certificate.subject.clone();
        certificate.extensions = vec![Extension::key_usage(SIGNS)];
        certificate.extensions.extend(description.map(|description| description_extension(description.der())));
        self.below.insert(0, LinkPlan { certificate, key });
        Ok(())
    }

    pub(super) fn forge(self, device: &LabAndroid) -> Result<AttestedKey, LabFault> {
        let mut leaf = self.leaf;
        leaf.certificate.extensions.extend((self.description_extensions)(self.description.der()));
        let own = [leaf, self.attestation];
        let links: Vec<_> = self.below.into_iter().chain(own).chain(self.intermediates).collect();
        let above = links.iter().skip(1).map(|link| &link.key).chain([&device.lab.0.root_key]);
        let signed = links.iter().zip(above).map(|(link, signer)| device.certificate(link, signer));
        let mut chain = signed.collect::<Result<Vec<_>, _>>()?;
        chain.extend(self.root);
        (self.rearrange)(&mut chain);
        Ok(AttestedKey { chain, public_key: device.public_key })
    }
}

fn leaf(device: &LabAndroid, issuer: Name) -> Result<LinkPlan, LabFault> {
    let certificate = CertificatePlan {
        serial: vec![1],
        issuer,
        subject: Name::only("Android Keystore Key"),
        validity: Validity { not_before: Timestamp::EPOCH, not_after: LEAF_END },
        times: None,
        spki: device.key.spki()?,
        hash: SignedHash::Sha256,
        algorithms: None,
        extensions: vec![Extension::key_usage(SIGNS)],
    };
    Ok(LinkPlan { certificate, key: device.key.clone() })
}

fn description(device: &LabAndroid, challenge: &[u8]) -> DescriptionPlan {
    let profile = &device.profile;
    DescriptionPlan {
        attestation_version: profile.attestation_version,
        attestation_level: profile.level.number(),
        keymint_version: profile.keymint_version,
        keymint_level: profile.level.number(),
        challenge: challenge.to_vec(),
        unique_id: Vec::new(),
        software: software(device),
        hardware: hardware(profile),
        rewrite: |_| (),
        trailing: Vec::new(),
    }
}

fn software(device: &LabAndroid) -> AuthorizationPlan {
    let (version, created) = (device.profile.attestation_version, device.lab.0.now.minus(SECOND));
    let since = |first: u64, tag: u64, value: Vec<u8>| (version >= first).then_some((tag, value));
    let fields = [
        since(1, tag::CREATED, der::number(created.as_millis())),
        since(2, tag::APPLICATION_ID, device.app.der()),
        since(400, tag::MODULE_HASH, der::octets(&[0x3D; 32])),
    ];
    AuthorizationPlan(fields.into_iter().flatten().collect())
}

fn hardware(profile: &Profile) -> AuthorizationPlan {
    let mut root_of_trust = profile.root_of_trust.clone();
    let month = profile.patch_month();
    let since = |first: u64, tag: u64, value: Vec<u8>| (profile.attestation_version >= first).then_some((tag, value));
    if profile.attestation_version < 3 {
        root_of_trust.verified_boot_hash = None;
    }
    let fields = [
        since(1, tag::PURPOSE, numbers(&[2, 3])),
        since(1, tag::ALGORITHM, der::number(3)),
        since(1, tag::KEY_SIZE, der::number(256)),
        since(1, tag::DIGEST, numbers(&[4])),
        since(1, tag::EC_CURVE, der::number(1)),
        since(1, tag::NO_AUTH_REQUIRED, der::null()),
        since(1, tag::ORIGIN, der::number(0)),
        since(1, tag::ROOT_OF_TRUST, root_of_trust.der()),
        since(1, tag::OS_VERSION, der::number(profile.os_version)),
        since(1, tag::OS_PATCH_LEVEL, der::number(month)),
        since(3, tag::VENDOR_PATCH_LEVEL, der::number(month * 100 + 5)),
        since(3, tag::BOOT_PATCH_LEVEL, der::number(month * 100 + 5)),
    ];
    AuthorizationPlan(fields.into_iter().flatten().collect())
}
