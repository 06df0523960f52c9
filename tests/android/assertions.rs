//! An enrolled phone signs requests, now and then with a fresh token beside.

use bonafide::crypto::digest::sha256;
use bonafide::evidence::app_attest::AppId;
use bonafide::evidence::claims::Environment;
use bonafide::evidence::signed_request::SignedRequest;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::verdict_service_client::VerdictServiceClient;
use bonafide::grpc::proto::{
    AppAttestEvidence, AssertRequest, CheckVerdictRequest, Decision, Evidence, FreshAssertion, KeyAssertion, Purpose,
    RequestContext, assert_request as message, evidence, fresh_assertion,
};
use bonafide::lab::app_attest::AppAttestLab;
use bonafide::lab::client_data::ClientDataPlan;
use bonafide::lab::play_integrity::PayloadPlan;
use bonafide::verifier::AppAttestConfig;
use serde_json::json;
use tonic::Code;

use crate::harness::{Harness, START, assert_allowed, assert_denied, assert_request, attest_request, phone, said};

#[tokio::test]
async fn strict_counts_go_up_and_a_window_takes_late_ones_once() {
    let service = Harness::start().await;
    for (app, late) in [("both", vec!["sign_count_replayed"]), ("key", vec!["lab_anchor"])] {
        let phone = phone();
        let instance = service.enrolled(app, &phone).await;
        for count in [1, 5] {
            let verdict = service.assert(service.signed(app, &instance, &phone, count).await).await;
            assert_allowed(&verdict);
            assert_eq!(verdict.instance, instance);
        }
        let decision = if app == "key" { Decision::Allow } else { Decision::Deny };
        let verdict = service.assert(service.signed(app, &instance, &phone, 3).await).await;
        assert_eq!(said(&verdict), (decision, late), "{app}");
        for seen in [3, 5] {
            let verdict = service.assert(service.signed(app, &instance, &phone, seen).await).await;
            assert_denied(&verdict, &["sign_count_replayed"]);
        }
        let zero = service.signed(app, &instance, &phone, 0).await;
        assert_denied(&service.assert(zero).await, &["key_attestation_sign_count_zero"]);
        assert_allowed(&service.assert(service.signed(app, &instance, &phone, 70).await).await);
        let code = if app == "key" { "sign_count_too_late" } else { "sign_count_replayed" };
        assert_denied(&service.assert(service.signed(app, &instance, &phone, 6).await).await, &[code]);
    }
}

#[tokio::test]
async fn an_instance_is_named_by_its_key_as_well() {
    let service = Harness::start().await;
    let phone = phone();
    let instance = service.enrolled("key", &phone).await;
    let request = service.signed("key", &instance, &phone, 1).await;
    let key_id = phone.public_key().key_id().0.to_vec();
    let by_key = AssertRequest { signer: Some(message::Signer::KeyId(key_id.into())), ..request };
    let verdict = service.assert(by_key.clone()).await;
    assert_allowed(&verdict);
    assert_eq!(verdict.instance, instance);
    assert_denied(&service.assert(by_key).await, &["challenge_replayed"]);
    let elsewhere = service.signed("both", &instance, &phone, 2).await;
    assert_denied(&service.assert(elsewhere).await, &["instance_unknown"]);
}

#[tokio::test]
async fn b09_of_many_copies_of_one_signature_one_counts() {
    let service = Harness::start().await;
    let phone = phone();
    let instance = service.enrolled("key", &phone).await;
    let request = service.signed("key", &instance, &phone, 1).await;
    let calls = (0..100).map(|_| service.assert(request.clone()));
    let verdicts = futures_util::future::join_all(calls).await;
    let allowed = verdicts.iter().filter(|verdict| verdict.decision() == Decision::Allow).count();
    let replayed =
        verdicts.iter().filter(|verdict| said(verdict) == (Decision::Deny, vec!["challenge_replayed"])).count();
    assert_eq!((allowed, replayed), (1, 99));
}

