//! What an Android phone sends to prove itself: a key, a token, or both.

use bonafide::appraisal::{Aspect, Concern, Mode, OwnCode, OwnRule, Percent, Remedy, Restraint};
use bonafide::config::Config;
use bonafide::crypto::digest::sha256;
use bonafide::evidence::claims::play_integrity::TokenKind;
use bonafide::grpc::proto::{AppAttestEvidence, AttestRequest, Decision, Evidence, Purpose, evidence};
use bonafide::lab::key_attestation::{LabAndroid, Profile, RootOfTrustPlan};
use bonafide::lab::play_integrity::PayloadPlan;
use serde_json::json;
use tonic::Code;
use tonic_types::StatusExt;

use crate::harness::{
    Harness, START, assert_allowed, assert_denied, attest_request, chain, integrity, key, phone, said,
};

type Change = fn(&mut PayloadPlan);

fn unlocked() -> LabAndroid {
    let profile = Profile { root_of_trust: RootOfTrustPlan::unlocked(), ..Profile::remote(START) };
    phone().with_profile(profile).expect("a phone")
}

/// The chain and a token, as one call.
fn both(data: &[u8], chain: &[Vec<u8>], token: &str) -> AttestRequest {
    attest_request("both", data, vec![key(chain), integrity(token)])
}

#[tokio::test]
async fn a_key_alone_enrols_where_no_token_is_asked_for() {
    let service = Harness::start().await;
    let (request, _) = service.enrolment("key", &phone()).await;
    let verdict = service.attest(request.clone()).await;
    assert_allowed(&verdict);
    assert_eq!((verdict.instance.len(), verdict.session_sha256.len()), (43, 0));
    assert_allowed(&service.check("key", &verdict.instance).await);
    let again = service.attest(request).await;
    assert_eq!(again, verdict, "the same evidence");
}

#[tokio::test]
async fn a_key_and_a_token_are_one_verdict_in_either_order() {
    let service = Harness::start().await;
    for turned in [false, true] {
        let (mut request, token) = service.enrolment("both", &phone()).await;
        if turned {
            request.evidence.reverse();
        }
        let verdict = service.attest(request.clone()).await;
        assert_allowed(&verdict);
        assert_eq!(service.attest(request).await, verdict, "the same evidence");
        assert_allowed(&service.check("both", &verdict.instance).await);
        assert_eq!(service.world.decodes(&token), (1, 1));
    }
}

#[tokio::test]
async fn a_token_alone_speaks_of_a_session() {
    let service = Harness::start().await;
    let data = service.challenge("token", Purpose::Attest, b"session 1").await;
    let token = service.world.token(&data);
    let request = attest_request("token", &data, vec![integrity(&token)]);
    let refused = service.attestation().attest(request.clone()).await.expect_err("no session");
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(service.world.decodes(&token), (0, 0));
    let request = AttestRequest { session: b"session 1".to_vec().into(), ..request };
    let request = AttestRequest { idempotency_key: "call 1".to_owned(), ..request };
    let verdict = service.attest(request.clone()).await;
    assert_allowed(&verdict);
    assert_eq!((verdict.instance.as_str(), &verdict.session_sha256[..]), ("", &sha256(b"session 1")[..]));
    assert_eq!(service.attest(request.clone()).await, verdict, "a retry of the named call");
    let unnamed = AttestRequest { idempotency_key: String::new(), ..request };
    assert_denied(&service.attest(unnamed.clone()).await, &["challenge_replayed"]);
    let other = AttestRequest { session: b"session 2".to_vec().into(), ..unnamed };
    assert_denied(&service.attest(other).await, &["challenge_for_other_session"]);
    assert_eq!(service.world.decodes(&token), (1, 1));
}

