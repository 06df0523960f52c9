//! Opening integrity tokens while the upstream fails: the circuit breaker and the bound on calls at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bonafide::upstream::google::{BreakerState, Google};
use bonafide::upstream::{Decoded, Indeterminate, IntegrityDecoder, NotSent};
use futures_util::future::join_all;

use crate::fake::{Act, Fake, SHORT, built};

const PAYLOAD: &[u8] = br#"{"tokenPayloadExternal":{}}"#;
const PAUSE: Duration = Duration::from_secs(4);

async fn decode(google: &Google, token: &str) -> Decoded {
    google.decode("com.example.shop", token, Duration::from_secs(60)).await
}

/// A server that fails until it is told otherwise, and its client, which gives up after three failures.
async fn failing() -> (Fake, Google, Arc<AtomicBool>) {
    let well = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&well);
    let fake = Fake::start(move |_, _| match now.load(Ordering::SeqCst) {
        true => Act::Answer(200, &[], PAYLOAD.to_vec()),
        false => Act::Answer(503, &[], Vec::new()),
    })
    .await;
    let mut config = fake.config();
    (config.breaker_failures, config.breaker_pause) = (3, PAUSE);
    (fake, built(config), well)
}

fn is_held_back(outcome: &Decoded) -> bool {
    matches!(outcome, Decoded::NotSent(NotSent::BreakerOpen { retry_after }) if *retry_after <= PAUSE)
}

#[tokio::test]
async fn c17_nothing_is_sent_while_the_breaker_is_open() {
    let (fake, google, well) = failing().await;
    for token in ["1", "2", "3"] {
        assert_eq!(decode(&google, token).await, Decoded::Indeterminate(Indeterminate::Status(503)));
    }
    assert_eq!(google.breaker(), BreakerState::Open);
    assert!(is_held_back(&decode(&google, "4").await));
    assert_eq!((fake.decodes("4"), fake.seen().len()), (0, 3));
    well.store(true, Ordering::SeqCst);
    tokio::time::sleep(PAUSE).await;
    assert_eq!(decode(&google, "4").await, Decoded::Payload(PAYLOAD.to_vec()));
    assert_eq!((google.breaker(), fake.decodes("4")), (BreakerState::Closed, 1));
    let counts = google.counts().decodes;
    assert_eq!((counts.breaker_opened, counts.not_sent, counts.indeterminate, counts.payload), (1, 1, 3, 1));
}

#[tokio::test]
async fn c17_one_call_alone_tries_an_upstream_that_failed() {
    let (fake, google, _) = failing().await;
    join_all(["1", "2", "3"].map(|token| decode(&google, token))).await;
    tokio::time::sleep(PAUSE).await;
    let before = fake.seen().len();
    let tokens: Vec<String> = (0..50).map(|number| format!("probe {number}")).collect();
    let outcomes = join_all(tokens.iter().map(|token| decode(&google, token))).await;
    assert_eq!(outcomes.iter().filter(|outcome| is_held_back(outcome)).count(), 49);
    assert_eq!((fake.seen().len() - before, google.breaker()), (1, BreakerState::Open));
}

#[tokio::test]
async fn a_call_that_is_given_up_counts_as_failed() {
    let fake = Fake::start(|_, _| Act::Silence).await;
    let mut config = fake.config();
    (config.breaker_failures, config.breaker_pause) = (1, PAUSE);
    let google = built(config);
    assert!(tokio::time::timeout(SHORT, decode(&google, "1")).await.is_err());
    assert_eq!((google.breaker(), fake.decodes("1")), (BreakerState::Open, 1));
    tokio::time::sleep(PAUSE).await;
    assert!(tokio::time::timeout(SHORT, decode(&google, "2")).await.is_err());
    assert_eq!((google.breaker(), fake.decodes("2")), (BreakerState::Open, 1));
}

#[tokio::test]
async fn c17_no_more_calls_are_under_way_than_configured() {
    let fake = Fake::start(|_, _| Act::Silence).await;
    let mut config = fake.impatient();
    (config.decodes_at_once, config.breaker_failures) = (2, 100);
    let google = built(config);
    let tokens: Vec<String> = (0..20).map(|number| format!("token {number}")).collect();
    let outcomes = join_all(tokens.iter().map(|token| decode(&google, token))).await;
    let busy = outcomes.iter().filter(|outcome| **outcome == Decoded::NotSent(NotSent::Busy)).count();
    assert_eq!((busy, fake.seen().len()), (18, 2));
}
