//! Google's list of certificates that hold no longer: kept, renewed, never made worse, and in force at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bonafide::ids::Position;
use bonafide::lab::google::{Endpoint, Misbehaviour, Times};
use bonafide::verdict::Decision::{Allow, Deny};
use bonafide::verifier::{Tidings, Watch, WatchCall};
use serde_json::{Map, Value, json};

use crate::harness::{HOUR, Harness, assert_allowed, assert_denied, phone};
use crate::role::{Desk, assert_told, serial};

/// The list of the fake Google, with one entry more.
fn listed(more: &str, status: &str) -> Map<String, Value> {
    let mut list: Map<String, Value> =
        ["a0", "a1", "a2", "a3"].map(|serial| (serial.to_owned(), json!({"status": "REVOKED"}))).into_iter().collect();
    list.insert(more.to_owned(), json!({"status": status}));
    list
}

#[tokio::test]
async fn a09_a_chain_that_gets_listed_is_refused_at_once() {
    let desk = Desk::open(|_| ()).await;
    desk.renew().await.expect("a list");
    let phone = phone();
    let (verdict, sent) = desk.attest(&phone).await;
    assert_told(&verdict, Allow, &["lab_anchor"]);
    let mut count = 0;
    let ways = [("REVOKED", "chain_revoked"), ("SUSPENDED", "chain_suspended"), ("NEW", "chain_status_unrecognised")];
    for (status, code) in ways {
        assert_told(&desk.check(&verdict).await, Allow, &["lab_anchor"]);
        desk.world.google.replace_list(listed(&serial(&verdict), status));
        assert!(desk.renew().await.expect("a list").changed);
        let codes = ["lab_anchor", code];
        assert_told(&desk.check(&verdict).await, Deny, &codes);
        assert_told(&desk.attest_again(&sent).await, Deny, &codes);
        count += 1;
        assert_told(&desk.assert(&phone, count).await, Deny, &codes);
        assert_told(&desk.check(&verdict).await, Deny, &codes);
        desk.world.google.replace_list(listed("a4", status));
        assert!(desk.renew().await.expect("a list").changed);
        assert_told(&desk.attest_again(&sent).await, Allow, &["lab_anchor"]);
        count += 1;
        assert_told(&desk.assert(&phone, count).await, Allow, &["lab_anchor"]);
    }
}

/// The other replica asks nobody for a list: it hears of this one from the feed, and takes it up from the store.
#[tokio::test]
async fn d07_a_list_in_force_at_one_replica_is_in_force_at_all() {
    let desk = Desk::open(|_| ()).await;
    desk.other.look().await.expect("looks");
    desk.renew().await.expect("a list");
    let (verdict, _) = desk.attest(&phone()).await;
    desk.other.look().await.expect("looks");
    assert_told(&desk.check_at(&desk.other, &verdict).await, Allow, &["lab_anchor"]);
    desk.world.later(Duration::from_secs(1));
    desk.world.google.replace_list(listed(&serial(&verdict), "REVOKED"));
    assert!(desk.renew().await.expect("a list").changed);
    desk.other.look().await.expect("looks");
    assert_told(&desk.check_at(&desk.other, &verdict).await, Deny, &["lab_anchor", "chain_revoked"]);
    assert_eq!(desk.other.status_list().map(|list| list.entries), desk.entries());
}

#[tokio::test]
async fn d07_a_replica_that_starts_late_takes_up_the_list_that_is_kept() {
    let desk = Desk::open(|_| ()).await;
    desk.renew().await.expect("a list");
    let (verdict, _) = desk.attest(&phone()).await;
    desk.world.later(Duration::from_secs(1));
    desk.world.google.replace_list(listed(&serial(&verdict), "REVOKED"));
    assert!(desk.renew().await.expect("a list").changed);
    // It was built before there was any list, and looks for the first time now.
    desk.other.look().await.expect("looks");
    assert_told(&desk.check_at(&desk.other, &verdict).await, Deny, &["lab_anchor", "chain_revoked"]);
}

#[tokio::test]
async fn d07_another_list_is_told_to_those_who_watch() {
    let desk = Desk::open(|_| ()).await;
    desk.other.look().await.expect("looks");
    let call = WatchCall { app: None, position: Position::START, heartbeat: HOUR };
    let opened = Watch::open(Arc::clone(&desk.other), Arc::new(desk.caller.clone()), call).await;
    let mut watch = opened.expect("a stream");
    assert_eq!(watch.next().await.expect("a message").tidings, None, "the stream has begun");
    desk.renew().await.expect("a list");
    for status in ["REVOKED", "SUSPENDED"] {
        desk.other.look().await.expect("looks");
        assert_eq!(watch.next().await.expect("a message").tidings, Some(Tidings::Endorsement));
        desk.world.later(Duration::from_secs(1));
        let before = desk.other.position();
        assert!(!desk.renew().await.expect("a list").changed);
        desk.other.look().await.expect("looks");
        assert_eq!(desk.other.position(), before, "the same list is no news");
        desk.world.later(Duration::from_secs(1));
        desk.world.google.replace_list(listed("a4", status));
        assert!(desk.renew().await.expect("a list").changed);
    }
}

