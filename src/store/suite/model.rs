//! Random histories: SQLite must answer as memory does, and neither may ever let anything in twice.

use std::collections::HashSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::{at, call, challenge, claims, enrolment, id, memory, proof, sqlite, window};
use crate::ids::AccountTag;
use crate::store::{Advance, CallId, Enrolment, NamedCall, SignCountMode, Spend, Store};
use crate::time::Timestamp;

#[derive(Clone, Debug)]
enum Step {
    Enrol(Box<Enrolment>),
    Advance(Box<Advance>),
    Instance(u8),
    FirstAnswer(u8, Timestamp),
    Purge(Timestamp),
}

fn spend() -> impl Strategy<Value = Spend> {
    (0_u8..40).prop_map(|number| Spend { expires_at: at(u64::from(number) * 8), ..challenge(number.into()) })
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0_u64..240).prop_map(at)
}

fn named() -> impl Strategy<Value = Option<NamedCall>> {
    prop_oneof![3 => Just(None), 1 => (0_u8..3, 0_u8..2).prop_map(|(name, request)| call(name, request))]
}

fn mode() -> impl Strategy<Value = SignCountMode> {
    prop_oneof![Just(SignCountMode::Strict), Just(window(64)), Just(window(128))]
}

fn enrol() -> impl Strategy<Value = Step> {
    (0_u8..4, spend(), 0_u8..8, 0_u8..8, time(), named()).prop_map(|(number, spend, account, evidence, now, call)| {
        let mut enrolment = Enrolment { call, ..enrolment(number, spend) };
        enrolment.instance.account = (account > 0).then_some(AccountTag([1; 32]));
        enrolment.evidence = [u8::from(evidence > 0); 32];
        (enrolment.instance.enrolled_at, enrolment.instance.proven_at) = (now, now);
        Step::Enrol(Box::new(enrolment))
    })
}

fn advance() -> impl Strategy<Value = Step> {
    let claims = proptest::option::weighted(0.1, (0_u8..3).prop_map(|version| claims(&version.to_string())));
    // Most proofs are weighed with the claims of the enrolment, which most instances therefore keep.
    let weighed = (claims, prop_oneof![9 => Just(0), 1 => 0_u32..200]);
    (0_u8..5, spend(), 0_u32..200, mode(), weighed, time(), named()).prop_map(
        |(number, spend, count, mode, (claims, claims_at), proven_at, call)| {
            let proof = proof(number, spend, count);
            Step::Advance(Box::new(Advance { mode, claims, claims_at, proven_at, call, ..proof }))
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => enrol(),
        8 => advance(),
        1 => (0_u8..5).prop_map(Step::Instance),
        1 => (0_u8..3, time()).prop_map(|(name, now)| Step::FirstAnswer(name, now)),
        1 => (0_u64..80).prop_map(|seconds| Step::Purge(at(seconds))),
    ]
}

async fn take(store: &dyn Store, step: Step) -> String {
    match step {
        Step::Enrol(enrolment) => format!("{:?}", store.enrol(*enrolment).await),
        Step::Advance(advance) => format!("{:?}", store.advance(*advance).await),
        Step::Instance(number) => format!("{:?}", store.instance(id(number)).await),
        Step::FirstAnswer(name, now) => format!("{:?}", store.first_answer(CallId([name; 32]), now).await),
        Step::Purge(now) => format!("{:?}", store.purge(now).await),
    }
}

/// What has been let in, known from the answers alone.
#[derive(Default)]
struct LetIn {
    challenges: HashSet<[u8; 16]>,
    instances: HashSet<[u8; 16]>,
    counts: HashSet<([u8; 16], u32)>,
}

impl LetIn {
    /// Whether the answer lets in only what is new.
    fn accepts(&mut self, step: &Step, answer: &str) -> bool {
        match (step, answer) {
            (Step::Enrol(sent), "Ok(Enrolled)") => {
                self.challenges.insert(sent.challenge.id) && self.instances.insert(sent.instance.id.0)
            }
            (Step::Advance(sent), "Ok(Advanced)") => {
                let new = self.counts.insert((sent.instance.0, sent.sign_count));
                self.challenges.insert(sent.challenge.id) && new && self.instances.contains(&sent.instance.0)
            }
            _ => true,
        }
    }
}

async fn agree(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (memory, sqlite) = (memory(), sqlite());
    let stores: [Arc<dyn Store>; 2] = [memory.store(), sqlite.store()];
    let mut let_in = LetIn::default();
    let ending = (0..5).map(Step::Instance).chain((0..3).map(|name| Step::FirstAnswer(name, at(100))));
    for step in steps.into_iter().chain(ending) {
        let expected = take(&*stores[0], step.clone()).await;
        let answer = take(&*stores[1], step.clone()).await;
        prop_assert_eq!(&answer, &expected, "{:?}", step);
        prop_assert!(let_in.accepts(&step, &answer), "{} to {:?}", answer, step);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn random_histories_are_answered_alike(steps in proptest::collection::vec(step(), 1..80)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(agree(steps))?;
    }
}
