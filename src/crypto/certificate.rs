//! X.509 certificates (RFC 5280) read for their facts. Trust is decided in [`super::path`] alone.

use data_encoding::HEXLOWER;
use rustls_pki_types::SignatureVerificationAlgorithm;
use x509_parser::asn1_rs::{Any, BitString};
pub use x509_parser::asn1_rs::{Oid, oid};
use x509_parser::prelude::{FromDer, X509Certificate, X509Extension};
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;

use super::key::{KeyMalformed, P256PublicKey};
use crate::time::Timestamp;

/// A certificate as it was written, read to its last byte.
#[derive(Debug)]
pub struct Certificate<'a> {
    parsed: X509Certificate<'a>,
}

/// The bytes are not exactly one DER certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not exactly one DER certificate")]
pub struct CertificateMalformed;

/// One extension stands in the certificate twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an extension stands in the certificate twice")]
pub struct DuplicateExtension;

/// The first and the last moment at which a certificate is valid; both belong to the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment.
    pub not_before: Timestamp,
    /// The last moment.
    pub not_after: Timestamp,
}

/// An extension as it stands in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The object identifier, in dotted form.
    pub oid: Oid<'a>,
    /// Whether a reader that does not know the extension has to refuse the certificate.
    pub critical: bool,
    /// The value, DER.
    pub value: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads one certificate; bytes after it are refused.
    pub fn parse(der: &'a [u8]) -> Result<Self, CertificateMalformed> {
        match X509Certificate::from_der(der) {
            Ok(([], parsed)) => Ok(Self { parsed }),
            _ => Err(CertificateMalformed),
        }
    }

    /// For readers of further facts.
    pub(super) const fn parsed(&self) -> &X509Certificate<'a> {
        &self.parsed
    }

    /// The subject's key as it stands, DER `SubjectPublicKeyInfo`, of whatever kind.
    pub fn spki(&self) -> &'a [u8] {
        self.parsed.tbs_certificate.subject_pki.raw
    }

    /// The subject's key, when it is one of P-256 in the named-curve form.
    pub fn p256_key(&self) -> Result<P256PublicKey, KeyMalformed> {
        P256PublicKey::from_spki(self.parsed.tbs_certificate.subject_pki.raw)
    }

    /// The subject's key alone, whatever its algorithm: the bits that `SubjectPublicKeyInfo` holds.
    pub fn key_bits(&self) -> &[u8] {
        &self.parsed.public_key().subject_public_key.data
    }

    /// The kind of the subject's key and its size, for people: for example `EC, 384 bits`.
    pub fn key_kind(&self) -> String {
        match self.parsed.public_key().parsed() {
            Ok(PublicKey::EC(point)) => format!("EC, {} bits", point.key_size()),
            Ok(PublicKey::RSA(key)) => format!("RSA, {} bits", key.key_size()),
            _ => format!("of the algorithm {}", self.parsed.public_key().algorithm.algorithm),
        }
    }

    /// The subject's single common name, when it has exactly one that is text.
    pub fn common_name(&self) -> Option<&str> {
        let mut names = self.parsed.subject().iter_common_name();
        let name = names.next()?.as_str().ok()?;
        names.next().is_none().then_some(name)
    }

    /// The subject, for people.
    pub fn subject(&self) -> String {
        self.parsed.subject().to_string()
    }

    /// The issuer, for people.
    pub fn issuer(&self) -> String {
        self.parsed.issuer().to_string()
    }

    /// The serial number in lower-case hexadecimal without leading zeros.
    pub fn serial(&self) -> String {
        let hex = HEXLOWER.encode(self.parsed.raw_serial());
        match hex.trim_start_matches('0') {
            "" => "0".to_owned(),
            digits => digits.to_owned(),
        }
    }

    /// The validity period, in whole seconds; moments before 1970 read as 1970.
    pub fn validity(&self) -> Validity {
        let validity = self.parsed.validity();
        Validity { not_before: moment(validity.not_before), not_after: moment(validity.not_after) }
    }

    /// The value of the extension with this object identifier; `None` when it is absent.
    pub fn extension(&self, oid: &Oid<'_>) -> Result<Option<&'a [u8]>, DuplicateExtension> {
        let mut found = self.parsed.extensions().iter().filter(|extension| extension.oid == *oid);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(DuplicateExtension),
            (first, None) => Ok(first.map(|extension| extension.value)),
        }
    }

    /// All extensions, in the order in which they stand.
    pub fn extensions(&self) -> Vec<Extension<'a>> {
        let read = |extension: &X509Extension<'a>| Extension {
            oid: extension.oid.clone(),
            critical: extension.critical,
            value: extension.value,
        };
        self.parsed.extensions().iter().map(read).collect()
    }

    /// Whether the certificate names this issuer and carries a signature by its key. Both are given without their outermost
    /// head, as webpki keeps them; the dates, the constraints and the algorithm's name are not looked at.
    pub(super) fn is_signed_by(
        &self,
        name: &[u8],
        spki: &[u8],
        algorithm: &dyn SignatureVerificationAlgorithm,
    ) -> bool {
        let key = Any::from_der(spki).and_then(|(rest, _)| BitString::from_der(rest));
        let named = Any::from_der(self.parsed.issuer().as_raw()).is_ok_and(|(_, issuer)| issuer.data == name);
        let (body, signature) = (self.parsed.tbs_certificate.as_ref(), &self.parsed.signature_value.data);
        named && key.is_ok_and(|(_, key)| algorithm.verify_signature(&key.data, body, signature).is_ok())
    }

    /// Whether key usage (RFC 5280, section 4.2.1.3) is present and allows to sign certificates.
    pub fn may_sign_certificates(&self) -> bool {
        matches!(self.parsed.key_usage(), Ok(Some(usage)) if usage.value.key_cert_sign())
    }

    /// Whether basic constraints (RFC 5280, section 4.2.1.9) are present, critical and say that this is a CA.
    pub fn is_critical_ca(&self) -> bool {
        matches!(self.parsed.basic_constraints(), Ok(Some(constraints)) if constraints.critical && constraints.value.ca)
    }
}

fn moment(at: ASN1Time) -> Timestamp {
    let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
    Timestamp::from_millis(seconds.saturating_mul(1000))
}
