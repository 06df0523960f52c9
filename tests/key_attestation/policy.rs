//! What verifies and is not trusted: a careful policy against phones that say the truth about themselves.

use std::collections::BTreeSet;

use bonafide::appraisal::PatchAges;
use bonafide::evidence::claims::BootState;
use bonafide::lab::certificate::{Name, TITLE};
use bonafide::lab::der;
use bonafide::lab::key_attestation::{
    ChainPlan, DescriptionPlan, Profile, Provisioning, RootOfTrustPlan, numbers, provisioning_info, tag,
};

use crate::bench::{self, NOW, allowed, allowed_under, denied, denied_under};

fn hardware(tag: u64, value: Vec<u8>) -> impl FnOnce(&mut ChainPlan) {
    move |plan| plan.description.hardware.put(tag, value)
}

fn booted(change: impl FnOnce(&mut RootOfTrustPlan)) -> impl FnOnce(&mut ChainPlan) {
    let mut root_of_trust = RootOfTrustPlan::verified();
    change(&mut root_of_trust);
    hardware(tag::ROOT_OF_TRUST, root_of_trust.der())
}

fn levels(attestation: u8, keymint: u8) -> impl FnOnce(&mut ChainPlan) {
    move |plan| (plan.description.attestation_level, plan.description.keymint_level) = (attestation, keymint)
}

#[test]
fn honest_phones_of_every_kind_are_trusted() {
    for phone in bench::phones() {
        allowed(&phone, |_| ());
    }
}

#[test]
fn a13_levels_below_hardware_are_denied() {
    for phone in bench::phones() {
        let own = phone.profile().level.number();
        let low = ["level_low", "in_software"];
        assert_eq!(denied(&phone, levels(0, 0)), [low[0], low[1], "level_not_of_chain"]);
        assert_eq!(denied(&phone, levels(0, own)), [low[0], low[1], "levels_differ"]);
        assert_eq!(denied(&phone, levels(own, 0)), [low[0], low[1], "levels_differ", "level_not_of_chain"]);
    }
    let emulator = bench::phone(Profile::emulator(NOW));
    assert_eq!(denied(&emulator, |_| ()), ["level_low", "in_software"]);
}

/// TEE keys that pose as StrongBox, the reverse, and each half of the two.
#[test]
fn a13_levels_are_one_and_that_of_the_key_that_attests() {
    for phone in bench::phones() {
        let own = phone.profile().level.number();
        let other = 3 - own;
        assert_eq!(denied(&phone, levels(other, other)), ["level_not_of_chain"]);
        assert_eq!(denied(&phone, levels(other, own)), ["levels_differ"]);
        assert_eq!(denied(&phone, levels(own, other)), ["levels_differ", "level_not_of_chain"]);
    }
}

#[test]
fn a14_hardwares_word_is_read_from_hardwares_list() {
    let moved = |tag: u64| {
        denied(&bench::remote(), move |plan| {
            let DescriptionPlan { software, hardware, .. } = &mut plan.description;
            hardware.give(tag, software);
        })
    };
    assert_eq!(moved(tag::ROOT_OF_TRUST), ["boot_unstated", "not_enforced"]);
    assert_eq!(moved(tag::ORIGIN), ["not_generated", "not_enforced"]);
    assert_eq!(moved(tag::PURPOSE), ["purpose_unexpected", "not_enforced"]);
    for tag in [tag::ALGORITHM, tag::DIGEST, tag::OS_VERSION, tag::OS_PATCH_LEVEL, tag::VENDOR_PATCH_LEVEL] {
        assert_eq!(moved(tag), ["not_enforced"], "{tag}");
    }
}

#[test]
fn a14_what_software_adds_is_denied_too() {
    for tag in [tag::ROOT_OF_TRUST, tag::ORIGIN, tag::PURPOSE, tag::OS_PATCH_LEVEL, tag::BOOT_PATCH_LEVEL] {
        let copied = |plan: &mut ChainPlan| {
            let value = plan.description.hardware.value(tag).expect("a value").clone();
            plan.description.software.push(tag, value);
        };
        assert_eq!(denied(&bench::remote(), copied), ["not_enforced"], "{tag}");
    }
}

#[test]
fn a15_unlocked_phones_are_denied() {
    let phone = bench::remote();
    let unlocked = hardware(tag::ROOT_OF_TRUST, RootOfTrustPlan::unlocked().der());
    assert_eq!(denied(&phone, unlocked), ["boot_state_unexpected", "bootloader_unlocked"]);
    for state in [2, 3, 4, 127] {
        assert_eq!(denied(&phone, booted(|root| root.verified_boot_state = state)), ["boot_state_unexpected"]);
    }
    let absent = |plan: &mut ChainPlan| plan.description.hardware.remove(tag::ROOT_OF_TRUST);
    assert_eq!(denied(&phone, absent), ["boot_unstated"]);
}

