//! Google at its worst, and tokens that it is asked about once.

use std::time::{Duration, Instant};

use bonafide::appraisal::Outage;
use bonafide::config::Config;
use bonafide::grpc::proto::{AssertRequest, AttestRequest, Decision, Purpose};
use bonafide::lab::google::{Endpoint, Misbehaviour, Times};
use bonafide::upstream::{AccessConfig, ServiceAccount};

use crate::harness::{
    HOUR, Harness, PACKAGE, World, assert_allowed, assert_denied, attest_request, chain, each_token, integrity, key,
    phone, said,
};

/// How long Google may take where it takes too long.
const SHORT: Duration = Duration::from_secs(2);
/// What a call may take beyond the time that Google has: this machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// What became of a token, as far as can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Google may have opened it.
    Lost,
    /// Google has not opened it.
    Unopened,
}

fn refuse(status: u16) -> Misbehaviour {
    Misbehaviour::Refuse { status }
}

fn worst() -> Vec<(Misbehaviour, Fate)> {
    let location = "http://127.0.0.1:9/".to_owned();
    vec![
        (refuse(500), Fate::Lost),
        (refuse(503), Fate::Lost),
        (refuse(401), Fate::Unopened),
        (refuse(403), Fate::Unopened),
        (refuse(404), Fate::Unopened),
        (refuse(429), Fate::Unopened),
        (Misbehaviour::Redirect { location }, Fate::Lost),
        (Misbehaviour::Late { millis: 60_000 }, Fate::Lost),
        (Misbehaviour::Hang, Fate::Lost),
        (Misbehaviour::SlowBody { millis: 1_000 }, Fate::Lost),
        (Misbehaviour::HugeBody, Fate::Lost),
        (Misbehaviour::Cut, Fate::Lost),
        (Misbehaviour::Garbage, Fate::Lost),
    ]
}

/// Whether Google opens a token before it goes wrong.
fn opens(misbehaviour: &Misbehaviour) -> bool {
    !matches!(misbehaviour, Misbehaviour::Refuse { .. } | Misbehaviour::Redirect { .. })
}

async fn with(outage: Outage) -> Harness {
    Harness::start_with(|config| each_token(config, |format| format.policy.outage = outage)).await
}

/// The same, where time is soon up.
async fn impatient(outage: Outage) -> Harness {
    let hurried = |config: &mut Config| {
        each_token(config, |format| (format.policy.outage, format.decode_timeout) = (outage, SHORT));
    };
    Harness::start_with(hurried).await
}

#[tokio::test]
async fn c08_google_at_its_worst_is_never_an_allow_and_opens_no_token_twice() {
    let service = impatient(Outage::Refuse).await;
    for (misbehaviour, fate) in worst() {
        let (request, token) = service.enrolment("both", &phone()).await;
        service.world.google.misbehave(Endpoint::Decode, misbehaviour.clone(), Times::Always);
        let started = Instant::now();
        let verdict = service.attest(request.clone()).await;
        assert!(started.elapsed() < PATIENCE, "{misbehaviour:?}: {:?}", started.elapsed());
        assert_denied(&verdict, &["lab_anchor", "play_integrity_unavailable"]);
        service.world.google.behave();
        let again = service.attest(request).await;
        let decoded = service.world.decodes(&token).1;
        match fate {
            Fate::Lost => assert_denied(&again, &["lab_anchor", "play_integrity_token_lost"]),
            Fate::Unopened => assert_allowed(&again),
        }
        let expected = if fate == Fate::Unopened || opens(&misbehaviour) { 1 } else { 0 };
        assert_eq!(decoded, expected, "{misbehaviour:?}");
    }
}

#[tokio::test]
async fn c08_a_lost_answer_is_a_step_up_once_and_then_a_refusal() {
    let service = impatient(Outage::StepUp).await;
    for misbehaviour in [refuse(503), Misbehaviour::Hang, Misbehaviour::Garbage] {
        let (request, token) = service.enrolment("both", &phone()).await;
        service.world.google.misbehave(Endpoint::Decode, misbehaviour, Times::Always);
        let verdict = service.attest(request.clone()).await;
        let tolerated = (Decision::StepUp, vec!["lab_anchor", "play_integrity_unavailable_tolerated"]);
        assert_eq!(said(&verdict), tolerated);
        assert_eq!(said(&service.check("both", &verdict.instance).await), tolerated);
        service.world.google.behave();
        assert_denied(&service.attest(request).await, &["lab_anchor", "play_integrity_token_lost"]);
        assert_eq!(service.world.decodes(&token).0, 1);
    }
}

