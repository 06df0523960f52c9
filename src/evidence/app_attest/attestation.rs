//! The attestation object: parsed, not yet believed.

use ciborium::Value;

use super::authenticator_data::{AttestedCredential, AuthenticatorData};
use super::rejection::Rejection;
use crate::crypto::key::P256PublicKey;
use crate::evidence::claims::{Anchor, AppAttestClaims};
use crate::ids::KeyId;
use crate::wire::cbor::{self, Members};

/// The largest attestation object, in bytes; genuine ones have 5 to 6 KiB.
pub const ATTESTATION_LIMIT: usize = 16 * 1024;
const CERTIFICATE_LIMIT: usize = 4 * 1024;
const RECEIPT_LIMIT: usize = 8 * 1024;

/// An attestation object, read to its last byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationObject {
    /// The leaf certificate, DER.
    pub leaf: Vec<u8>,
    /// The intermediate certificate, DER.
    pub intermediate: Vec<u8>,
    /// The receipt, kept as received.
    pub receipt: Vec<u8>,
    /// The authenticator data as received: the nonce covers these bytes.
    pub raw_authenticator_data: Vec<u8>,
    /// The authenticator data.
    pub authenticator_data: AuthenticatorData,
    /// The new key.
    pub credential: AttestedCredential,
}

/// What a verified attestation establishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationFacts {
    /// The certified key.
    pub key: P256PublicKey,
    /// Its id.
    pub key_id: KeyId,
    /// Who stands behind the anchor.
    pub anchor: Anchor,
    /// What is known about app and device.
    pub claims: AppAttestClaims,
    /// The App ID that the certificate carries in clear, advisory: not documented, and never a reason to refuse.
    pub certified_app_id: Option<String>,
    /// The receipt, kept as received and not yet verified.
    pub receipt: Vec<u8>,
    /// The serial numbers of leaf and intermediate, lower-case hexadecimal.
    pub serials: Vec<String>,
}

impl AttestationObject {
    /// Reads an attestation object; everything that is not exactly Apple's structure is refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        if bytes.len() > ATTESTATION_LIMIT {
            return Err(Rejection::TooLarge { limit: ATTESTATION_LIMIT });
        }
        let mut object = open(cbor::read(bytes)?, "the object is not a map with text keys")?;
        if object.take("fmt") != Some(Value::from("apple-appattest")) {
            return Err(Rejection::ForeignFormat);
        }
        let raw_authenticator_data = taken_bytes(&mut object, "authData")?;
        let statement = object.take("attStmt").ok_or(Rejection::Structure("attStmt is missing"))?;
        closed(&object)?;
        let mut statement = open(statement, "attStmt is not a map with text keys")?;
        let [leaf, intermediate] = certificates(&mut statement)?;
        let receipt = taken_bytes(&mut statement, "receipt")?;
        closed(&statement)?;
        if receipt.len() > RECEIPT_LIMIT {
            return Err(Rejection::Structure("the receipt is too long"));
        }
        let (authenticator_data, credential) = AuthenticatorData::read_attested(&raw_authenticator_data)?;
        Ok(Self { leaf, intermediate, receipt, raw_authenticator_data, authenticator_data, credential })
    }
}

pub(super) fn open(value: Value, otherwise: &'static str) -> Result<Members, Rejection> {
    Members::open(value).ok_or(Rejection::Structure(otherwise))
}

pub(super) fn closed(members: &Members) -> Result<(), Rejection> {
    if members.left() == 0 { Ok(()) } else { Err(Rejection::Structure("an unknown member")) }
}

pub(super) fn taken_bytes(members: &mut Members, name: &'static str) -> Result<Vec<u8>, Rejection> {
    match members.take(name) {
        Some(Value::Bytes(bytes)) => Ok(bytes),
        Some(_) => Err(Rejection::Structure("a member is not a byte string")),
        None => Err(Rejection::Structure("a member is missing")),
    }
}

fn certificates(statement: &mut Members) -> Result<[Vec<u8>; 2], Rejection> {
    let Some(Value::Array(items)) = statement.take("x5c") else {
        return Err(Rejection::Structure("x5c is not an array"));
    };
    let count = items.len();
    let certificate = |item| match item {
        Value::Bytes(der) if der.len() <= CERTIFICATE_LIMIT => Some(der),
        _ => None,
    };
    let certificates: Option<Vec<_>> = items.into_iter().map(certificate).collect();
    let certificates = certificates.ok_or(Rejection::Structure("a certificate is too long or not a byte string"))?;
    certificates.try_into().map_err(|_| Rejection::CertificateCount(count))
}
