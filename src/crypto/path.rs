//! Certificate paths of exactly two: a leaf, its issuer, and a pinned anchor above.
//!
//! rustls-webpki verifies the path (RFC 5280, section 6). What it leaves open is checked here: key usage, and that trust is
//! decided before dates. An issuer that has once been verified is remembered, so that the next leaf costs one signature.

use std::sync::{Arc, PoisonError, RwLock};
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

const NO_ISSUER: PathFault = PathFault::Untrusted("no anchor has issued it");
const UNUSED_ISSUER: PathFault = PathFault::Untrusted("the issuer is not part of the path");

/// The anchors a verification may end in, with the issuers already verified under them.
#[derive(Debug)]
pub struct TrustAnchors {
    anchors: Vec<(AnchorOrigin, TrustAnchor<'static>)>,
    issuers: RwLock<Vec<Arc<Issuer>>>,
}

/// An intermediate that an anchor vouches for.
#[derive(Debug)]
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
            verify_under(&known.anchor, leaf, None, now).and_then(|()| within(known.validity, now))?;
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
            match verify_under(anchor, leaf, Some(issuer), now) {
                Ok(()) => return Issuer::new(issuer, certificate.validity(), *origin),
                // Another anchor's refusal says less than a fault of the path that does lead to an anchor.
                Err(PathFault::Untrusted(_)) if !matches!(fault, PathFault::Untrusted(_)) => {}
                Err(other) => fault = other,
            }
        }
        Err(fault)
    }

    fn recall(&self, issuer: &[u8]) -> Option<Arc<Issuer>> {
        let known = self.issuers.read().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|known| known.der == issuer).cloned()
    }

    fn remember(&self, issuer: Issuer) {
        let mut known = self.issuers.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < REMEMBERED_ISSUERS && !known.iter().any(|other| other.der == issuer.der) {
            known.push(Arc::new(issuer));
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

/// Asks webpki; when only dates stand in the way, looks at each link without them, so that trust comes first.
fn verify_under(anchor: &TrustAnchor<'_>, leaf: &[u8], issuer: Option<&[u8]>, now: Timestamp) -> Result<(), PathFault> {
    let issuer_der = issuer.map(CertificateDer::from);
    match ask(anchor, leaf, issuer_der.as_slice(), now) {
        Err(fault @ (PathFault::Expired | PathFault::NotYetValid)) => {
            Err(untrusted_at_any_time(anchor, leaf, issuer).unwrap_or(fault))
        }
        other => other,
    }
}

/// Each certificate is asked about at a time of its own: the periods of an untrusted path need not even overlap.
fn untrusted_at_any_time(anchor: &TrustAnchor<'_>, leaf: &[u8], issuer: Option<&[u8]>) -> Option<PathFault> {
    let direct = |anchor: &TrustAnchor<'_>| {
        let in_force = Certificate::parse(leaf).ok()?.validity().not_before;
        ask(anchor, leaf, &[], in_force).err().filter(|fault| matches!(fault, PathFault::Untrusted(_)))
    };
    match issuer {
        None => direct(anchor),
        Some(issuer) if !has_issued(anchor, issuer) => Some(NO_ISSUER),
        Some(issuer) => direct(&self::anchor(issuer).ok()?),
    }
}

/// Whether the anchor has issued the certificate, whatever the dates. Only tells which fault comes first, never accepts.
fn has_issued(anchor: &TrustAnchor<'_>, certificate: &[u8]) -> bool {
    Certificate::parse(certificate).is_ok_and(|certificate| {
        let verifies = |algorithm: &&dyn SignatureVerificationAlgorithm| {
            certificate.is_signed_by(&anchor.subject, &anchor.subject_public_key_info, *algorithm)
        };
        ALGORITHMS.iter().any(verifies)
    })
}

fn ask(anchor: &TrustAnchor<'_>, leaf: &[u8], issuers: &[CertificateDer<'_>], now: Timestamp) -> Result<(), PathFault> {
    let leaf = CertificateDer::from(leaf);
    let leaf = EndEntityCert::try_from(&leaf).map_err(fault_of)?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()));
    let anchors = std::slice::from_ref(anchor);
    let path = leaf.verify_for_usage(ALGORITHMS, anchors, issuers, time, AnyUsage, None, None).map_err(fault_of)?;
    // webpki leaves aside what a path does not need, and would vouch for a leaf without a word about its issuer.
    if path.intermediate_certificates().count() == issuers.len() { Ok(()) } else { Err(UNUSED_ISSUER) }
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
        Error::UnknownIssuer => NO_ISSUER,
        Error::InvalidSignatureForPublicKey => PathFault::Untrusted("a signature is not the issuer's"),
        Error::CaUsedAsEndEntity => PathFault::Untrusted("the leaf is a CA"),
        Error::EndEntityUsedAsCa => PathFault::Untrusted("the issuer is not a CA"),
        Error::PathLenConstraintViolated => PathFault::Untrusted("the path is longer than a CA in it allows"),
        _ => PathFault::Untrusted("a constraint of a certificate is not met"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::app_attest::AttestationObject;
    use crate::evidence::claims::Environment;
    use crate::lab::app_attest::{AppAttestLab, AttestationPlan, Names};
    use crate::lab::certificate::Extension;
    use crate::lab::recorded::RECORDINGS;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

    fn lab(seed: u8) -> AppAttestLab {
        AppAttestLab::from_seed(&[seed; 32], Names::LAB, NOW).expect("a lab")
    }

    fn anchors(labs: &[&AppAttestLab]) -> TrustAnchors {
        let roots: Vec<_> = labs.iter().map(|lab| (AnchorOrigin::Lab, lab.root_der())).collect();
        TrustAnchors::new(&roots).expect("anchors")
    }

    /// Leaf and issuer after a change, by a device whose time is `now`.
    fn chain(lab: &AppAttestLab, now: Timestamp, change: fn(&mut AttestationPlan)) -> (Vec<u8>, Vec<u8>) {
        let app = "1234567890.com.example.shop".parse().expect("an App ID");
        let device = lab.device(&app, Environment::Production).expect("a device").at(now);
        let attested = device.attest_with(b"challenge", change).expect("forged");
        let object = AttestationObject::parse(&attested.object).expect("an object");
        (object.leaf, object.intermediate)
    }

    fn remembered(anchors: &TrustAnchors) -> usize {
        anchors.issuers.read().expect("no panic").len()
    }

    #[test]
    fn an_issuer_is_remembered_once_and_vouches_for_other_leaves() {
        let (lab, anchors) = (lab(1), anchors(&[&lab(1)]));
        for _ in 0..3 {
            let (leaf, issuer) = chain(&lab, NOW, |_| ());
            assert_eq!(anchors.verify(&leaf, &issuer, NOW), Ok(AnchorOrigin::Lab));
            assert_eq!(remembered(&anchors), 1);
        }
        let (leaf, issuer) = chain(&lab, NOW, |plan| plan.leaf.put(Extension::authority(None)));
        assert_eq!(anchors.verify(&leaf, &issuer, NOW), Err(PathFault::Untrusted("the leaf is a CA")));
    }

    #[test]
    fn a_failed_verification_is_not_remembered() {
        let anchors = anchors(&[&lab(1)]);
        let (foreign_leaf, foreign_issuer) = chain(&lab(2), NOW, |_| ());
        let (leaf, issuer) = chain(&lab(1), NOW, |_| ());
        let (old_leaf, _) = chain(&lab(1), NOW.minus(YEAR / 2), |_| ());
        for (leaf, issuer, now) in [
            (&foreign_leaf, &foreign_issuer, NOW),
            (&foreign_leaf, &issuer, NOW),
            (&leaf, &foreign_issuer, NOW),
            (&old_leaf, &issuer, NOW),
            (&leaf, &issuer, NOW.plus(20 * YEAR)),
            (&leaf, &leaf, NOW),
            (&leaf, &Vec::new(), NOW),
            (&Vec::new(), &issuer, NOW),
        ] {
            anchors.verify(leaf, issuer, now).expect_err("a fault");
            assert_eq!(remembered(&anchors), 0);
        }
    }

    /// A leaf that an anchor itself has issued says nothing about whatever stands beside it.
    #[test]
    fn an_issuer_outside_the_path_is_neither_accepted_nor_remembered() {
        let (lab, stranger) = (lab(1), self::lab(2));
        let anchors = TrustAnchors::new(&[(AnchorOrigin::Lab, lab.intermediate_der())]).expect("an anchor");
        let (leaf, issuer) = chain(&lab, NOW, |_| ());
        let (foreign_leaf, foreign_issuer) = chain(&stranger, NOW, |_| ());
        for issuer in [&foreign_issuer, &issuer] {
            assert_eq!(anchors.verify(&leaf, issuer, NOW), Err(UNUSED_ISSUER));
        }
        assert_eq!(remembered(&anchors), 0);
        let fault = anchors.verify(&foreign_leaf, &foreign_issuer, NOW).expect_err("foreign");
        assert!(matches!(fault, PathFault::Untrusted(_)), "{fault:?}");
    }

    #[test]
    fn a_remembered_issuer_expires_like_any_other() {
        let (lab, anchors) = (lab(1), anchors(&[&lab(1)]));
        let (leaf, issuer) = chain(&lab, NOW, |_| ());
        anchors.verify(&leaf, &issuer, NOW).expect("genuine");
        let end = NOW.plus(10 * YEAR);
        let (late_leaf, same_issuer) = chain(&lab, NOW.plus(10 * YEAR), |_| ());
        assert_eq!(issuer, same_issuer);
        assert_eq!(anchors.verify(&late_leaf, &issuer, end), Ok(AnchorOrigin::Lab));
        assert_eq!(anchors.verify(&late_leaf, &issuer, end.plus(Duration::from_secs(1))), Err(PathFault::Expired));
        let early = NOW.minus(YEAR + Duration::from_secs(1));
        let (early_leaf, _) = chain(&lab, early, |_| ());
        assert_eq!(anchors.verify(&early_leaf, &issuer, early), Err(PathFault::NotYetValid));
    }

    #[test]
    fn trust_comes_before_dates_with_and_without_memory() {
        let (lab, anchors) = (lab(1), anchors(&[&lab(1)]));
        let (leaf, issuer) = chain(&lab, NOW, |_| ());
        let (foreign, _) = chain(&self::lab(2), NOW, |_| ());
        for _ in 0..2 {
            for now in [NOW.minus(YEAR / 2), NOW.plus(YEAR), NOW.plus(20 * YEAR)] {
                let fault = anchors.verify(&foreign, &issuer, now).expect_err("foreign");
                assert!(matches!(fault, PathFault::Untrusted(_)), "{fault:?} at {now}");
            }
            assert_eq!(anchors.verify(&leaf, &issuer, NOW.plus(YEAR)), Err(PathFault::Expired));
            assert_eq!(anchors.verify(&leaf, &issuer, NOW), Ok(AnchorOrigin::Lab));
        }
    }

    #[test]
    fn each_anchor_gives_its_own_origin() {
        let (one, two) = (lab(1), lab(2));
        let vendor = (AnchorOrigin::Vendor, one.root_der());
        let anchors = TrustAnchors::new(&[vendor, (AnchorOrigin::Lab, two.root_der())]).expect("anchors");
        for (lab, origin) in [(&one, AnchorOrigin::Vendor), (&two, AnchorOrigin::Lab)] {
            let (leaf, issuer) = chain(lab, NOW, |_| ());
            assert_eq!(anchors.verify(&leaf, &issuer, NOW), Ok(origin));
            assert_eq!(anchors.verify(&leaf, &issuer, NOW), Ok(origin), "from memory");
        }
        assert_eq!(TrustAnchors::new(&[]).expect("none").verify(&[], &[], NOW), Err(PathFault::Malformed));
    }

    #[test]
    fn memory_is_bounded() {
        let (lab, anchors) = (lab(1), anchors(&[&lab(1)]));
        for serial in 0..=REMEMBERED_ISSUERS {
            let app = "1234567890.com.example.shop".parse().expect("an App ID");
            let device = lab.device(&app, Environment::Production).expect("a device");
            let serial = u8::try_from(serial).expect("small");
            let attested = device.attest_with(b"challenge", |plan| plan.intermediate.serial = vec![100, serial]);
            let object = AttestationObject::parse(&attested.expect("forged").object).expect("an object");
            assert_eq!(anchors.verify(&object.leaf, &object.intermediate, NOW), Ok(AnchorOrigin::Lab));
        }
        assert_eq!(remembered(&anchors), REMEMBERED_ISSUERS);
    }

    #[test]
    fn a06_genuine_evidence_needs_the_genuine_root() {
        let recording = &RECORDINGS[0];
        let object = AttestationObject::parse(recording.object).expect("an object");
        let fault = anchors(&[&lab(1)]).verify(&object.leaf, &object.intermediate, recording.verified_at);
        assert_eq!(fault, Err(NO_ISSUER));
    }
}
