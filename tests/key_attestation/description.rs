//! Key descriptions: structure, lists and levels.

use bonafide::crypto::digest::Digest;
use bonafide::evidence::claims::KeyAttestationClaims;
use bonafide::lab::certificate::Extension;
use bonafide::lab::der;
use bonafide::lab::key_attestation::{AndroidApp, ChainPlan, DescriptionPlan, numbers, tag};

use crate::bench::{self, accepted, refused};

const DESCRIPTION: &str = "key_attestation_description";
const CHALLENGE: &str = "key_attestation_challenge_mismatch";

fn described(change: impl FnOnce(&mut DescriptionPlan)) -> impl FnOnce(&mut ChainPlan) {
    |plan| change(&mut plan.description)
}

fn broken(change: impl FnOnce(&mut DescriptionPlan)) {
    assert_eq!(refused(&bench::remote(), described(change)), DESCRIPTION);
}

#[test]
fn every_version_is_read() {
    for version in [1, 2, 3, 4, 100, 200, 300, 400, 500, 600, 1000, u64::from(u32::MAX)] {
        let profile = bench::remote().profile().clone().version(version);
        let phone = bench::phone(profile);
        let attested = phone.attest(&bench::challenge()).expect("forged");
        let outcome = bench::outcome(&attested.chain);
        // The first version names no app.
        let expected = if version == 1 { "key_attestation_application_id_missing" } else { "" };
        assert_eq!(outcome, expected, "{version}");
    }
}

