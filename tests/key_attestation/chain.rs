//! Certificates: who signed, who may sign, and in which order.

use std::time::Duration;

use bonafide::evidence::claims::Provisioning;
use bonafide::evidence::key_attestation::{Expectation, IssuerRules};
use bonafide::lab::certificate::{BASIC_CONSTRAINTS, CertificatePlan, Extension, KEY_USAGE, Name};
use bonafide::lab::der::{self, Oid};
use bonafide::lab::key::{LabKey, SignedHash};
use bonafide::lab::key_attestation::{
    ChainPlan, KeyAttestationLab, LabAndroid, LinkPlan, Names, Profile, provisioning_info,
};

use crate::bench::{self, NOW, accepted, refused};

const UNTRUSTED: &str = "key_attestation_untrusted_chain";
const COUNT: &str = "key_attestation_certificate_count";
const MALFORMED: &str = "key_attestation_certificate_malformed";
const CRITICAL: &str = "key_attestation_extension_critical";
const UNFIT: &str = "key_attestation_issuer_unfit";
const DUPLICATE: &str = "key_attestation_extension_repeated";

/// An extension that nobody knows.
const UNKNOWN: Oid = &[1, 3, 6, 1, 4, 1, 99_999, 1];
const DIGITAL_SIGNATURE: [u8; 2] = [0x07, 0x80];

fn stranger() -> LabKey {
    LabKey::p256(&[9; 32], "stranger").expect("a key")
}

fn highest(plan: &mut ChainPlan) -> &mut LinkPlan {
    plan.intermediates.last_mut().unwrap_or(&mut plan.attestation)
}

fn leaf(plan: &mut ChainPlan) -> &mut LinkPlan {
    &mut plan.leaf
}

fn attestation(plan: &mut ChainPlan) -> &mut LinkPlan {
    &mut plan.attestation
}

/// Where in a chain a fault may be.
type Place = fn(&mut ChainPlan) -> &mut LinkPlan;

fn of(lab: &KeyAttestationLab, profile: Profile) -> LabAndroid {
    let phone = lab.device_from_seed(&[2; 32], &bench::app()).expect("a phone");
    phone.with_profile(profile).expect("a phone")
}

#[test]
fn genuine_chains_pass_with_their_root_and_without() {
    for phone in bench::phones() {
        let with = accepted(&phone, |_| ());
        let without = accepted(&phone, |plan| plan.root = None);
        assert_eq!(with.claims, without.claims);
    }
}

#[test]
fn a05_an_authority_with_googles_exact_names_is_not_google() {
    for names in [Names::GoogleRsa, Names::GoogleP384, Names::Lab] {
        let lab = KeyAttestationLab::from_seed(&[3; 32], names, NOW).expect("a lab");
        for profile in [Profile::remote(NOW), Profile::factory(NOW)] {
            let phone = of(&lab, profile);
            assert_eq!(refused(&phone, |_| ()), UNTRUSTED);
            assert_eq!(refused(&phone, |plan| plan.root = None), UNTRUSTED);
            assert_eq!(refused(&phone, |plan| plan.root = Some(bench::lab().root_der().to_vec())), UNTRUSTED);
        }
    }
}

#[test]
fn a05_what_a_client_calls_a_root_is_none() {
    for phone in bench::phones() {
        let replaced = |plan: &mut ChainPlan| {
            let key = stranger();
            let link = highest(plan);
            link.certificate.spki = key.spki().expect("a key");
            link.certificate.issuer = link.certificate.subject.clone();
            link.key = key;
            plan.root = None;
        };
        assert_eq!(refused(&phone, replaced), UNTRUSTED);
    }
}

#[test]
fn a06_genuine_shapes_need_the_genuine_root() {
    for phone in bench::phones() {
        let attested = phone.attest(&bench::challenge()).expect("forged");
        assert_eq!(bench::outcome_under_google(&attested.chain), UNTRUSTED);
    }
}

#[test]
fn a07_the_root_of_software_is_none() {
    let lab = KeyAttestationLab::from_seed(&[3; 32], Names::AndroidSoftware, NOW).expect("a lab");
    assert_eq!(refused(&of(&lab, Profile::emulator(NOW)), |_| ()), UNTRUSTED);
}

#[test]
fn wrong_signature() {
    for phone in bench::phones() {
        assert_eq!(refused(&phone, |plan| plan.attestation.key = stranger()), UNTRUSTED);
        assert_eq!(refused(&phone, |plan| highest(plan).key = stranger()), UNTRUSTED);
    }
}

