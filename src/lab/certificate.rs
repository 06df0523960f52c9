//! X.509 certificates written from a plan, every field of which may be wrong.

use p384::ecdsa::signature::Signer;
use p384::ecdsa::signature::hazmat::PrehashSigner;
use p384::ecdsa::{Signature, SigningKey};

use super::LabFault;
use super::der::{self, Oid};
use crate::crypto::certificate::Validity;
use crate::crypto::digest::sha256;

const COMMON_NAME: Oid = &[2, 5, 4, 3];
const STATE: Oid = &[2, 5, 4, 8];
/// The attribute for an organization.
pub const ORGANIZATION: Oid = &[2, 5, 4, 10];
const UNIT: Oid = &[2, 5, 4, 11];
/// The extension that says whether a certificate is a CA.
pub const BASIC_CONSTRAINTS: Oid = &[2, 5, 29, 19];
/// The extension that says what a key may be used for.
pub const KEY_USAGE: Oid = &[2, 5, 29, 15];

/// A certificate before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificatePlan {
    /// The serial number, big-endian.
    pub serial: Vec<u8>,
    /// Who signs it.
    pub issuer: Name,
    /// Whose key it is.
    pub subject: Name,
    /// When it is valid.
    pub validity: Validity,
    /// The subject's key: a DER `SubjectPublicKeyInfo`.
    pub spki: Vec<u8>,
    /// The hash that is signed.
    pub hash: SignedHash,
    /// The extensions, in the order in which they are written.
    pub extensions: Vec<Extension>,
}

/// The hash under an ECDSA signature by a P-384 key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedHash {
    /// SHA-256, as on Apple's leaves.
    Sha256,
    /// SHA-384, as on Apple's authorities.
    Sha384,
}

impl CertificatePlan {
    /// The certificate, DER, signed by `key`.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, LabFault> {
        let body = self.body();
        let signature: Signature = match self.hash {
            SignedHash::Sha256 => key.sign_prehash(&sha256(&body)).map_err(|_| LabFault::Unsigned)?,
            SignedHash::Sha384 => key.try_sign(&body).map_err(|_| LabFault::Unsigned)?,
        };
        Ok(der::sequence(&[&body, &self.hash.algorithm(), &der::bits(signature.to_der().as_bytes())]))
    }

    /// The extension with this identifier, to change it.
    pub fn extension_mut(&mut self, id: Oid) -> Option<&mut Extension> {
        self.extensions.iter_mut().find(|extension| extension.id == id)
    }

    /// Replaces the extension of the same identifier, or adds it.
    pub fn put(&mut self, extension: Extension) {
        match self.extension_mut(extension.id) {
            Some(present) => *present = extension,
            None => self.extensions.push(extension),
        }
    }

    fn body(&self) -> Vec<u8> {
        let extensions: Vec<u8> = self.extensions.iter().flat_map(Extension::der).collect();
        der::sequence(&[
            &der::explicit(0, &der::integer(&[2])),
            &der::integer(&self.serial),
            &self.hash.algorithm(),
            &self.issuer.der(),
            &der::sequence(&[&der::time(self.validity.not_before), &der::time(self.validity.not_after)]),
            &self.subject.der(),
            &self.spki,
            &der::explicit(3, &der::sequence(&[&extensions])),
        ])
    }
}

impl SignedHash {
    fn algorithm(self) -> Vec<u8> {
        let last = match self {
            Self::Sha256 => &[1, 2, 840, 10045, 4, 3, 2],
            Self::Sha384 => &[1, 2, 840, 10045, 4, 3, 3],
        };
        der::sequence(&[&der::oid(last)])
    }
}

/// A distinguished name: attributes, each with its value already encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(pub Vec<(Oid, Vec<u8>)>);

impl Name {
    /// A name as Apple writes them: common name, perhaps a unit, organization, state.
    pub fn new(common_name: &str, unit: Option<&str>, organization: &str) -> Self {
        let unit = unit.map(|unit| (UNIT, der::text(unit)));
        let rest = [(ORGANIZATION, der::text(organization)), (STATE, der::text("California"))];
        Self([(COMMON_NAME, der::text(common_name))].into_iter().chain(unit).chain(rest).collect())
    }

    fn der(&self) -> Vec<u8> {
        let part = |(id, value): &(Oid, Vec<u8>)| der::set(&der::sequence(&[&der::oid(id), value]));
        der::value(0x30, &self.0.iter().flat_map(part).collect::<Vec<_>>())
    }
}

/// An extension of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its object identifier.
    pub id: Oid,
    /// Whether who does not know it must refuse the certificate.
    pub critical: bool,
    /// Its value, DER.
    pub value: Vec<u8>,
}

impl Extension {
    /// An extension that nobody must know.
    pub const fn plain(id: Oid, value: Vec<u8>) -> Self {
        Self { id, critical: false, value }
    }

    /// An extension that everybody must know.
    pub const fn critical(id: Oid, value: Vec<u8>) -> Self {
        Self { id, critical: true, value }
    }

    /// Basic constraints of a CA under which at most `path_length` further CAs may stand.
    pub fn authority(path_length: Option<u8>) -> Self {
        let limit = path_length.map(|limit| der::integer(&[limit])).unwrap_or_default();
        Self::critical(BASIC_CONSTRAINTS, der::sequence(&[&der::truth(), &limit]))
    }

    /// Basic constraints of a certificate that is not a CA.
    pub fn no_authority() -> Self {
        Self::critical(BASIC_CONSTRAINTS, der::sequence(&[]))
    }

    /// Key usage, as the bytes of its BIT STRING: how many bits are unused, then the bits.
    pub fn key_usage(bits: [u8; 2]) -> Self {
        Self::critical(KEY_USAGE, der::value(0x03, &bits))
    }

    fn der(&self) -> Vec<u8> {
        let critical = if self.critical { der::truth() } else { Vec::new() };
        der::sequence(&[&der::oid(self.id), &critical, &der::octets(&self.value)])
    }
}
