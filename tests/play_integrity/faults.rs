//! Every fault of the laboratory ends in its own rejection, and every rejection has a fault.

use std::collections::BTreeSet;

use bonafide::evidence::claims::play_integrity::TokenKind;
use bonafide::evidence::play_integrity::{Rejection, open_classic_token, verify_integrity_payload};
use bonafide::lab::play_integrity::{PAYLOAD_FAULTS, TOKEN_FAULTS};
use bonafide::wire::json::JsonFault;

use crate::bench::{self, NOW, app, classic, expectation, standard};

/// One of each variant. The match below does not compile without a new one.
const REJECTIONS: [Rejection; 18] = [
    Rejection::TooLarge { limit: 0 },
    Rejection::TokenForm(""),
    Rejection::TokenHeader(""),
    Rejection::NotDecrypted,
    Rejection::SignedForm(""),
    Rejection::SignedHeader(""),
    Rejection::SignatureInvalid,
    Rejection::NotJson(JsonFault::Malformed),
    Rejection::Structure { member: "", wanted: "" },
    Rejection::TestingResponse,
    Rejection::RequestPackageMismatch,
    Rejection::BindingForm,
    Rejection::KindUnexpected,
    Rejection::BindingMismatch,
    Rejection::Expired,
    Rejection::NotYetValid,
    Rejection::AppMismatch,
    Rejection::SignerMismatch,
];

/// Where a variant stands in [`REJECTIONS`].
const fn place(rejection: &Rejection) -> usize {
    match rejection {
        Rejection::TooLarge { .. } => 0,
        Rejection::TokenForm(_) => 1,
        Rejection::TokenHeader(_) => 2,
        Rejection::NotDecrypted => 3,
        Rejection::SignedForm(_) => 4,
        Rejection::SignedHeader(_) => 5,
        Rejection::SignatureInvalid => 6,
        Rejection::NotJson(_) => 7,
        Rejection::Structure { .. } => 8,
        Rejection::TestingResponse => 9,
        Rejection::RequestPackageMismatch => 10,
        Rejection::BindingForm => 11,
        Rejection::KindUnexpected => 12,
        Rejection::BindingMismatch => 13,
        Rejection::Expired => 14,
        Rejection::NotYetValid => 15,
        Rejection::AppMismatch => 16,
        Rejection::SignerMismatch => 17,
    }
}

#[test]
fn every_rejection_has_a_fault_and_every_fault_a_rejection() {
    assert!(REJECTIONS.iter().enumerate().all(|(at, rejection)| place(rejection) == at));
    let rejections: BTreeSet<_> = REJECTIONS.iter().map(Rejection::code).collect();
    assert_eq!(rejections.len(), REJECTIONS.len(), "each code is of one rejection");
    let tokens = TOKEN_FAULTS.iter().map(|fault| fault.code);
    let faults: BTreeSet<_> = tokens.chain(PAYLOAD_FAULTS.iter().map(|fault| fault.code)).collect();
    assert_eq!(faults, rejections);
}

#[test]
fn each_fault_of_a_token_ends_in_its_rejection() {
    let keys = [app().keys.integrity_keys()];
    let payload = classic().write();
    let genuine = app().token(payload.clone()).expect("forged");
    assert_eq!(open_classic_token(genuine.as_bytes(), &keys), Ok(payload.clone()));
    for fault in TOKEN_FAULTS {
        let forged = app().token_with(payload.clone(), fault.apply).expect("forged");
        let rejection = open_classic_token(forged.as_bytes(), &keys).expect_err(fault.title);
        assert_eq!(rejection.code(), fault.code, "{}", fault.title);
    }
}

#[test]
fn each_fault_of_a_payload_ends_in_its_rejection_in_both_kinds() {
    for (kind, good) in [(TokenKind::Standard, standard()), (TokenKind::Classic, classic())] {
        verify_integrity_payload(&good.clone().write(), expectation(kind), NOW).expect("genuine");
        for fault in PAYLOAD_FAULTS {
            let mut plan = good.clone();
            (fault.apply)(&mut plan);
            let rejection =
                verify_integrity_payload(&plan.write(), bench::expectation(kind), NOW).expect_err(fault.title);
            assert_eq!(rejection.code(), fault.code, "{} ({})", fault.title, kind.name());
        }
    }
}
