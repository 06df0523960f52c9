//! Signing keys, and what may be used once only.

use std::sync::Arc;
use std::time::Duration;

use super::at;
use crate::crypto::jwk::Thumbprint;
use crate::store::{AddKeyOutcome, ConsumeOutcome, NewKey, Purged, Store, StoredKey, Use, UseKind};

behaviours!(
    keys_are_listed_as_they_were_added_until_they_are_removed,
    f16_a_key_is_added_only_after_the_one_that_was_seen,
    f16_of_many_who_add_a_key_at_once_one_does,
    a_thing_is_used_once,
    f15_of_a_hundred_uses_at_once_one_counts,
    uses_are_forgotten_when_they_have_expired,
    d05_what_was_forgotten_is_not_used_again,
    d05_a_use_that_was_never_forgotten_stays_open,
    d05_a_token_that_is_forgotten_costs_no_proof,
    f15_of_uses_that_come_together_all_count_or_none,
);

fn key(number: u8) -> StoredKey {
    let (created_at, signs_from) = (at(number.into()), at(u64::from(number) + 100));
    StoredKey { id: Thumbprint([number; 32]), created_at, signs_from, sealed: vec![number, 0, 255] }
}

fn new(number: u8, after: Option<u8>) -> NewKey {
    NewKey { key: key(number), after: after.map(|number| Thumbprint([number; 32])) }
}

fn once(id: u8, seconds: u64) -> Use {
    Use { kind: UseKind::Token, id: [id; 32], expires_at: at(seconds) }
}

async fn keys_are_listed_as_they_were_added_until_they_are_removed(store: Arc<dyn Store>) {
    assert_eq!(store.signing_keys().await, Ok(Vec::new()));
    for (number, after) in [(2, None), (1, Some(2)), (3, Some(1))] {
        assert_eq!(store.add_signing_key(new(number, after)).await, Ok(AddKeyOutcome::Added));
    }
    assert_eq!(store.signing_keys().await, Ok(vec![key(2), key(1), key(3)]));
    assert_eq!(store.remove_signing_keys(vec![key(2).id, key(9).id]).await, Ok(()));
    assert_eq!(store.signing_keys().await, Ok(vec![key(1), key(3)]));
    store.purge(at(999_999)).await.expect("purges");
    assert_eq!(store.signing_keys().await.map(|keys| keys.len()), Ok(2), "a purge removes no key");
}

async fn f16_a_key_is_added_only_after_the_one_that_was_seen(store: Arc<dyn Store>) {
    assert_eq!(store.add_signing_key(new(1, Some(9))).await, Ok(AddKeyOutcome::Overtaken));
    assert_eq!(store.add_signing_key(new(1, None)).await, Ok(AddKeyOutcome::Added));
    assert_eq!(store.add_signing_key(new(2, None)).await, Ok(AddKeyOutcome::Overtaken));
    assert_eq!(store.add_signing_key(new(2, Some(1))).await, Ok(AddKeyOutcome::Added));
    assert_eq!(store.add_signing_key(new(3, Some(1))).await, Ok(AddKeyOutcome::Overtaken));
    assert_eq!(store.signing_keys().await, Ok(vec![key(1), key(2)]));
}

async fn f16_of_many_who_add_a_key_at_once_one_does(store: Arc<dyn Store>) {
    let outcomes = super::races::all((1..=50).map(|number| {
        let store = Arc::clone(&store);
        async move { store.add_signing_key(new(number, None)).await }
    }));
    assert_eq!(super::races::count(&outcomes.await, &AddKeyOutcome::Added), 1);
    assert_eq!(store.signing_keys().await.map(|keys| keys.len()), Ok(1));
}

async fn a_thing_is_used_once(store: Arc<dyn Store>) {
    assert_eq!(store.is_consumed(once(1, 100)).await, Ok(false));
    assert_eq!(store.consume(vec![once(1, 100)]).await, Ok(ConsumeOutcome::Consumed));
    assert_eq!(store.is_consumed(once(1, 100)).await, Ok(true));
    assert_eq!(store.consume(vec![once(1, 100)]).await, Ok(ConsumeOutcome::AlreadyConsumed(once(1, 100))));
    assert_eq!(store.consume(vec![once(2, 100)]).await, Ok(ConsumeOutcome::Consumed));
}

async fn f15_of_a_hundred_uses_at_once_one_counts(store: Arc<dyn Store>) {
    let outcomes = super::races::all((0..100).map(|_| {
        let store = Arc::clone(&store);
        async move { store.consume(vec![once(1, 100)]).await }
    }));
    let outcomes = outcomes.await;
    assert_eq!(super::races::count(&outcomes, &ConsumeOutcome::Consumed), 1);
    assert_eq!(super::races::count(&outcomes, &ConsumeOutcome::AlreadyConsumed(once(1, 100))), 99);
}

