//! Certificate paths of exactly two: a leaf, its issuer, and a pinned anchor above.
//!
//! rustls-webpki verifies the path (RFC 5280, section 6). What it leaves open is checked here: key usage, and that trust is
//! decided before dates. An issuer that has once been verified is remembered, so that the next leaf costs one signature.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, anchor_from_trusted_cert, aws_lc_rs};

use super::certificate::{Certificate, CertificateMalformed, Validity};
use crate::time::Timestamp;

/// The signatures that certificates of vendors carry; SHA-1, RSA and other curves are not among them.
static ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    aws_lc_rs::ECDSA_P384_SHA256,
    aws_lc_rs::ECDSA_P384_SHA384,
    aws_lc_rs::ECDSA_P256_SHA256,
    aws_lc_rs::ECDSA_P256_SHA384,
];

/// How many verified issuers are remembered at most; only an anchor's own signature puts one there.
const REMEMBERED_ISSUERS: usize = 16;

/// Who stands behind a trust anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorOrigin {
    /// A device vendor, pinned in this program.
    Vendor,
    /// A laboratory's throw-away root that a configuration names.
    Lab,
}

/// Why a path does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathFault {
    /// A certificate cannot be read.
    #[error("a certificate cannot be read")]
    Malformed,
    /// The path does not reach an anchor by signatures, names and constraints.
    #[error("the path does not lead to a pinned anchor: {0}")]
    Untrusted(&'static str),
    /// A certificate's last moment has passed.
    #[error("a certificate has expired")]
    Expired,
    /// A certificate's first moment is still to come.
    #[error("a certificate is not valid yet")]
    NotYetValid,
}

/// The anchors a verification may end in, with the issuers already verified under them.
#[derive(Debug)]
pub struct TrustAnchors {
    anchors: Vec<(AnchorOrigin, TrustAnchor<'static>)>,
    issuers: RwLock<Vec<Issuer>>,
}

/// An intermediate that an anchor vouches for.
#[derive(Clone, Debug)]
struct Issuer {
    der: Vec<u8>,
    validity: Validity,
    origin: AnchorOrigin,
    anchor: TrustAnchor<'static>,
}

impl TrustAnchors {
    /// Takes anchors as DER certificates; their own dates and signatures are not looked at.
    pub fn new(certificates: &[(AnchorOrigin, &[u8])]) -> Result<Self, CertificateMalformed> {
        let anchors = certificates.iter().map(|(origin, der)| Ok((*origin, anchor(der)?))).collect::<Result<_, _>>()?;
        Ok(Self { anchors, issuers: RwLock::default() })
    }

    /// Verifies that `leaf` was issued by `issuer`, and `issuer` by an anchor, at the time `now`.
    ///
    /// The leaf must not be a CA; the issuer must be one, say so critically and be allowed to sign certificates. Gives the
    /// origin of the anchor. An untrusted path is reported as such whatever its dates are.
    pub fn verify(&self, leaf: &[u8], issuer: &[u8], now: Timestamp) -> Result<AnchorOrigin, PathFault> {
        if let Some(known) = self.recall(issuer) {
            verify_under(&known.anchor, leaf, &[], now).and_then(|()| within(known.validity, now))?;
            return Ok(known.origin);
        }
        let verified = self.verify_whole(leaf, issuer, now)?;
        let origin = verified.origin;
        self.remember(verified);
        Ok(origin)
    }

    fn verify_whole(&self, leaf: &[u8], issuer: &[u8], now: Timestamp) -> Result<Issuer, PathFault> {
        let certificate = Certificate::parse(issuer).map_err(|_| PathFault::Malformed)?;
        if !certificate.is_critical_ca() || !certificate.may_sign_certificates() {
            return Err(PathFault::Untrusted("the issuer may not sign certificates"));
        }
        let mut fault = PathFault::Untrusted("no anchor is configured");
        for (origin, anchor) in &self.anchors {
            match verify_under(anchor, leaf, &[CertificateDer::from(issuer)], now) {
                Ok(()) => return Issuer::new(issuer, certificate.validity(), *origin),
                // Another anchor's refusal says less than a fault of the path that does lead to an anchor.
                Err(PathFault::Untrusted(_)) if !matches!(fault, PathFault::Untrusted(_)) => {}
                Err(other) => fault = other,
            }
        }
        Err(fault)
    }

