//! Every way in which App Attest evidence is refused, as one change to a genuine plan.

use std::time::Duration;

use super::assertion::{AssertionPlan, SignatureForm};
use super::attestation::{AttestationPlan, Link};
use super::authenticator::{CredentialPlan, cose_key};
use super::leaf;
use crate::crypto::key::P256PublicKey;
use crate::lab::certificate::{CertificatePlan, Extension, Name};
use crate::lab::{Fault, fault};

/// A fault for every rejection that an attestation object of an iPhone or a Mac can end in, in the order of the checks.
pub const ATTESTATION_FAULTS: &[Fault<AttestationPlan>] = &[
    fault("app_attest_too_large", "longer than any object", |plan| plan.receipt = vec![0; 17_000]),
    fault("app_attest_not_cbor", "a byte after the object", |plan| plan.trailing.push(0)),
    fault("app_attest_structure", "an unknown member", |plan| plan.more_members.push(("extra".into(), 1.into()))),
    fault("app_attest_foreign_format", "another format", |plan| plan.format = "packed".to_owned()),
    fault("app_attest_certificate_count", "the root in the chain", |plan| plan.chain.push(Link::Root)),
    fault("app_attest_certificate_malformed", "a subject's key that is cut", |plan| plan.leaf.spki.truncate(40)),
    fault("app_attest_authenticator_data", "no credential announced", |plan| plan.authenticator.flags = 0),
    fault("app_attest_cose_key", "a COSE key that is empty", |plan| change(plan, |to| to.cose_key = vec![0xA0])),
    fault("app_attest_extensions", "a byte after the key", |plan| plan.authenticator.tail.push(0)),
    fault("app_attest_untrusted_chain", "an issuer that is no CA", |plan| {
        plan.intermediate.put(Extension::no_authority());
    }),
    fault("app_attest_certificate_expired", "a leaf of last week", |plan| expire(&mut plan.leaf)),
    fault("app_attest_certificate_not_yet_valid", "a leaf of next week", |plan| postpone(&mut plan.leaf)),
    fault("app_attest_nonce_extension", "no nonce", |plan| plan.nonce_extensions = |_| Vec::new()),
    fault("app_attest_nonce_mismatch", "a nonce over other bytes", |plan| {
        plan.nonce_extensions = |_| vec![leaf::nonce_extension(&[7; 32])];
    }),
    fault("app_attest_mac_access_control", "a Mac without its access control list", |plan| {
        plan.leaf.extensions.retain(|extension| extension.id != leaf::MAC_ACL);
    }),
    fault("app_attest_app_mismatch", "another app", |plan| plan.authenticator.rp_id_hash = vec![7; 32]),
    fault("app_attest_key_unsupported", "a leaf on P-384", |plan| plan.leaf.spki = plan.intermediate.spki.clone()),
    fault("app_attest_key_id_mismatch", "another key in the leaf", |plan| plan.leaf.spki = generator_spki()),
    fault("app_attest_subject_mismatch", "a subject that names another key", |plan| {
        plan.leaf.subject = Name::new(&"0".repeat(64), Some("AAA Certification"), "Bonafide Lab");
    }),
    fault("app_attest_credential_id_mismatch", "another credential id", |plan| change(plan, |to| to.id = vec![7; 32])),
    fault("app_attest_cose_key_mismatch", "another COSE key", |plan| {
        change(plan, |to| to.cose_key = cose_key(&GENERATOR));
    }),
    fault("app_attest_sign_count_not_zero", "a key that has signed", |plan| plan.authenticator.sign_count = 1),
    fault("app_attest_unknown_environment", "an environment that is only in Apple's prose", |plan| {
        change(plan, |to| to.aaguid = *b"appattestsandbox");
    }),
    fault("app_attest_environment_mismatch", "the other environment", |plan| change(plan, to_other_environment)),
];

/// A fault for every rejection that an assertion can end in, in the order of the checks.
pub const ASSERTION_FAULTS: &[Fault<AssertionPlan>] = &[
    fault("app_attest_too_large", "longer than any assertion", |plan| plan.trailing = vec![0; 2048]),
    fault("app_attest_not_cbor", "a byte after the assertion", |plan| plan.trailing.push(0)),
    fault("app_attest_structure", "an unknown member", |plan| plan.more_members.push(("extra".into(), 1.into()))),
    fault("app_attest_authenticator_data", "a cut relying-party hash", |plan| {
        plan.authenticator.rp_id_hash.truncate(31);
    }),
    fault("app_attest_extensions", "a byte after the count", |plan| plan.authenticator.tail.push(0)),
    fault("app_attest_signature_invalid", "a nonce that is hashed once", |plan| {
        plan.signature = SignatureForm::HashedOnce;
    }),
    fault("app_attest_app_mismatch", "another app", |plan| plan.authenticator.rp_id_hash = vec![7; 32]),
    fault("app_attest_sign_count_zero", "a count that has not begun", |plan| plan.authenticator.sign_count = 0),
];

/// The generator of P-256: the point whose private key is one.
const GENERATOR: [u8; 65] = [
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03,
    0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe,
    0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce,
    0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
];

fn generator_spki() -> Vec<u8> {
    P256PublicKey::from_sec1(&GENERATOR).map(|key| key.spki()).unwrap_or_default()
}

fn change(plan: &mut AttestationPlan, apply: fn(&mut CredentialPlan)) {
    plan.authenticator.credential.as_mut().map(apply);
}

fn to_other_environment(credential: &mut CredentialPlan) {
    credential.aaguid = match &credential.aaguid {
        b"appattestdevelop" => *b"appattest\0\0\0\0\0\0\0",
        _ => *b"appattestdevelop",
    };
}

const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

fn expire(certificate: &mut CertificatePlan) {
    let validity = &mut certificate.validity;
    (validity.not_before, validity.not_after) = (validity.not_before.minus(WEEK), validity.not_after.minus(WEEK));
}

fn postpone(certificate: &mut CertificatePlan) {
    let validity = &mut certificate.validity;
    (validity.not_before, validity.not_after) = (validity.not_before.plus(WEEK), validity.not_after.plus(WEEK));
}
