//! Authorization lists: what software or hardware enforces for a key.

use crate::crypto::digest::Digest;
use crate::lab::der;

/// An authorization list: tags with their values, DER, in the order in which they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizationPlan(pub Vec<(u64, Vec<u8>)>);

impl AuthorizationPlan {
    /// Adds a value, beside one of the same tag if there is one.
    pub fn push(&mut self, tag: u64, value: Vec<u8>) {
        self.0.push((tag, value));
    }

    /// Replaces the value of a tag, or adds it.
    pub fn put(&mut self, tag: u64, value: Vec<u8>) {
        match self.0.iter_mut().find(|(present, _)| *present == tag) {
            Some((_, present)) => *present = value,
            None => self.push(tag, value),
        }
    }

    /// The first value of a tag.
    pub fn value(&self, tag: u64) -> Option<&Vec<u8>> {
        self.0.iter().find(|(present, _)| *present == tag).map(|(_, value)| value)
    }

    /// Removes every value of a tag.
    pub fn remove(&mut self, tag: u64) {
        self.0.retain(|(present, _)| *present != tag);
    }

    /// Moves every value of a tag to the end of another list.
    pub fn give(&mut self, tag: u64, to: &mut Self) {
        to.0.extend(self.0.extract_if(.., |(present, _)| *present == tag));
    }

    /// The list, DER.
    pub fn der(&self) -> Vec<u8> {
        let fields: Vec<_> = self.0.iter().map(|(tag, value)| der::explicit(*tag, value)).collect();
        der::value(0x30, &fields.concat())
    }
}

/// A SET OF INTEGER in the order given.
pub fn numbers(numbers: &[u64]) -> Vec<u8> {
    der::set_of(&numbers.iter().map(|number| der::number(*number)).collect::<Vec<_>>())
}

/// What the bootloader says of how the device was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootOfTrustPlan {
    /// The key that the operating system is verified with, or its hash.
    pub verified_boot_key: Vec<u8>,
    /// `deviceLocked`, as the byte of its BOOLEAN: 0 is unlocked.
    pub device_locked: u8,
    /// `verifiedBootState`: 0 verified, 1 self-signed, 2 unverified, 3 failed.
    pub verified_boot_state: u8,
    /// The hash of what was started; `None` before version 3, which has no such element.
    pub verified_boot_hash: Option<Vec<u8>>,
}

impl RootOfTrustPlan {
    /// A locked device with its vendor's system. Pixels that are locked and verified show a key of zeros as well.
    pub fn verified() -> Self {
        Self {
            verified_boot_key: vec![0x5A; 32],
            device_locked: 0xFF,
            verified_boot_state: 0,
            verified_boot_hash: Some(vec![0xB0; 32]),
        }
    }

    /// An unlocked device.
    pub fn unlocked() -> Self {
        Self { verified_boot_key: vec![0; 32], device_locked: 0, verified_boot_state: 2, ..Self::verified() }
    }

    /// A locked device with a system that is verified with a key of its owner's.
    pub fn self_signed(key: &Digest) -> Self {
        Self { verified_boot_key: key.to_vec(), verified_boot_state: 1, ..Self::verified() }
    }

    /// The value, DER.
    pub fn der(&self) -> Vec<u8> {
        let hash = self.verified_boot_hash.as_ref().map(|hash| der::octets(hash)).unwrap_or_default();
        let state = der::enumerated(self.verified_boot_state);
        der::sequence(&[&der::octets(&self.verified_boot_key), &der::boolean(self.device_locked), &state, &hash])
    }
}

/// Who uses the key, as the operating system says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AndroidApp {
    /// Packages with their versions; several only where they share a user id.
    pub packages: Vec<(String, u64)>,
    /// SHA-256 of each certificate that the packages are signed with.
    pub signers: Vec<Vec<u8>>,
}

impl AndroidApp {
    /// One package in version 1, with one signer.
    pub fn new(package: &str, signer: &Digest) -> Self {
        Self { packages: vec![(package.to_owned(), 1)], signers: vec![signer.to_vec()] }
    }

    /// `AttestationApplicationId`, DER, in the OCTET STRING that lists carry it in.
    pub fn der(&self) -> Vec<u8> {
        let package =
            |(name, version): &(String, u64)| der::sequence(&[&der::octets(name.as_bytes()), &der::number(*version)]);
        let packages: Vec<_> = self.packages.iter().map(package).collect();
        let signers: Vec<_> = self.signers.iter().map(|signer| der::octets(signer)).collect();
        der::octets(&der::sequence(&[&der::set_of(&packages), &der::set_of(&signers)]))
    }
}