#[tokio::test]
async fn c10_what_is_not_sent_is_missed() {
    let service = Harness::start().await;
    for app in ["both", "token"] {
        let data = service.challenge(app, Purpose::Attest, b"").await;
        let verdict = service.attest(attest_request(app, &data, vec![key(&chain(&phone(), &data))])).await;
        assert_denied(&verdict, &["lab_anchor", "play_integrity_absent"]);
    }
    for app in ["both", "key"] {
        let data = service.challenge(app, Purpose::Attest, b"s").await;
        let token = service.world.token(&data);
        let request = attest_request(app, &data, vec![integrity(&token)]);
        let verdict = service.attest(AttestRequest { session: b"s".to_vec().into(), ..request }).await;
        assert_denied(&verdict, &["key_attestation_absent"]);
        assert_eq!((verdict.instance.as_str(), service.world.decodes(&token)), ("", (0, 0)));
    }
}

#[tokio::test]
async fn a_verdict_names_every_reason_of_both_pieces() {
    let service = Harness::start().await;
    let data = service.challenge("both", Purpose::Attest, b"").await;
    let unlocked = unlocked();
    let weak = |plan: &mut PayloadPlan| plan.device_labels = Some(json!([]));
    let classic = service.world.classic_with(&data, weak);
    let bad_key = ["key_attestation_boot_state_unexpected", "key_attestation_bootloader_unlocked"];
    let verdict = service.attest(both(&data, &chain(&unlocked, &data), &classic)).await;
    let codes = [&["lab_anchor"], &bad_key[..], &["play_integrity_device_label_missing"]].concat();
    assert_denied(&verdict, &codes);
    // A chain over other client data, and a token of them.
    let data = service.challenge("both", Purpose::Attest, b"").await;
    let stale = service.world.classic_with(b"other", |_| ());
    let verdict = service.attest(both(&data, &chain(&phone(), b"other"), &stale)).await;
    assert_denied(&verdict, &["key_attestation_challenge_mismatch", "play_integrity_binding_mismatch"]);
}

#[tokio::test]
async fn a_bad_key_does_not_hide_what_is_wrong_with_its_token() {
    let service = Harness::start().await;
    let data = service.challenge("both", Purpose::Attest, b"").await;
    let weak = service.world.classic_with(&data, |plan| plan.device_labels = Some(json!([])));
    let verdict = service.attest(both(&data, &chain(&phone(), b"other"), &weak)).await;
    let codes = ["key_attestation_challenge_mismatch", "lab_anchor", "play_integrity_device_label_missing"];
    assert_denied(&verdict, &codes);
    let good = service.world.classic_with(&data, |_| ());
    let verdict = service.attest(both(&data, &chain(&phone(), b"other"), &good)).await;
    assert_denied(&verdict, &["key_attestation_challenge_mismatch", "lab_anchor"]);
}

#[tokio::test]
async fn c17_google_is_asked_about_nothing_beside_a_bad_key() {
    let service = Harness::start().await;
    let data = service.challenge("both", Purpose::Attest, b"").await;
    let token = service.world.token(&data);
    let unlocked = both(&data, &chain(&unlocked(), &data), &token);
    let bad_key = ["key_attestation_boot_state_unexpected", "key_attestation_bootloader_unlocked"];
    let codes = [&["lab_anchor"], &bad_key[..], &["play_integrity_absent"]].concat();
    assert_denied(&service.attest(unlocked).await, &codes);
    assert_eq!(service.world.decodes(&token), (0, 0));
    let data = service.challenge("both", Purpose::Attest, b"").await;
    let token = service.world.token(&data);
    let foreign = both(&data, &chain(&phone(), b"other"), &token);
    assert_denied(&service.attest(foreign).await, &["key_attestation_challenge_mismatch"]);
    let junk = both(&data, &chain(&phone(), b"other"), "junk");
    assert_denied(&service.attest(junk).await, &["key_attestation_challenge_mismatch", "play_integrity_token_form"]);
    assert_eq!(service.world.decodes(&token), (0, 0));
    let good = both(&data, &chain(&phone(), &data), &token);
    assert_allowed(&service.attest(good).await);
    assert_eq!(service.world.decodes(&token), (1, 1), "neither token nor challenge were spent");
}

