//! Files of earlier versions.

use super::Place;
use crate::evidence::claims::{AppAttestClaims, Claims};
use crate::ids::Position;
use crate::store::sqlite::schema::MIGRATIONS;
use crate::store::suite::{at, call, challenge, claims, enrolment, id, instance, proof, verdict};
use crate::store::{
    AdvanceOutcome, AnnounceOutcome, Announcement, Changes, ConsumeOutcome, EnrolOutcome, Instance, OpenFault, Store,
    StoreFault, Use, UseKind,
};
use crate::verdict::Verdict;

/// The policy of the time when the rows were written.
const POLICY: &str = "\"88394b80a37ae8c3\"";

/// A file with schema 1, as that version left it.
fn version_1() -> Place {
    let place = Place::new();
    place.tamper("PRAGMA journal_mode = WAL");
    place.tamper(include_str!("../migrations/0001_first.sql"));
    place.tamper("PRAGMA application_id = 0x426F6E61; PRAGMA user_version = 1");
    place.tamper(include_str!("version_1.sql"));
    place
}

fn of_that_time(verdict: Verdict) -> Verdict {
    Verdict { policy: serde_json::from_str(POLICY).expect("a revision"), ..verdict }
}

fn bare_claims() -> Claims {
    let whole = *claims("1").app_attest.expect("a section");
    let bare = AppAttestClaims { validation_category: None, bundle_version: None, ..whole };
    Claims { app_attest: Some(Box::new(bare)), ..claims("1") }
}

#[tokio::test]
async fn instances_of_version_1_keep_their_claims() {
    let place = version_1();
    let store = place.open();
    assert_eq!(place.ask("SELECT user_version FROM pragma_user_version"), 8);
    let first = Instance { proven_at: at(10), sign_count: 1, ..enrolment(1, challenge(99)).instance };
    assert_eq!(instance(&store, id(1)).await, Ok(Some(first)));
    let second = Instance { claims: bare_claims(), ..enrolment(2, challenge(98)).instance };
    assert_eq!(instance(&store, id(2)).await, Ok(Some(second)));
}

#[tokio::test]
async fn answers_of_version_1_are_given_again() {
    let store = version_1().open();
    let first = of_that_time(verdict(1));
    let again = store.enrol(enrolment(1, challenge(5))).await;
    assert_eq!(again, Ok(EnrolOutcome::AlreadyEnrolled(Box::new(first))));
    let second = of_that_time(Verdict { claims: None, ..verdict(2) });
    let again = store.enrol(enrolment(2, challenge(5))).await;
    assert_eq!(again, Ok(EnrolOutcome::AlreadyEnrolled(Box::new(second))));
    let mut retry = proof(1, challenge(1), 1);
    retry.call = call(1, 1);
    let first = of_that_time(verdict(1001));
    assert_eq!(store.advance(retry).await, Ok(AdvanceOutcome::Repeated(Box::new(first))));
}

#[tokio::test]
async fn what_version_1_has_spent_stays_spent() {
    let store = version_1().open();
    assert_eq!(store.enrol(enrolment(3, challenge(99))).await, Ok(EnrolOutcome::ChallengeSpent));
    assert!(matches!(store.advance(proof(1, challenge(7), 1)).await, Ok(AdvanceOutcome::SignCount(_))));
    assert_eq!(store.advance(proof(1, challenge(7), 2)).await, Ok(AdvanceOutcome::Advanced));
    assert_eq!(store.secret().await.expect("a secret").expose(), &[7; 32]);
}

#[test]
fn rewritten_claims_say_what_they_said() {
    let place = version_1();
    let odd = r#""bundle_version":"\u0000 \u00fc ü \"quoted\" it''s \\ $.anchor""#;
    place.tamper(&format!("UPDATE instances SET claims = replace(claims, '\"bundle_version\":\"1\"', '{odd}')"));
    let before = place.texts("SELECT claims FROM instances ORDER BY id");
    drop(place.open());
    let after = place.texts("SELECT claims FROM instances ORDER BY id");
    assert!(before.len() == 2 && before.iter().any(|claims| claims.contains("quoted")));
    for (before, after) in before.iter().zip(&after) {
        let mut section: serde_json::Value = serde_json::from_str(before).expect("JSON");
        let members = section.as_object_mut().expect("an object");
        members.remove("format");
        let lab = members.remove("anchor").expect("an anchor") == "lab";
        let labs: &[&str] = if lab { &["app_attest"] } else { &[] };
        let expected = serde_json::json!({ "labs": labs, "app_attest": section });
        assert_eq!(serde_json::from_str::<serde_json::Value>(after).expect("JSON"), expected);
    }
}

