//! Every way in which a chain or an assertion is refused, as one change to a genuine plan.

use std::time::Duration;

use super::assertion::{AssertionPlan, SignatureForm};
use super::chain::ChainPlan;
use super::description::description_extension;
use super::tag;
use crate::lab::certificate::{CertificatePlan, Extension, Name};
use crate::lab::der::{self, Oid};
use crate::lab::key::{LabKey, SignedHash};
use crate::lab::{Fault, fault};

/// An extension that nobody knows.
const UNKNOWN: Oid = &[1, 3, 6, 1, 4, 1, 99_999, 1];
const WEEKS: Duration = Duration::from_secs(8 * 7 * 24 * 60 * 60);

/// A fault for every rejection that the chain of a remotely provisioned phone can end in, in the order of the checks.
pub const CHAIN_FAULTS: &[Fault<ChainPlan>] = &[
    fault("key_attestation_certificate_count", "a leaf alone", |plan| plan.rearrange = |chain| chain.truncate(1)),
    fault("key_attestation_certificate_count", "more certificates than any device has", |plan| {
        plan.rearrange = |chain| chain.resize(11, Vec::new());
    }),
    fault("key_attestation_too_large", "a leaf longer than any", |plan| {
        plan.leaf.certificate.put(Extension::plain(UNKNOWN, vec![0; 8192]));
    }),
    fault("key_attestation_certificate_malformed", "a byte after the leaf", |plan| {
        plan.rearrange = |chain| chain.iter_mut().take(1).for_each(|leaf| leaf.push(0));
    }),
    fault("key_attestation_untrusted_chain", "a leaf that a stranger has signed", |plan| {
        plan.attestation.key = stranger(&plan.attestation.key);
    }),
    fault("key_attestation_untrusted_chain", "a stranger's authority under the right name", |plan| {
        plan.attestation.key = stranger(&plan.attestation.key);
        plan.attestation.certificate.spki = plan.attestation.key.spki().unwrap_or_default();
        plan.rearrange = |chain| chain.truncate(2);
    }),
    fault("key_attestation_untrusted_chain", "an issuer of another name", |plan| {
        plan.attestation.certificate.issuer = Name::google("Droid CA9");
    }),
    fault("key_attestation_untrusted_chain", "a leaf signed over SHA-1", |plan| {
        plan.leaf.certificate.hash = SignedHash::Sha1;
    }),
    fault("key_attestation_untrusted_chain", "certificates in the other order", |plan| {
        plan.rearrange = |chain| chain.reverse();
    }),
    fault("key_attestation_serial_too_long", "a serial number that no list could name", |plan| {
        plan.leaf.certificate.serial = vec![0x5A; 21];
    }),
    fault("key_attestation_extension_repeated", "a second description, critical", |plan| {
        plan.description_extensions = |der| {
            let hidden = Extension { critical: true, ..description_extension(der.clone()) };
            vec![description_extension(der), hidden]
        };
    }),
    fault("key_attestation_description_above_leaf", "a software key below, with a copy of the description", |plan| {
        let copy = plan.description.clone();
        plan.certify(stranger(&plan.leaf.key), Some(&copy)).unwrap_or_default();
    }),
    fault("key_attestation_description_above_leaf", "a software key below that says nothing", |plan| {
        plan.certify(stranger(&plan.leaf.key), None).unwrap_or_default();
    }),
    fault("key_attestation_description_missing", "no description", |plan| plan.description_extensions = |_| Vec::new()),
    fault("key_attestation_extension_critical", "a leaf that demands what nobody knows", |plan| {
        plan.leaf.certificate.put(Extension::critical(UNKNOWN, der::null()));
    }),
    fault("key_attestation_issuer_unfit", "an issuer that is no CA", |plan| {
        plan.attestation.certificate.put(Extension::no_authority());
    }),
    fault("key_attestation_certificate_not_yet_valid", "an attestation key of the next weeks", |plan| {
        let CertificatePlan { validity, .. } = &mut plan.attestation.certificate;
        (validity.not_before, validity.not_after) = (validity.not_before.plus(WEEKS), validity.not_after.plus(WEEKS));
    }),
    fault("key_attestation_certificate_expired", "an attestation key of weeks ago", |plan| {
        let CertificatePlan { validity, .. } = &mut plan.attestation.certificate;
        (validity.not_before, validity.not_after) = (validity.not_before.minus(WEEKS), validity.not_after.minus(WEEKS));
    }),
    fault("key_attestation_description", "a byte after the description", |plan| plan.description.trailing.push(0)),
    fault("key_attestation_description", "seven fields", |plan| plan.description.rewrite = |fields| drop(fields.pop())),
    fault("key_attestation_description", "a tag twice", |plan| {
        plan.description.hardware.push(tag::ORIGIN, der::number(0));
    }),
    fault("key_attestation_description", "an origin that is no number", |plan| {
        plan.description.hardware.put(tag::ORIGIN, der::octets(b"0"));
    }),
    fault("key_attestation_key_contradicted", "the description of an RSA key", |plan| {
        plan.description.hardware.put(tag::ALGORITHM, der::number(1));
    }),
    fault("key_attestation_challenge_mismatch", "another challenge", |plan| plan.description.challenge = vec![7; 32]),
    fault("key_attestation_challenge_mismatch", "the start of the challenge", |plan| {
        plan.description.challenge.truncate(16);
    }),
    fault("key_attestation_challenge_mismatch", "no challenge", |plan| plan.description.challenge.clear()),
    fault("key_attestation_application_id_missing", "no app", |plan| {
        plan.description.software.remove(tag::APPLICATION_ID);
    }),
    fault("key_attestation_application_id", "a signer that is no SHA-256", |plan| {
        plan.change_app(|app| app.signers = vec![vec![7; 20]]);
    }),
    fault("key_attestation_package_mismatch", "another app", |plan| {
        plan.change_app(|app| app.packages = vec![("com.example.other".to_owned(), 1)]);
    }),
    fault("key_attestation_package_mismatch", "another app beside the app", |plan| {
        plan.change_app(|app| app.packages.push(("com.example.other".to_owned(), 1)));
    }),
    fault("key_attestation_signer_mismatch", "the app signed by somebody else", |plan| {
        plan.change_app(|app| app.signers = vec![vec![7; 32]]);
    }),
];

/// A fault for every rejection that an assertion can end in, in the order of the checks.
pub const ASSERTION_FAULTS: &[Fault<AssertionPlan>] = &[
    fault("key_attestation_signature_too_long", "bytes after the signature", |plan| plan.trailing = vec![0; 16]),
    fault("key_attestation_signature_invalid", "a signature that is not DER", |plan| plan.form = SignatureForm::Raw),
    fault("key_attestation_signature_invalid", "other client data", |plan| plan.client_data_hash = vec![7; 32]),
    fault("key_attestation_signature_invalid", "another sign count", |plan| plan.sign_count = vec![7; 4]),
    fault("key_attestation_signature_invalid", "a message without its beginning", |plan| plan.domain.clear()),
];

fn stranger(otherwise: &LabKey) -> LabKey {
    LabKey::p256(&[9; 32], "stranger").unwrap_or_else(|_| otherwise.clone())
}