/// A rule that finds every phone with a key.
fn against_keys() -> OwnRule {
    OwnRule {
        code: OwnCode::of("no_phone").expect("a name"),
        when: "key_attestation.bootloader_locked".parse().expect("an expression"),
        tier: Concern::Contraindicated,
        effect: Aspect::Configuration,
        remedy: Remedy::None,
        text: "found".to_owned(),
        mode: Mode::Enforce,
        percent: Percent::ALL,
    }
}

#[tokio::test]
async fn c17_a_key_that_the_policy_denies_is_enrolled_without_its_token() {
    let strict = |config: &mut Config| {
        for app in &mut config.verifier.apps {
            app.own_rules = vec![against_keys()];
            app.decisions.contraindicated = Restraint::StepUp;
        }
    };
    let service = Harness::start_with(strict).await;
    let mut enrolled = Vec::new();
    for (app, more) in [("both", &["play_integrity_absent"][..]), ("key", &[])] {
        let (phone, data) = (phone(), service.challenge(app, Purpose::Attest, b"").await);
        let token = service.world.token_with(&data, |plan| plan.device_labels = Some(json!([])));
        let request = attest_request(app, &data, vec![key(&chain(&phone, &data)), integrity(&token)]);
        let verdict = service.attest(request.clone()).await;
        let codes = [&["lab_anchor"], more, &["custom_no_phone"]].concat();
        assert_eq!(said(&verdict), (Decision::StepUp, codes), "the threshold decides");
        assert_eq!((verdict.instance.len(), service.world.decodes(&token)), (43, (0, 0)));
        assert_eq!(service.attest(request).await.instance, verdict.instance, "the same evidence");
        enrolled.push((phone, verdict.instance));
    }
    let service = service.restart_with(|_| ()).await;
    service.until_told("bonafide_status_list_entries 4.0").await;
    let [(phone, both), (_, alone)] = &enrolled[..] else { panic!("{}", enrolled.len()) };
    assert_allowed(&service.check("key", alone).await);
    assert_denied(&service.check("both", both).await, &["lab_anchor", "play_integrity_absent"]);
    for (count, labels, reason) in [(1, Some(json!([])), "play_integrity_device_label_missing"), (2, None, "")] {
        let mut request = service.signed("both", both, phone, count).await;
        request.integrity_token = service.world.token_with(&request.client_data, |plan| {
            plan.device_labels = labels.or(plan.device_labels.take());
        });
        match (service.assert(request).await, reason) {
            (verdict, "") => assert_allowed(&verdict),
            (verdict, reason) => assert_denied(&verdict, &["lab_anchor", reason]),
        }
    }
}

#[tokio::test]
async fn c06_a_token_of_another_action_is_refused() {
    let service = Harness::start().await;
    let (data, other) =
        (service.challenge("both", Purpose::Attest, b"").await, service.challenge("both", Purpose::Attest, b"").await);
    let token = service.world.token(&other);
    let verdict = service.attest(both(&data, &chain(&phone(), &data), &token)).await;
    assert_denied(&verdict, &["lab_anchor", "play_integrity_binding_mismatch"]);
    let verdict = service.attest(both(&other, &chain(&phone(), &other), &token)).await;
    assert_denied(&verdict, &["lab_anchor", "play_integrity_token_replayed"]);
    assert_eq!(service.world.decodes(&token), (1, 1));
}

