//! Keys: agreed on, kept, and taking turns.

use std::sync::Arc;
use std::time::Duration;

use bonafide::clock::{Clock, ManualClock};
use bonafide::crypto::es256::Es256Key;
use bonafide::crypto::seal::SealKey;
use bonafide::lab::app_attest::AppAttestLab;
use bonafide::store::{MemoryStore, NewKey, Store};
use bonafide::token::{KeyRing, Schedule, SigningKey};
use bonafide::verifier::{
    BuildFault, CheckCall, CheckSubject, KeysFault, Role, TokenConfig, Upstreams, Verifier, VerifierConfig,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::bench::{
    Bench, EAR, START, apps, assert_allowed, assert_refused, caller, config, name, part, shop, stored, verifier,
};

fn kids(verifier: &Verifier) -> Vec<String> {
    let set: Value = serde_json::from_str(&verifier.jwks().expect("keys")).expect("JSON");
    let keys = set["keys"].as_array().expect("a list").iter();
    keys.map(|key| key["kid"].as_str().expect("a text").to_owned()).collect()
}

#[tokio::test]
async fn f16_replicas_on_one_store_agree_on_keys() {
    let lab = AppAttestLab::new(START).expect("a laboratory");
    let (store, clock): (Arc<dyn Store>, _) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::at(START)));
    let replicas = futures_util::future::join_all((0..8).map(|_| verifier(&lab, &store, &clock))).await;
    assert_eq!(kids(&replicas[0]).len(), 1, "the first key ever signs at once");
    assert!(replicas.iter().all(|replica| kids(replica) == kids(&replicas[0])));
    clock.set(START.plus(Duration::from_secs(720 * 3600)));
    for replica in &replicas {
        replica.renew_signing_keys().await.expect("renewed");
    }
    assert_eq!(kids(&replicas[0]).len(), 2, "one more for all");
    assert!(replicas.iter().all(|replica| kids(replica) == kids(&replicas[0])));
}

#[tokio::test]
async fn f16_tokens_outlive_a_restart_and_verify_on_every_replica() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    let replica = bench.replica().await;
    assert_eq!(kids(&replica), kids(&bench.verifier));
    let (shop, gateway) = (name("shop"), caller(Role::Gateway));
    let verdict = replica.check(&gateway, &CheckCall::of(&shop, CheckSubject::Token(&token))).await;
    assert_allowed(&verdict.expect("a verdict").verdict);
}

#[tokio::test]
async fn f17_another_secret_is_refused_and_makes_no_key() {
    let bench = Bench::new().await;
    let lab = AppAttestLab::new(START).expect("a laboratory");
    for seal in [SealKey::derive(&[2; 32]), None] {
        let token = Some(TokenConfig { seal, ..config() });
        let config = VerifierConfig { token, ..VerifierConfig::of(apps(&lab)) };
        let (store, clock) = (Arc::clone(&bench.store), Arc::clone(&bench.clock));
        let built = Verifier::build(config, store, clock, Upstreams::default()).await;
        assert_eq!(built.err(), Some(BuildFault::SigningKeys(KeysFault::OtherSecret)));
    }
    assert_eq!(bench.store.signing_keys().await.map(|keys| keys.len()), Ok(1));
}

#[tokio::test]
async fn f17_a_key_of_a_replica_with_another_secret_changes_nothing() {
    let bench = Bench::new().await;
    let before = kids(&bench.verifier);
    let stranger = stored(&Es256Key::generate().expect("a key"), START, &SealKey::derive(&[2; 32]).expect("a key"));
    let after = bench.store.signing_keys().await.expect("keys").last().map(|key| key.id);
    bench.store.add_signing_key(NewKey { key: stranger, after }).await.expect("added");
    assert_eq!(bench.verifier.renew_signing_keys().await, Err(KeysFault::OtherSecret));
    assert_eq!(kids(&bench.verifier), before);
}