/// An empty file with this schema.
fn empty_of(version: usize) -> Place {
    let place = Place::new();
    place.tamper("PRAGMA journal_mode = WAL");
    for migration in &MIGRATIONS[..version] {
        place.tamper(migration);
    }
    place.tamper(&format!("PRAGMA application_id = 0x426F6E61; PRAGMA user_version = {version}"));
    place
}

#[tokio::test]
async fn the_feed_of_version_6_goes_on_where_it_was() {
    let place = empty_of(6);
    place.tamper(
        "UPDATE state SET latest = 5, stated = 5, forgotten = 3;
        INSERT INTO changes (position, at, app, ruling, scope, subject, said_by, why)
        VALUES (5, 0, 'shop', 'reinstated', 'app', x'', 'desk', 'a mistake')",
    );
    let store = place.open();
    let kept = store.changes_after(Position(4), 9).await;
    assert!(matches!(kept, Ok(Changes::Page { changes, latest: Position(5) }) if changes.len() == 1));
    let announcement = Announcement::Endorsement { list: [9; 32] };
    assert_eq!(store.announce(announcement, at(1)).await, Ok(AnnounceOutcome::Announced(Position(6))));
    assert_eq!(store.changes_after(Position(2), 9).await, Ok(Changes::Gap { latest: Position(6) }));
    assert_eq!(place.ask("SELECT count(*) FROM sqlite_schema WHERE name = 'changes_before'"), 0);
}

#[tokio::test]
async fn what_version_7_has_used_stays_used() {
    let place = empty_of(7);
    let millis = |seconds| at(seconds).as_millis();
    place.tamper(&format!(
        "UPDATE state SET consumed_until = {}; INSERT INTO consumed (expires_at, id) VALUES ({}, zeroblob(32))",
        millis(50),
        millis(100)
    ));
    let store = place.open();
    for kind in [UseKind::Proof, UseKind::Token] {
        for (id, seconds, used) in [(0, 100, true), (1, 50, true), (1, 51, false)] {
            let once = Use { kind, id: [id; 32], expires_at: at(seconds) };
            let expected = if used { ConsumeOutcome::AlreadyConsumed(once) } else { ConsumeOutcome::Consumed };
            assert_eq!(store.consume(vec![once]).await, Ok(expected), "{once:?}");
        }
    }
}

#[tokio::test]
async fn damage_does_not_keep_a_file_from_being_upgraded() {
    let place = version_1();
    place.tamper("UPDATE instances SET claims = 'nonsense', verdict = '{' WHERE hex(id) LIKE '01%'");
    place.tamper("UPDATE answers SET verdict = '[]'");
    let store = place.open();
    assert!(matches!(instance(&store, id(1)).await, Err(StoreFault::Unreadable(_))));
    assert!(matches!(store.enrol(enrolment(1, challenge(5))).await, Err(StoreFault::Unreadable(_))));
    assert!(instance(&store, id(2)).await.is_ok_and(|found| found.is_some()));
}

#[test]
fn an_upgrade_that_fails_changes_nothing() {
    let place = version_1();
    place.tamper("CREATE TRIGGER full BEFORE UPDATE ON answers BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    assert!(matches!(place.fault(), OpenFault::Backend { .. }));
    assert_eq!(place.ask("SELECT user_version FROM pragma_user_version"), 1);
    assert_eq!(place.ask("SELECT count(*) FROM sqlite_schema WHERE name = 'decodings'"), 0);
    assert_eq!(place.ask("SELECT count(*) FROM instances WHERE claims ->> '$.format' = 'app_attest'"), 2);
    place.tamper("DROP TRIGGER full");
    drop(place.open());
    assert_eq!(
        place.ask("SELECT count(*) FROM instances WHERE claims ->> '$.app_attest.environment' = 'production'"),
        2
    );
}
