//! Every fault of the laboratory ends in its own rejection, and every rejection has a fault.

use std::collections::BTreeSet;

use bonafide::evidence::key_attestation::{ApplicationIdFault, DescriptionFault, Rejection};
use bonafide::lab::key_attestation::{ASSERTION_FAULTS, CHAIN_FAULTS};
use bonafide::wire::der::DerFault;

use crate::bench::{self, refused};

/// One of each variant. The match below does not compile without a new one.
const REJECTIONS: [Rejection; 24] = [
    Rejection::CertificateCount(0),
    Rejection::TooLarge { limit: 0 },
    Rejection::CertificateMalformed,
    Rejection::UntrustedChain(""),
    Rejection::ExtensionRepeated,
    Rejection::DescriptionMissing,
    Rejection::DescriptionAboveLeaf,
    Rejection::ExtensionCritical,
    Rejection::IssuerUnfit(""),
    Rejection::NotYetValid,
    Rejection::Expired,
    Rejection::Description(DescriptionFault::Level),
    Rejection::ChallengeMismatch,
    Rejection::ApplicationIdMissing,
    Rejection::ApplicationId(ApplicationIdFault::Der(DerFault::Truncated)),
    Rejection::PackageMismatch,
    Rejection::SignerMismatch,
    Rejection::KeyMismatch,
    Rejection::KeyContradicted,
    Rejection::KeyUnsupported,
    Rejection::SignatureTooLong { limit: 0 },
    Rejection::SignatureInvalid,
    Rejection::SignCountZero,
    Rejection::SerialTooLong,
];

/// Where a variant stands in [`REJECTIONS`].
const fn place(rejection: &Rejection) -> usize {
    match rejection {
        Rejection::CertificateCount(_) => 0,
        Rejection::TooLarge { .. } => 1,
        Rejection::CertificateMalformed => 2,
        Rejection::UntrustedChain(_) => 3,
        Rejection::ExtensionRepeated => 4,
        Rejection::DescriptionMissing => 5,
        Rejection::DescriptionAboveLeaf => 6,
        Rejection::ExtensionCritical => 7,
        Rejection::IssuerUnfit(_) => 8,
        Rejection::NotYetValid => 9,
        Rejection::Expired => 10,
        Rejection::Description(_) => 11,
        Rejection::ChallengeMismatch => 12,
        Rejection::ApplicationIdMissing => 13,
        Rejection::ApplicationId(_) => 14,
        Rejection::PackageMismatch => 15,
        Rejection::SignerMismatch => 16,
        Rejection::KeyMismatch => 17,
        Rejection::KeyContradicted => 18,
        Rejection::KeyUnsupported => 19,
        Rejection::SignatureTooLong { .. } => 20,
        Rejection::SignatureInvalid => 21,
        Rejection::SignCountZero => 22,
        Rejection::SerialTooLong => 23,
    }
}

/// Rejections that no plan ends in: two compare with what the caller knows of a key, one with a count that it states.
const WITHOUT_A_FAULT: [&str; 3] =
    ["key_attestation_key_mismatch", "key_attestation_key_unsupported", "key_attestation_sign_count_zero"];

#[test]
fn every_fault_of_a_chain_ends_in_its_own_rejection() {
    for fault in CHAIN_FAULTS {
        assert_eq!(refused(&bench::remote(), fault.apply), fault.code, "{}", fault.title);
    }
}

#[test]
fn every_fault_of_an_assertion_ends_in_its_own_rejection() {
    let phone = bench::remote();
    for fault in ASSERTION_FAULTS {
        let signature = phone.assert_with(&bench::challenge(), 1, fault.apply).expect("signed");
        assert_eq!(bench::verify_signed(&phone, &signature, 1), Err(fault.code), "{}", fault.title);
    }
}

#[test]
fn every_rejection_has_a_fault() {
    let codes: BTreeSet<_> = REJECTIONS.iter().map(Rejection::code).collect();
    let chains = CHAIN_FAULTS.iter().map(|fault| fault.code);
    let faults: BTreeSet<_> =
        chains.chain(ASSERTION_FAULTS.iter().map(|fault| fault.code)).chain(WITHOUT_A_FAULT).collect();
    assert_eq!(codes, faults);
    assert_eq!(codes.len(), REJECTIONS.len(), "codes are unique");
    assert!(REJECTIONS.iter().enumerate().all(|(at, rejection)| place(rejection) == at));
}
