//! What the leaf certifies: nonce, key, access control list, and properties that are not documented.

use bonafide::evidence::app_attest::{Device, Rejection};
use bonafide::lab::app_attest::{
    AttestationPlan, KEY_PROPERTIES, MAC_ACL, NONCE, Profile, SYSTEM_PROPERTIES, cose_key, mac_acl, nonce_extension,
};
use bonafide::lab::certificate::{Extension, Name};
use bonafide::lab::der;

use crate::bench::{self, CLIENT_DATA, NOW};

type NonceForm = fn(&[u8; 32]) -> Vec<Extension>;

fn refused(change: impl FnOnce(&mut AttestationPlan)) -> Rejection {
    bench::attest(&bench::iphone(), change).expect_err("a fault")
}

#[test]
fn b03_the_nonce_stands_once_in_its_own_extension_and_form() {
    let forms: [NonceForm; 9] = [
        |_| Vec::new(),
        |nonce| vec![nonce_extension(nonce), nonce_extension(nonce)],
        |nonce| vec![nonce_extension(nonce), nonce_extension(&[0; 32])],
        |nonce| vec![nonce_extension(&nonce[..31])],
        |nonce| vec![nonce_extension(&[nonce.as_slice(), &[0]].concat())],
        |nonce| vec![Extension { id: MAC_ACL, ..nonce_extension(nonce) }],
        |nonce| vec![Extension::plain(NONCE, nonce.to_vec())],
        |nonce| vec![Extension::plain(NONCE, der::sequence(&[&der::explicit(2, &der::octets(nonce))]))],
        |nonce| vec![Extension::plain(NONCE, [nonce_extension(nonce).value, vec![0]].concat())],
    ];
    for (at, form) in forms.into_iter().enumerate() {
        assert_eq!(refused(|plan| plan.nonce_extensions = form), Rejection::NonceExtension, "form {at}");
    }
}

#[test]
fn b03_a_nonce_planted_in_another_extension_does_not_count() {
    let planted = |plan: &mut AttestationPlan| {
        plan.nonce_extensions = |nonce| {
            let other = Extension { id: &[1, 2, 840, 113_635, 100, 8, 9], ..nonce_extension(nonce) };
            vec![other, nonce_extension(&[0; 32])]
        };
    };
    assert_eq!(refused(planted), Rejection::NonceMismatch);
}

#[test]
fn b14_a_challenge_that_was_not_hashed_fits_only_itself() {
    let attested = bench::iphone().attest_with(CLIENT_DATA, |plan| plan.client_data_hash = CLIENT_DATA.to_vec());
    let attested = attested.expect("forged");
    assert_eq!(bench::verify(&attested, Device::Mobile).map(drop), Err(Rejection::NonceMismatch));
    assert!(bench::verify_for(&attested, Device::Mobile, CLIENT_DATA, NOW).is_ok());
}

#[test]
fn b20_the_leafs_key_is_the_one_that_counts() {
    let other = bench::lab().device(&bench::app(), bonafide::evidence::claims::Environment::Production);
    let other = *other.expect("a device").public_key().sec1();
    let with = |change: fn(&mut Vec<u8>)| {
        refused(|plan| change(&mut plan.authenticator.credential.as_mut().expect("attested").cose_key))
    };
    let another = |plan: &mut AttestationPlan| {
        plan.authenticator.credential.as_mut().expect("attested").cose_key = cose_key(&other);
    };
    assert_eq!(refused(another), Rejection::CoseKeyMismatch);
    assert_eq!(with(|key| key[45] ^= 1), Rejection::CoseKeyMismatch, "off the curve");
    assert_eq!(with(|key| key[2] = 3), Rejection::CoseKey, "RSA");
    assert_eq!(with(|key| key[7] = 2), Rejection::CoseKey, "P-384");
    assert_eq!(with(|key| key[4] = 0x27), Rejection::CoseKey, "EdDSA");
    assert_eq!(with(|key| key.truncate(60)), Rejection::CoseKey, "cut");
    assert_eq!(with(|key| key[0] = 0xA4), Rejection::CoseKey, "a member of it is left over");
}

/// `id-ecPublicKey` with parameters as given, and the device's point.
fn spki(parameters: &[u8], point: &[u8]) -> Vec<u8> {
    let algorithm = der::sequence(&[&der::oid(&[1, 2, 840, 10045, 2, 1]), parameters]);
    der::sequence(&[&algorithm, &der::bits(point)])
}

