//! What operators say of instances, and who is covered by it.

use std::sync::Arc;

use proptest::prelude::*;

use super::{ago, app_name, at, challenge, clock, enrolment, id, place, proof, said};
use crate::appraisal::Standing;
use crate::crypto::serial::Serial;
use crate::ids::{AccountTag, InstanceId, Position};
use crate::store::{
    Advance, AdvanceOutcome, Announcement, DeclareOutcome, EnrolOutcome, Enrolment, InstanceList, Ruling, Scope,
    StatementList, Store,
};
use crate::time::Timestamp;

behaviours!(
    d07_a_revoked_instance_has_that_standing,
    d07_of_several_revocations_the_last_to_end_counts,
    a_reinstated_instance_is_free_of_all_that_was_said_before,
    reinstating_a_group_leaves_single_instances_revoked,
    d07_a_group_is_whoever_was_there,
    d07_a_chain_is_revoked_for_those_to_come,
    statements_are_about_one_app,
    only_instances_that_are_there_are_revoked_singly,
    d07_no_proof_is_kept_that_does_not_know_of_a_statement,
    d07_no_enrolment_is_kept_that_does_not_know_of_a_statement,
    statements_on_others_do_not_hold_up_a_proof,
    instances_are_listed_in_one_order,
    statements_are_listed_in_one_order,
);

const FOREVER: Ruling = Ruling::Revoked { until: None };
const REVOKED: Standing = Standing::Revoked { until: None };

async fn enrolled(store: &Arc<dyn Store>, number: u8) {
    let seen = store.latest_position().await.expect("an answer");
    let enrolment = Enrolment { seen, ..enrolment(number, challenge(u128::from(number) << 64)) };
    assert_eq!(store.enrol(enrolment).await, Ok(EnrolOutcome::Enrolled));
}

async fn declare(store: &Arc<dyn Store>, scope: Scope, ruling: Ruling) -> Position {
    match store.declare(said("shop", scope, ruling), clock(20)).await {
        Ok(DeclareOutcome::Declared(position)) => position,
        other => panic!("{other:?}"),
    }
}

async fn standing(store: &Arc<dyn Store>, id: InstanceId) -> Standing {
    store.instance(id).await.expect("an answer").expect("an instance").standing
}

fn until(seconds: u64) -> Ruling {
    Ruling::Revoked { until: Some(at(seconds)) }
}

async fn d07_a_revoked_instance_has_that_standing(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    enrolled(&store, 2).await;
    let found = store.instance(id(1)).await.expect("an answer").expect("an instance");
    assert_eq!((found.standing, found.because), (Standing::Good, None));
    let position = declare(&store, Scope::Instance(id(1)), FOREVER).await;
    let found = store.instance(id(1)).await.expect("an answer").expect("an instance");
    let because = found.because.expect("a change");
    assert_eq!((found.standing, found.seen, because.position, because.at), (REVOKED, position, position, at(20)));
    assert_eq!(because.news, ago(said("shop", Scope::Instance(id(1)), FOREVER)));
    assert_eq!(standing(&store, id(2)).await, Standing::Good);
}

async fn d07_of_several_revocations_the_last_to_end_counts(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    for (scope, ruling) in [(Scope::Instance(id(1)), until(50)), (Scope::App, until(40))] {
        declare(&store, scope, ruling).await;
        assert_eq!(standing(&store, id(1)).await, Standing::Revoked { until: Some(at(50)) });
    }
    declare(&store, Scope::Account(AccountTag([1; 32])), FOREVER).await;
    declare(&store, Scope::Account(AccountTag([1; 32])), until(30)).await;
    assert_eq!(standing(&store, id(1)).await, REVOKED, "a later end shortens nothing");
}

