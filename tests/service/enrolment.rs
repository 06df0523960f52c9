//! Enrolment: what is accepted, what is refused and why, and what repetition does.

use std::time::Duration;

use bonafide::evidence::claims::ValidationCategory;
use bonafide::grpc::proto::{AttestRequest, Decision, Purpose, remedy::Action};
use bonafide::lab::app_attest::{AppAttestLab, Profile, RunningCode};

use crate::harness::{Harness, assert_denied, attest_request, attest_request_of, codes};

#[tokio::test]
async fn a_genuine_phone_is_enrolled_and_the_lab_is_named() {
    let service = Harness::start().await;
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    let verdict = service.attest(attest_request("shop", &service.phone(), &client_data)).await;
    assert_eq!((verdict.decision(), codes(&verdict)), (Decision::Allow, vec!["lab_anchor"]));
    assert_eq!((verdict.app.as_str(), verdict.instance.len()), ("shop", 43));
    let lifetime = verdict.expire_time.expect("an end").seconds - verdict.issue_time.expect("a start").seconds;
    assert_eq!(lifetime, 600);
    let facts: Vec<_> = verdict.facts.iter().map(|fact| (fact.name.as_str(), fact.value.as_str())).collect();
    assert!(facts.contains(&("environment", "production")), "{facts:?}");
}

