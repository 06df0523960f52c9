//! What several calls wait for together: the first does it, and all get its outcome, even when the first goes away.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Work under way, by its name.
pub(super) struct Flights<K, T> {
    under_way: Arc<Mutex<HashMap<K, Outcome<T>>>>,
}

type Outcome<T> = watch::Receiver<Option<T>>;

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self { under_way: Arc::default() }
    }
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// Does `work`, or waits for the same work that is under way. `None` when it ended without an outcome.
    ///
    /// Once begun it goes on, whether or not anybody still waits.
    pub(super) async fn join(&self, name: K, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let mut outcome = self.boarded(name, work);
        outcome.wait_for(Option::is_some).await.ok()?.clone()
    }

    fn boarded(&self, name: K, work: impl Future<Output = T> + Send + 'static) -> Outcome<T> {
        let mut under_way = lock(&self.under_way);
        if let Some(outcome) = under_way.get(&name) {
            return outcome.clone();
        }
        let (sender, outcome) = watch::channel(None);
        under_way.insert(name.clone(), outcome.clone());
        let landing = Landing { under_way: Arc::clone(&self.under_way), name };
        tokio::spawn(async move {
            let done = work.await;
            // Whoever comes from now on finds what the work has left behind.
            drop(landing);
            sender.send_replace(Some(done));
        });
        outcome
    }
}

/// Takes the work off the list when it ends, however it ends.
struct Landing<K: Eq + Hash, T> {
    under_way: Arc<Mutex<HashMap<K, Outcome<T>>>>,
    name: K,
}

impl<K: Eq + Hash, T> Drop for Landing<K, T> {
    fn drop(&mut self) {
        lock(&self.under_way).remove(&self.name);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn one_works_and_all_get_its_outcome() {
        let (flights, count) = (Arc::new(Flights::<u8, u32>::default()), Arc::new(AtomicU32::new(0)));
        let joined = (0..50).map(|_| {
            let (flights, count) = (Arc::clone(&flights), Arc::clone(&count));
            tokio::spawn(async move {
                let work = async move {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    count.fetch_add(1, Ordering::Relaxed) + 7
                };
                flights.join(1, work).await
            })
        });
        for outcome in joined.collect::<Vec<_>>() {
            assert_eq!(outcome.await.expect("no panic"), Some(7));
        }
        assert!(lock(&flights.under_way).is_empty());
        assert_eq!(flights.join(1, async { 9 }).await, Some(9), "new work");
    }

    #[tokio::test]
    async fn work_goes_on_when_the_first_goes_away() {
        let (flights, done) = (Flights::<u8, u32>::default(), Arc::new(AtomicU32::new(0)));
        let mark = Arc::clone(&done);
        let work = async move {
            tokio::time::sleep(Duration::from_millis(30)).await;
            mark.fetch_add(1, Ordering::Relaxed)
        };
        let left = tokio::time::timeout(Duration::from_millis(1), flights.join(1, work)).await;
        assert!(left.is_err(), "nobody waits any more");
        assert_eq!(flights.join(1, async { 99 }).await, Some(0), "the outcome of the first work");
        assert_eq!(done.load(Ordering::Relaxed), 1);
    }
}