async fn a_reinstated_instance_is_free_of_all_that_was_said_before(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    enrolled(&store, 2).await;
    for scope in [Scope::App, Scope::Instance(id(1)), Scope::Serial(serial("ff01"))] {
        declare(&store, scope, FOREVER).await;
    }
    let position = declare(&store, Scope::Instance(id(1)), Ruling::Reinstated).await;
    let found = store.instance(id(1)).await.expect("an answer").expect("an instance");
    assert_eq!((found.standing, found.because.map(|change| change.position)), (Standing::Good, Some(position)));
    assert_eq!(standing(&store, id(2)).await, REVOKED);
    declare(&store, Scope::App, FOREVER).await;
    assert_eq!(standing(&store, id(1)).await, REVOKED, "what is said later counts");
}

async fn reinstating_a_group_leaves_single_instances_revoked(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    enrolled(&store, 2).await;
    declare(&store, Scope::Instance(id(1)), FOREVER).await;
    declare(&store, Scope::App, FOREVER).await;
    declare(&store, Scope::App, Ruling::Reinstated).await;
    assert_eq!((standing(&store, id(1)).await, standing(&store, id(2)).await), (REVOKED, Standing::Good));
}

async fn d07_a_group_is_whoever_was_there(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    declare(&store, Scope::App, FOREVER).await;
    declare(&store, Scope::Account(AccountTag([2; 32])), FOREVER).await;
    enrolled(&store, 2).await;
    assert_eq!((standing(&store, id(1)).await, standing(&store, id(2)).await), (REVOKED, Standing::Good));
    declare(&store, Scope::Account(AccountTag([2; 32])), FOREVER).await;
    assert_eq!(standing(&store, id(2)).await, REVOKED);
}

async fn d07_a_chain_is_revoked_for_those_to_come(store: Arc<dyn Store>) {
    declare(&store, Scope::Serial(serial("0A")), until(60)).await;
    let revoked = Standing::Revoked { until: Some(at(60)) };
    let newcomer = |serials: &[&str]| {
        let serials = serials.iter().map(|text| serial(text)).collect();
        store.newcomer(app_name("shop"), serials)
    };
    assert_eq!(newcomer(&["ff", "a"]).await.expect("an answer").standing, revoked);
    assert_eq!(newcomer(&["ff"]).await.expect("an answer").standing, Standing::Good);
    enrolled(&store, 1).await;
    assert_eq!(standing(&store, id(1)).await, revoked);
    declare(&store, Scope::Serial(serial("a")), Ruling::Reinstated).await;
    assert_eq!(standing(&store, id(1)).await, Standing::Good);
    assert_eq!(newcomer(&["a"]).await.expect("an answer").standing, Standing::Good);
}

async fn statements_are_about_one_app(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    for scope in [Scope::App, Scope::Account(AccountTag([1; 32])), Scope::Serial(serial("0a"))] {
        assert!(matches!(
            store.declare(said("bank", scope, FOREVER), clock(20)).await,
            Ok(DeclareOutcome::Declared(_))
        ));
    }
    assert_eq!(standing(&store, id(1)).await, Standing::Good);
    let newcomer = store.newcomer(app_name("bank"), vec![serial("a")]).await.expect("an answer");
    assert_eq!(newcomer.standing, REVOKED);
}

async fn only_instances_that_are_there_are_revoked_singly(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    for (app, number) in [("shop", 2), ("bank", 1)] {
        let said = said(app, Scope::Instance(id(number)), FOREVER);
        assert_eq!(store.declare(said, clock(20)).await, Ok(DeclareOutcome::UnknownInstance));
    }
    assert_eq!(store.latest_position().await, Ok(place(0)));
}

