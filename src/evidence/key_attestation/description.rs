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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::der as write;
    use crate::lab::key_attestation::{AuthorizationPlan, DescriptionPlan, RootOfTrustPlan, numbers};
    use proptest::prelude::*;

    fn plan() -> DescriptionPlan {
        let hardware = [
            (1, numbers(&[3, 2])),
            (2, write::number(3)),
            (702, write::number(0)),
            (704, RootOfTrustPlan::verified().der()),
            (706, write::number(202_602)),
        ];
        DescriptionPlan {
            attestation_version: 500,
            attestation_level: 1,
            keymint_version: 500,
            keymint_level: 1,
            challenge: vec![7; 32],
            unique_id: vec![],
            software: AuthorizationPlan(vec![(701, write::number(1_771_894_563_060))]),
            hardware: AuthorizationPlan(hardware.to_vec()),
            rewrite: |_| (),
            trailing: vec![],
        }
    }

    #[test]
    fn a_description_is_read_whole() {
        let description = KeyDescription::parse(&plan().der()).expect("a description");
        assert_eq!((description.attestation_version, description.challenge.len()), (500, 32));
        assert_eq!(description.hardware.purposes, Some(vec![3, 2]));
        assert_eq!(description.hardware.root_of_trust.map(|root| root.device_locked), Some(true));
        assert_eq!(description.software.created_at, Some(1_771_894_563_060));
    }

    #[test]
    fn roots_of_trust_have_three_or_four_parts() {
        let of = |root: RootOfTrustPlan| der::only(&root.der(), RootOfTrust::read);
        let four = RootOfTrustPlan::verified();
        let three = RootOfTrustPlan { verified_boot_hash: None, ..four.clone() };
        let loose = RootOfTrustPlan { device_locked: 1, ..four.clone() };
        assert_eq!(of(three).map(|root| root.verified_boot_hash), Ok(None));
        assert_eq!(of(loose).map(|root| root.device_locked), Ok(true));
        let five = [four.der(), write::null()].concat();
        assert_eq!(der::only(&five, RootOfTrust::read), Err(DerFault::TrailingBytes));
    }

    #[test]
    fn levels_are_none_but_the_three() {
        for level in 0..3 {
            let plan = DescriptionPlan { keymint_level: level, ..plan() };
            let read = KeyDescription::parse(&plan.der()).expect("a level").keymint_level;
            assert_eq!(Some(read), SecurityLevel::of(u64::from(level)));
        }
        let plan = DescriptionPlan { attestation_level: 3, ..plan() };
        assert_eq!(KeyDescription::parse(&plan.der()), Err(DescriptionFault::Level));
    }

    #[test]
    fn cut_at_any_byte_it_is_refused() {
        let whole = plan().der();
        for length in 0..whole.len() {
            assert!(KeyDescription::parse(&whole[..length]).is_err(), "{length} bytes");
        }
        assert_eq!(KeyDescription::parse(&[whole, vec![0]].concat()), Err(DerFault::TrailingBytes.into()));
    }

    proptest! {
        #[test]
        fn no_flipped_bit_goes_unseen_or_panics(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let whole = plan().der();
            let mut changed = whole.clone();
            changed[at.index(whole.len())] ^= 1 << bit;
            let (before, after) = (KeyDescription::parse(&whole), KeyDescription::parse(&changed));
            // A BOOLEAN alone has more than one encoding of the same value.
            let lock = RootOfTrustPlan { device_locked: 0xFF ^ (1 << bit), ..RootOfTrustPlan::verified() }.der();
            let loose = changed.windows(lock.len()).any(|window| window == lock);
            prop_assert!(before != after || loose);
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            _ = KeyDescription::parse(&bytes);
        }
    }
}
