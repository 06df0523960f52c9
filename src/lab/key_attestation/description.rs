//! `KeyDescription`: what an attestation says about a key.

use super::authorization::AuthorizationPlan;
use crate::lab::certificate::Extension;
use crate::lab::der::{self, Oid};

/// The extension that carries a key description.
pub const KEY_DESCRIPTION: Oid = &[1, 3, 6, 1, 4, 1, 11129, 2, 1, 17];
/// The extension that carries what the remote provisioner says of a device.
pub const PROVISIONING_INFO: Oid = &[1, 3, 6, 1, 4, 1, 11129, 2, 1, 30];

/// A key description before it is written.
#[derive(Clone, Debug)]
pub struct DescriptionPlan {
    /// The version of the schema.
    pub attestation_version: u64,
    /// Where the attestation was made: 0 software, 1 trusted environment, 2 StrongBox.
    pub attestation_level: u8,
    /// The version of Keymaster or KeyMint.
    pub keymint_version: u64,
    /// Where the key lives.
    pub keymint_level: u8,
    /// The challenge.
    pub challenge: Vec<u8>,
    /// The unique id, which only apps of the system get.
    pub unique_id: Vec<u8>,
    /// What software enforces.
    pub software: AuthorizationPlan,
    /// What hardware enforces.
    pub hardware: AuthorizationPlan,
    /// A last change to the eight fields, DER.
    pub rewrite: fn(&mut Vec<Vec<u8>>),
    /// Bytes after the description.
    pub trailing: Vec<u8>,
}

impl DescriptionPlan {
    /// The description, DER.
    pub fn der(&self) -> Vec<u8> {
        let mut fields = vec![
            der::number(self.attestation_version),
            der::enumerated(self.attestation_level),
            der::number(self.keymint_version),
            der::enumerated(self.keymint_level),
            der::octets(&self.challenge),
            der::octets(&self.unique_id),
            self.software.der(),
            self.hardware.der(),
        ];
        (self.rewrite)(&mut fields);
        [der::value(0x30, &fields.concat()), self.trailing.clone()].concat()
    }
}

/// The extension around a description.
pub fn description_extension(der: Vec<u8>) -> Extension {
    Extension::plain(KEY_DESCRIPTION, der)
}

/// Provisioning info: the CBOR as it is.
pub const fn provisioning_info(cbor: Vec<u8>) -> Extension {
    Extension::plain(PROVISIONING_INFO, cbor)
}