/// Pixels show a key of zeros in either state.
#[test]
fn a15_the_boot_key_says_nothing_by_itself() {
    for key in [vec![0; 32], Vec::new(), vec![1; 64]] {
        allowed(&bench::remote(), booted(|root| root.verified_boot_key = key.clone()));
        let unlocked = booted(|root| (root.verified_boot_key, root.device_locked) = (key, 0));
        assert_eq!(denied(&bench::remote(), unlocked), ["bootloader_unlocked"]);
    }
}

#[test]
fn a16_an_owners_system_counts_where_its_key_is_listed() {
    let key = [0x6B; 32];
    let owners = || hardware(tag::ROOT_OF_TRUST, RootOfTrustPlan::self_signed(&key).der());
    assert_eq!(denied(&bench::remote(), owners()), ["boot_state_unexpected", "boot_key_unknown"]);
    let states = BTreeSet::from([BootState::Verified, BootState::SelfSigned]);
    let listing = |listed: [u8; 32]| BTreeSet::from([listed.as_slice().into()]);
    let other = denied_under(&bench::remote(), owners(), |policy| {
        (policy.boot_states, policy.self_signed_keys) = (Some(states.clone()), Some(listing([1; 32])));
    });
    assert_eq!(other, ["boot_key_unknown"]);
    allowed_under(&bench::remote(), owners(), |policy| {
        (policy.boot_states, policy.self_signed_keys) = (Some(states), Some(listing(key)));
    });
}

#[test]
fn a17_imported_keys_are_denied() {
    for origin in [1, 2, 3, 4, 5, 255] {
        assert_eq!(denied(&bench::remote(), hardware(tag::ORIGIN, der::number(origin))), ["not_generated"]);
    }
    let absent = |plan: &mut ChainPlan| plan.description.hardware.remove(tag::ORIGIN);
    assert_eq!(denied(&bench::remote(), absent), ["not_generated"]);
}

#[test]
fn a03_keys_for_more_than_signing_are_denied() {
    for purposes in [&[][..], &[0], &[2, 7], &[7], &[2, 3, 5], &[2, 6], &[2, 4], &[2, 99]] {
        assert_eq!(denied(&bench::remote(), hardware(tag::PURPOSE, numbers(purposes))), ["purpose_unexpected"]);
    }
    for purposes in [&[2][..], &[2, 3], &[3, 2]] {
        allowed(&bench::remote(), hardware(tag::PURPOSE, numbers(purposes)));
    }
}

#[test]
fn keys_that_every_app_may_use_are_denied() {
    assert_eq!(denied(&bench::remote(), hardware(tag::ALL_APPLICATIONS, der::null())), ["shared_key"]);
    let in_software = |plan: &mut ChainPlan| plan.description.software.push(tag::ALL_APPLICATIONS, der::null());
    assert_eq!(denied(&bench::remote(), in_software), ["shared_key"]);
}

#[test]
fn a18_old_versions_of_the_app_are_denied() {
    let policy = |policy: &mut bonafide::appraisal::KeyAttestationPolicy| {
        policy.min_version_codes.insert(bench::PACKAGE.to_owned(), 7);
    };
    let version = |version: u64| {
        move |plan: &mut ChainPlan| plan.change_app(|app| app.packages = vec![(bench::PACKAGE.to_owned(), version)])
    };
    assert_eq!(denied_under(&bench::remote(), version(6), policy), ["app_outdated"]);
    allowed_under(&bench::remote(), version(7), policy);
}

const AGES: PatchAges = PatchAges { os: Some(6), vendor: Some(6), boot: Some(6) };

#[test]
fn a19_what_is_no_date_is_no_patch_level() {
    for (tag, levels) in [
        (tag::OS_PATCH_LEVEL, &[0, 1, 202_413, 202_600, 20_241_301, 2026, u64::MAX][..]),
        (tag::VENDOR_PATCH_LEVEL, &[0, 20_241_301, 20_260_032, 20_260_900, 2026]),
        (tag::BOOT_PATCH_LEVEL, &[0, 20_241_301, 20_260_032, 20_260_900, 2026]),
    ] {
        for level in levels {
            let stated = hardware(tag, der::number(*level));
            let reasons = denied_under(&bench::remote(), stated, |policy| policy.max_patch_age = AGES);
            assert_eq!(reasons, ["patch_unknown"], "{level}");
        }
        let absent = |plan: &mut ChainPlan| plan.description.hardware.remove(tag);
        assert_eq!(denied_under(&bench::remote(), absent, |policy| policy.max_patch_age = AGES), ["patch_unknown"]);
    }
}