async fn uses_are_forgotten_when_they_have_expired(store: Arc<dyn Store>) {
    for (id, seconds) in [(1, 100), (2, 101), (3, 102)] {
        assert_eq!(store.consume(vec![once(id, seconds)]).await, Ok(ConsumeOutcome::Consumed));
    }
    assert_eq!(store.purge(at(101)).await, Ok(Purged { uses: 2, ..Purged::default() }));
    assert_eq!(store.purge(at(101)).await, Ok(Purged::default()));
    assert_eq!(store.is_consumed(once(3, 102)).await, Ok(true));
}

async fn d05_what_was_forgotten_is_not_used_again(store: Arc<dyn Store>) {
    assert_eq!(store.consume(vec![once(1, 100)]).await, Ok(ConsumeOutcome::Consumed));
    store.purge(at(3600)).await.expect("purges");
    for id in [1, 2] {
        assert_eq!(store.is_consumed(once(id, 100)).await, Ok(true), "it may have been forgotten");
        assert_eq!(store.consume(vec![once(id, 100)]).await, Ok(ConsumeOutcome::AlreadyConsumed(once(id, 100))));
    }
    let alive = Use { expires_at: at(100).plus(Duration::from_millis(1)), ..once(1, 0) };
    assert_eq!(store.consume(vec![alive]).await, Ok(ConsumeOutcome::Consumed), "a wrong clock costs nothing later");
}

async fn d05_a_use_that_was_never_forgotten_stays_open(store: Arc<dyn Store>) {
    store.purge(at(3600)).await.expect("purges");
    assert_eq!(store.consume(vec![once(1, 100)]).await, Ok(ConsumeOutcome::Consumed));
    store.purge(at(99)).await.expect("purges");
    assert_eq!(store.is_consumed(once(1, 100)).await, Ok(true));
}

async fn d05_a_token_that_is_forgotten_costs_no_proof(store: Arc<dyn Store>) {
    let proof = |id, seconds| Use { kind: UseKind::Proof, ..once(id, seconds) };
    assert_eq!(store.consume(vec![proof(1, 300)]).await, Ok(ConsumeOutcome::Consumed));
    assert_eq!(store.consume(vec![once(1, 4000)]).await, Ok(ConsumeOutcome::Consumed), "a kind of its own");
    assert_eq!(store.purge(at(9000)).await, Ok(Purged { uses: 2, ..Purged::default() }));
    assert_eq!(store.is_consumed(proof(2, 301)).await, Ok(false));
    assert_eq!(store.consume(vec![proof(2, 301)]).await, Ok(ConsumeOutcome::Consumed));
    assert_eq!(
        store.consume(vec![proof(3, 300)]).await,
        Ok(ConsumeOutcome::AlreadyConsumed(proof(3, 300))),
        "it may have been forgotten"
    );
    assert_eq!(
        store.consume(vec![once(2, 4000)]).await,
        Ok(ConsumeOutcome::AlreadyConsumed(once(2, 4000))),
        "it may have been forgotten"
    );
    assert_eq!(store.consume(vec![once(2, 4001)]).await, Ok(ConsumeOutcome::Consumed));
}

async fn f15_of_uses_that_come_together_all_count_or_none(store: Arc<dyn Store>) {
    let proof = |id| Use { kind: UseKind::Proof, ..once(id, 300) };
    assert_eq!(store.consume(vec![once(1, 100)]).await, Ok(ConsumeOutcome::Consumed));
    let used = ConsumeOutcome::AlreadyConsumed(once(1, 100));
    assert_eq!(store.consume(vec![proof(1), once(1, 100)]).await, Ok(used));
    assert_eq!(store.is_consumed(proof(1)).await, Ok(false), "nothing was allowed for it");
    assert_eq!(store.consume(vec![proof(1), once(2, 100)]).await, Ok(ConsumeOutcome::Consumed));
    assert_eq!(store.consume(vec![proof(1), once(3, 100)]).await, Ok(ConsumeOutcome::AlreadyConsumed(proof(1))));
    assert_eq!(store.is_consumed(once(2, 100)).await, Ok(true));
    assert_eq!(store.is_consumed(once(3, 100)).await, Ok(false));
    let both = store.consume(vec![proof(1), once(1, 100)]).await;
    assert_eq!(both, Ok(ConsumeOutcome::AlreadyConsumed(proof(1))), "the first is named");
}