#[tokio::test]
async fn client_data_may_be_an_object_around_the_challenge() {
    let service = Harness::start().await;
    let challenge = service.challenge("shop", Purpose::Attest, b"").await;
    let challenge = String::from_utf8(challenge).expect("text");
    let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    let client_data = format!(r#"{{ "challenge": "{challenge}", "cnf": "{thumbprint}" }}"#);
    let request = attest_request("shop", &service.phone(), client_data.as_bytes());
    // The hash is over the bytes as sent: the same object written differently is other client data.
    let respelled = AttestRequest { client_data: client_data.replace(' ', "").into(), ..request.clone() };
    assert_denied(&service.attest(respelled).await, "app_attest_nonce_mismatch");
    assert_eq!(service.attest(request).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn a_lost_answer_can_be_fetched_again() {
    let service = Harness::start().await;
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    let request = attest_request("shop", &service.phone(), &client_data);
    let first = service.attest(request.clone()).await;
    service.later(Duration::from_secs(100));
    let mut again = service.attest(request.clone()).await;
    again.freshness = first.freshness;
    assert_eq!(again, first);
    service.later(Duration::from_secs(201));
    assert_denied(&service.attest(request).await, "challenge_expired");
}

#[tokio::test]
async fn b16_one_key_serves_one_account_and_one_enrolment() {
    let service = Harness::start().await;
    let phone = service.phone();
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    let request = AttestRequest { account: "alice".to_owned(), ..attest_request("shop", &phone, &client_data) };
    assert_eq!(service.attest(request.clone()).await.decision(), Decision::Allow);
    for account in ["mallory", ""] {
        let other = AttestRequest { account: account.to_owned(), ..request.clone() };
        assert_denied(&service.attest(other).await, "key_of_other_account");
    }
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    let again = AttestRequest { account: "alice".to_owned(), ..attest_request("shop", &phone, &client_data) };
    assert_denied(&service.attest(again).await, "key_enrolled_before");
}

#[tokio::test]
async fn d01_a_challenge_serves_what_it_was_issued_for() {
    let service = Harness::start().await;
    let phone = service.phone();
    let for_session = service.challenge("shop", Purpose::Attest, b"session 1").await;
    let request = attest_request("shop", &phone, &for_session);
    let with = |session: &'static [u8]| AttestRequest { session: session.into(), ..request.clone() };
    assert_denied(&service.attest(with(b"session 2")).await, "challenge_for_other_session");
    assert_denied(&service.attest(with(b"")).await, "challenge_for_other_session");
    let to_bank = AttestRequest { app: "bank".to_owned(), ..with(b"session 1") };
    assert_denied(&service.attest(to_bank).await, "challenge_for_other_app");
    let for_assert = service.challenge("shop", Purpose::Assert, b"").await;
    assert_denied(&service.attest(attest_request("shop", &phone, &for_assert)).await, "challenge_for_other_purpose");
    assert_denied(&service.attest(attest_request("shop", &phone, b"made up")).await, "challenge_malformed");
    assert_denied(&service.attest(attest_request("shop", &phone, b"{}")).await, "client_data_malformed");
    assert_eq!(service.attest(with(b"session 1")).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn d01_a_challenge_is_spent_by_one_phone_only() {
    let service = Harness::start().await;
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    assert_eq!(
        service.attest(attest_request("shop", &service.phone(), &client_data)).await.decision(),
        Decision::Allow
    );
    assert_denied(&service.attest(attest_request("shop", &service.phone(), &client_data)).await, "challenge_replayed");
}

#[tokio::test]
async fn d04_bad_evidence_burns_no_challenge() {
    let service = Harness::start().await;
    let phone = service.phone();
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    let attested = phone.attest(&client_data).expect("attests");
    let mut broken = attested.clone();
    broken.object.truncate(broken.object.len() - 1);
    assert_denied(&service.attest(attest_request_of("shop", broken, &client_data)).await, "app_attest_not_cbor");
    let other_key = bonafide::lab::app_attest::Attested { key_id: [7; 32], ..attested.clone() };
    let verdict = service.attest(attest_request_of("shop", other_key, &client_data)).await;
    assert_denied(&verdict, "app_attest_key_id_mismatch");
    assert_eq!(service.attest(attest_request_of("shop", attested, &client_data)).await.decision(), Decision::Allow);
}

#[tokio::test]
async fn a06_a_laboratory_is_trusted_only_where_it_is_named() {
    let service = Harness::start().await;
    let client_data = service.challenge("apple-only", Purpose::Attest, b"").await;
    let verdict = service.attest(attest_request("apple-only", &service.phone(), &client_data)).await;
    assert_denied(&verdict, "app_attest_untrusted_chain");
    let stranger = AppAttestLab::new(crate::harness::START).expect("a laboratory");
    let app_id = crate::harness::APP_ID.parse().expect("an App ID");
    let phone = stranger.device(&app_id, bonafide::evidence::claims::Environment::Production).expect("a phone");
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    assert_denied(&service.attest(attest_request("shop", &phone, &client_data)).await, "app_attest_untrusted_chain");
}

#[tokio::test]
async fn b18_a_build_that_policy_does_not_accept_is_enrolled_and_denied() {
    let service = Harness::start().await;
    let testflight = RunningCode { validation_category: ValidationCategory(2), ..RunningCode::app_store() };
    let phone = service.phone().with_profile(Profile { running_code: Some(testflight), ..Profile::ios_27() });
    let client_data = service.challenge("bank", Purpose::Attest, b"").await;
    let verdict = service.attest(attest_request("bank", &phone, &client_data)).await;
    assert_eq!((verdict.decision(), codes(&verdict)), (Decision::Deny, vec!["lab_anchor", "category_unexpected"]));
    assert_eq!(verdict.reasons[1].remedy.expect("a remedy").action(), Action::UpdateApp);
    let checked = service.check("bank", &verdict.instance).await;
    assert_eq!(checked.decision(), Decision::Deny);
}

#[tokio::test]
async fn d11_parallel_enrolments_of_one_key_make_one_instance() {
    let service = Harness::start().await;
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    let request = attest_request("shop", &service.phone(), &client_data);
    let calls = (0..50).map(|_| {
        let (mut client, request) = (service.attestation(), request.clone());
        tokio::spawn(async move { client.attest(request).await.expect("an answer").into_inner().verdict })
    });
    let mut instances = std::collections::BTreeSet::new();
    for call in calls.collect::<Vec<_>>() {
        let verdict = call.await.expect("no panic").expect("a verdict");
        assert_eq!(verdict.decision(), Decision::Allow);
        instances.insert(verdict.instance);
    }
    assert_eq!(instances.len(), 1);
}
