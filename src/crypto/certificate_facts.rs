//! What a certificate says, owned: read once and kept with an issuer that is remembered.

use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::{X509Certificate, X509Extension};

use super::certificate::{Certificate, Oid, Validity, oid};

/// Facts of a certificate that the rules of chains ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The serial number in lower-case hexadecimal without leading zeros.
    pub serial: String,
    /// When the certificate is valid.
    pub validity: Validity,
    /// What the subject's name says.
    pub subject: SubjectNames,
    /// Whether the certificate may issue others.
    pub authority: Authority,
    /// All extensions, in the order in which they stand.
    pub extensions: Vec<OwnedExtension>,
}

/// An extension as it stands in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedExtension {
    /// The object identifier.
    pub oid: Oid<'static>,
    /// Whether a reader that does not know the extension has to refuse the certificate.
    pub critical: bool,
    /// The value, DER.
    pub value: Vec<u8>,
}

/// Attributes of a subject's name; each is the first of its kind that is text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectNames {
    /// `CN`.
    pub common_name: Option<String>,
    /// `O`.
    pub organization: Option<String>,
    /// `title`.
    pub title: Option<String>,
    /// `serialNumber`: not the certificate's.
    pub serial_number: Option<String>,
}

/// What basic constraints (RFC 5280, section 4.2.1.9) and key usage (4.2.1.3) say about issuing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Whether basic constraints are there and say CA. Unreadable ones do not.
    pub is_ca: bool,
    /// How many certificates of CAs may stand between this one and the leaf; `None` when any number.
    pub path_length: Option<u32>,
    /// Whether key usage is absent or allows to sign certificates. An unreadable one does not.
    pub may_sign: bool,
}

const BASIC_CONSTRAINTS: Oid<'static> = oid!(2.5.29.19);
const KEY_USAGE: Oid<'static> = oid!(2.5.29.15);
const COMMON_NAME: Oid<'static> = oid!(2.5.4.3);
const SERIAL_NUMBER: Oid<'static> = oid!(2.5.4.5);
const ORGANIZATION: Oid<'static> = oid!(2.5.4.10);
const TITLE: Oid<'static> = oid!(2.5.4.12);

impl CertificateFacts {
    /// Whether the extension stands in the certificate.
    pub fn carries(&self, oid: &Oid<'_>) -> bool {
        self.extension(oid).is_some()
    }

    /// The value of the first extension with this object identifier, critical or not.
    pub fn extension(&self, oid: &Oid<'_>) -> Option<&[u8]> {
        self.extensions.iter().find(|extension| extension.oid == *oid).map(|extension| extension.value.as_slice())
    }

    /// Whether an extension stands in the certificate twice.
    pub fn repeats_an_extension(&self) -> bool {
        let twice = |(at, extension): (usize, &OwnedExtension)| {
            self.extensions.iter().take(at).any(|earlier| earlier.oid == extension.oid)
        };
        self.extensions.iter().enumerate().any(twice)
    }

    /// Whether an extension is critical and is none of `known`, basic constraints or key usage.
    pub fn demands_more_than(&self, known: &[Oid<'_>]) -> bool {
        let understood = |oid: &Oid<'_>| known.contains(oid) || [BASIC_CONSTRAINTS, KEY_USAGE].contains(oid);
        self.extensions.iter().any(|extension| extension.critical && !understood(&extension.oid))
    }
}

impl Certificate<'_> {
    /// What the certificate says, owned.
    pub fn facts(&self) -> CertificateFacts {
        CertificateFacts {
            serial: self.serial(),
            validity: self.validity(),
            subject: subject(self.parsed()),
            authority: authority(self.parsed()),
            extensions: extensions(self.parsed()),
        }
    }
}

fn extensions(certificate: &X509Certificate<'_>) -> Vec<OwnedExtension> {
    let owned = |extension: &X509Extension<'_>| OwnedExtension {
        oid: extension.oid.to_owned(),
        critical: extension.critical,
        value: extension.value.to_vec(),
    };
    certificate.extensions().iter().map(owned).collect()
}

fn subject(certificate: &X509Certificate<'_>) -> SubjectNames {
    let text = |oid: Oid<'_>| {
        let mut attributes = certificate.subject().iter_by_oid(&oid);
        attributes.find_map(|attribute| attribute.as_str().ok().map(str::to_owned))
    };
    SubjectNames {
        common_name: text(COMMON_NAME),
        organization: text(ORGANIZATION),
        title: text(TITLE),
        serial_number: text(SERIAL_NUMBER),
    }
}

fn authority(certificate: &X509Certificate<'_>) -> Authority {
    let mut authority = Authority { is_ca: false, path_length: None, may_sign: true };
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(constraints) => {
                (authority.is_ca, authority.path_length) = (constraints.ca, constraints.path_len_constraint);
            }
            ParsedExtension::KeyUsage(usage) => authority.may_sign &= usage.key_cert_sign(),
            _ => authority.may_sign &= extension.oid != KEY_USAGE,
        }
    }
    authority
}