#[test]
fn wrong_issuer_and_wrong_subject() {
    let other = || Name::google("Droid CA9");
    for phone in bench::phones() {
        assert_eq!(refused(&phone, |plan| plan.leaf.certificate.issuer = other()), UNTRUSTED);
        assert_eq!(refused(&phone, |plan| plan.attestation.certificate.issuer = other()), UNTRUSTED);
        assert_eq!(refused(&phone, |plan| plan.attestation.certificate.subject = other()), UNTRUSTED);
        assert_eq!(refused(&phone, |plan| highest(plan).certificate.issuer = other()), UNTRUSTED);
    }
}

#[test]
fn certificates_stand_in_one_order() {
    for phone in bench::phones() {
        let rearranged = |rearrange: fn(&mut Vec<Vec<u8>>)| refused(&phone, |plan| plan.rearrange = rearrange);
        assert_eq!(rearranged(Vec::clear), COUNT);
        assert_eq!(rearranged(|chain| chain.truncate(1)), COUNT);
        assert_eq!(rearranged(|chain| chain.resize(11, chain[1].clone())), COUNT);
        for rearrange in [
            (|chain| chain.reverse()) as fn(&mut Vec<Vec<u8>>),
            |chain| chain.swap(0, 1),
            |chain| drop(chain.remove(1)),
            |chain| chain.insert(1, chain[1].clone()),
            |chain| chain.push(chain[1].clone()),
            |chain| chain.push(chain[chain.len() - 1].clone()),
        ] {
            assert_eq!(bench::code(&phone, |plan| plan.rearrange = rearrange), UNTRUSTED);
        }
    }
}

#[test]
fn e04_certificates_are_read_to_their_last_byte() {
    for phone in bench::phones() {
        for place in 0..phone.attest(&bench::challenge()).expect("forged").chain.len() {
            let mut chain = phone.attest(&bench::challenge()).expect("forged").chain;
            chain[place].push(0);
            assert_eq!(bench::outcome(&chain), MALFORMED, "{place}");
            chain[place].truncate(40);
            assert_eq!(bench::outcome(&chain), MALFORMED, "{place}");
        }
    }
}

#[test]
fn e10_weak_algorithms_and_false_names_of_algorithms_are_refused() {
    for place in [leaf as Place, highest] {
        let change =
            |change: fn(&mut CertificatePlan)| move |plan: &mut ChainPlan| change(&mut place(plan).certificate);
        let named = |hash: SignedHash| der::sequence(&[&der::oid(hash.ecdsa())]);
        assert_eq!(refused(&bench::remote(), change(|plan| plan.hash = SignedHash::Sha1)), UNTRUSTED);
        accepted(&bench::remote(), change(|plan| plan.hash = SignedHash::Sha384));
        let [right, wrong] = [SignedHash::Sha256, SignedHash::Sha384].map(named);
        for algorithms in [[right.clone(), wrong.clone()], [wrong.clone(), right.clone()], [wrong.clone(), wrong]] {
            let lie = |plan: &mut ChainPlan| place(plan).certificate.algorithms = Some(algorithms);
            assert_eq!(refused(&bench::remote(), lie), UNTRUSTED);
        }
        let with_null = || der::sequence(&[&der::oid(SignedHash::Sha256.ecdsa()), &der::null()]);
        accepted(&bench::remote(), |plan| place(plan).certificate.algorithms = Some([with_null(), with_null()]));
    }
}

#[test]
fn a04_intermediates_must_be_authorities() {
    for phone in bench::phones().into_iter().take(4) {
        for change in [
            (|plan: &mut ChainPlan| highest(plan).certificate.put(Extension::no_authority())) as fn(&mut ChainPlan),
            |plan| highest(plan).certificate.remove(BASIC_CONSTRAINTS),
            |plan| highest(plan).certificate.put(Extension::authority(Some(0))),
            |plan| highest(plan).certificate.put(Extension::key_usage(DIGITAL_SIGNATURE)),
        ] {
            assert_eq!(refused(&phone, change), UNFIT);
        }
        accepted(&phone, |plan| highest(plan).certificate.remove(KEY_USAGE));
    }
}

