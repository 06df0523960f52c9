//! What only a file can do: stay, be shared, be damaged, be somebody else's.

mod reading;
mod tokens;
mod upgrading;
mod vendors;

use std::collections::BTreeSet;
use std::fs;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use rusqlite::Connection;
use tempfile::TempDir;

use super::SqliteStore;
use super::file::ClaimedFile;
use super::writer::{BATCH, QUEUE};
use crate::clock::{Clock, ManualClock};
use crate::ids::Position;
use crate::store::StoreFault;
use crate::store::suite::{at, call, challenge, enrolment, id, instance, proof, said};
use crate::store::{AdvanceOutcome, CallId, Changes, DeclareOutcome, EnrolOutcome, OpenFault, Ruling, Scope, Store};

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).expect("opens")
    }

    fn fault(&self) -> OpenFault {
        SqliteStore::open(&self.path()).err().expect("a fault")
    }

    /// Goes around the store, as damage does.
    fn tamper(&self, sql: &str) {
        Connection::open(self.path()).and_then(|connection| connection.execute_batch(sql)).expect(sql);
    }

    /// Leaves what a killed process leaves.
    fn copy_to(&self, left: &Self) {
        for name in ["store.db", "store.db-wal"] {
            fs::copy(self.folder.path().join(name), left.folder.path().join(name)).expect("copies");
        }
    }

    fn ask(&self, sql: &str) -> i64 {
        let connection = Connection::open(self.path()).expect("opens");
        connection.query_row(sql, [], |row| row.get(0)).expect(sql)
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let connection = Connection::open(self.path()).expect("opens");
        let mut statement = connection.prepare(sql).expect(sql);
        statement.query_map([], |row| row.get(0)).expect(sql).map(|row| row.expect(sql)).collect()
    }
}

async fn enrolled(place: &Place) -> SqliteStore {
    let store = place.open();
    assert_eq!(store.enrol(enrolment(1, challenge(99))).await, Ok(EnrolOutcome::Enrolled));
    store
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let place = Place::new();
    let store = enrolled(&place).await;
    let secret = *store.secret().await.expect("a secret").expose();
    let mut sent = proof(1, challenge(1), 5);
    sent.call = call(1, 1);
    assert_eq!(store.advance(sent.clone()).await, Ok(AdvanceOutcome::Advanced));
    let mut forgotten = proof(1, challenge(3), 4);
    forgotten.challenge.expires_at = at(60);
    assert_eq!(store.advance(forgotten).await, Ok(AdvanceOutcome::Advanced));
    store.purge(at(60)).await.expect("purges");
    let before = instance(&store, id(1)).await;
    drop(store);

    let store = place.open();
    assert_eq!(instance(&store, id(1)).await, before);
    assert_eq!(store.secret().await.expect("a secret").expose(), &secret);
    let first = sent.verdict.clone();
    assert_eq!(store.advance(sent).await, Ok(AdvanceOutcome::Repeated(Box::new(first))));
    assert_eq!(store.advance(proof(1, challenge(1), 6)).await, Ok(AdvanceOutcome::ChallengeSpent));
    assert!(matches!(store.advance(proof(1, challenge(2), 5)).await, Ok(AdvanceOutcome::SignCount(_))));
    let mut expired = proof(1, challenge(2), 6);
    expired.challenge.expires_at = at(60);
    assert_eq!(store.advance(expired).await, Ok(AdvanceOutcome::ChallengeExpired));
}

/// What a killed process leaves is what its files hold at that moment.
#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let (place, left) = (Place::new(), Place::new());
    let store = enrolled(&place).await;
    for count in 1..=64 {
        assert_eq!(store.advance(proof(1, challenge(count.into()), count)).await, Ok(AdvanceOutcome::Advanced));
        place.copy_to(&left);
        let store = left.open();
        let replay = store.advance(proof(1, challenge(200), count)).await;
        assert!(matches!(replay, Ok(AdvanceOutcome::SignCount(_))), "{count}: {replay:?}");
        let replay = store.advance(proof(1, challenge(count.into()), 100)).await;
        assert_eq!(replay, Ok(AdvanceOutcome::ChallengeSpent), "{count}");
    }
}

