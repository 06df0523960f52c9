//! Assertions: once each, in any order where the app says so, and never again.

use std::time::Duration;

use bonafide::evidence::claims::ValidationCategory;
use bonafide::grpc::proto::{AssertRequest, Decision, Purpose, assert_request::Signer};
use bonafide::lab::app_attest::{LabDevice, RunningCode};

use crate::harness::{Harness, assert_denied, assert_request, codes};

/// Sends the requests at the same time and gives the decisions with their codes.
async fn all_at_once(service: &Harness, requests: Vec<AssertRequest>) -> Vec<(Decision, Vec<String>)> {
    let calls: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let mut client = service.attestation();
            tokio::spawn(async move { client.assert(request).await.expect("an answer").into_inner().verdict })
        })
        .collect();
    let mut outcomes = Vec::new();
    for call in calls {
        let verdict = call.await.expect("no panic").expect("a verdict");
        outcomes.push((verdict.decision(), codes(&verdict).into_iter().map(str::to_owned).collect()));
    }
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn b09_one_assertion_sent_200_times_at_once_is_accepted_once() {
    let service = Harness::start().await;
    for app in ["shop", "bank"] {
        let mut phone = service.phone();
        let instance = service.enrolled(app, &phone).await;
        let request = service.signed(app, &instance, &mut phone).await;
        let outcomes = all_at_once(&service, vec![request; 200]).await;
        let accepted = outcomes.iter().filter(|(decision, _)| *decision == Decision::Allow).count();
        let replayed = outcomes.iter().filter(|(_, codes)| codes == &["challenge_replayed"]).count();
        assert_eq!((accepted, replayed), (1, 199), "{app}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_64_assertions_in_any_order_are_each_accepted_once() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let mut requests = Vec::new();
    for _ in 0..64 {
        requests.push(service.signed("shop", &instance, &mut phone).await);
    }
    // A fixed shuffle: 37 and 64 have no common divisor, so that every request comes once, far from its place.
    let shuffled: Vec<_> = (0..64).map(|at| requests[at * 37 % 64].clone()).collect();
    let outcomes = all_at_once(&service, shuffled.clone()).await;
    assert!(outcomes.iter().all(|(decision, _)| *decision == Decision::Allow), "{outcomes:?}");
    let outcomes = all_at_once(&service, shuffled).await;
    assert!(outcomes.iter().all(|(_, codes)| codes == &["challenge_replayed"]), "{outcomes:?}");
}

#[tokio::test]
async fn strict_mode_refuses_what_was_overtaken() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("bank", &phone).await;
    let first = service.signed("bank", &instance, &mut phone).await;
    let second = service.signed("bank", &instance, &mut phone).await;
    assert_eq!(service.assert(second).await.decision(), Decision::Allow);
    assert_denied(&service.assert(first).await, "sign_count_replayed");
}

#[tokio::test]
async fn a_count_before_the_window_is_refused_by_its_own_name() {
    let service = Harness::start().await;
    let phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    for (count, expected) in
        [(100, None), (37, None), (36, Some("sign_count_too_late")), (37, Some("sign_count_replayed"))]
    {
        let client_data = service.challenge("shop", Purpose::Assert, b"").await;
        let assertion = phone.assert_at(count, &client_data).expect("signs");
        let verdict = service.assert(assert_request("shop", &instance, &client_data, assertion)).await;
        match expected {
            Some(code) => assert_denied(&verdict, code),
            None => assert_eq!(verdict.decision(), Decision::Allow, "{count}"),
        }
    }
}

#[tokio::test]
async fn d04_a_refused_assertion_spends_nothing() {
    let service = Harness::start().await;
    let phone = service.phone();
    let instance = service.enrolled("bank", &phone).await;
    let client_data = service.challenge("bank", Purpose::Assert, b"").await;
    let assertion = phone.assert_at(1, &client_data).expect("signs");
    let mut broken = assertion.clone();
    *broken.last_mut().expect("bytes") ^= 1;
    let request = |assertion| assert_request("bank", &instance, &client_data, assertion);
    assert_denied(&service.assert(request(broken)).await, "app_attest_signature_invalid");
    let zero = phone.assert_at(0, &client_data).expect("signs");
    assert_denied(&service.assert(request(zero)).await, "app_attest_sign_count_zero");
    assert_eq!(service.assert(request(assertion)).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn b08_only_enrolled_keys_sign() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let client_data = service.challenge("shop", Purpose::Assert, b"").await;
    let assertion = phone.assert(&client_data).expect("signs");
    let by_key = AssertRequest {
        signer: Some(Signer::KeyId(phone.key_id().to_vec().into())),
        ..assert_request("shop", "", &client_data, assertion)
    };
    assert_denied(&service.assert(by_key.clone()).await, "instance_unknown");
    service.enrolled("shop", &phone).await;
    assert_eq!(service.assert(by_key).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn another_phones_signature_is_refused() {
    let service = Harness::start().await;
    let (phone, mut other) = (service.phone(), service.phone());
    let instance = service.enrolled("shop", &phone).await;
    service.enrolled("shop", &other).await;
    let request = service.signed("shop", &instance, &mut other).await;
    assert_denied(&service.assert(request).await, "app_attest_signature_invalid");
}

#[tokio::test]
async fn d01_assertions_answer_their_own_challenges_only() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let for_attest = service.challenge("shop", Purpose::Attest, b"").await;
    let assertion = phone.assert(&for_attest).expect("signs");
    let verdict = service.assert(assert_request("shop", &instance, &for_attest, assertion)).await;
    assert_denied(&verdict, "challenge_for_other_purpose");
    let request = service.signed("shop", &instance, &mut phone).await;
    service.later(Duration::from_secs(300));
    assert_denied(&service.assert(request).await, "challenge_expired");
}

#[tokio::test]
async fn a_named_call_gets_its_first_answer_again_for_a_minute() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("bank", &phone).await;
    let request =
        AssertRequest { idempotency_key: "call 1".to_owned(), ..service.signed("bank", &instance, &mut phone).await };
    let first = service.assert(request.clone()).await;
    assert_eq!(first.decision(), Decision::Allow);
    service.later(Duration::from_secs(59));
    let mut again = service.assert(request.clone()).await;
    again.freshness = first.freshness;
    assert_eq!(again, first);
    let other =
        AssertRequest { idempotency_key: "call 1".to_owned(), ..service.signed("bank", &instance, &mut phone).await };
    let status = service.attestation().assert(other).await.expect_err("refused");
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
    service.later(Duration::from_secs(2));
    assert_denied(&service.assert(request).await, "challenge_replayed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_call_repeated_at_once_has_one_answer() {
    let service = Harness::start().await;
    let mut phone = service.phone();
    let instance = service.enrolled("bank", &phone).await;
    let request =
        AssertRequest { idempotency_key: "call 1".to_owned(), ..service.signed("bank", &instance, &mut phone).await };
    let outcomes = all_at_once(&service, vec![request; 50]).await;
    assert!(outcomes.iter().all(|(decision, _)| *decision == Decision::Allow), "{outcomes:?}");
}

#[tokio::test]
async fn a_category_that_worsens_takes_trust_back_at_once() {
    let service = Harness::start().await;
    let phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    assert_eq!(service.check("shop", &instance).await.decision(), Decision::Allow);
    let client_data = service.challenge("shop", Purpose::Assert, b"").await;
    let code = RunningCode { validation_category: ValidationCategory(7), ..RunningCode::app_store() };
    let map = code.extension_map().expect("a map");
    let assertion = phone
        .assert_with(&client_data, |plan| {
            plan.authenticator.sign_count = 1;
            plan.authenticator.tail = map;
        })
        .expect("signs");
    let verdict = service.assert(assert_request("shop", &instance, &client_data, assertion)).await;
    let expected = vec!["lab_anchor", "category_inappropriate", "category_unexpected"];
    assert_eq!((verdict.decision(), codes(&verdict)), (Decision::Deny, expected.clone()));
    let checked = service.check("shop", &instance).await;
    assert_eq!((checked.decision(), codes(&checked)), (Decision::Deny, expected.clone()));
    let service = service.restart().await;
    let checked = service.check("shop", &instance).await;
    assert_eq!((checked.decision(), codes(&checked)), (Decision::Deny, expected));
}

/// A request whose assertion carries this sign count and this validation category.
async fn running(
    service: &Harness,
    instance: &str,
    phone: &LabDevice,
    count: u32,
    category: ValidationCategory,
) -> AssertRequest {
    let client_data = service.challenge("shop", Purpose::Assert, b"").await;
    let code = RunningCode { validation_category: category, ..RunningCode::app_store() };
    let map = code.extension_map().expect("a map");
    let assertion = phone
        .assert_with(&client_data, |plan| {
            plan.authenticator.sign_count = count;
            plan.authenticator.tail = map;
        })
        .expect("signs");
    assert_request("shop", instance, &client_data, assertion)
}

const TAMPERED: ValidationCategory = ValidationCategory(7);

#[tokio::test]
async fn a_late_arrival_brings_no_trust_back() {
    let service = Harness::start().await;
    let phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let held_back = running(&service, &instance, &phone, 1, ValidationCategory::APP_STORE).await;
    let tampered = running(&service, &instance, &phone, 2, TAMPERED).await;
    assert_eq!(service.assert(tampered).await.decision(), Decision::Deny);
    assert_eq!(service.assert(held_back).await.decision(), Decision::Deny, "it was good once");
    assert_eq!(service.check("shop", &instance).await.decision(), Decision::Deny);
    let service = service.restart().await;
    assert_eq!(service.check("shop", &instance).await.decision(), Decision::Deny);
    let mended = running(&service, &instance, &phone, 3, ValidationCategory::APP_STORE).await;
    assert_eq!(service.assert(mended).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn a_late_arrival_is_refused_for_itself_and_takes_no_trust_away() {
    let service = Harness::start().await;
    let phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let tampered = running(&service, &instance, &phone, 1, TAMPERED).await;
    let newest = running(&service, &instance, &phone, 2, ValidationCategory::APP_STORE).await;
    assert_eq!(service.assert(newest).await.decision(), Decision::Allow);
    assert_eq!(service.assert(tampered).await.decision(), Decision::Deny);
    assert_eq!(service.check("shop", &instance).await.decision(), Decision::Allow);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_order_the_newest_proof_decides() {
    let service = Harness::start().await;
    for _ in 0..8 {
        let phone = service.phone();
        let instance = service.enrolled("shop", &phone).await;
        let mut requests = Vec::new();
        for count in 1..=12 {
            let category = if count % 3 == 0 { TAMPERED } else { ValidationCategory::APP_STORE };
            requests.push(running(&service, &instance, &phone, count, category).await);
        }
        // Gateways ask all the while, so that memory holds a verdict at every moment.
        assert_eq!(service.check("shop", &instance).await.decision(), Decision::Allow);
        all_at_once(&service, requests).await;
        assert_eq!(service.check("shop", &instance).await.decision(), Decision::Deny);
    }
}
