//! The status list in force is told to everybody, whatever the store does meanwhile and whenever the service ends.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bonafide::clock::{Clock, ManualClock};
use bonafide::crypto::digest::sha256;
use bonafide::ids::Position;
use bonafide::store::{Announcement, Changes, KeptStatusList, News, Store, StoreFault};
use bonafide::upstream::file::FileListSource;
use bonafide::verifier::{AppConfig, RenewedList, StatusListFault, Upstreams, Verifier, VerifierConfig};
use tempfile::TempDir;

use crate::harness::START;
use crate::interrupted::Slow;

struct Bench {
    folder: TempDir,
    store: Arc<Slow>,
    clock: Arc<ManualClock>,
    begun: Position,
}

impl Bench {
    async fn new() -> Self {
        let (store, folder) = (Arc::new(Slow::new()), tempfile::tempdir().expect("a folder"));
        let begun = store.latest_position().await.expect("an answer");
        Self { folder, store, clock: Arc::new(ManualClock::at(START)), begun }
    }

    /// A service over the store, as after a start.
    async fn role(&self) -> Verifier {
        let apps = vec![AppConfig::of("shop".parse().expect("a name"))];
        let source = FileListSource::new(self.folder.path().join("list.json"));
        let upstreams = Upstreams { status_list: Some(Arc::new(source)), ..Upstreams::default() };
        let clock = Arc::<ManualClock>::clone(&self.clock);
        let store = Arc::<Slow>::clone(&self.store);
        Verifier::build(VerifierConfig::of(apps), store, clock, upstreams).await.expect("builds")
    }

    /// Publishes this list a minute later.
    fn publish(&self, list: &[u8]) {
        self.clock.set(self.clock.now().plus(Duration::from_secs(60)));
        fs::write(self.folder.path().join("list.json"), list).expect("writes");
    }

    /// Everything that was told since the beginning.
    async fn told(&self) -> Vec<News> {
        match self.store.changes_after(self.begun, 99).await.expect("an answer") {
            Changes::Page { changes, .. } => changes.into_iter().map(|change| change.news).collect(),
            gap => panic!("{gap:?}"),
        }
    }

    async fn kept(&self) -> Option<Vec<u8>> {
        self.store.status_list().await.expect("an answer").map(|kept| kept.body)
    }
}

fn list(serial: &str) -> Vec<u8> {
    format!(r#"{{"entries":{{"{serial}":{{"status":"REVOKED"}}}}}}"#).into_bytes()
}

fn of(list: &[u8]) -> News {
    News::Announcement(Announcement::Endorsement { list: sha256(list) })
}

async fn renewed(role: &Verifier) -> Result<RenewedList, StatusListFault> {
    role.renew_status_list().await.expect("a source")
}

fn failed(how: &str) -> StoreFault {
    StoreFault::Backend(how.to_owned())
}

#[tokio::test]
async fn d07_a_list_is_told_although_the_store_failed_at_first() {
    let bench = Bench::new().await;
    let role = bench.role().await;
    bench.store.deaf.store(1, Ordering::SeqCst);
    bench.publish(&list("a0"));
    assert_eq!(renewed(&role).await, Err(StatusListFault::Untold(failed("deaf"))));
    assert_eq!(bench.told().await, []);
    for _ in 0..2 {
        assert!(!renewed(&role).await.expect("a list").changed);
        assert_eq!(bench.told().await, [of(&list("a0"))], "once, although it is the same list");
    }
}

#[tokio::test]
async fn d07_a_list_that_was_kept_and_not_told_is_told_at_the_start() {
    let bench = Bench::new().await;
    bench.store.deaf.store(1, Ordering::SeqCst);
    bench.publish(&list("a0"));
    renewed(&bench.role().await).await.expect_err("is not told");
    fs::remove_file(bench.folder.path().join("list.json")).expect("removes");
    let role = bench.role().await;
    assert!(matches!(renewed(&role).await, Err(StatusListFault::Source(_))), "nobody confirms the list");
    assert_eq!(bench.told().await, [of(&list("a0"))]);
}

#[tokio::test]
async fn d07_a_list_is_told_only_when_others_can_take_it_up() {
    let bench = Bench::new().await;
    let role = bench.role().await;
    bench.publish(&list("a0"));
    renewed(&role).await.expect("a list");
    bench.store.full.store(2, Ordering::SeqCst);
    bench.publish(&list("a1"));
    for _ in 0..2 {
        assert_eq!(renewed(&role).await, Err(StatusListFault::Unkept(failed("full"))));
        assert_eq!(bench.told().await, [of(&list("a0"))]);
    }
    renewed(&role).await.expect("a list");
    assert_eq!(bench.kept().await, Some(list("a1")), "although its source said that it is the same");
    assert_eq!(bench.told().await, [of(&list("a0")), of(&list("a1"))]);
}

/// Two replicas that ask one source may be answered in another order than they keep.
#[tokio::test]
async fn d07_a_list_that_another_replica_fetched_later_comes_in_force() {
    let bench = Bench::new().await;
    let role = bench.role().await;
    bench.publish(&list("a0"));
    let fetched_at = bench.clock.now().plus(Duration::from_secs(10));
    let two = br#"{"entries":{"a1":{"status":"REVOKED"},"a2":{"status":"REVOKED"}}}"#.to_vec();
    let later = KeptStatusList { body: two.clone(), etag: None, fetched_at, fresh_until: fetched_at };
    bench.store.keep_status_list(later, fetched_at).await.expect("an answer");
    renewed(&role).await.expect("a list");
    assert_eq!(role.status_list().map(|list| list.entries), Some(2));
    assert_eq!((bench.kept().await, bench.told().await), (Some(two.clone()), vec![of(&two)]));
}

#[tokio::test]
async fn a_list_that_the_store_has_lost_is_kept_again() {
    let bench = Bench::new().await;
    let role = bench.role().await;
    bench.publish(&list("a0"));
    renewed(&role).await.expect("a list");
    let now = bench.clock.now();
    let other = KeptStatusList { body: list("a9"), etag: None, fetched_at: now, fresh_until: now };
    bench.store.keep_status_list(other, now).await.expect("an answer");
    bench.publish(&list("a0"));
    assert!(!renewed(&role).await.expect("a list").changed);
    assert_eq!(bench.kept().await, Some(list("a0")));
}