#[tokio::test]
async fn a08_a_phone_whose_attestation_key_is_listed_is_not_allowed_in() {
    let desk = Desk::open(|_| ()).await;
    desk.renew().await.expect("a list");
    let phone = phone();
    let (verdict, _) = desk.attest(&phone).await;
    desk.world.google.replace_list(listed(&serial(&verdict), "REVOKED"));
    desk.renew().await.expect("a list");
    let (other, _) = desk.attest(&crate::harness::phone()).await;
    assert_told(&other, Allow, &["lab_anchor"]);
    let again = desk.attest(&phone).await.0;
    assert_eq!(again.decision, Deny, "{:?}", again.reasons);
}

#[tokio::test]
async fn a12_a_bad_list_leaves_the_good_one_in_force() {
    let desk = Desk::open(|config| config.upstream.google.status_list_timeout = Duration::from_secs(2)).await;
    assert!(desk.renew().await.expect("a list").changed);
    let (verdict, _) = desk.attest(&phone()).await;
    let worst = [
        Misbehaviour::EmptyList,
        Misbehaviour::HalvedList,
        Misbehaviour::Garbage,
        Misbehaviour::Cut,
        Misbehaviour::HugeBody,
        Misbehaviour::SlowBody { millis: 100 },
        Misbehaviour::Hang,
        Misbehaviour::Late { millis: 60_000 },
        Misbehaviour::Refuse { status: 500 },
        Misbehaviour::Redirect { location: "http://127.0.0.1:9/".to_owned() },
    ];
    for misbehaviour in worst {
        desk.world.google.misbehave(Endpoint::Status, misbehaviour.clone(), Times::Always);
        let started = Instant::now();
        desk.renew().await.expect_err("no list");
        assert!(started.elapsed() < Duration::from_secs(30), "{misbehaviour:?}");
        assert_eq!(desk.entries(), Some(4), "{misbehaviour:?}");
        assert_told(&desk.check(&verdict).await, Allow, &["lab_anchor"]);
    }
    desk.world.google.behave();
    assert!(!desk.renew().await.expect("a list").changed);
}

#[tokio::test]
async fn a12_without_any_list_no_chain_counts() {
    let desk = Desk::open(|_| ()).await;
    desk.world.google.misbehave(Endpoint::Status, Misbehaviour::EmptyList, Times::Always);
    desk.renew().await.expect_err("no list");
    assert_eq!(desk.entries(), None);
    let phone = phone();
    let (verdict, sent) = desk.attest(&phone).await;
    assert_told(&verdict, Deny, &["lab_anchor", "status_list_stale"]);
    desk.world.google.behave();
    desk.renew().await.expect("a list");
    assert_told(&desk.attest_again(&sent).await, Allow, &["lab_anchor"]);
    assert_told(&desk.assert(&phone, 1).await, Allow, &["lab_anchor"]);
}

#[tokio::test]
async fn a_list_that_is_confirmed_grows_no_older() {
    let desk = Desk::open(|_| ()).await;
    desk.renew().await.expect("a list");
    desk.world.later(HOUR * 47);
    assert!(!desk.renew().await.expect("a list").changed);
    desk.world.later(HOUR * 47);
    let phone = phone();
    assert_told(&desk.attest(&phone).await.0, Allow, &["lab_anchor"]);
    desk.world.later(HOUR * 2);
    assert_told(&desk.assert(&phone, 1).await, Deny, &["lab_anchor", "status_list_stale"]);
    desk.renew().await.expect("a list");
    assert_told(&desk.assert(&phone, 2).await, Allow, &["lab_anchor"]);
}

#[tokio::test]
async fn a_list_outlives_a_restart_with_its_age() {
    let service = Harness::start().await;
    let phone = phone();
    let instance = service.enrolled("key", &phone).await;
    service.world.google.misbehave(Endpoint::Status, Misbehaviour::Refuse { status: 503 }, Times::Always);
    service.world.later(HOUR * 40);
    let service = service.restart_with(|_| ()).await;
    service.until_told("bonafide_status_list_fetches_total{outcome=\"failed\"} 1.0").await;
    service.until_told("bonafide_status_list_entries 4.0").await;
    service.until_told("bonafide_status_list_age_seconds 144000.0").await;
    assert_allowed(&service.assert(service.signed("key", &instance, &phone, 1).await).await);
    service.world.later(HOUR * 9);
    let stale = ["lab_anchor", "status_list_stale"];
    assert_denied(&service.assert(service.signed("key", &instance, &phone, 2).await).await, &stale);
    let (request, _) = service.enrolment("key", &self::phone()).await;
    assert_denied(&service.attest(request).await, &stale);
    service.world.google.behave();
    let service = service.restart_with(|_| ()).await;
    service.until_told("bonafide_status_list_age_seconds 0.0").await;
    assert_allowed(&service.assert(service.signed("key", &instance, &phone, 3).await).await);
}