#[tokio::test]
async fn a_lost_token_stays_lost_after_a_restart() {
    let service = impatient(Outage::StepUp).await;
    let (request, token) = service.enrolment("both", &phone()).await;
    service.world.google.misbehave(Endpoint::Decode, Misbehaviour::Hang, Times::Next(1));
    assert_eq!(service.attest(request.clone()).await.decision(), Decision::StepUp);
    let service = service.restart_with(|_| ()).await;
    service.until_told("bonafide_status_list_entries 4.0").await;
    assert_denied(&service.attest(request).await, &["lab_anchor", "play_integrity_token_lost"]);
    assert_eq!(service.world.decodes(&token), (1, 1));
}

#[tokio::test]
async fn an_answer_about_another_package_is_no_answer() {
    let service = with(Outage::StepUp).await;
    let (request, token) = service.enrolment("both", &phone()).await;
    let other = Misbehaviour::OtherPackage { package: "com.example.other".to_owned() };
    service.world.google.misbehave(Endpoint::Decode, other, Times::Next(1));
    for _ in 0..2 {
        let verdict = service.attest(request.clone()).await;
        assert_denied(&verdict, &["lab_anchor", "play_integrity_request_package_mismatch"]);
    }
    assert_eq!(service.world.decodes(&token), (1, 1), "the answer was kept");
}

#[tokio::test]
async fn an_outage_holds_the_last_verdict_for_a_while() {
    let service = with(Outage::Hold(HOUR)).await;
    let (request, _) = service.enrolment("both", &phone()).await;
    service.world.google.misbehave(Endpoint::Decode, refuse(429), Times::Next(1));
    let nothing_to_hold = service.attest(request.clone()).await;
    assert_denied(&nothing_to_hold, &["lab_anchor", "play_integrity_unavailable"]);
    assert_allowed(&service.attest(request).await);
    let phone = phone();
    let instance = service.enrolled("both", &phone).await;
    service.world.google.misbehave(Endpoint::Decode, refuse(503), Times::Always);
    let held = (Decision::StepUp, vec!["lab_anchor", "play_integrity_held"]);
    for (count, span, expected) in [
        (1, Duration::ZERO, held.clone()),
        (2, HOUR - Duration::from_millis(1), held),
        (3, Duration::from_millis(1), (Decision::Deny, vec!["lab_anchor", "play_integrity_unavailable"])),
    ] {
        service.world.later(span);
        let request = service.signed("both", &instance, &phone, count).await;
        let token = service.world.token(&request.client_data);
        let verdict = service.assert(AssertRequest { integrity_token: token, ..request }).await;
        assert_eq!(said(&verdict), expected, "proof {count}");
        // The refused one left no trace; what was held has lapsed by then, as the store has it for whoever sees facts.
        let checked = service.check("both", &instance).await;
        let (decision, reasons) = said(&checked);
        assert_eq!(decision, expected.0, "after proof {count}");
        assert!(reasons.starts_with(&expected.1), "after proof {count}: {checked:?}");
    }
    service.world.google.behave();
    let request = service.signed("both", &instance, &phone, 4).await;
    let token = service.world.token(&request.client_data);
    assert_allowed(&service.assert(AssertRequest { integrity_token: token, ..request }).await);
}

