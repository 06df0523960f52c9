//! Every fault of the laboratory ends in its own rejection, and every rejection has a fault.

use std::collections::BTreeSet;

use bonafide::evidence::app_attest::{Device, Rejection};
use bonafide::lab::app_attest::{ASSERTION_FAULTS, ATTESTATION_FAULTS, Profile};
use bonafide::wire::cbor::CborFault;

use crate::bench::{self, CLIENT_DATA};

/// One of each variant. The match below does not compile without a new one.
const REJECTIONS: [Rejection; 26] = [
    Rejection::TooLarge { limit: 0 },
    Rejection::NotCbor(CborFault::Truncated),
    Rejection::Structure(""),
    Rejection::ForeignFormat,
    Rejection::CertificateCount(0),
    Rejection::CertificateMalformed,
    Rejection::AuthenticatorData(""),
    Rejection::CoseKey,
    Rejection::Extensions(""),
    Rejection::UntrustedChain(""),
    Rejection::Expired,
    Rejection::NotYetValid,
    Rejection::NonceExtension,
    Rejection::NonceMismatch,
    Rejection::MacAccessControl,
    Rejection::AppMismatch,
    Rejection::KeyUnsupported,
    Rejection::KeyIdMismatch,
    Rejection::SubjectMismatch,
    Rejection::CredentialIdMismatch,
    Rejection::CoseKeyMismatch,
    Rejection::SignCountNotZero(1),
    Rejection::UnknownEnvironment,
    Rejection::EnvironmentMismatch,
    Rejection::SignatureInvalid,
    Rejection::SignCountZero,
];

/// Where a variant stands in [`REJECTIONS`].
const fn place(rejection: &Rejection) -> usize {
    match rejection {
        Rejection::TooLarge { .. } => 0,
        Rejection::NotCbor(_) => 1,
        Rejection::Structure(_) => 2,
        Rejection::ForeignFormat => 3,
        Rejection::CertificateCount(_) => 4,
        Rejection::CertificateMalformed => 5,
        Rejection::AuthenticatorData(_) => 6,
        Rejection::CoseKey => 7,
        Rejection::Extensions(_) => 8,
        Rejection::UntrustedChain(_) => 9,
        Rejection::Expired => 10,
        Rejection::NotYetValid => 11,
        Rejection::NonceExtension => 12,
        Rejection::NonceMismatch => 13,
        Rejection::MacAccessControl => 14,
        Rejection::AppMismatch => 15,
        Rejection::KeyUnsupported => 16,
        Rejection::KeyIdMismatch => 17,
        Rejection::SubjectMismatch => 18,
        Rejection::CredentialIdMismatch => 19,
        Rejection::CoseKeyMismatch => 20,
        Rejection::SignCountNotZero(_) => 21,
        Rejection::UnknownEnvironment => 22,
        Rejection::EnvironmentMismatch => 23,
        Rejection::SignatureInvalid => 24,
        Rejection::SignCountZero => 25,
    }
}

#[test]
fn every_rejection_has_a_fault_and_every_fault_a_rejection() {
    assert!(REJECTIONS.iter().enumerate().all(|(at, rejection)| place(rejection) == at));
    let rejections: BTreeSet<_> = REJECTIONS.iter().map(Rejection::code).collect();
    assert_eq!(rejections.len(), REJECTIONS.len(), "each code is of one rejection");
    let attested = ATTESTATION_FAULTS.iter().map(|fault| fault.code);
    let faults: BTreeSet<_> = attested.chain(ASSERTION_FAULTS.iter().map(|fault| fault.code)).collect();
    assert_eq!(faults, rejections);
}

#[test]
fn each_fault_of_an_attestation_ends_in_its_rejection() {
    let mac = bench::device(Profile::macos_27());
    let genuine = mac.attest(CLIENT_DATA).expect("forged");
    bench::verify(&genuine, Device::Mac).expect("genuine");
    for fault in ATTESTATION_FAULTS {
        let forged = mac.attest_with(CLIENT_DATA, fault.apply).expect("forged");
        let rejection = bench::verify(&forged, Device::Mac).expect_err(fault.title);
        assert_eq!(rejection.code(), fault.code, "{}", fault.title);
    }
}

#[test]
fn each_fault_of_an_assertion_ends_in_its_rejection() {
    let device = bench::iphone();
    bench::assert(&device, |_| ()).expect("genuine");
    for fault in ASSERTION_FAULTS {
        let rejection = bench::assert(&device, fault.apply).expect_err(fault.title);
        assert_eq!(rejection.code(), fault.code, "{}", fault.title);
    }
}