#[tokio::test]
async fn proofs_of_one_format_are_none_of_another() {
    let service = Harness::start().await;
    let phone = phone();
    let instance = service.enrolled("key", &phone).await;
    let request = service.signed("key", &instance, &phone, 1).await;
    let proof = Some(message::Proof::Assertion(vec![0xA0].into()));
    let apple = AssertRequest { proof: proof.clone(), ..request.clone() };
    assert_denied(&service.assert(apple).await, &["format_not_taken"]);
    let token = AssertRequest { proof, integrity_token: "token".to_owned(), ..request.clone() };
    assert_eq!(service.attestation().assert(token).await.expect_err("refused").code(), Code::InvalidArgument);
    assert_allowed(&service.assert(request).await);
}

#[tokio::test]
async fn an_instance_proves_itself_as_it_was_enrolled() {
    let lab = AppAttestLab::new(START).expect("a laboratory");
    let app_id: AppId = "1234567890.com.example.shop".parse().expect("an App ID");
    let careful = AppAttestConfig::careful(vec![app_id.clone()]);
    let format = AppAttestConfig { lab_roots: vec![lab.root_der().to_vec()], ..careful };
    let service = Harness::start_with(|config| config.verifier.apps[1].app_attest = Some(format)).await;
    let mut iphone = lab.device(&app_id, Environment::Production).expect("a phone");
    let data = service.challenge("key", Purpose::Attest, b"").await;
    let attested = iphone.attest(&data).expect("attests");
    let piece =
        AppAttestEvidence { attestation_object: attested.object.into(), key_id: attested.key_id.to_vec().into() };
    let piece = Evidence { format: Some(evidence::Format::AppAttest(piece)) };
    let verdict = service.attest(attest_request("key", &data, vec![piece])).await;
    assert_allowed(&verdict);
    let android = phone();
    let signed = service.signed("key", &verdict.instance, &android, 1).await;
    assert_denied(&service.assert(signed.clone()).await, &["proof_of_other_format"]);
    let assertion = iphone.assert(&signed.client_data).expect("signs");
    let apple = AssertRequest { proof: Some(message::Proof::Assertion(assertion.into())), ..signed };
    let instance = service.enrolled("key", &android).await;
    let other = AssertRequest { signer: Some(message::Signer::Instance(instance)), ..apple.clone() };
    assert_denied(&service.assert(other).await, &["proof_of_other_format"]);
    assert_allowed(&service.assert(apple).await);
}

#[tokio::test]
async fn a_fresh_token_takes_the_place_of_the_older_one() {
    let service = Harness::start().await;
    let phone = phone();
    let instance = service.enrolled("both", &phone).await;
    let bad = ["lab_anchor", "play_integrity_device_label_missing"];
    for (count, labels) in [(1, json!([])), (3, json!(["MEETS_DEVICE_INTEGRITY"]))] {
        let request = service.signed("both", &instance, &phone, count).await;
        let token = service.world.token_with(&request.client_data, |plan| plan.device_labels = Some(labels.clone()));
        let verdict = service.assert(AssertRequest { integrity_token: token.clone(), ..request }).await;
        let later = service.signed("both", &instance, &phone, count + 1).await;
        let (checked, later) = (service.check("both", &instance).await, service.assert(later).await);
        for verdict in [&verdict, &checked, &later] {
            match count {
                1 => assert_denied(verdict, &bad),
                _ => assert_allowed(verdict),
            }
        }
        assert_eq!(service.world.decodes(&token), (1, 1));
    }
}

#[tokio::test]
async fn c06_a_fresh_token_is_one_over_the_same_client_data() {
    let service = Harness::start().await;
    let phone = phone();
    let instance = service.enrolled("both", &phone).await;
    let request = service.signed("both", &instance, &phone, 1).await;
    let token = service.world.token(b"other");
    let other = AssertRequest { integrity_token: token.clone(), ..request.clone() };
    assert_denied(&service.assert(other).await, &["play_integrity_binding_mismatch"]);
    let forged = assert_request("both", &instance, &request.client_data, &crate::harness::phone(), 1);
    let fresh = service.world.token(&request.client_data);
    let forged = AssertRequest { integrity_token: fresh.clone(), ..forged };
    assert_denied(&service.assert(forged).await, &["key_attestation_signature_invalid"]);
    assert_eq!(service.world.decodes(&fresh), (0, 0), "nothing is spent on who has not signed");
    assert_allowed(&service.assert(AssertRequest { integrity_token: fresh.clone(), ..request }).await);
    assert_eq!((service.world.decodes(&token), service.world.decodes(&fresh)), ((1, 1), (1, 1)));
}