    fn recall(&self, issuer: &[u8]) -> Option<Issuer> {
        let known = self.issuers.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|known| known.der == issuer).cloned()
    }

    fn remember(&self, issuer: Issuer) {
        let mut known = self.issuers.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < REMEMBERED_ISSUERS && !known.iter().any(|other| other.der == issuer.der) {
            known.push(issuer);
        }
    }
}

impl Issuer {
    fn new(der: &[u8], validity: Validity, origin: AnchorOrigin) -> Result<Self, PathFault> {
        let anchor = anchor(der).map_err(|_| PathFault::Malformed)?;
        Ok(Self { der: der.to_vec(), validity, origin, anchor })
    }
}

fn anchor(der: &[u8]) -> Result<TrustAnchor<'static>, CertificateMalformed> {
    let der = CertificateDer::from(der);
    anchor_from_trusted_cert(&der).map(|anchor| anchor.to_owned()).map_err(|_| CertificateMalformed)
}

fn within(validity: Validity, now: Timestamp) -> Result<(), PathFault> {
    if now < validity.not_before {
        Err(PathFault::NotYetValid)
    } else if now.as_secs() > validity.not_after.as_secs() {
        Err(PathFault::Expired)
    } else {
        Ok(())
    }
}

/// Asks webpki; when only the dates stand in the way, asks again at a time when they do not, so that trust comes first.
fn verify_under(
    anchor: &TrustAnchor<'_>,
    leaf: &[u8],
    issuers: &[CertificateDer<'_>],
    now: Timestamp,
) -> Result<(), PathFault> {
    let fault = match ask(anchor, leaf, issuers, now) {
        Err(fault @ (PathFault::Expired | PathFault::NotYetValid)) => fault,
        other => return other,
    };
    let starts = issuers.iter().map(AsRef::as_ref).chain([leaf]).filter_map(|der| Certificate::parse(der).ok());
    let in_force = starts.map(|certificate| certificate.validity().not_before).max().unwrap_or(now);
    match ask(anchor, leaf, issuers, in_force) {
        Err(untrusted @ PathFault::Untrusted(_)) => Err(untrusted),
        _ => Err(fault),
    }
}

fn ask(anchor: &TrustAnchor<'_>, leaf: &[u8], issuers: &[CertificateDer<'_>], now: Timestamp) -> Result<(), PathFault> {
    let leaf = CertificateDer::from(leaf);
    let leaf = EndEntityCert::try_from(&leaf).map_err(fault_of)?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()));
    let anchors = std::slice::from_ref(anchor);
    leaf.verify_for_usage(ALGORITHMS, anchors, issuers, time, AnyUsage, None, None).map(drop).map_err(fault_of)
}

/// Attestation certificates carry no extended key usage, and none is asked for.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        Ok(())
    }
}

fn fault_of(error: Error) -> PathFault {
    match error {
        Error::CertExpired { .. } => PathFault::Expired,
        Error::CertNotValidYet { .. } => PathFault::NotYetValid,
        Error::BadDer | Error::BadDerTime | Error::TrailingData(_) | Error::UnsupportedCertVersion => {
            PathFault::Malformed
        }
        Error::UnknownIssuer => PathFault::Untrusted("no anchor has issued it"),
        Error::InvalidSignatureForPublicKey => PathFault::Untrusted("a signature is not the issuer's"),
        Error::CaUsedAsEndEntity => PathFault::Untrusted("the leaf is a CA"),
        Error::EndEntityUsedAsCa => PathFault::Untrusted("the issuer is not a CA"),
        Error::PathLenConstraintViolated => PathFault::Untrusted("the path is longer than a CA in it allows"),
        _ => PathFault::Untrusted("a constraint of a certificate is not met"),
    }
}
