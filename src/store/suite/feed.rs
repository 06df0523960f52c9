//! The feed of changes.

use std::sync::Arc;

use super::{ago, app_name, at, challenge, claims, clock, enrolment, id, place, proof, said};
use crate::appraisal::Tier;
use crate::crypto::serial::Serial;
use crate::ids::{AccountTag, Position};
use crate::store::{
    ANNOUNCEMENTS_KEPT_FOR, Advance, AdvanceOutcome, AnnounceOutcome, Announcement, Change, Changes, DeclareOutcome,
    EnrolOutcome, News, Purged, Ruling, Scope, Store, Tells,
};
use crate::verdict::Verdict;

behaviours!(
    changes_come_in_one_order_and_as_they_were_made,
    d07_an_announcement_is_made_once,
    d07_whoever_has_missed_something_is_told,
    d07_a_position_of_another_store_is_a_gap,
    forgetting_announcements_forgets_no_statement,
    d07_a_proof_that_is_worth_more_or_less_is_told,
    an_instance_that_goes_to_and_fro_takes_one_place,
    d07_claims_are_told_where_what_is_kept_is_weighed_with_them,
);

fn policy(app: &str, revision: &str) -> Announcement {
    Announcement::Policy { app: app_name(app), revision: revision.to_owned() }
}

async fn announced(store: &Arc<dyn Store>, announcement: Announcement, seconds: u64) -> AnnounceOutcome {
    store.announce(announcement, at(seconds)).await.expect("an answer")
}

async fn after(store: &Arc<dyn Store>, position: u64, limit: u32) -> Changes {
    store.changes_after(place(position), limit).await.expect("an answer")
}

async fn changes_come_in_one_order_and_as_they_were_made(store: Arc<dyn Store>) {
    assert_eq!(store.enrol(enrolment(1, challenge(1))).await, Ok(EnrolOutcome::Enrolled));
    let serial = Serial::from_hex("00FF01").expect("a serial number");
    let until = Ruling::Revoked { until: Some(at(99)) };
    let scopes = [Scope::Instance(id(1)), Scope::App, Scope::Account(AccountTag([7; 32])), Scope::Serial(serial)];
    let mut expected = Vec::new();
    let mut push = |news| {
        let position = place(expected.len() as u64 + 1);
        expected.push(Change { position, at: at(20), news });
        position
    };
    for scope in scopes {
        for ruling in [Ruling::Revoked { until: None }, until, Ruling::Reinstated] {
            let declared = store.declare(said("shop", scope, ruling), clock(20)).await;
            assert_eq!(declared, Ok(DeclareOutcome::Declared(push(ago(said("shop", scope, ruling))))));
        }
    }
    for announcement in [policy("shop", "r1"), Announcement::Endorsement { list: [9; 32] }] {
        let position = push(News::Announcement(announcement.clone()));
        assert_eq!(announced(&store, announcement, 20).await, AnnounceOutcome::Announced(position));
    }
    let latest = place(14);
    assert_eq!(after(&store, 0, 100).await, Changes::Page { changes: expected.clone(), latest });
    assert_eq!(after(&store, 3, 2).await, Changes::Page { changes: expected[3..5].to_vec(), latest });
    assert_eq!(after(&store, 14, 2).await, Changes::Page { changes: Vec::new(), latest });
    assert_eq!(store.latest_position().await, Ok(latest));
}

async fn d07_an_announcement_is_made_once(store: Arc<dyn Store>) {
    let list = |byte| Announcement::Endorsement { list: [byte; 32] };
    let told = [policy("shop", "1"), policy("bank", "1"), list(1), policy("shop", "2"), list(2), policy("shop", "1")];
    for (announcement, position) in told.into_iter().zip(1..) {
        let outcome = announced(&store, announcement.clone(), 20).await;
        assert_eq!(outcome, AnnounceOutcome::Announced(place(position)));
        assert_eq!(announced(&store, announcement, 30).await, AnnounceOutcome::Known);
    }
    assert_eq!(announced(&store, policy("bank", "1"), 30).await, AnnounceOutcome::Known);
}

async fn d07_whoever_has_missed_something_is_told(store: Arc<dyn Store>) {
    assert_eq!(after(&store, 1, 9).await, Changes::Gap { latest: place(0) }, "a position that has not come");
    for (revision, seconds) in [("1", 10), ("2", 20), ("3", 30)] {
        announced(&store, policy("shop", revision), seconds).await;
    }
    let now = at(20).plus(ANNOUNCEMENTS_KEPT_FOR);
    assert_eq!(store.purge(now).await, Ok(Purged { announcements: 1, ..Purged::default() }));
    let latest = place(3);
    assert_eq!(after(&store, 0, 9).await, Changes::Gap { latest });
    assert!(matches!(after(&store, 1, 9).await, Changes::Page { changes, .. } if changes.len() == 2));
    assert_eq!(store.purge(at(99).plus(ANNOUNCEMENTS_KEPT_FOR)).await.map(|purged| purged.announcements), Ok(2));
    assert_eq!(after(&store, 2, 9).await, Changes::Gap { latest });
    assert_eq!(after(&store, 3, 9).await, Changes::Page { changes: Vec::new(), latest });
    let again = announced(&store, policy("shop", "3"), 40).await;
    assert_eq!(again, AnnounceOutcome::Announced(place(4)), "positions never come twice");
}

