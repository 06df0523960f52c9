//! What a verified chain establishes.

use super::authorization::{AuthorizationList, DeviceId};
use super::description::{KeyDescription, RootOfTrust};
use super::provisioning::chain_level;
use super::provisioning_info::{PROVISIONING_INFO_OID, provisioning_info};
use super::rejection::{Rejection, require};
use super::rules::Chain;
use super::steps::KeyAttestationCheck;
use crate::crypto::digest::Digest;
use crate::crypto::key::P256PublicKey;
use crate::crypto::serial::Serial;
use crate::evidence::claims::{
    Anchor, Boot, BootState, DeviceModel, KeyAlgorithm, KeyAttestationClaims, KeyDigest, Origin, PatchLevel, Purpose,
    UserAuthentication,
};
use crate::time::Timestamp;

/// The fewest certificates of a chain: leaf and attestation certificate.
pub const MIN_CERTIFICATES: usize = 2;
/// The most certificates of a chain; genuine ones have three to seven.
pub const MAX_CERTIFICATES: usize = 10;
/// The largest certificate, in bytes; genuine ones have at most 2.5 KiB.
pub const CERTIFICATE_LIMIT: usize = 8 * 1024;
/// The largest chain, in bytes.
pub const CHAIN_LIMIT: usize = 32 * 1024;

/// What a verified chain establishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAttestationFacts {
    /// The certified key as it stands, DER `SubjectPublicKeyInfo`, of whatever kind.
    pub public_key: Vec<u8>,
    /// The certified key, when it is one of P-256.
    pub key: Option<P256PublicKey>,
    /// Who stands behind the anchor.
    pub anchor: Anchor,
    /// SHA-256 of the anchor's `SubjectPublicKeyInfo`.
    pub anchor_spki_sha256: Digest,
    /// What is known about key, app and device.
    pub claims: KeyAttestationClaims,
    /// What the secure environment said, whole.
    pub description: KeyDescription,
    /// Ids of this very device, if it attested any: raw, and to be kept as keyed hashes only.
    pub personal_ids: Vec<(DeviceId, Vec<u8>)>,
}

impl KeyAttestationFacts {
    /// The certified key, when it is of the kind that assertions are verified with.
    pub fn p256_key(&self) -> Result<P256PublicKey, Rejection> {
        self.key.ok_or(Rejection::KeyUnsupported)
    }
}

pub(super) fn check_sizes(chain: &[Vec<u8>]) -> Result<(), Rejection> {
    let counted = (MIN_CERTIFICATES..=MAX_CERTIFICATES).contains(&chain.len());
    require(counted, Rejection::CertificateCount(chain.len()))?;
    let fits = chain.iter().all(|certificate| certificate.len() <= CERTIFICATE_LIMIT);
    require(fits, Rejection::TooLarge { limit: CERTIFICATE_LIMIT })?;
    let whole: usize = chain.iter().map(Vec::len).sum();
    require(whole <= CHAIN_LIMIT, Rejection::TooLarge { limit: CHAIN_LIMIT })
}

/// Whether kind, size and curve that the description states, in whatever list, are the certified key's, as far as that is P-256.
/// Of other kinds, only that they are not described as P-256.
pub(super) fn describes_key(description: &KeyDescription, key: Option<&P256PublicKey>) -> bool {
    let stated = |read: fn(&AuthorizationList) -> Option<u64>| {
        read(&description.hardware).or_else(|| read(&description.software))
    };
    let [algorithm, size, curve] =
        [stated(|list| list.algorithm), stated(|list| list.key_size), stated(|list| list.ec_curve)];
    let is = |stated: Option<u64>, expected: u64| stated.is_none_or(|stated| stated == expected);
    if key.is_some() {
        is(algorithm, 3) && is(size, 256) && is(curve, 1)
    } else {
        !(algorithm == Some(3) && curve == Some(1))
    }
}