async fn d07_no_proof_is_kept_that_does_not_know_of_a_statement(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    let own = [Scope::Instance(id(1)), Scope::App, Scope::Account(AccountTag([1; 32])), Scope::Serial(serial("a"))];
    let mut seen = Position::START;
    for (count, scope) in (1..).zip(own) {
        let weighed = Advance { seen, ..proof(1, challenge(count.into()), count) };
        seen = declare(&store, scope, FOREVER).await;
        assert_eq!(store.advance(weighed.clone()).await, Ok(AdvanceOutcome::Overtaken), "{scope:?}");
        let again = Advance { seen, ..weighed };
        assert_eq!(store.advance(again).await, Ok(AdvanceOutcome::Advanced), "nothing was spent");
    }
    let weighed = Advance { seen, ..proof(1, challenge(9), 9) };
    declare(&store, Scope::App, Ruling::Reinstated).await;
    assert_eq!(store.advance(weighed).await, Ok(AdvanceOutcome::Overtaken), "nor one that gives trust back");
}

async fn statements_on_others_do_not_hold_up_a_proof(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    enrolled(&store, 2).await;
    let (weighed, newcomer) = (proof(1, challenge(1), 1), enrolment(3, challenge(3)));
    for scope in [Scope::Instance(id(2)), Scope::Account(AccountTag([2; 32])), Scope::Serial(serial("b"))] {
        declare(&store, scope, FOREVER).await;
    }
    store.declare(said("bank", Scope::App, FOREVER), clock(20)).await.expect("an answer");
    assert_eq!(store.advance(weighed).await, Ok(AdvanceOutcome::Advanced));
    declare(&store, Scope::App, FOREVER).await;
    assert_eq!(store.enrol(newcomer).await, Ok(EnrolOutcome::Enrolled), "it was not there yet");
    assert_eq!(standing(&store, id(3)).await, Standing::Good);
}

async fn d07_no_enrolment_is_kept_that_does_not_know_of_a_statement(store: Arc<dyn Store>) {
    let stated = enrolment(1, challenge(1));
    let position = declare(&store, Scope::Serial(serial("a")), FOREVER).await;
    assert_eq!(store.enrol(stated.clone()).await, Ok(EnrolOutcome::Overtaken));
    assert_eq!(store.instance(id(1)).await, Ok(None));
    let again = Enrolment { seen: position, ..stated };
    assert_eq!(store.enrol(again).await, Ok(EnrolOutcome::Enrolled), "nothing was spent");
}

async fn instances_are_listed_in_one_order(store: Arc<dyn Store>) {
    for number in [4, 2, 3, 1] {
        enrolled(&store, number).await;
    }
    declare(&store, Scope::Instance(id(3)), FOREVER).await;
    let list = |account: Option<u8>, after: Option<u8>, limit| InstanceList {
        app: app_name("shop"),
        account: account.map(|account| AccountTag([account; 32])),
        after: after.map(id),
        limit,
    };
    let listed = async |list| {
        let found = store.instances(list).await.expect("an answer");
        assert!(found.iter().all(|found| found.instance.receipt.is_empty()));
        found.iter().map(|found| (found.instance.id.0[0], found.standing == REVOKED)).collect::<Vec<_>>()
    };
    assert_eq!(listed(list(None, None, 9)).await, [(1, false), (2, false), (3, true), (4, false)]);
    assert_eq!(listed(list(None, Some(1), 2)).await, [(2, false), (3, true)]);
    assert_eq!(listed(list(Some(3), None, 9)).await, [(3, true)]);
    assert_eq!(listed(list(Some(3), Some(3), 9)).await, []);
    assert_eq!(listed(InstanceList { app: app_name("bank"), ..list(None, None, 9) }).await, []);
}