#[tokio::test]
async fn c08_access_tokens_that_do_not_come_send_no_token() {
    let world = World::new().await;
    let key_file = world.google.key_file().expect("a key file").to_string();
    let endpoint = bonafide::upstream::Endpoint::parse(&format!("{}/token", world.google.origin()));
    let account = ServiceAccount::parse(key_file.as_bytes(), endpoint.expect("an address")).expect("an account");
    let by_account = |config: &mut Config| {
        config.upstream.google.access = Some(AccessConfig::ServiceAccount(Box::new(account)));
        config.upstream.google.access_timeout = SHORT;
    };
    let service = Harness::run(world, by_account).await;
    service.until_told("bonafide_status_list_entries 4.0").await;
    let (request, token) = service.enrolment("both", &phone()).await;
    let worst = [
        refuse(500),
        refuse(400),
        Misbehaviour::Redirect { location: "http://127.0.0.1:9/".to_owned() },
        Misbehaviour::Late { millis: 60_000 },
        Misbehaviour::Hang,
        Misbehaviour::SlowBody { millis: 1_000 },
        Misbehaviour::HugeBody,
        Misbehaviour::Cut,
        Misbehaviour::Garbage,
        Misbehaviour::ExpiredTokens,
    ];
    for misbehaviour in worst {
        service.world.google.misbehave(Endpoint::Token, misbehaviour.clone(), Times::Always);
        let started = Instant::now();
        let verdict = service.attest(request.clone()).await;
        assert!(started.elapsed() < PATIENCE, "{misbehaviour:?}: {:?}", started.elapsed());
        assert_denied(&verdict, &["lab_anchor", "play_integrity_unavailable"]);
        assert_eq!(service.world.decodes(&token).1, 0, "{misbehaviour:?}");
    }
    service.world.google.behave();
    let mut verdict = service.attest(request.clone()).await;
    for _ in 0..300 {
        if verdict.decision() == Decision::Allow {
            break;
        }
        // After failures the client waits a while before it asks for an access token again.
        tokio::time::sleep(Duration::from_millis(100)).await;
        verdict = service.attest(request.clone()).await;
    }
    assert_allowed(&verdict);
    assert_eq!(service.world.decodes(&token).1, 1);
}

#[tokio::test]
async fn c17_junk_is_refused_each_time_whatever_an_outage_would_be() {
    let service = with(Outage::StepUp).await;
    let data = service.challenge("both", Purpose::Attest, b"").await;
    let junk = service.world.google.mint("com.example.other", serde_json::json!({})).expect("a token");
    let phone = phone();
    let request = attest_request("both", &data, vec![key(&chain(&phone, &data)), integrity(&junk)]);
    for _ in 0..2 {
        let verdict = service.attest(request.clone()).await;
        assert_denied(&verdict, &["lab_anchor", "play_integrity_token_not_decodable"]);
    }
    let other = AttestRequest { account: "another".to_owned(), ..request };
    assert_denied(&service.attest(other).await, &["lab_anchor", "play_integrity_token_replayed"]);
    assert_eq!(service.world.decodes(&junk), (1, 0));
}

#[tokio::test]
async fn c17_the_reserve_is_for_phones_with_a_key() {
    let scarce = |config: &mut Config| {
        each_token(config, |format| (format.daily_quota, format.quota_reserve) = (2, 1));
    };
    let service = Harness::start_with(scarce).await;
    let alone = async || {
        let data = service.challenge("token", Purpose::Attest, b"s").await;
        let token = service.world.token(&data);
        let request = attest_request("token", &data, vec![integrity(&token)]);
        (service.attest(AttestRequest { session: b"s".to_vec().into(), ..request }).await, token)
    };
    assert_allowed(&alone().await.0);
    let (refused, token) = alone().await;
    assert_denied(&refused, &["lab_anchor", "play_integrity_unavailable"]);
    assert_eq!(service.world.decodes(&token), (0, 0));
    let (mut forged, token) = service.enrolment("token", &phone()).await;
    forged.evidence[0] = key(&chain(&phone(), b"other"));
    assert_denied(&service.attest(forged).await, &["key_attestation_challenge_mismatch"]);
    assert_eq!(service.world.decodes(&token), (0, 0));
    let (request, _) = service.enrolment("token", &phone()).await;
    assert_allowed(&service.attest(request).await);
    let (request, token) = service.enrolment("token", &phone()).await;
    assert_denied(&service.attest(request.clone()).await, &["lab_anchor", "play_integrity_unavailable"]);
    assert_eq!(service.world.decodes(&token), (0, 0));
    service.until_told("bonafide_decode_quota_used{app=\"token\"} 2.0").await;
    // Another app has a quota of its own.
    service.enrolled("both", &phone()).await;
}

