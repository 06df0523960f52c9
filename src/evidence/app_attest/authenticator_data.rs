//! Authenticator data: the fixed layout of WebAuthn (level 2, section 6.1) as Apple fills it.

use ciborium::Value;

use super::extensions::Extensions;
use super::rejection::Rejection;
use crate::crypto::digest::Digest;
use crate::wire::bytes::Reader;
use crate::wire::cbor;

/// The flag that says that credential data follows. Assertions carry it too, without such data.
const ATTESTED_CREDENTIAL: u8 = 0x40;

/// What both attestation objects and assertions carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatorData {
    /// SHA-256 of the App ID.
    pub rp_id_hash: Digest,
    /// The flags as sent.
    pub flags: u8,
    /// How often the key has signed.
    pub sign_count: u32,
    /// The extension map of iOS 27.
    pub extensions: Extensions,
}

/// The new key, in attestation objects only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestedCredential {
    /// Names the environment.
    pub aaguid: [u8; 16],
    /// The key id.
    pub credential_id: Digest,
    /// The key as an uncompressed point; only compared with the certified key, never used.
    pub cose_key: [u8; 65],
}

struct Fixed {
    rp_id_hash: Digest,
    flags: u8,
    sign_count: u32,
}

impl AuthenticatorData {
    /// Reads an assertion's: 37 bytes, then nothing or one extension map.
    pub fn read(bytes: &[u8]) -> Result<Self, Rejection> {
        let mut reader = Reader::new(bytes);
        let fixed = fixed(&mut reader)?;
        Ok(fixed.with(Extensions::read(reader.rest())?))
    }

    /// Reads an attestation object's: 37 bytes, the credential, then nothing or one extension map.
    pub fn read_attested(bytes: &[u8]) -> Result<(Self, AttestedCredential), Rejection> {
        let mut reader = Reader::new(bytes);
        let fixed = fixed(&mut reader)?;
        if fixed.flags & ATTESTED_CREDENTIAL == 0 {
            return Err(Rejection::AuthenticatorData("the flag for credential data is clear"));
        }
        let cut = Rejection::AuthenticatorData("cut inside the credential");
        let aaguid = reader.array().ok_or(cut.clone())?;
        let length = reader.array().map(u16::from_be_bytes).ok_or(cut.clone())?;
        if length != 32 {
            return Err(Rejection::AuthenticatorData("the credential id's length is not 32"));
        }
        let credential_id = reader.array().ok_or(cut)?;
        let (key, tail) = cbor::read_first(reader.rest()).map_err(|_| Rejection::CoseKey)?;
        let credential = AttestedCredential { aaguid, credential_id, cose_key: cose_key(&key)? };
        Ok((fixed.with(Extensions::read(tail)?), credential))
    }
}

impl Fixed {
    fn with(self, extensions: Extensions) -> AuthenticatorData {
        AuthenticatorData { rp_id_hash: self.rp_id_hash, flags: self.flags, sign_count: self.sign_count, extensions }
    }
}

fn fixed(reader: &mut Reader<'_>) -> Result<Fixed, Rejection> {
    let cut = Rejection::AuthenticatorData("shorter than 37 bytes");
    let rp_id_hash = reader.array().ok_or(cut.clone())?;
    let flags = reader.byte().ok_or(cut.clone())?;
    let sign_count = reader.array().map(u32::from_be_bytes).ok_or(cut)?;
    Ok(Fixed { rp_id_hash, flags, sign_count })
}

/// Reads `{1: 2, 3: -7, -1: 1, -2: x, -3: y}` (RFC 9053, section 7.1.1), members in any order and none beside them.
fn cose_key(value: &Value) -> Result<[u8; 65], Rejection> {
    let members = value.as_map().filter(|members| members.len() == 5).ok_or(Rejection::CoseKey)?;
    let member = |label: i8| members.iter().find(|(key, _)| *key == Value::from(label)).map(|(_, value)| value);
    let says = |label, expected: i8| member(label) == Some(&Value::from(expected));
    let coordinate = |label| member(label).and_then(Value::as_bytes).filter(|bytes| bytes.len() == 32);
    let (Some(x), Some(y), true) = (coordinate(-2), coordinate(-3), says(1, 2) && says(3, -7) && says(-1, 1)) else {
        return Err(Rejection::CoseKey);
    };
    let mut point = [4; 65];
    point[1..33].copy_from_slice(x);
    point[33..].copy_from_slice(y);
    Ok(point)
}