#[test]
fn e08_only_points_on_the_named_curve_p_256_are_keys() {
    let point = *bench::iphone().public_key().sec1();
    let p256 = der::oid(&[1, 2, 840, 10045, 3, 1, 7]);
    let explicit = der::sequence(&[&der::integer(&[1]), &der::sequence(&[&der::integer(&[23])])]);
    let hybrid = [&[6 | (point[64] & 1)], &point[1..]].concat();
    let off_curve = [&point[..64], &[point[64] ^ 1]].concat();
    let keys = [
        spki(&explicit, &point),
        spki(&[], &point),
        spki(&der::oid(&[1, 3, 132, 0, 34]), &point),
        spki(&p256, &hybrid),
        spki(&p256, &off_curve),
        spki(&p256, &[0]),
        spki(&p256, &[0; 65]),
    ];
    for (at, key) in keys.into_iter().enumerate() {
        assert_eq!(refused(|plan| plan.leaf.spki = key), Rejection::KeyUnsupported, "key {at}");
    }
    let p384 = refused(|plan| plan.leaf.spki = plan.intermediate.spki.clone());
    assert_eq!(p384, Rejection::KeyUnsupported);
}

#[test]
fn the_subject_names_the_key_in_lower_case() {
    let name = |text: &str| Name::new(text, Some("AAA Certification"), "Bonafide Lab");
    let key_id = data_encoding::HEXUPPER.encode(&bench::iphone().key_id());
    assert_eq!(refused(|plan| plan.leaf.subject = name(&key_id)), Rejection::SubjectMismatch);
    assert_eq!(refused(|plan| plan.leaf.subject = Name(Vec::new())), Rejection::SubjectMismatch);
    let twice = |plan: &mut AttestationPlan| {
        let first = plan.leaf.subject.0[0].clone();
        plan.leaf.subject.0.push(first);
    };
    assert_eq!(refused(twice), Rejection::SubjectMismatch);
}

#[test]
fn b26_a_mac_proves_full_security() {
    let mac = bench::device(Profile::macos_27());
    let verify = |change: fn(&mut AttestationPlan)| {
        bench::verify(&mac.attest_with(CLIENT_DATA, change).expect("forged"), Device::Mac).map(drop)
    };
    assert_eq!(verify(|_| ()), Ok(()));
    let absent = verify(|plan| plan.leaf.extensions.retain(|extension| extension.id != MAC_ACL));
    assert_eq!(absent, Err(Rejection::MacAccessControl));
    let twice = verify(|plan| plan.leaf.extensions.push(mac_acl()));
    assert_eq!(twice, Err(Rejection::MacAccessControl));
    for at in 0..mac_acl().value.len() {
        let mut changed = mac_acl();
        changed.value[at] ^= 1;
        let attested = mac.attest_with(CLIENT_DATA, |plan| plan.leaf.put(changed)).expect("forged");
        assert_eq!(bench::verify(&attested, Device::Mac).map(drop), Err(Rejection::MacAccessControl), "byte {at}");
    }
}

#[test]
fn properties_that_are_not_documented_never_refuse() {
    let facts = |change: fn(&mut AttestationPlan)| bench::attest(&bench::iphone(), change).expect("genuine").claims;
    let claims = facts(|_| ());
    assert_eq!(claims.os_version.expect("a version").to_string(), "17.5.1");
    assert_eq!(claims.os_build.as_deref(), Some("21F90"));
    let claims = facts(|plan| plan.leaf.extensions.truncate(2));
    assert_eq!((claims.os_version, claims.os_build), (None, None));
    for value in [vec![], vec![0x30], vec![0x30, 0x80], vec![0x30, 3, 0xBF, 0x8A, 0x78], vec![0xFF; 40]] {
        let attested = bench::iphone().attest_with(CLIENT_DATA, |plan| {
            plan.leaf.put(Extension::plain(SYSTEM_PROPERTIES, value.clone()));
            plan.leaf.put(Extension::plain(KEY_PROPERTIES, value));
        });
        let verified = bench::verify(&attested.expect("forged"), Device::Mobile).expect("genuine");
        assert_eq!(verified.facts().claims.os_version, None);
    }
}

#[test]
fn a_certified_app_that_differs_does_not_refuse() {
    let other = bonafide::lab::app_attest::key_properties("0000000000.example.other");
    assert!(bench::attest(&bench::iphone(), |plan| plan.leaf.put(other)).is_ok());
}
