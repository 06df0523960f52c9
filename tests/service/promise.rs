//! What is promised within a second, held by a machine that may be busy with something else.

use std::time::Duration;

/// The promise: from the answer of a revocation to its refusal everywhere.
const PROMISE: Duration = Duration::from_secs(1);

/// What no round may take, however busy the machine.
pub(crate) const EVER: Duration = Duration::from_secs(30);

/// Goes through a round until one keeps the promise, which one of three has to. A round tells how long it took; whatever else it asserts
/// holds each time.
pub(crate) async fn kept(round: impl AsyncFn() -> Duration) {
    let mut took = Vec::new();
    for _ in 0..3 {
        let span = round().await;
        assert!(span < EVER, "{span:?}");
        if span < PROMISE {
            return;
        }
        took.push(span);
    }
    panic!("not within a second, each time: {took:?}");
}