async fn statements_are_listed_in_one_order(store: Arc<dyn Store>) {
    enrolled(&store, 1).await;
    let own = Scope::Instance(id(1));
    for (scope, ruling) in [(own, FOREVER), (Scope::App, until(30)), (own, Ruling::Reinstated), (Scope::App, FOREVER)] {
        declare(&store, scope, ruling).await;
    }
    store.declare(said("bank", Scope::App, FOREVER), clock(20)).await.expect("an answer");
    let news = Announcement::Policy { app: app_name("shop"), revision: "0".into() };
    store.announce(news, at(20)).await.expect("an answer");
    let list = |scope, after, limit| StatementList { app: app_name("shop"), scope, after: place(after), limit };
    let listed = async |list| {
        let said = store.statements(list).await.expect("an answer");
        said.iter().map(|change| change.position.0 - place(0).0).collect::<Vec<_>>()
    };
    assert_eq!(listed(list(None, 0, 9)).await, [1, 2, 3, 4]);
    assert_eq!(listed(list(None, 1, 2)).await, [2, 3]);
    assert_eq!(listed(list(Some(Scope::App), 0, u32::MAX)).await, [2, 4]);
    assert_eq!(listed(list(Some(own), 1, 9)).await, [3]);
    assert_eq!(listed(list(Some(Scope::Serial(serial("a"))), 0, 9)).await, [0_u64; 0]);
}

fn serial(text: &str) -> Serial {
    Serial::from_hex(text).expect("a serial number")
}

/// The rule once more, word for word: a revocation counts unless a later reinstatement of the same scope, or of the instance, lifts it.
fn expected(said: &[(Scope, Ruling)], enrolled_at: usize) -> Option<Option<Timestamp>> {
    let own = Scope::Instance(id(1));
    let mut ends = Vec::new();
    for (place, (scope, ruling)) in said.iter().enumerate() {
        let covered = match scope {
            Scope::Instance(_) | Scope::Serial(_) => true,
            Scope::App | Scope::Account(_) => place >= enrolled_at,
        };
        let lifts =
            |(other, ruling): &(Scope, Ruling)| *ruling == Ruling::Reinstated && (other == scope || *other == own);
        let lifted = said[place + 1..].iter().any(lifts);
        if let (Ruling::Revoked { until }, true, false) = (ruling, covered, lifted) {
            ends.push(*until);
        }
    }
    let forever = ends.contains(&None);
    (!ends.is_empty()).then(|| if forever { None } else { ends.into_iter().flatten().max() })
}

async fn follows_the_rule(said: Vec<(Scope, Ruling)>, enrolled_at: usize) -> Result<(), TestCaseError> {
    let memory = super::memory();
    let store = memory.store();
    // An instance has to be there to be revoked by itself.
    let first = said.iter().position(|(scope, _)| matches!(scope, Scope::Instance(_))).unwrap_or(said.len());
    let enrolled_at = enrolled_at.min(first);
    for (place, (scope, ruling)) in said.iter().enumerate() {
        if place == enrolled_at {
            enrolled(&store, 1).await;
        }
        declare(&store, *scope, *ruling).await;
    }
    if enrolled_at >= said.len() {
        enrolled(&store, 1).await;
    }
    let standing = standing(&store, id(1)).await;
    let expected = expected(&said, enrolled_at).map_or(Standing::Good, |until| Standing::Revoked { until });
    prop_assert_eq!(standing, expected);
    for now in (0..40).map(at) {
        let ended = matches!(expected, Standing::Revoked { until: Some(until) } if until <= now);
        prop_assert_eq!(standing.is_revoked(now), expected != Standing::Good && !ended);
    }
    Ok(())
}

proptest! {
    #[test]
    fn d07_standing_follows_its_rule_whatever_was_said(
        said in proptest::collection::vec((0_u8..4, proptest::option::of(0_u64..30), 0_u8..3), 0..12),
        enrolled_at in 0_usize..12,
    ) {
        let scopes = [Scope::Instance(id(1)), Scope::App, Scope::Account(AccountTag([1; 32])), Scope::Serial(serial("a"))];
        let said = said.into_iter().map(|(scope, until, kind)| {
            let ruling = if kind == 0 { Ruling::Reinstated } else { Ruling::Revoked { until: until.map(at) } };
            (scopes[usize::from(scope)], ruling)
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(follows_the_rule(said.collect(), enrolled_at))?;
    }
}