/// Each proof brings another verdict of Google's, so that all of them but one are weighed again.
#[tokio::test]
async fn c08_a_token_is_opened_once_however_often_its_proof_is_weighed() {
    let service = Harness::start().await;
    let phone = phone();
    let instance = service.enrolled("key", &phone).await;
    let mut requests = Vec::new();
    for count in 1..=6_u32 {
        let request = service.signed("key", &instance, &phone, count).await;
        let version = |plan: &mut PayloadPlan| plan.version_code = Some(json!(count.to_string()));
        let token = service.world.token_with(&request.client_data, version);
        requests.push(AssertRequest { integrity_token: token, ..request });
    }
    let verdicts = futures_util::future::join_all(requests.iter().map(|request| service.assert(request.clone()))).await;
    for (verdict, request) in verdicts.iter().zip(&requests) {
        assert_allowed(verdict);
        assert_eq!(service.world.decodes(&request.integrity_token), (1, 1));
    }
}

#[tokio::test]
async fn a_named_call_is_answered_once() {
    let service = Harness::start().await;
    let phone = phone();
    let instance = service.enrolled("both", &phone).await;
    let request = service.signed("both", &instance, &phone, 1).await;
    let token = service.world.token(&request.client_data);
    let request = AssertRequest { integrity_token: token.clone(), idempotency_key: "call 1".to_owned(), ..request };
    let first = service.assert(request.clone()).await;
    assert_allowed(&first);
    assert_eq!(service.assert(request.clone()).await, first);
    assert_eq!(service.world.decodes(&token), (1, 1));
    let other = AssertRequest { integrity_token: String::new(), ..request };
    let refused = service.attestation().assert(other).await.expect_err("another call");
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn d01_a_challenge_serves_one_purpose_one_app_and_one_session() {
    let service = Harness::start().await;
    let phone = phone();
    let instance = service.enrolled("key", &phone).await;
    let cases = [
        ("key", Purpose::Attest, &b""[..], "challenge_for_other_purpose"),
        ("both", Purpose::Assert, b"", "challenge_for_other_app"),
        ("key", Purpose::Assert, b"s", "challenge_for_other_session"),
    ];
    for (app, purpose, session, code) in cases {
        let data = service.challenge(app, purpose, session).await;
        let request = assert_request("key", &instance, &data, &phone, 1);
        assert_denied(&service.assert(request).await, &[code]);
    }
}

#[tokio::test]
async fn a_request_that_a_key_of_android_signed_is_served_once() {
    let service = Harness::start().await;
    let phone = phone();
    let instance = service.enrolled("key", &phone).await;
    let request = SignedRequest { method: "GET", authority: "api.example.com", path: "/", body: sha256(b"") };
    let challenge = service.challenge("key", Purpose::Assert, b"").await;
    let data = ClientDataPlan::answering(&challenge).over(&request).write();
    let signature = phone.assert(&sha256(&data), 1).expect("signs").into();
    let assertion = FreshAssertion {
        client_data: data.into(),
        proof: Some(fresh_assertion::Proof::KeyAssertion(KeyAssertion { sign_count: 1, signature })),
        ..Default::default()
    };
    let check = |method: &str| CheckVerdictRequest {
        app: "key".to_owned(),
        subject: Some(Subject::Instance(instance.clone())),
        context: Some(Box::new(RequestContext {
            method: method.to_owned(),
            authority: request.authority.to_owned(),
            path: request.path.to_owned(),
            body_sha256: request.body.to_vec().into(),
            ..Default::default()
        })),
        assertion: Some(assertion.clone().into()),
        ..Default::default()
    };
    let checked = async |method: &str| {
        let answer = VerdictServiceClient::new(service.channel.clone()).check_verdict(check(method)).await;
        answer.expect("an answer").into_inner().verdict.expect("a verdict")
    };
    assert_denied(&checked("HEAD").await, &["request_mismatch"]);
    assert_allowed(&checked("GET").await);
    assert_denied(&checked("GET").await, &["challenge_replayed"]);
}
