//! Signing keys and uses in a file.

use super::Place;
use crate::crypto::jwk::Thumbprint;
use crate::store::suite::at;
use crate::store::{AddKeyOutcome, ConsumeOutcome, NewKey, Store, StoreFault, StoredKey, Use, UseKind};

fn key() -> StoredKey {
    StoredKey { id: Thumbprint([1; 32]), created_at: at(0), signs_from: at(10), sealed: vec![1, 2, 3] }
}

#[tokio::test]
async fn keys_and_uses_survive_a_kill() {
    let (place, left) = (Place::new(), Place::new());
    let store = place.open();
    assert_eq!(store.add_signing_key(NewKey { key: key(), after: None }).await, Ok(AddKeyOutcome::Added));
    for number in 1..=5 {
        let once = Use { kind: UseKind::Token, id: [number; 32], expires_at: at(100) };
        assert_eq!(store.consume(vec![once]).await, Ok(ConsumeOutcome::Consumed));
        place.copy_to(&left);
        let store = left.open();
        assert_eq!(store.consume(vec![once]).await, Ok(ConsumeOutcome::AlreadyConsumed(once)), "{number}");
        assert_eq!(store.signing_keys().await, Ok(vec![key()]));
    }
}

#[tokio::test]
async fn damaged_keys_are_unreadable() {
    let place = Place::new();
    let store = place.open();
    assert_eq!(store.add_signing_key(NewKey { key: key(), after: None }).await, Ok(AddKeyOutcome::Added));
    place.tamper("UPDATE signing_keys SET signs_from = -1");
    assert!(matches!(store.signing_keys().await, Err(StoreFault::Unreadable(_))));
}
