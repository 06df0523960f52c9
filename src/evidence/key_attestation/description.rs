//! The key description: what the secure environment says about a key, read strictly.

use super::authorization::{AuthorizationList, ListFault};
use crate::evidence::claims::SecurityLevel;
use crate::wire::der::{self, DerFault, Elements, Tag};

/// A key description as it stands in a certificate; versions 1 to 500, and newer ones by the same structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDescription {
    /// The version of this structure.
    pub attestation_version: u64,
    /// Who has written it.
    pub attestation_level: SecurityLevel,
    /// The version of KeyMint or Keymaster.
    pub keymint_version: u64,
    /// Who holds the key.
    pub keymint_level: SecurityLevel,
    /// The challenge that the device was given.
    pub challenge: Vec<u8>,
    /// Empty, except for system apps that asked for it.
    pub unique_id: Vec<u8>,
    /// What Android itself enforces. Only as true as the system that wrote it.
    pub software: AuthorizationList,
    /// What the secure environment enforces.
    pub hardware: AuthorizationList,
}

/// How the device was started, by its bootloader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootOfTrust {
    /// The key that the system was verified with; not a sign of anything by itself.
    pub verified_boot_key: Vec<u8>,
    /// Whether the bootloader is locked.
    pub device_locked: bool,
    /// The state as a number.
    pub verified_boot_state: u64,
    /// A digest over all that was verified (version 3 and newer).
    pub verified_boot_hash: Option<Vec<u8>>,
}

/// Why a key description is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionFault {
    /// Not a SEQUENCE of exactly eight values.
    #[error("{0}")]
    Der(#[from] DerFault),
    /// A security level that no version knows.
    #[error("a security level is none of 0, 1 and 2")]
    Level,
    /// The list of what software enforces.
    #[error("what software enforces: {0}")]
    Software(ListFault),
    /// The list of what hardware enforces.
    #[error("what hardware enforces: {0}")]
    Hardware(ListFault),
}

impl KeyDescription {
    /// Reads the value of the extension, to its last byte.
    pub fn parse(value: &[u8]) -> Result<Self, DescriptionFault> {
        let mut fields = der::sequence(value)?;
        let attestation_version = fields.unsigned()?;
        let attestation_level = level(&mut fields)?;
        let keymint_version = fields.unsigned()?;
        let keymint_level = level(&mut fields)?;
        let challenge = fields.octets()?.to_vec();
        let unique_id = fields.octets()?.to_vec();
        let software = AuthorizationList::read(fields.sequence()?).map_err(DescriptionFault::Software)?;
        let hardware = AuthorizationList::read(fields.sequence()?).map_err(DescriptionFault::Hardware)?;
        fields.end()?;
        Ok(Self {
            attestation_version,
            attestation_level,
            keymint_version,
            keymint_level,
            challenge,
            unique_id,
            software,
            hardware,
        })
    }
}

fn level(fields: &mut Elements<'_>) -> Result<SecurityLevel, DescriptionFault> {
    SecurityLevel::of(fields.enumerated()?).ok_or(DescriptionFault::Level)
}

impl RootOfTrust {
    /// Reads three values, or four from version 3 on.
    pub(super) fn read(value: &mut Elements<'_>) -> Result<Self, DerFault> {
        let mut fields = value.sequence()?;
        let verified_boot_key = fields.octets()?.to_vec();
        let device_locked = fields.loose_boolean()?;
        let verified_boot_state = fields.enumerated()?;
        let verified_boot_hash = match fields.is_empty() {
            true => None,
            false => Some(fields.expect(Tag::OCTET_STRING)?.to_vec()),
        };
        fields.end()?;
        Ok(Self { verified_boot_key, device_locked, verified_boot_state, verified_boot_hash })
    }
}