#[tokio::test]
async fn c07_a_verdict_on_another_app_is_refused() {
    let service = Harness::start().await;
    let data = service.challenge("both", Purpose::Attest, b"").await;
    let cases: [(Change, &str); 3] = [
        (|plan| plan.package_name = Some(json!("com.example.other")), "play_integrity_app_mismatch"),
        (
            |plan| plan.request_package_name = Some(json!("com.example.other")),
            "play_integrity_request_package_mismatch",
        ),
        (
            |plan| plan.signers = Some(json!(["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])),
            "play_integrity_signer_mismatch",
        ),
    ];
    for (change, code) in cases {
        let token = service.world.token_with(&data, change);
        let verdict = service.attest(both(&data, &chain(&phone(), &data), &token)).await;
        assert_denied(&verdict, &["lab_anchor", code]);
    }
    // Google has no such token for this package.
    let payload = serde_json::from_slice(&service.world.payload(TokenKind::Standard, &data, |_| ()));
    let elsewhere = service.world.google.mint("com.example.other", payload.expect("JSON")).expect("a token");
    let verdict = service.attest(both(&data, &chain(&phone(), &data), &elsewhere)).await;
    assert_denied(&verdict, &["lab_anchor", "play_integrity_token_not_decodable"]);
    assert_eq!(service.world.decodes(&elsewhere), (1, 0));
}

#[tokio::test]
async fn c09_a_clean_phones_token_does_not_serve_another_phones_key() {
    let service = Harness::start().await;
    let (clean, bot) = (phone(), phone());
    let data = service.challenge("both", Purpose::Attest, b"").await;
    let token = service.world.token(&data);
    let request = both(&data, &chain(&clean, &data), &token);
    let verdict = service.attest(request).await;
    assert_allowed(&verdict);
    let relayed = both(&data, &chain(&bot, &data), &token);
    assert_denied(&service.attest(relayed).await, &["lab_anchor", "play_integrity_token_replayed"]);
    let request = service.signed("both", &verdict.instance, &bot, 1).await;
    assert_denied(&service.assert(request).await, &["key_attestation_signature_invalid"]);
    assert_eq!(service.world.decodes(&token), (1, 1));
}

#[tokio::test]
async fn every_field_of_the_evidence_is_checked() {
    let service = Harness::start().await;
    let apple = AppAttestEvidence { attestation_object: vec![1].into(), key_id: vec![0; 32].into() };
    let apple = Evidence { format: Some(evidence::Format::AppAttest(apple)) };
    let chain = |sizes: &[usize]| key(&sizes.iter().map(|size| vec![0x30; *size]).collect::<Vec<_>>());
    let (good, token) = (chain(&[1, 1]), integrity("token"));
    const CHAIN: &str = "evidence.key_attestation.certificate_chain";
    const TOKEN: &str = "evidence.play_integrity.token";
    for (field, pieces) in [
        ("evidence", vec![apple.clone(), good.clone()]),
        ("evidence", vec![apple.clone(), token.clone()]),
        ("evidence", vec![good.clone(), token.clone(), apple]),
        ("evidence", vec![good.clone(), good.clone()]),
        ("evidence", vec![token.clone(), token.clone()]),
        ("evidence", vec![good.clone(), token, good.clone()]),
        ("evidence", vec![good.clone(), Evidence { format: None }]),
        (CHAIN, vec![chain(&[])]),
        (CHAIN, vec![chain(&[1])]),
        (CHAIN, vec![chain(&[1; 11])]),
        (CHAIN, vec![chain(&[1, 0])]),
        (CHAIN, vec![chain(&[1, 8193])]),
        (CHAIN, vec![chain(&[8192, 8192, 8192, 8192, 1])]),
        (TOKEN, vec![integrity("")]),
        (TOKEN, vec![good, integrity(&"x".repeat(16 * 1024 + 1))]),
    ] {
        let refused = service.attestation().attest(attest_request("both", b"x", pieces)).await.expect_err("refused");
        assert_eq!(refused.code(), Code::InvalidArgument, "{field}");
        let details = refused.get_error_details();
        let violations = &details.bad_request().expect("details").field_violations;
        assert_eq!(violations.iter().map(|violation| violation.field.as_str()).collect::<Vec<_>>(), [field]);
    }
}