#[tokio::test]
async fn f16_a_thousand_hours_of_turns_break_no_token() {
    let lab = AppAttestLab::new(START).expect("a laboratory");
    let (store, clock): (Arc<dyn Store>, _) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::at(START)));
    let hour = Duration::from_secs(3600);
    let schedule = Schedule { rotate_every: hour * 48, publish_ahead: hour * 12 };
    let token = Some(TokenConfig { schedule, lifetime: hour, ..config() });
    let config = VerifierConfig { token, ..VerifierConfig::of(apps(&lab)) };
    let told = Arc::<ManualClock>::clone(&clock);
    let verifier = Verifier::build(config, Arc::clone(&store), told, Upstreams::default()).await.expect("builds");
    let (mut published_before, mut signers) = (kids(&verifier), Vec::<String>::new());
    for step in 0..2000_u32 {
        let now = START.plus(hour / 2 * step);
        clock.set(now);
        verifier.renew_signing_keys().await.expect("renewed");
        let published = kids(&verifier);
        let ring = ring(&*store).await;
        let signer = ring.signing(now).expect("a key").id.to_string();
        assert!(published_before.contains(&signer), "published before it signs");
        // Whoever signed within the longest life of a token, by a clock that may be slow, still verifies.
        let recent = signers.iter().rev().take(3).all(|signer| published.contains(signer));
        assert!(recent, "at {step}");
        assert!(published.len() <= 3, "{published:?}");
        signers.push(signer);
        published_before = published;
    }
    signers.dedup();
    assert!((20..=22).contains(&signers.len()), "{}", signers.len());
    assert!(store.signing_keys().await.expect("keys").len() <= 3, "retired keys are gone");
}

async fn ring(store: &dyn Store) -> KeyRing {
    let seal = SealKey::derive(&[1; 32]).expect("a key");
    let stored = store.signing_keys().await.expect("keys").into_iter();
    let opened = stored
        .map(|key| SigningKey::unsealed(key.id, (key.created_at, key.signs_from), &key.sealed, &seal).expect("opens"));
    KeyRing::new(opened.map(Arc::new).collect())
}

#[tokio::test]
async fn f16_a_token_verifies_to_its_end_and_a_retired_key_verifies_nothing() {
    let day = Duration::from_secs(86_400);
    let mut bench = Bench::with_key_of(START.minus(day * 29)).await;
    let verdict = bench.enrolled(&Value::Null, None).await.0;
    let pseudonym = bench.verifier.pseudonym(&shop(), verdict.instance.expect("an instance"));
    let (published, old) = (kids(&bench.verifier), kids(&bench.verifier)[0].clone());
    assert_eq!(published.len(), 2, "the next one is published a day ahead");
    bench.later(day - Duration::from_secs(1));
    let asserted = bench.asserted(&pseudonym, &Value::Null, Some(EAR)).await.expect("a verdict");
    let token = bench.sign(&EAR, &asserted).await.token;
    assert_eq!(part(&token, 0)["kid"], old);
    bench.later(Duration::from_secs(1));
    assert_eq!(part(&bench.sign(&EAR, &asserted).await.token, 0)["kid"], published[1]);
    bench.later(Duration::from_secs(297));
    bench.verifier.renew_signing_keys().await.expect("renewed");
    let last = bench.forged(&token, |_, payload| payload["jti"] = json!("read anew"));
    assert_allowed(&bench.worth(&token).await);
    assert_allowed(&bench.worth(&last).await);
    let held = bench.forged(&token, |_, payload| payload["exp"] = json!(START.as_secs() + 999_999_999));
    bench.clock.set(START.plus(day + Duration::from_secs(3600 + 300)));
    assert_eq!(kids(&bench.verifier), published[1..]);
    assert_refused(&bench.worth(&held).await, "token_key_retired");
    bench.verifier.renew_signing_keys().await.expect("renewed");
    assert_refused(&bench.worth(&held).await, "token_key_unknown");
    assert_eq!(bench.store.signing_keys().await.map(|keys| keys.len()), Ok(1));
}

#[tokio::test]
async fn f16_unknown_keys_ask_nobody() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    let (_, rest) = token.split_once('.').expect("parts");
    // A key that a replica has just added is taken up by the next renewal, and by no token that names it.
    let other = Es256Key::generate().expect("a key");
    let key = stored(&other, bench.clock.now(), &SealKey::derive(&[1; 32]).expect("a key"));
    let (after, id) = (bench.store.signing_keys().await.expect("keys").last().map(|key| key.id), key.id);
    bench.store.add_signing_key(NewKey { key, after }).await.expect("added");
    for number in 0..10_000_u32 {
        let kid = if number == 0 { id.0.to_vec() } else { [&number.to_be_bytes()[..], &[0; 28]].concat() };
        let header = json!({ "alg": "ES256", "kid": BASE64URL_NOPAD.encode(&kid), "typ": "eat+jwt" }).to_string();
        let named = format!("{}.{rest}", BASE64URL_NOPAD.encode(header.as_bytes()));
        assert_refused(&bench.worth(&named).await, "token_key_unknown");
    }
    assert_eq!(kids(&bench.verifier).len(), 1);
    bench.verifier.renew_signing_keys().await.expect("renewed");
    assert_eq!(kids(&bench.verifier).len(), 2);
}
