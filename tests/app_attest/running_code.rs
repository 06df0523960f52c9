//! The extension map of iOS 27, in both objects.

use bonafide::evidence::app_attest::{Device, Extensions, Rejection};
use bonafide::evidence::claims::ValidationCategory;
use bonafide::lab::app_attest::{Profile, RunningCode, extension_map};
use ciborium::Value;

use crate::bench;

const CATEGORY: &str = "apple_validation_category_01";
const CATEGORY_ON_PAPER: &str = "validationCategory";
const VERSION: &str = "apple_bundle_version_01";
const VERSION_ON_PAPER: &str = "bundleVersion";
const HASH: &str = "apple_cd_hash_hash_01";
const HASH_TYPE: &str = "apple_cd_hash_type_01";

fn map(members: &[(&str, Value)]) -> Vec<u8> {
    extension_map(members).expect("a map")
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

/// Puts the tail into both objects; they must agree on it.
fn read(tail: &[u8]) -> Result<Extensions, Rejection> {
    let device = bench::iphone();
    let asserted = bench::assert(&device, |plan| plan.authenticator.tail = tail.to_vec()).map(|facts| facts.extensions);
    let attested = bench::attest(&device, |plan| plan.authenticator.tail = tail.to_vec()).map(|facts| facts.claims);
    match (&asserted, attested) {
        (Ok(extensions), Ok(claims)) => {
            assert_eq!(claims.validation_category, extensions.validation_category);
            assert_eq!(claims.bundle_version, extensions.bundle_version);
        }
        (asserted, attested) => assert_eq!(asserted.as_ref().err(), attested.as_ref().err()),
    }
    asserted
}

fn refused(tail: &[u8]) {
    let rejection = read(tail).expect_err("a malformed map");
    assert!(matches!(rejection, Rejection::Extensions(_)), "{rejection:?}");
}

#[test]
fn b18_every_category_becomes_a_claim() {
    assert_eq!(read(&[]).expect("no map").validation_category, None);
    for number in (0..=11).chain([256, u32::MAX]) {
        let category = Some(ValidationCategory(number));
        for name in [CATEGORY, CATEGORY_ON_PAPER] {
            let fixed = read(&map(&[(name, bytes(&number.to_le_bytes()))])).expect("four bytes");
            let unsigned = read(&map(&[(name, number.into())])).expect("an unsigned integer");
            assert_eq!((fixed.validation_category, unsigned.validation_category), (category, category));
        }
    }
    let swapped = read(&map(&[(CATEGORY, bytes(&4_u32.to_be_bytes()))])).expect("a number, but not 4");
    assert_ne!(swapped.validation_category, Some(ValidationCategory::APP_STORE));
}

#[test]
fn b18_what_is_no_category_is_refused() {
    let long = u64::from(u32::MAX) + 1;
    for value in [bytes(&[]), bytes(&[4]), bytes(&[4, 0, 0]), bytes(&[4, 0, 0, 0, 0]), "4".into(), Value::Null] {
        refused(&map(&[(CATEGORY, value)]));
    }
    refused(&map(&[(CATEGORY, long.into())]));
    refused(&map(&[(CATEGORY, (-1).into())]));
}

#[test]
fn b18_two_names_must_say_the_same() {
    let four = bytes(&4_u32.to_le_bytes());
    let same = map(&[(CATEGORY, four.clone()), (CATEGORY_ON_PAPER, 4.into()), (VERSION_ON_PAPER, "7".into())]);
    let extensions = read(&same).expect("no contradiction");
    assert_eq!(extensions.validation_category, Some(ValidationCategory::APP_STORE));
    assert_eq!(extensions.bundle_version.as_deref(), Some("7"));
    refused(&map(&[(CATEGORY, four), (CATEGORY_ON_PAPER, 2.into())]));
    refused(&map(&[(VERSION, "1".into()), (VERSION_ON_PAPER, "2".into())]));
}

#[test]
fn bundle_versions_are_short_and_plain() {
    let long = "1".repeat(65);
    for value in ["".into(), long.into(), "1\n".into(), "1\u{1b}[31m".into(), "1\0".into(), 1.into(), Value::Null] {
        refused(&map(&[(VERSION, value)]));
    }
    for version in ["7", "1.0 (5)", "2.0-beta+7", "１"] {
        let extensions = read(&map(&[(VERSION, version.into())])).expect("a developer's text");
        assert_eq!(extensions.bundle_version.as_deref(), Some(version));
    }
}

#[test]
fn b19_the_tail_is_nothing_or_exactly_one_map() {
    let one = map(&[(CATEGORY, 4.into())]);
    assert!(read(&one).is_ok());
    assert_eq!(read(&[0xA0]).expect("an empty map"), Extensions::default());
    refused(&[one.as_slice(), &one].concat());
    refused(&[one.as_slice(), &[0]].concat());
    refused(&one[..one.len() - 1]);
    refused(&[0]);
    refused(&[0x80]);
    refused(&[0xBF, 0xFF]);
    refused(&[0xA1, 0x01, 0x02]);
    refused(&map(&[(CATEGORY, 4.into()), (CATEGORY, 4.into())]));
}

#[test]
fn members_of_tomorrow_are_no_fault() {
    let extensions = read(&map(&[("apple_something_02", Value::Null), (VERSION, "9".into())])).expect("readable");
    assert_eq!((extensions.unrecognised, extensions.bundle_version.as_deref()), (1, Some("9")));
}

#[test]
fn code_directory_hashes_count_with_the_type_that_is_known() {
    let hash = |hash: &[u8], kind: Value| {
        read(&map(&[(HASH, bytes(hash)), (HASH_TYPE, kind)])).expect("readable").code_directory_hash
    };
    assert_eq!(hash(&[9; 32], bytes(&[2])), Some([9; 32]));
    assert_eq!(hash(&[9; 32], 2.into()), Some([9; 32]));
    assert_eq!(hash(&[9; 32], bytes(&[1])), None);
    assert_eq!(hash(&[9; 20], bytes(&[2])), None);
}

#[test]
fn b19_flags_decide_nothing_that_the_bytes_do_not() {
    let device = bench::device(Profile::ios_27());
    for flags in [0x40, 0xC0, 0x41, 0xC5] {
        let facts = bench::attest(&device, |plan| plan.authenticator.flags = flags).expect("genuine");
        assert_eq!(facts.claims.validation_category, Some(ValidationCategory::APP_STORE));
        let facts = bench::assert(&device, |plan| plan.authenticator.flags = flags).expect("genuine");
        assert_eq!(facts.extensions.bundle_version.as_deref(), Some("1.0"));
    }
    assert!(bench::assert(&device, |plan| plan.authenticator.flags = 0).is_ok());
}

#[test]
fn a_device_says_the_same_of_its_code_in_both_objects() {
    let code = RunningCode { code_directory_hash: Some([5; 32]), ..RunningCode::app_store() };
    let profile = Profile { running_code: Some(code), ..Profile::macos_27() };
    let mut mac = bench::device(profile);
    let attested = mac.attest(bench::CLIENT_DATA).expect("forged");
    let claims = bench::verify(&attested, Device::Mac).expect("genuine").into_facts().claims;
    let asserted = mac.assert(bench::CLIENT_DATA).expect("signed");
    let extensions = bench::verify_signed(&mac, &asserted).expect("genuine").extensions;
    assert_eq!(claims.bundle_version, extensions.bundle_version);
    assert_eq!(extensions.code_directory_hash, Some([5; 32]));
}
