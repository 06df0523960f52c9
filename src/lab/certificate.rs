//! X.509 certificates written from a plan, every field of which may be wrong.

use super::LabFault;
use super::der::{self, Oid};
use super::key::{LabKey, SignedHash};
use crate::crypto::certificate::Validity;

/// The attribute for a common name.
pub const COMMON_NAME: Oid = &[2, 5, 4, 3];
/// The attribute for a serial number, which has nothing to do with the certificate's own.
pub const SERIAL_NUMBER: Oid = &[2, 5, 4, 5];
const COUNTRY: Oid = &[2, 5, 4, 6];
const STATE: Oid = &[2, 5, 4, 8];
/// The attribute for an organization.
pub const ORGANIZATION: Oid = &[2, 5, 4, 10];
const UNIT: Oid = &[2, 5, 4, 11];
/// The attribute for a title.
pub const TITLE: Oid = &[2, 5, 4, 12];
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
    /// The two times as they are written; `None` for those of `validity`, as RFC 5280 wants them.
    pub times: Option<[Vec<u8>; 2]>,
    /// The subject's key: a DER `SubjectPublicKeyInfo`.
    pub spki: Vec<u8>,
    /// The hash that is signed.
    pub hash: SignedHash,
    /// The algorithms as they are named inside and outside the signed part; `None` for the one that signs.
    pub algorithms: Option<[Vec<u8>; 2]>,
    /// The extensions, in the order in which they are written.
    pub extensions: Vec<Extension>,
}

impl CertificatePlan {
    /// The certificate, DER, signed by `key`.
    pub fn sign(&self, key: &LabKey) -> Result<Vec<u8>, LabFault> {
        let [inside, outside] =
            self.algorithms.clone().unwrap_or_else(|| [key.algorithm(self.hash), key.algorithm(self.hash)]);
        let body = self.body(&inside);
        let signature = key.sign(self.hash, &body)?;
        Ok(der::sequence(&[&body, &outside, &der::bits(&signature)]))
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

    /// Removes every extension of this identifier.
    pub fn remove(&mut self, id: Oid) {
        self.extensions.retain(|extension| extension.id != id);
    }

    fn body(&self, algorithm: &[u8]) -> Vec<u8> {
        let extensions: Vec<u8> = self.extensions.iter().flat_map(Extension::der).collect();
        let own = || [der::time(self.validity.not_before), der::time(self.validity.not_after)];
        let times = self.times.clone().unwrap_or_else(own).concat();
        der::sequence(&[
            &der::explicit(0, &der::integer(&[2])),
            &der::integer(&self.serial),
            algorithm,
            &self.issuer.der(),
            &der::sequence(&[&times]),
            &self.subject.der(),
            &self.spki,
            &der::explicit(3, &der::sequence(&[&extensions])),
        ])
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

    /// A name with no more than a common name.
    pub fn only(name: &str) -> Self {
        Self(vec![(COMMON_NAME, der::text(name))])
    }

    /// A name as Google writes those of its remote provisioning: organization, common name.
    pub fn google(common_name: &str) -> Self {
        Self(vec![(ORGANIZATION, der::text("Google LLC")), (COMMON_NAME, der::text(common_name))])
    }

    /// A name as Google writes that of its newer root: country, organization, unit, common name.
    pub fn google_root(common_name: &str) -> Self {
        let first =
            [(COUNTRY, der::printable("US")), (ORGANIZATION, der::text("Google LLC")), (UNIT, der::text("Android"))];
        Self(first.into_iter().chain([(COMMON_NAME, der::text(common_name))]).collect())
    }

    /// A name as factories write them: a serial number, and perhaps a title.
    pub fn factory(serial_number: &str, title: Option<&str>) -> Self {
        let title = title.map(|title| (TITLE, der::text(title)));
        Self([(SERIAL_NUMBER, der::printable(serial_number))].into_iter().chain(title).collect())
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
