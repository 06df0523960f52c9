//! Another configuration: nothing that rests on the earlier one is believed any longer.

use std::collections::BTreeSet;
use std::time::Duration;

use bonafide::config::Config;
use bonafide::crypto::digest::sha256;
use bonafide::evidence::claims::Anchor;
use bonafide::evidence::claims::play_integrity::SignerDigest;
use bonafide::evidence::key_attestation::FactoryExpiry;
use bonafide::grpc::proto::{AssertRequest, Decision, Purpose, Verdict};
use bonafide::lab::key_attestation::{ChainPlan, Profile};

use crate::harness::{
    Harness, START, assert_allowed, assert_denied, attest_request, each_key, each_token, key, phone, said,
};

/// Everything that was answered before is denied, with this reason wherever claims are weighed again.
async fn refused_after(change: impl Fn(&mut Config), code: &str) {
    let service = Harness::start().await;
    let phone = phone();
    let (enrolment, token) = service.enrolment("both", &phone).await;
    let verdict = service.attest(enrolment.clone()).await;
    assert_allowed(&verdict);
    let named = service.signed("both", &verdict.instance, &phone, 1).await;
    let named = AssertRequest { idempotency_key: "call 1".to_owned(), ..named };
    assert_allowed(&service.assert(named.clone()).await);
    let service = service.restart_with(change).await;
    service.until_told("bonafide_status_list_entries 4.0").await;
    let denied = |verdict: Verdict, what: &str| {
        let (decision, codes) = said(&verdict);
        assert_eq!(decision, Decision::Deny, "{what}");
        assert!(codes.contains(&code), "{what}: {verdict:?}");
    };
    denied(service.check("both", &verdict.instance).await, "a check");
    denied(service.assert(named).await, "a retry");
    let request = service.signed("both", &verdict.instance, &phone, 2).await;
    assert_eq!(service.assert(request).await.decision(), Decision::Deny, "a new proof");
    assert_eq!(service.attest(enrolment).await.decision(), Decision::Deny, "the same evidence");
    assert_eq!(service.world.decodes(&token), (1, 1));
}

#[tokio::test]
async fn a18_a_package_that_is_no_longer_named_is_refused() {
    let other =
        |config: &mut Config| each_key(config, |format| format.apps[0].package = "com.example.other".to_owned());
    refused_after(other, "package_withdrawn").await;
    let signers =
        |config: &mut Config| each_key(config, |format| format.apps[0].signers = Some(BTreeSet::from([[7; 32]])));
    refused_after(signers, "package_withdrawn").await;
}

#[tokio::test]
async fn c07_a_package_of_play_that_is_no_longer_named_is_refused() {
    let other = |config: &mut Config| each_token(config, |format| format.package_name = "com.example.other".to_owned());
    refused_after(other, "play_integrity_withdrawn").await;
    let signers = |config: &mut Config| each_token(config, |format| format.signers = vec![SignerDigest([7; 32])]);
    refused_after(signers, "play_integrity_withdrawn").await;
}

#[tokio::test]
async fn g03_laboratories_that_are_no_longer_named_vouch_for_no_phone() {
    let withdrawn = |config: &mut Config| {
        each_key(config, |format| format.lab_roots.clear());
        each_token(config, |format| {
            format.lab_keys.clear();
            format.decoder_origin = Anchor::Vendor;
        });
    };
    refused_after(withdrawn, "lab_withdrawn").await;
}

#[tokio::test]
async fn g03_a_laboratory_of_one_format_does_not_stand_in_for_another() {
    refused_after(|config| each_key(config, |format| format.lab_roots.clear()), "lab_withdrawn").await;
}

#[tokio::test]
async fn d07_a_format_that_is_no_longer_taken_is_worth_nothing() {
    let tokens = |config: &mut Config| config.verifier.apps.iter_mut().for_each(|app| app.play_integrity = None);
    refused_after(tokens, "format_withdrawn").await;
    let stricter = |config: &mut Config| each_token(config, |format| format.policy.min_version_code = Some(43));
    refused_after(stricter, "play_integrity_version_outdated").await;
}

/// A phone whose factory's certificates had expired when it enrolled.
#[tokio::test]
async fn a23_expired_factories_that_are_no_longer_taken_are_refused() {
    let service = Harness::start().await;
    let phone = phone().with_profile(Profile::factory(START)).expect("a phone");
    let data = service.challenge("key", Purpose::Attest, b"").await;
    let expired = |plan: &mut ChainPlan| {
        plan.intermediates[0].certificate.validity.not_after = START.minus(Duration::from_secs(1));
    };
    let chain = phone.attest_with(&sha256(&data), expired).expect("attests").chain;
    let verdict = service.attest(attest_request("key", &data, vec![key(&chain)])).await;
    let tolerated = ["lab_anchor", "key_attestation_factory_expired"];
    assert_eq!(said(&verdict), (Decision::Allow, tolerated.to_vec()));
    let strict = |config: &mut Config| each_key(config, |format| format.factory_expiry = FactoryExpiry::Refused);
    let service = service.restart_with(strict).await;
    service.until_told("bonafide_status_list_entries 4.0").await;
    let refused = [&tolerated[..], &["factory_expiry_withdrawn"]].concat();
    assert_denied(&service.check("key", &verdict.instance).await, &refused);
    let proof = service.signed("key", &verdict.instance, &phone, 1).await;
    assert_denied(&service.assert(proof).await, &refused);
    let in_force = service.enrolled("key", &crate::harness::phone()).await;
    assert_allowed(&service.check("key", &in_force).await);
}
