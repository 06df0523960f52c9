//! Reading beside whoever has the store.

use std::fs;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use tokio::time::timeout;

use super::{Place, begin, enrolled};
use crate::store::sqlite::READERS;
use crate::store::suite::{at, challenge, id, proof, status_list};
use crate::store::{AdvanceOutcome, Changes, OpenFault, Records, Store, StoreFault, StoreReader};

async fn ids(reader: &StoreReader) -> usize {
    reader.claims_after(None, 10).await.expect("a page").len()
}

#[tokio::test]
async fn a_reader_sees_what_a_running_store_commits_and_keeps_nobody_out() {
    let place = Place::new();
    let store = enrolled(&place).await;
    let reader = StoreReader::open(&place.path()).expect("opens");
    assert_eq!(ids(&reader).await, 1);
    store.keep_status_list(status_list(10, b"a list"), at(10)).await.expect("keeps");
    assert_eq!(reader.status_list().await, Ok(Some(status_list(10, b"a list"))));
    assert_eq!(store.advance(proof(1, challenge(1), 1)).await, Ok(AdvanceOutcome::Advanced));
    drop(store);
    let store = place.open();
    assert_eq!(store.advance(proof(1, challenge(2), 2)).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!((ids(&reader).await, reader.appraisals_before(None, 9).await.expect("a page").len()), (1, 1));
}

#[tokio::test]
async fn a_reader_reads_a_closed_store_and_leaves_it_to_be_opened() {
    let place = Place::new();
    drop(enrolled(&place).await);
    let before = fs::read(place.path()).expect("reads");
    let reader = StoreReader::open(&place.path()).expect("opens");
    assert_eq!(ids(&reader).await, 1);
    let store = place.open();
    assert!(store.instance(id(1)).await.is_ok_and(|found| found.is_some()), "the reader claims nothing");
    drop((store, reader));
    assert!(fs::read(place.path()).expect("reads") == before, "the reader writes nothing");
}

#[tokio::test]
async fn a_reader_reads_what_a_killed_process_left() {
    let (place, left) = (Place::new(), Place::new());
    let _store = enrolled(&place).await;
    place.copy_to(&left);
    assert_eq!(ids(&StoreReader::open(&left.path()).expect("opens")).await, 1);
}

/// Every reader is busy, as when checks come faster than the disk answers.
#[tokio::test]
async fn d07_whoever_follows_the_feed_waits_for_no_check() {
    let place = Place::new();
    let store = enrolled(&place).await;
    let (release, held) = mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let mut checks = Vec::new();
    for _ in 0..READERS {
        let held = Arc::clone(&held);
        let check = store.readers.read(move |_| Ok(held.lock().map(|held| held.recv().is_err()).is_ok()));
        checks.push(Box::pin(check));
    }
    for check in &mut checks {
        begin(check).await;
    }
    let look = async {
        let latest = store.latest_position().await.expect("an answer");
        assert_eq!(store.changes_after(latest, 9).await, Ok(Changes::Page { changes: Vec::new(), latest }));
        assert_eq!(store.status_list().await, Ok(None), "which a look takes up");
    };
    timeout(Duration::from_secs(5), look).await.expect("waits for nobody");
    drop(release);
    for check in checks {
        assert_eq!(check.await, Ok(true));
    }
}

#[test]
fn a_reader_takes_no_file_but_one_of_this_schema() {
    let place = Place::new();
    let fault = || StoreReader::open(&place.path()).err().expect("a fault");
    assert!(matches!(fault(), OpenFault::Io { .. }), "there is no file");
    assert!(!place.path().exists(), "and none is made");
    drop(place.open());
    place.tamper("PRAGMA user_version = 2");
    assert!(matches!(fault(), OpenFault::OlderSchema { found: 2, .. }));
    assert_eq!(place.ask("SELECT user_version FROM pragma_user_version"), 2, "nothing is upgraded");
    place.tamper("PRAGMA user_version = 99");
    assert!(matches!(fault(), OpenFault::NewerSchema { found: 99, .. }));
    place.tamper("PRAGMA application_id = 7");
    assert!(matches!(fault(), OpenFault::Foreign { .. }));
}

#[tokio::test]
async fn a_record_that_is_damaged_is_said_to_be() {
    let place = Place::new();
    let store = enrolled(&place).await;
    place.tamper("UPDATE instances SET claims = '{'; UPDATE appraisals SET appraisal = '{}'");
    assert!(matches!(store.claims_after(None, 1).await, Err(StoreFault::Unreadable(_))));
    assert!(matches!(store.appraisals_before(None, 1).await, Err(StoreFault::Unreadable(_))));
}