#[tokio::test]
async fn c17_a_quota_of_googles_is_an_outage_and_loses_nothing() {
    let service = with(Outage::Refuse).await;
    let (both, with_key) = service.enrolment("both", &phone()).await;
    let data = service.challenge("token", Purpose::Attest, b"s").await;
    let alone = service.world.token(&data);
    let request = attest_request("token", &data, vec![integrity(&alone)]);
    let request = AttestRequest { session: b"s".to_vec().into(), ..request };
    for (request, token) in [(both, with_key), (request, alone)] {
        service.world.google.allow_per_day(PACKAGE, 0);
        assert_denied(&service.attest(request.clone()).await, &["lab_anchor", "play_integrity_unavailable"]);
        service.world.google.allow_per_day(PACKAGE, 10);
        assert_allowed(&service.attest(request).await);
        assert_eq!(service.world.decodes(&token), (2, 1));
    }
}

#[tokio::test]
async fn a_step_up_of_an_outage_ends_with_a_fresh_token() {
    let service = with(Outage::StepUp).await;
    let phone = phone();
    let (request, _) = service.enrolment("both", &phone).await;
    service.world.google.misbehave(Endpoint::Decode, refuse(503), Times::Next(1));
    let verdict = service.attest(request).await;
    let tolerated = (Decision::StepUp, vec!["lab_anchor", "play_integrity_unavailable_tolerated"]);
    assert_eq!(said(&verdict), tolerated);
    let request = service.signed("both", &verdict.instance, &phone, 1).await;
    assert_eq!(said(&service.assert(request).await), tolerated, "without a token nothing new is known");
    let request = service.signed("both", &verdict.instance, &phone, 2).await;
    let token = service.world.token(&request.client_data);
    assert_allowed(&service.assert(AssertRequest { integrity_token: token, ..request }).await);
    assert_allowed(&service.check("both", &verdict.instance).await);
}

#[tokio::test]
async fn c08_a_call_that_times_out_finds_its_answer_again() {
    let service = Harness::start_with(|config| config.grpc.call_timeout = Duration::from_secs(2)).await;
    let (request, token) = service.enrolment("both", &phone()).await;
    service.world.google.misbehave(Endpoint::Decode, Misbehaviour::Late { millis: 3_000 }, Times::Next(1));
    service.attestation().attest(request.clone()).await.expect_err("time is up");
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_allowed(&service.attest(request).await);
    assert_eq!(service.world.decodes(&token), (1, 1));
}

/// Outages spend no challenge, so that the app may try again with another token: not for ever, and Google is not asked again.
#[tokio::test]
async fn c17_a_fifth_token_of_a_challenge_is_refused_unasked() {
    let service = with(Outage::Refuse).await;
    let data = service.challenge("both", Purpose::Attest, b"").await;
    let chain = chain(&phone(), &data);
    let attest =
        async |token: &str| service.attest(attest_request("both", &data, vec![key(&chain), integrity(token)])).await;
    service.world.google.misbehave(Endpoint::Decode, Misbehaviour::Garbage, Times::Always);
    for _ in 0..4 {
        let verdict = attest(&service.world.token(&data)).await;
        assert_denied(&verdict, &["lab_anchor", "play_integrity_unavailable"]);
    }
    service.world.google.behave();
    let fifth = service.world.token(&data);
    assert_denied(&attest(&fifth).await, &["lab_anchor", "play_integrity_too_many_tokens"]);
    assert_eq!(service.world.decodes(&fifth), (0, 0));
    let (anew, _) = service.enrolment("both", &phone()).await;
    assert_allowed(&service.attest(anew).await);
}

#[tokio::test]
async fn a_token_that_nothing_can_open_is_refused_and_is_no_outage() {
    for outage in [Outage::Refuse, Outage::StepUp, Outage::Hold(HOUR)] {
        let deaf = |config: &mut Config| {
            config.upstream.google.access = None;
            each_token(config, |format| {
                format.lab_keys.clear();
                format.policy.outage = outage;
            });
        };
        let service = Harness::start_with(deaf).await;
        let (request, token) = service.enrolment("both", &phone()).await;
        assert_denied(&service.attest(request).await, &["lab_anchor", "play_integrity_token_not_opened"]);
        assert_eq!(service.world.decodes(&token), (0, 0));
    }
}
