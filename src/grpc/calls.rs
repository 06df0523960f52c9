//! How many calls are in flight: a stop waits for them, and for nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts the calls in flight.
#[derive(Debug, Default)]
pub(super) struct Calls(AtomicUsize);

/// A call in flight, until it is dropped.
#[derive(Debug)]
pub(super) struct Call(Arc<Calls>);

impl Calls {
    /// Counts a call for as long as what it gives is kept.
    pub(super) fn begin(calls: &Arc<Self>) -> Arc<Call> {
        calls.0.fetch_add(1, Ordering::SeqCst);
        Arc::new(Call(Arc::clone(calls)))
    }

    /// Whether every call has been answered.
    pub(super) fn all_answered(&self) -> bool {
        self.0.load(Ordering::SeqCst) == 0
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}
