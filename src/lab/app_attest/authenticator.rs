//! Authenticator data, field by field.

use ciborium::Value;

use crate::crypto::key::P256PublicKey;
use crate::lab::LabFault;

/// Authenticator data before it is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatorPlan {
    /// SHA-256 of the App ID.
    pub rp_id_hash: Vec<u8>,
    /// The flags; Apple sends 0x40 in both objects.
    pub flags: u8,
    /// How often the key has signed.
    pub sign_count: u32,
    /// The new key, in attestation objects.
    pub credential: Option<CredentialPlan>,
    /// What follows: nothing before iOS 27, then one map.
    pub tail: Vec<u8>,
}

/// The new key in authenticator data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialPlan {
    /// Names the environment.
    pub aaguid: [u8; 16],
    /// The stated length of the credential id.
    pub id_length: u16,
    /// The credential id.
    pub id: Vec<u8>,
    /// The key, as an encoded COSE key.
    pub cose_key: Vec<u8>,
}

impl AuthenticatorPlan {
    /// The bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let credential = self.credential.as_ref().map(CredentialPlan::bytes).unwrap_or_default();
        [&self.rp_id_hash, &[self.flags][..], &self.sign_count.to_be_bytes(), &credential, &self.tail].concat()
    }
}

impl CredentialPlan {
    fn bytes(&self) -> Vec<u8> {
        [&self.aaguid[..], &self.id_length.to_be_bytes(), &self.id, &self.cose_key].concat()
    }
}

/// The COSE key `{1: 2, 3: -7, -1: 1, -2: x, -3: y}` of a point `04 || X || Y`.
pub fn cose_key(point: &[u8; 65]) -> Vec<u8> {
    let (_, coordinates) = point.split_at(1);
    let (x, y) = coordinates.split_at(32);
    [&b"\xA5\x01\x02\x03\x26\x20\x01\x21\x58\x20"[..], x, b"\x22\x58\x20", y].concat()
}

/// An extension map of iOS 27 with these members.
pub fn extension_map(members: &[(&str, Value)]) -> Result<Vec<u8>, LabFault> {
    let entries = members.iter().map(|(name, value)| (Value::from(*name), value.clone())).collect();
    encode(&Value::Map(entries))
}

pub(super) fn encode(value: &Value) -> Result<Vec<u8>, LabFault> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(|_| LabFault::Unwritable)?;
    Ok(bytes)
}

pub(super) fn cose_key_of(key: &P256PublicKey) -> Vec<u8> {
    cose_key(key.sec1())
}