impl KeyAttestationCheck<'_> {
    pub(super) fn facts(self) -> Result<KeyAttestationFacts, Rejection> {
        let path = self.path()?;
        let (anchor, anchor_spki_sha256) = (path.origin.into(), path.anchor_spki_sha256);
        let claims = self.description().and_then(|it| self.on_chain(|chain| self.claims(chain, it)))?;
        let (public_key, key) = (self.leaf.spki().to_vec(), self.key);
        let description = self.into_description()?;
        let device_ids = description.hardware.device_ids.iter();
        let personal_ids = device_ids.filter(|(kind, _)| kind.is_personal()).cloned().collect();
        Ok(KeyAttestationFacts { public_key, key, anchor, anchor_spki_sha256, claims, description, personal_ids })
    }

    fn claims(&self, chain: Chain<'_>, description: &KeyDescription) -> Result<KeyAttestationClaims, Rejection> {
        let (hardware, software) = (&description.hardware, &description.software);
        let app = self.application_id()?.unwrap_or_default();
        let attestation = chain.issuers.first();
        Ok(KeyAttestationClaims {
            attestation_version: description.attestation_version,
            keymint_version: description.keymint_version,
            attestation_level: description.attestation_level,
            keymint_level: description.keymint_level,
            chain_level: attestation.and_then(|issuer| chain_level(issuer)),
            provisioning: chain.provisioning,
            factory_expired: chain.has_expired(self.now),
            boot: hardware.root_of_trust.as_ref().map(boot),
            os_version: hardware.os_version.and_then(os_version),
            os_patch: hardware.os_patch_level.and_then(PatchLevel::of),
            vendor_patch: hardware.vendor_patch_level.and_then(PatchLevel::of),
            boot_patch: hardware.boot_patch_level.and_then(PatchLevel::of),
            origin: hardware.origin.map(Origin::of),
            purposes: each(hardware.purposes.as_deref(), Purpose),
            digests: each(hardware.digests.as_deref(), KeyDigest),
            algorithm: hardware.algorithm.map(KeyAlgorithm::of),
            key_size: hardware.key_size,
            packages: app.packages,
            signers: app.signers.iter().map(|signer| signer.as_slice().into()).collect(),
            user: user(hardware, software),
            all_applications: hardware.all_applications || software.all_applications,
            usage_count_limit: hardware.usage_count_limit.or(software.usage_count_limit),
            device_unique: hardware.device_unique_attestation,
            module_hash: software.module_hash.as_deref().map(Into::into),
            created_at: software.created_at.or(hardware.created_at).map(Timestamp::from_millis),
            unknown_tags: [software.unknown_tags.as_slice(), &hardware.unknown_tags].concat(),
            misplaced_tags: software.misplaced_tags(),
            remote: attestation.and_then(|issuer| provisioning_info(issuer.extension(&PROVISIONING_INFO_OID)?)),
            model: model(hardware),
            serials: self.serials(chain)?,
            device_ids: Vec::new(),
        })
    }
}

impl KeyAttestationCheck<'_> {
    /// Issuers without a serial number that the status list could name are refused; a device may number its leaf as it likes.
    fn serials(&self, chain: Chain<'_>) -> Result<Vec<Serial>, Rejection> {
        let leaf = Serial::from_hex(&self.leaf_facts.serial).map(Ok);
        let issuers = chain.issuers.iter().map(|issuer| Serial::from_hex(&issuer.serial));
        leaf.into_iter().chain(issuers.map(|serial| serial.ok_or(Rejection::CertificateMalformed))).collect()
    }
}

fn boot(root: &RootOfTrust) -> Boot {
    Boot {
        state: BootState::of(root.verified_boot_state),
        locked: root.device_locked,
        key: root.verified_boot_key.as_slice().into(),
        hash: root.verified_boot_hash.as_deref().map(Into::into),
    }
}

/// Six digits, two each for version, minor version and sub-minor version; 0 on generic system images.
fn os_version(number: u64) -> Option<crate::evidence::claims::OsVersion> {
    let (major, minor, patch) = (number / 10_000, number / 100 % 100, number % 100);
    (1..=9999).contains(&major).then(|| format!("{major}.{minor}.{patch}").parse().ok())?
}

fn each<T>(numbers: Option<&[u64]>, read: fn(u64) -> T) -> Vec<T> {
    numbers.unwrap_or_default().iter().map(|number| read(*number)).collect()
}

fn user(hardware: &AuthorizationList, software: &AuthorizationList) -> UserAuthentication {
    UserAuthentication {
        not_required: hardware.no_auth_required || software.no_auth_required,
        kinds: hardware.user_auth_type,
        timeout_secs: hardware.auth_timeout,
        presence: hardware.trusted_presence_required,
        confirmation: hardware.trusted_confirmation_required,
        unlocked_device: hardware.unlocked_device_required || software.unlocked_device_required,
    }
}

fn model(hardware: &AuthorizationList) -> DeviceModel {
    let text = |wanted: DeviceId| {
        let (_, value) = hardware.device_ids.iter().find(|(kind, _)| *kind == wanted)?;
        let text = std::str::from_utf8(value).ok()?;
        (text.len() <= 128 && !text.contains(char::is_control)).then(|| text.to_owned())
    };
    DeviceModel {
        brand: text(DeviceId::Brand),
        device: text(DeviceId::Device),
        product: text(DeviceId::Product),
        manufacturer: text(DeviceId::Manufacturer),
        model: text(DeviceId::Model),
    }
}