#[test]
fn a_description_has_eight_fields_of_their_kinds() {
    broken(|plan| plan.rewrite = |fields| drop(fields.pop()));
    broken(|plan| plan.rewrite = |fields| fields.push(der::number(1)));
    broken(|plan| plan.rewrite = |fields| fields.swap(0, 1));
    broken(|plan| plan.rewrite = |fields| fields.clear());
    broken(|plan| plan.rewrite = |fields| fields[0] = vec![2, 0]);
    broken(|plan| plan.rewrite = |fields| fields[0] = vec![2, 1, 0x80]);
    broken(|plan| plan.rewrite = |fields| fields[0] = vec![2, 2, 0, 3]);
    broken(|plan| plan.rewrite = |fields| fields[0] = vec![2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    broken(|plan| plan.rewrite = |fields| fields[1] = der::number(1));
    broken(|plan| plan.rewrite = |fields| fields[4] = der::text("challenge"));
    broken(|plan| plan.rewrite = |fields| fields[6] = der::set_of(&[]));
    broken(|plan| plan.rewrite = |fields| fields[7][1] = 0x80);
    broken(|plan| plan.trailing.push(0));
    broken(|plan| plan.trailing = plan.der());
}

#[test]
fn a20_tags_stand_once_in_each_list() {
    let phone = bench::remote();
    let mut tags = Vec::new();
    phone
        .attest_with(&[], |plan| tags.extend(plan.description.hardware.0.iter().map(|(tag, _)| *tag)))
        .expect("forged");
    for tag in tags {
        broken(|plan| {
            let value = plan.hardware.value(tag).expect("a value").clone();
            plan.hardware.push(tag, value);
        });
    }
    broken(|plan| plan.software.push(tag::CREATED, der::number(1)));
    broken(|plan| plan.hardware.0.extend([(9999, der::null()), (9999, der::null())]));
}

#[test]
fn a21_unknown_tags_change_nothing() {
    let phone = bench::remote();
    let before = accepted(&phone, |_| ());
    for tag in [0, 9, 12, 99, 204, 510, 725, 999, 16_383, 16_384, 2_097_152, 0xFFFF_FFFF] {
        for value in [der::null(), der::number(7), der::octets(b"?"), numbers(&[1]), Vec::new()] {
            let after = accepted(&phone, described(|plan| plan.hardware.push(tag, value)));
            assert_eq!(after.claims.unknown_tags, [u32::try_from(tag).expect("32 bits")]);
            let same = KeyAttestationClaims { unknown_tags: Vec::new(), ..after.claims };
            assert_eq!(same, before.claims, "{tag}");
        }
    }
    broken(|plan| plan.hardware.push(0x1_0000_0000, der::null()));
}

/// Tags that some parsers of others do not know, and that devices do write.
#[test]
fn a21_rare_tags_are_known() {
    for (tag, value) in [
        (4, numbers(&[1])),
        (6, numbers(&[1])),
        (7, der::null()),
        (8, der::number(128)),
        (200, der::number(65_537)),
        (203, numbers(&[4])),
        (303, der::null()),
        (305, der::null()),
        (405, der::number(1)),
        (502, der::number(u64::MAX)),
        (601, der::octets(b"app")),
        (703, der::null()),
        (714, der::octets(b"356938035643809")),
        (720, der::null()),
        (723, der::octets(b"356938035643817")),
    ] {
        let facts = accepted(&bench::remote(), described(|plan| plan.hardware.push(tag, value)));
        assert!(facts.claims.unknown_tags.is_empty(), "{tag}");
    }
}

#[test]
fn a21_tags_in_any_order_say_the_same() {
    let before = accepted(&bench::remote(), |_| ());
    let reversed = |plan: &mut DescriptionPlan| {
        plan.hardware.0.reverse();
        plan.software.0.reverse();
    };
    let after = accepted(&bench::remote(), described(reversed));
    assert_eq!(after.claims, before.claims);
    assert!(before.description.hardware.is_in_order() && !after.description.hardware.is_in_order());
}

#[test]
fn e05_what_genuine_devices_write_otherwise_passes() {
    let phone = bench::remote();
    accepted(&phone, described(|plan| plan.hardware.put(tag::DIGEST, numbers(&[4, 0]))));
    accepted(&phone, |plan| plan.description.keymint_version = 41);
    let mut trust = phone.profile().root_of_trust.clone();
    trust.device_locked = 1;
    accepted(&phone, described(|plan| plan.hardware.put(tag::ROOT_OF_TRUST, trust.der())));
    let mut trust = phone.profile().root_of_trust.clone();
    trust.verified_boot_hash = None;
    accepted(&phone, described(|plan| plan.hardware.put(tag::ROOT_OF_TRUST, trust.der())));
    let zero = |plan: &mut DescriptionPlan| plan.hardware.put(tag::OS_VERSION, der::number(0));
    accepted(&phone, described(zero));
    for usage in [[0x00, 0x80], [0x02, 0x04]] {
        accepted(&phone, |plan| plan.leaf.certificate.put(Extension::key_usage(usage)));
    }
}

#[test]
fn e05_der_is_read_strictly() {
    broken(|plan| plan.hardware.put(tag::KEY_SIZE, vec![2, 2, 0, 1]));
    broken(|plan| plan.hardware.put(tag::KEY_SIZE, vec![2, 0x81, 1, 1]));
    broken(|plan| plan.hardware.put(tag::KEY_SIZE, der::octets(&[1])));
    broken(|plan| plan.hardware.put(tag::KEY_SIZE, [der::number(256), der::number(256)].concat()));
    broken(|plan| plan.hardware.put(tag::KEY_SIZE, Vec::new()));
    broken(|plan| plan.hardware.put(tag::NO_AUTH_REQUIRED, vec![5, 1, 0]));
    broken(|plan| plan.hardware.put(tag::PURPOSE, der::sequence(&[&der::number(2)])));
    broken(|plan| plan.hardware.put(tag::PURPOSE, der::set_of(&[der::octets(&[2])])));
    broken(|plan| plan.hardware.put(tag::ROOT_OF_TRUST, der::sequence(&[])));
    broken(|plan| plan.rewrite = |fields| fields[7] = vec![0x30, 5, 0xBF, 0x80, 0x01, 0x05, 0x00]);
}

#[test]
fn a30_only_the_whole_challenge_is_the_challenge() {
    let challenge = bench::challenge();
    let phone = bench::remote();
    let with = |bytes: &[u8]| refused(&phone, described(|plan| plan.challenge = bytes.to_vec()));
    assert_eq!(with(&[]), CHALLENGE);
    for length in 1..challenge.len() {
        assert_eq!(with(&challenge[..length]), CHALLENGE, "{length}");
    }
    assert_eq!(with(&[challenge.as_slice(), &[0]].concat()), CHALLENGE);
    for at in 0..challenge.len() {
        let mut other = challenge;
        other[at] ^= 1;
        assert_eq!(with(&other), CHALLENGE, "{at}");
    }
    let empty = phone.attest(&[]).expect("forged").chain;
    let rejection = bench::verify_as(&empty, bench::expectation(&[]), bench::NOW).expect_err("nothing is no challenge");
    assert_eq!(rejection.code(), CHALLENGE);
}

#[test]
fn a18_every_package_and_every_signer_counts() {
    const PACKAGE: &str = "key_attestation_package_mismatch";
    const SIGNER: &str = "key_attestation_signer_mismatch";
    let stated = |packages: &[&str], signers: &[Digest]| {
        let packages = packages.iter().map(|name| ((*name).to_owned(), 1)).collect();
        let app = AndroidApp { packages, signers: signers.iter().map(|signer| signer.to_vec()).collect() };
        bench::code(&bench::remote(), described(|plan| plan.software.put(tag::APPLICATION_ID, app.der())))
    };
    let (own, other) = (bench::signer(), [7; 32]);
    assert_eq!(stated(&[bench::PACKAGE], &[own]), "");
    assert_eq!(stated(&[bench::PACKAGE, "com.evil"], &[own]), PACKAGE);
    assert_eq!(stated(&["com.evil", bench::PACKAGE], &[own]), PACKAGE);
    assert_eq!(stated(&["com.evil"], &[own]), PACKAGE);
    assert_eq!(stated(&[], &[own]), PACKAGE);
    assert_eq!(stated(&["com.example.Shop"], &[own]), PACKAGE);
    assert_eq!(stated(&["com.example.shop2"], &[own]), PACKAGE);
    assert_eq!(stated(&["com.example.sho"], &[own]), PACKAGE);
    assert_eq!(stated(&[bench::PACKAGE], &[other]), SIGNER);
    assert_eq!(stated(&[bench::PACKAGE], &[own, other]), SIGNER);
    assert_eq!(stated(&[bench::PACKAGE], &[other, own]), SIGNER);
    assert_eq!(stated(&[bench::PACKAGE], &[]), SIGNER);
}

#[test]
fn a18_what_hardware_says_of_the_app_is_nobodys_word() {
    let moved = |plan: &mut DescriptionPlan| {
        let DescriptionPlan { software, hardware, .. } = plan;
        software.give(tag::APPLICATION_ID, hardware);
    };
    assert_eq!(refused(&bench::remote(), described(moved)), "key_attestation_application_id_missing");
}

#[test]
fn e15_names_of_packages_are_plain() {
    const APPLICATION_ID: &str = "key_attestation_application_id";
    let named = |name: &[u8], signer: &[u8], more: &[u8]| {
        let package = der::sequence(&[&der::octets(name), &der::number(1)]);
        let sets = [der::set_of(&[package]), der::set_of(&[der::octets(signer)]), more.to_vec()].concat();
        let value = der::octets(&der::value(0x30, &sets));
        bench::code(&bench::remote(), described(|plan| plan.software.put(tag::APPLICATION_ID, value)))
    };
    let (name, signer) = (bench::PACKAGE.as_bytes(), bench::signer());
    assert_eq!(named(name, &signer, &[]), "");
    assert_eq!(named(b"", &signer, &[]), APPLICATION_ID);
    assert_eq!(named(b"com.example.shop\0", &signer, &[]), APPLICATION_ID);
    assert_eq!(named(b"com.example.shop\xFF", &signer, &[]), APPLICATION_ID);
    assert_eq!(named(&[b'a'; 256], &signer, &[]), APPLICATION_ID);
    assert_eq!(named(name, &signer[1..], &[]), APPLICATION_ID);
    assert_eq!(named(name, &[], &[]), APPLICATION_ID);
    assert_eq!(named(name, &signer, &[0]), APPLICATION_ID);
    assert_eq!(named(name, &signer, &der::null()), APPLICATION_ID);
}

#[test]
fn lists_of_packages_and_signers_are_bounded() {
    let of = |packages: usize, signers: usize| {
        let packages = vec![(bench::PACKAGE.to_owned(), 1); packages];
        let app = AndroidApp { packages, signers: vec![bench::signer().to_vec(); signers] };
        bench::code(&bench::remote(), described(|plan| plan.software.put(tag::APPLICATION_ID, app.der())))
    };
    assert_eq!(of(32, 10), "");
    assert_eq!(of(33, 10), "key_attestation_application_id");
    assert_eq!(of(32, 11), "key_attestation_application_id");
}