async fn d07_a_position_of_another_store_is_a_gap(store: Arc<dyn Store>) {
    let others = [Position::START, Position(1), Position(place(0).0 - 1), place(9), Position(u64::MAX)];
    for latest in [place(0), place(1)] {
        for other in others {
            assert_eq!(store.changes_after(other, 9).await, Ok(Changes::Gap { latest }), "{other:?}");
        }
        announced(&store, policy("shop", "1"), 10).await;
    }
    assert!(matches!(after(&store, 0, 9).await, Changes::Page { changes, .. } if changes.len() == 1));
}

async fn forgetting_announcements_forgets_no_statement(store: Arc<dyn Store>) {
    store.declare(said("shop", Scope::App, Ruling::Reinstated), clock(0)).await.expect("an answer");
    assert_eq!(store.purge(at(99).plus(2 * ANNOUNCEMENTS_KEPT_FOR)).await, Ok(Purged::default()));
    assert!(matches!(after(&store, 0, 9).await, Changes::Page { changes, .. } if changes.len() == 1));
}

/// Keeps a proof at 10 seconds of this tier.
async fn kept(store: &Arc<dyn Store>, count: u32, tier: Tier) {
    let sent = proof(1, challenge(count.into()), count);
    let sent = Advance { verdict: Verdict { tier, ..sent.verdict }, ..sent };
    assert_eq!(store.advance(sent).await, Ok(AdvanceOutcome::Advanced));
}

async fn d07_a_proof_that_is_worth_more_or_less_is_told(store: Arc<dyn Store>) {
    let first = enrolment(1, challenge(99));
    let tier = first.verdict.tier;
    assert_eq!(store.enrol(first).await, Ok(EnrolOutcome::Enrolled));
    kept(&store, 1, tier).await;
    assert_eq!(store.latest_position().await, Ok(place(0)), "nothing has changed");
    kept(&store, 5, Tier::Affirming).await;
    kept(&store, 6, Tier::Affirming).await;
    kept(&store, 4, tier).await;
    kept(&store, 7, tier).await;
    let latest = place(2);
    assert_eq!(after(&store, 0, 9).await, reappraised_at(latest), "a late proof changes nothing");
    kept(&store, 8, tier).await;
    let purged = store.purge(at(11).plus(ANNOUNCEMENTS_KEPT_FOR)).await;
    assert_eq!(purged.map(|purged| purged.announcements), Ok(1));
    assert_eq!(after(&store, 1, 9).await, Changes::Gap { latest });
}

/// One change: that the first instance is worth something else.
fn reappraised_at(position: Position) -> Changes {
    let news = News::Reappraisal { app: app_name("shop"), instance: id(1) };
    Changes::Page { changes: vec![Change { position, at: at(10), news }], latest: position }
}

async fn an_instance_that_goes_to_and_fro_takes_one_place(store: Arc<dyn Store>) {
    assert_eq!(store.enrol(enrolment(1, challenge(99))).await, Ok(EnrolOutcome::Enrolled));
    for count in 1..=64 {
        kept(&store, count, if count % 2 == 0 { Tier::Affirming } else { Tier::Warning }).await;
        let latest = store.latest_position().await.expect("an answer");
        for seen in [0, latest.0 - place(1).0] {
            assert_eq!(after(&store, seen, 9).await, reappraised_at(latest), "whoever is behind hears of it");
        }
    }
}

async fn d07_claims_are_told_where_what_is_kept_is_weighed_with_them(store: Arc<dyn Store>) {
    let first = enrolment(1, challenge(99));
    let tier = first.verdict.tier;
    assert_eq!(store.enrol(first).await, Ok(EnrolOutcome::Enrolled));
    for (count, tells, latest) in [(1, Tells::Tier, 0), (2, Tells::Claims, 1)] {
        let sent = proof(1, challenge(count.into()), count);
        let verdict = Verdict { tier, ..sent.verdict };
        let claims = Some(claims(&count.to_string()));
        let sent = Advance { verdict, claims, claims_at: count - 1, tells, ..sent };
        assert_eq!(store.advance(sent).await, Ok(AdvanceOutcome::Advanced));
        assert_eq!(store.latest_position().await, Ok(place(latest)));
    }
}