/// Genuine phones of Sony: the attestation certificate of a factory is marked as no CA.
#[test]
fn a04_the_attestation_certificate_of_a_factory_may_be_no_authority() {
    let as_sony = |plan: &mut ChainPlan| {
        plan.attestation.certificate.put(Extension::no_authority());
        plan.attestation.certificate.put(Extension::key_usage(DIGITAL_SIGNATURE));
    };
    let challenge = bench::challenge();
    let strict = Expectation { issuers: IssuerRules::Strict, ..bench::expectation(&challenge) };
    for phone in bench::factories() {
        accepted(&phone, as_sony);
        let chain = phone.attest_with(&challenge, as_sony).expect("forged").chain;
        assert_eq!(bench::verify_as(&chain, strict, NOW).expect_err("no authority").code(), UNFIT);
    }
    for phone in bench::remotes() {
        assert_eq!(refused(&phone, as_sony), UNFIT);
    }
}

/// Marks of both kinds: the strict rules of the one apply, and not the leniency of the other.
#[test]
fn a24_a_chain_of_two_kinds_is_judged_strictly() {
    let droid = |plan: &mut ChainPlan| {
        let name = Name::google("Droid CA2");
        plan.attestation.certificate.issuer = name.clone();
        highest(plan).certificate.subject = name;
    };
    let informed = |plan: &mut ChainPlan| plan.attestation.certificate.extensions.push(provisioning_info(vec![0xA0]));
    for mixed in [droid as fn(&mut ChainPlan), informed] {
        strict(&bench::factory(), mixed);
    }
    let factory_like = |plan: &mut ChainPlan| {
        let name = Name::factory("5e", Some("TEE"));
        plan.intermediates[0].certificate.issuer = name.clone();
        plan.intermediates[1].certificate.subject = name;
    };
    strict(&bench::remote(), factory_like);
}

fn strict(phone: &LabAndroid, mixed: fn(&mut ChainPlan)) {
    let facts = accepted(phone, mixed);
    assert_eq!(facts.claims.provisioning, Provisioning::Conflicting);
    let old = |plan: &mut ChainPlan| {
        mixed(plan);
        plan.attestation.certificate.validity.not_after = NOW.minus(Duration::from_secs(1));
    };
    assert_eq!(refused(phone, old), "key_attestation_certificate_expired");
    let unfit = |plan: &mut ChainPlan| {
        mixed(plan);
        plan.attestation.certificate.put(Extension::no_authority());
    };
    assert_eq!(refused(phone, unfit), UNFIT);
}

/// No mark at all is no better: nothing is forgiven.
#[test]
fn a24_a_chain_of_no_known_kind_is_judged_strictly() {
    let nameless = |plan: &mut ChainPlan| {
        for (at, link) in [&mut plan.attestation].into_iter().chain(&mut plan.intermediates).enumerate() {
            link.certificate.subject = Name::only(&format!("CA {at}"));
        }
        plan.leaf.certificate.issuer = Name::only("CA 0");
        plan.attestation.certificate.issuer = Name::only("CA 1");
    };
    assert_eq!(accepted(&bench::factory(), nameless).claims.provisioning, Provisioning::Unknown);
    let old = |plan: &mut ChainPlan| {
        nameless(plan);
        plan.attestation.certificate.validity.not_after = NOW.minus(Duration::from_secs(1));
    };
    assert_eq!(refused(&bench::factory(), old), "key_attestation_certificate_expired");
}

#[test]
fn extensions_that_nobody_knows_are_refused_where_they_are_critical() {
    for phone in bench::phones() {
        for place in [leaf as Place, attestation, highest] {
            let value = || der::octets(b"unknown");
            let with = |extension: Extension| move |plan: &mut ChainPlan| place(plan).certificate.put(extension);
            accepted(&phone, with(Extension::plain(UNKNOWN, value())));
            assert_eq!(refused(&phone, with(Extension::critical(UNKNOWN, value()))), CRITICAL);
            let twice = |plan: &mut ChainPlan| {
                let extension = Extension::plain(UNKNOWN, value());
                place(plan).certificate.extensions.extend([extension.clone(), extension]);
            };
            assert_eq!(refused(&phone, twice), DUPLICATE);
        }
    }
}

/// Certificates alike in every name, as many as may come: each is looked at once.
#[test]
fn e07_there_is_no_search_for_a_path() {
    let crowd = |plan: &mut ChainPlan| {
        for _ in 0..5 {
            plan.intermediates.insert(0, plan.intermediates[0].clone());
        }
        plan.root = None;
    };
    assert_eq!(refused(&bench::factory(), crowd), UNTRUSTED);
}