/// The laboratory's time is the 21st of September 2026.
#[test]
fn a19_patch_levels_are_dates_in_either_form() {
    for (tag, code) in [
        (tag::OS_PATCH_LEVEL, "os_patch_old"),
        (tag::VENDOR_PATCH_LEVEL, "vendor_patch_old"),
        (tag::BOOT_PATCH_LEVEL, "boot_patch_old"),
    ] {
        for recent in [202_609, 202_604, 20_260_901, 20_260_321, 202_611] {
            let stated = hardware(tag, der::number(recent));
            allowed_under(&bench::remote(), stated, |policy| policy.max_patch_age = AGES);
        }
        for old in [202_603, 202_401, 20_240_101, 20_230_101, 20_260_320] {
            let stated = hardware(tag, der::number(old));
            let reasons = denied_under(&bench::remote(), stated, |policy| policy.max_patch_age = AGES);
            assert_eq!(reasons, [code], "{old}");
        }
        for ahead in [202_612, 999_912, 20_270_101] {
            assert_eq!(denied(&bench::remote(), hardware(tag, der::number(ahead))), ["patch_implausible"], "{ahead}");
        }
    }
}

#[test]
fn a28_models_are_refused_by_the_name_that_they_attest() {
    let model = || hardware(tag::ID_MODEL, der::octets(b"Leaky 3"));
    allowed(&bench::remote(), model());
    let refused = |policy: &mut bonafide::appraisal::KeyAttestationPolicy| {
        policy.refused_models.insert("Leaky 3".to_owned());
    };
    assert_eq!(denied_under(&bench::remote(), model(), refused), ["model_refused"]);
    let in_software = |plan: &mut ChainPlan| plan.description.software.push(tag::ID_MODEL, der::octets(b"Leaky 3"));
    allowed_under(&bench::remote(), in_software, refused);
}

#[test]
fn a29_verified_and_unlocked_is_denied() {
    for phone in bench::phones() {
        assert_eq!(denied(&phone, booted(|root| root.device_locked = 0)), ["bootloader_unlocked"]);
        allowed(&phone, booted(|root| root.device_locked = 1));
    }
}

#[test]
fn a08_factories_can_be_left_out() {
    for phone in bench::factories() {
        let reasons = denied_under(&phone, |_| (), |policy| policy.remote_provisioning = true);
        assert_eq!(reasons, ["not_remotely_provisioned"]);
    }
    for phone in bench::remotes() {
        allowed_under(&phone, |_| (), |policy| policy.remote_provisioning = true);
    }
    let droid_by_name = bench::factory().profile().clone().provisioned(Provisioning::Factory);
    let mixed = |plan: &mut ChainPlan| plan.attestation.certificate.extensions.push(provisioning_info(vec![0xA0]));
    let reasons = denied_under(&bench::phone(droid_by_name), mixed, |policy| policy.remote_provisioning = true);
    assert_eq!(reasons, ["not_remotely_provisioned"], "signs of both kinds are signs of neither");
}

fn informed(cbor: &'static [u8]) -> impl FnOnce(&mut ChainPlan) {
    move |plan| plan.attestation.certificate.put(provisioning_info(cbor.to_vec()))
}

#[test]
fn a08_devices_that_attest_too_often_can_be_left_out() {
    let few = |policy: &mut bonafide::appraisal::KeyAttestationPolicy| policy.max_certificates_issued = Some(100);
    allowed_under(&bench::remote(), informed(&[0xA1, 1, 0x18, 100]), few);
    assert_eq!(denied_under(&bench::remote(), informed(&[0xA1, 1, 0x18, 101]), few), ["farmed"]);
}

#[test]
fn provisioning_info_that_cannot_be_read_refuses_nobody() {
    for cbor in [&[][..], &[0xA1], &[0xFF; 40], &[0xA1, 1, 0x20], &[0xBF, 0xFF], &[0xA1, 6, 0], &[0x81; 500]] {
        let facts = bench::accepted(&bench::remote(), informed(cbor));
        assert!(facts.claims.remote.is_none_or(|remote| !remote.reported_lost));
    }
    assert_eq!(denied(&bench::remote(), informed(&[0xA1, 6, 0xF5])), ["device_lost"]);
    allowed(&bench::remote(), informed(&[0xA3, 1, 0x18, 32, 2, 0xF5, 3, 0x66, b'G', b'o', b'o', b'g', b'l', b'e']));
}

/// A name says what it says as a whole: a longer one is no level at all.
#[test]
fn a13_titles_are_whole_words() {
    let titled = |title: &'static str| {
        move |plan: &mut ChainPlan| {
            let Name(attributes) = &mut plan.attestation.certificate.subject;
            attributes.retain(|(id, _)| *id != TITLE);
            attributes.push((TITLE, der::text(title)));
            plan.leaf.certificate.issuer = plan.attestation.certificate.subject.clone();
        }
    };
    assert_eq!(denied(&bench::factory(), titled("StrongBox")), ["level_not_of_chain"]);
    assert_eq!(bench::accepted(&bench::factory(), titled("StrongBoxes")).claims.chain_level, None);
}