#[tokio::test]
async fn closing_leaves_one_file_and_its_lock() {
    let place = Place::new();
    drop(enrolled(&place).await);
    let mut names: Vec<_> =
        fs::read_dir(place.folder.path()).expect("reads").map(|entry| entry.expect("an entry").file_name()).collect();
    names.sort();
    assert_eq!(names, ["store.db", "store.db.lock"]);
}

#[cfg(unix)]
#[tokio::test]
async fn every_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let _store = enrolled(&place).await;
    for entry in fs::read_dir(place.folder.path()).expect("reads") {
        let entry = entry.expect("an entry");
        let mode = entry.metadata().expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn a_second_opening_is_refused_until_the_first_is_closed() {
    let place = Place::new();
    let store = place.open();
    let fault = place.fault();
    assert!(matches!(fault, OpenFault::AlreadyOpen { .. }));
    assert!(fault.to_string().ends_with("is already open; only one process may open it at a time"), "{fault}");
    drop(store);
    place.open();
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_is_no_way_around_the_lock() {
    let place = Place::new();
    let _store = place.open();
    let link = place.folder.path().join("link.db");
    std::os::unix::fs::symlink(place.path(), &link).expect("links");
    assert!(matches!(SqliteStore::open(&link), Err(OpenFault::AlreadyOpen { .. })));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn neither_a_second_name_nor_a_lost_lock_lets_another_in() {
    let place = Place::new();
    let store = place.open();
    let name = place.folder.path().join("name.db");
    fs::hard_link(place.path(), &name).expect("links");
    assert!(matches!(SqliteStore::open(&name), Err(OpenFault::AlreadyOpen { .. })));
    fs::remove_file(place.folder.path().join("store.db.lock")).expect("removes");
    assert!(matches!(place.fault(), OpenFault::AlreadyOpen { .. }));
    drop(store);
    place.open();
}

#[test]
fn every_commit_waits_for_the_disk() {
    let place = Place::new();
    let file = ClaimedFile::claim(&place.path()).expect("claims");
    let writer = file.writer(Position::START).expect("opens");
    let pragma = |name: &str| -> String {
        writer.query_row(&format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"), [], |row| row.get(0)).expect(name)
    };
    assert_eq!((pragma("journal_mode").as_str(), pragma("synchronous").as_str()), ("wal", "2"));
}

#[test]
fn an_empty_file_becomes_a_store() {
    let place = Place::new();
    fs::write(place.path(), []).expect("writes");
    drop(place.open());
    assert_eq!(place.ask("SELECT user_version FROM pragma_user_version"), 8);
    assert_eq!(place.ask("SELECT application_id FROM pragma_application_id"), 0x426F_6E61);
    drop(place.open());
    assert_eq!(place.ask("SELECT count(*) FROM state"), 1);
}

#[tokio::test]
async fn each_new_file_starts_its_feed_somewhere_and_goes_on_there() {
    let mut starts = BTreeSet::new();
    for _ in 0..3 {
        let place = Place::new();
        let start = place.open().latest_position().await.expect("an answer");
        assert_eq!(place.open().latest_position().await, Ok(start), "it is a new file once");
        starts.insert(start);
    }
    assert_eq!(starts.len(), 3);
    assert!(starts.iter().all(|start| start.0 < 1 << 48));
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let place = Place::new();
    drop(place.open());
    place.tamper("PRAGMA user_version = 99");
    let fault = place.fault();
    assert!(matches!(fault, OpenFault::NewerSchema { found: 99, known: 8, .. }), "{fault}");
    assert!(
        fault.to_string().ends_with("has schema 99, and this version knows schemas up to 8; start a newer version")
    );
    assert_eq!(place.ask("SELECT user_version FROM pragma_user_version"), 99);
}

#[test]
fn what_is_not_a_store_is_refused_and_left_alone() {
    let place = Place::new();
    let text = "not a database, but long enough to have a header that could be one. ".repeat(20);
    fs::write(place.path(), &text).expect("writes");
    let fault = place.fault();
    assert!(matches!(fault, OpenFault::Foreign { .. }), "{fault}");
    assert_eq!(fs::read_to_string(place.path()).expect("reads"), text);
}

#[test]
fn the_database_of_another_program_is_refused() {
    for sql in ["CREATE TABLE theirs (x)", "PRAGMA application_id = 7", "PRAGMA user_version = 1"] {
        let place = Place::new();
        place.tamper(sql);
        assert!(matches!(place.fault(), OpenFault::Foreign { .. }), "{sql}");
    }
}

#[test]
fn a_place_that_is_not_there_is_named() {
    let fault = SqliteStore::open(Path::new("/nowhere/at/all/store.db")).err().expect("a fault");
    assert!(fault.to_string().starts_with("the store /nowhere/at/all/store.db cannot be opened: "), "{fault}");
    let folder = TempDir::new().expect("a folder");
    assert!(matches!(SqliteStore::open(folder.path()), Err(OpenFault::Io { .. })));
}

#[tokio::test]
async fn a_damaged_instance_is_unreadable() {
    for damage in [
        "claims = '{}'",
        "claims = 'nonsense'",
        "serials = '7'",
        "app = 'Not A Name'",
        "public_key = x'00'",
        "key_id = x'00'",
        "account = x''",
        "confirmation = x'01'",
        "enrolled_at = -1",
    ] {
        let place = Place::new();
        let store = enrolled(&place).await;
        place.tamper(&format!("UPDATE instances SET {damage}"));
        let answer = instance(&store, id(1)).await;
        assert!(matches!(answer, Err(StoreFault::Unreadable(_))), "{damage}: {answer:?}");
    }
}

#[tokio::test]
async fn damage_to_one_instance_does_not_touch_others() {
    for damage in [
        "seen = x'0102'",
        "seen = zeroblob(136)",
        "highest = -1",
        "highest = 4294967296",
        "proven_at = -1",
        "claims_at = -1",
        "bound_address = x'00'",
        "bound_tls = zeroblob(17)",
        "bound_session = x''",
    ] {
        let place = Place::new();
        let store = enrolled(&place).await;
        assert_eq!(store.enrol(enrolment(2, challenge(98))).await, Ok(EnrolOutcome::Enrolled));
        place.tamper(&format!("UPDATE progress SET {damage} WHERE hex(instance) LIKE '01%'"));
        let sent = [proof(1, challenge(1), 1), proof(2, challenge(2), 1)];
        let [damaged, whole] = sent.map(|proof| store.advance(proof));
        let (damaged, whole) = tokio::join!(damaged, whole);
        assert!(matches!(damaged, Err(StoreFault::Unreadable(_))), "{damage}: {damaged:?}");
        assert_eq!(whole, Ok(AdvanceOutcome::Advanced), "{damage}");
        assert_eq!(store.advance(proof(2, challenge(1), 2)).await, Ok(AdvanceOutcome::Advanced), "{damage}: spent");
    }
}

#[tokio::test]
async fn damaged_answers_and_verdicts_are_unreadable() {
    let place = Place::new();
    let store = enrolled(&place).await;
    let mut sent = proof(1, challenge(1), 1);
    sent.call = call(1, 1);
    assert_eq!(store.advance(sent.clone()).await, Ok(AdvanceOutcome::Advanced));
    place.tamper("UPDATE answers SET verdict = '{'; UPDATE instances SET verdict = '{'");
    assert!(matches!(store.first_answer(CallId([1; 32]), at(10)).await, Err(StoreFault::Unreadable(_))));
    assert!(matches!(store.advance(sent).await, Err(StoreFault::Unreadable(_))));
    assert!(matches!(store.enrol(enrolment(1, challenge(2))).await, Err(StoreFault::Unreadable(_))));
}

#[tokio::test]
async fn a_failure_in_the_middle_leaves_nothing_behind() {
    let place = Place::new();
    let store = enrolled(&place).await;
    place.tamper("CREATE TRIGGER full BEFORE INSERT ON progress BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    let sent = enrolment(2, challenge(2));
    assert_eq!(store.enrol(sent.clone()).await, Err(StoreFault::Backend("disk full".into())));
    assert_eq!(instance(&store, id(2)).await, Ok(None));
    place.tamper("DROP TRIGGER full");
    assert_eq!(store.enrol(sent).await, Ok(EnrolOutcome::Enrolled), "the challenge was not spent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_failed_batch_everybody_is_told_and_nothing_is_kept() {
    let place = Place::new();
    let store = Arc::new(place.open());
    place.tamper(
        "CREATE TRIGGER full BEFORE INSERT ON progress WHEN hex(NEW.instance) LIKE '07%'
         BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    let enrolments = (0..64).map(|number| enrolment(number, challenge(number.into())));
    let calls = enrolments.map(|enrolment| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { (enrolment.clone(), store.enrol(enrolment).await) })
    });
    let calls: Vec<_> = calls.collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.expect("an answer"));
    }
    assert!(answers.iter().any(|(sent, answer)| sent.instance.id == id(7) && answer.is_err()));
    place.tamper("DROP TRIGGER full");
    for (sent, answer) in answers {
        let kept = store.instance(sent.instance.id).await.expect("an answer");
        assert_eq!(kept.is_some(), answer == Ok(EnrolOutcome::Enrolled));
        if answer.is_err() {
            assert_eq!(store.enrol(sent).await, Ok(EnrolOutcome::Enrolled));
        }
    }
}

#[tokio::test]
async fn readers_do_not_wait_for_a_writer() {
    let place = Place::new();
    let store = enrolled(&place).await;
    let busy = Connection::open(place.path()).expect("opens");
    busy.execute_batch("BEGIN IMMEDIATE; UPDATE state SET purged_until = 1").expect("writes");
    assert!(instance(&store, id(1)).await.is_ok_and(|found| found.is_some()));
}

#[tokio::test]
async fn a_crowd_is_told_to_come_back() {
    let place = Place::new();
    let store = enrolled(&place).await;
    let busy = Connection::open(place.path()).expect("opens");
    busy.execute_batch("BEGIN IMMEDIATE").expect("locks");
    let crowd = u32::try_from(QUEUE + BATCH + 1).expect("small");
    let mut calls: Vec<_> = (1..=crowd).map(|count| store.advance(proof(1, challenge(count.into()), count))).collect();
    let mut told = 0;
    for call in &mut calls {
        let answer = poll_fn(|context| Poll::Ready(Pin::new(&mut *call).poll(context))).await;
        told += usize::from(answer == Poll::Ready(Err(StoreFault::Full)));
    }
    assert!((1..=BATCH + 1).contains(&told), "{told}");
    drop(calls);
    busy.execute_batch("ROLLBACK").expect("unlocks");
    drop(store);
    assert!(place.ask("SELECT highest FROM progress") >= i64::try_from(QUEUE).expect("small"), "who waits is served");
}

/// What operators say is dated when its turn has come, and not when it was said: what was proved meanwhile is dated before it.
#[tokio::test]
async fn d07_a_statement_is_dated_when_it_is_kept() {
    let place = Place::new();
    let store = enrolled(&place).await;
    let begun = store.latest_position().await.expect("an answer");
    let clock = Arc::new(ManualClock::at(at(10)));
    let now = Arc::clone(&clock);
    let busy = Connection::open(place.path()).expect("opens");
    busy.execute_batch("BEGIN IMMEDIATE").expect("locks");
    let said = said("shop", Scope::App, Ruling::Revoked { until: None });
    let mut declared = store.declare(said, Box::new(move || now.now()));
    begin(&mut declared).await;
    clock.set(at(60));
    busy.execute_batch("ROLLBACK").expect("unlocks");
    assert_eq!(declared.await, Ok(DeclareOutcome::Declared(begun.next())));
    let kept = store.changes_after(begun, 9).await;
    assert!(matches!(kept, Ok(Changes::Page { changes, .. }) if changes.iter().map(|change| change.at).eq([at(60)])));
}

#[tokio::test]
async fn what_a_caller_no_longer_waits_for_is_done_before_closing() {
    let place = Place::new();
    let store = enrolled(&place).await;
    let mut forgotten = store.advance(proof(1, challenge(1), 1));
    begin(&mut forgotten).await;
    drop(forgotten);
    drop(store);
    assert_eq!(place.ask("SELECT highest FROM progress"), 1);
}

/// Lets the future go as far as it can without waiting.
async fn begin<F: Future + Unpin>(future: &mut F) {
    poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context).is_pending())).await;
}
