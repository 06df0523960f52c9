//! Random histories: SQLite must answer as memory does, and neither may ever let anything in twice.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use proptest::prelude::*;

use super::{TODAY, at, bound, call, challenge, claims, decoding, enrolment, id, memory, proof, redemption, sqlite};
use super::{app_name, clock, place, said, status_list, window};
use crate::ids::{AccountTag, Position};
use crate::store::{ANNOUNCEMENTS_KEPT_FOR, Announcement, InstanceList, Ruling, Scope, Statement};
use crate::store::{Advance, Binds, CallId, Enrolment, NamedCall, SignCountMode, Spend, Store};
use crate::store::{Confirmation, Decoding, KeptStatusList, Redemption};
use crate::time::Timestamp;

#[derive(Clone, Debug)]
enum Step {
    Enrol(Box<Enrolment>),
    Advance(Box<Advance>),
    Redeem(Box<Redemption>),
    Begin(Decoding),
    KeepDecoded(u8, Vec<u8>),
    Withdraw(u8),
    QuotaUsed(u32),
    KeepList(KeptStatusList, Timestamp),
    Confirm(Confirmation),
    List,
    Instance(u8),
    Newcomer,
    Declare(Statement),
    Announce(Announcement, Timestamp),
    ChangesAfter(u64),
    Instances(Option<u8>),
    FirstAnswer(u8, Timestamp),
    Purge(Timestamp),
    Trim(u32),
    Recorded,
    Claims(Option<u8>, u32),
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

fn binds() -> impl Strategy<Value = Binds> {
    prop_oneof![9 => Just(Binds::AsBefore(bound(0))), 1 => (0_u8..4).prop_map(|number| Binds::Anew(bound(number)))]
}

/// Mostly everything is known.
fn seen() -> impl Strategy<Value = Position> {
    prop_oneof![9 => Just(place(1000)), 1 => (0_u64..9).prop_map(place)]
}

fn enrol() -> impl Strategy<Value = Step> {
    let said = (0_u8..8, 0_u8..8, seen());
    (0_u8..4, spend(), said, time(), named()).prop_map(|(number, spend, (account, evidence, seen), now, call)| {
        let mut enrolment = Enrolment { call, seen, ..enrolment(number, spend) };
        enrolment.instance.account = (account > 0).then_some(AccountTag([1; 32]));
        enrolment.evidence = [u8::from(evidence > 0); 32];
        (enrolment.instance.enrolled_at, enrolment.instance.proven_at) = (now, now);
        Step::Enrol(Box::new(enrolment))
    })
}

fn advance() -> impl Strategy<Value = Step> {
    let claims = proptest::option::weighted(0.1, (0_u8..3).prop_map(|version| claims(&version.to_string())));
    // Most proofs are weighed with the claims of the enrolment, which most instances therefore keep.
    let weighed = (claims, prop_oneof![9 => Just(0), 1 => 0_u32..200], seen());
    (0_u8..5, spend(), 0_u32..200, (mode(), binds()), weighed, time(), named()).prop_map(
        |(number, spend, count, (mode, binds), (claims, claims_at, seen), proven_at, call)| {
            let proof = proof(number, spend, count);
            Step::Advance(Box::new(Advance { mode, binds, claims, claims_at, proven_at, call, seen, ..proof }))
        },
    )
}

fn redeem() -> impl Strategy<Value = Step> {
    (spend(), time(), named())
        .prop_map(|(spend, now, call)| Step::Redeem(Box::new(Redemption { now, call, ..redemption(spend) })))
}

fn day() -> impl Strategy<Value = u32> {
    (0_u32..5).prop_map(|back| TODAY - back)
}

fn begin() -> impl Strategy<Value = Step> {
    let tokens = (0_u8..5, 0_u8..4, proptest::option::of(spend()));
    (tokens, day(), time(), time()).prop_map(|((token, request, spend), day, now, kept_until)| {
        let begun = decoding(token, u8::from(request > 0));
        let challenge = spend.unwrap_or(begun.challenge);
        Step::Begin(Decoding { challenge, day, limit: 3, now, kept_until, ..begun })
    })
}

fn decodings() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => begin(),
        2 => (0_u8..5, proptest::collection::vec(any::<u8>(), 0..3)).prop_map(|(token, text)| Step::KeepDecoded(token, text)),
        1 => (0_u8..5).prop_map(Step::Withdraw),
        1 => day().prop_map(Step::QuotaUsed),
    ]
}

/// Times close together, and seldom one that has not come.
fn list_time() -> impl Strategy<Value = u64> {
    prop_oneof![9 => 0_u64..5, 1 => Just(9999)]
}

fn lists() -> impl Strategy<Value = Step> {
    prop_oneof![
        (list_time(), any::<u8>()).prop_map(|(seconds, body)| Step::KeepList(status_list(seconds, &[body]), at(5))),
        (list_time(), list_time()).prop_map(|(of, seconds)| {
            Step::Confirm(Confirmation { of: at(of), fetched_at: at(seconds), fresh_until: at(seconds + 1) })
        }),
        Just(Step::List),
    ]
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        4 => (0_u8..5).prop_map(|number| Scope::Instance(id(number))),
        1 => Just(Scope::App),
        1 => (0_u8..3).prop_map(|account| Scope::Account(AccountTag([account; 32]))),
        1 => prop_oneof![Just("a"), Just("ff01"), Just("b")]
            .prop_map(|text| Scope::Serial(text.parse().expect("a serial number"))),
    ]
}

fn feed() -> impl Strategy<Value = Step> {
    let ruling = prop_oneof![
        2 => proptest::option::of(time()).prop_map(|until| Ruling::Revoked { until }),
        1 => Just(Ruling::Reinstated),
    ];
    let announcement = (0_u8..3, 0_u8..3).prop_map(|(kind, revision)| match kind {
        0 => Announcement::Endorsement { list: [revision; 32] },
        _ => Announcement::Policy {
            app: app_name(if kind == 1 { "shop" } else { "bank" }),
            revision: revision.to_string(),
        },
    });
    prop_oneof![
        4 => (scope(), ruling).prop_map(|(scope, ruling)| Step::Declare(said("shop", scope, ruling))),
        2 => (announcement, time()).prop_map(|(announcement, at)| Step::Announce(announcement, at)),
        1 => (0_u64..20).prop_map(Step::ChangesAfter),
        1 => proptest::option::of(0_u8..3).prop_map(Step::Instances),
        1 => Just(Step::Newcomer),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => enrol(),
        8 => advance(),
        3 => redeem(),
        4 => decodings(),
        3 => feed(),
        1 => lists(),
        1 => (0_u8..5).prop_map(Step::Instance),
        1 => (0_u8..3, time()).prop_map(|(name, now)| Step::FirstAnswer(name, now)),
        1 => (0_u64..80).prop_map(|seconds| Step::Purge(at(seconds))),
        1 => (0_u32..6).prop_map(Step::Trim),
        1 => (proptest::option::of(0_u8..5), 1_u32..4).prop_map(|(after, limit)| Step::Claims(after, limit)),
        1 => (0_u64..200).prop_map(|seconds| Step::Purge(at(seconds).plus(ANNOUNCEMENTS_KEPT_FOR))),
    ]
}

async fn take(store: &dyn Store, step: Step) -> String {
    match step {
        Step::Enrol(enrolment) => format!("{:?}", store.enrol(*enrolment).await),
        Step::Advance(advance) => format!("{:?}", store.advance(*advance).await),
        Step::Redeem(redemption) => format!("{:?}", store.redeem(*redemption).await),
        Step::Begin(decoding) => format!("{:?}", store.begin_decoding(decoding).await),
        Step::KeepDecoded(token, text) => format!("{:?}", store.keep_decoded([token; 32], text).await),
        Step::Withdraw(token) => format!("{:?}", store.withdraw_decoding([token; 32]).await),
        Step::QuotaUsed(day) => format!("{:?}", store.quota_used("shop".parse().expect("a name"), day).await),
        Step::KeepList(list, now) => format!("{:?}", store.keep_status_list(list, now).await),
        Step::Confirm(confirmation) => format!("{:?}", store.confirm_status_list(confirmation).await),
        Step::List => format!("{:?}", store.status_list().await),
        Step::Newcomer => format!("{:?}", store.newcomer(app_name("shop"), vec!["a".parse().expect("a number")]).await),
        Step::Declare(statement) => format!("{:?}", store.declare(statement, clock(5)).await),
        Step::Announce(announcement, at) => format!("{:?}", store.announce(announcement, at).await),
        Step::ChangesAfter(position) => format!("{:?}", store.changes_after(place(position), 7).await),
        Step::Instances(account) => {
            let account = account.map(|account| AccountTag([account; 32]));
            let list = InstanceList { app: app_name("shop"), account, after: Some(id(0)), limit: 3 };
            format!("{:?}", store.instances(list).await)
        }
        Step::Instance(number) => format!("{:?}", store.instance(id(number)).await),
        Step::FirstAnswer(name, now) => format!("{:?}", store.first_answer(CallId([name; 32]), now).await),
        Step::Trim(keep) => format!("{:?}", store.trim_appraisals(keep).await),
        Step::Recorded => format!("{:?}", store.appraisals_before(None, 1000).await),
        Step::Claims(after, limit) => format!("{:?}", store.claims_after(after.map(id), limit).await),
        Step::Purge(now) => format!("{:?}", store.purge(now).await),
    }
}

/// What has been let in, known from the answers alone.
#[derive(Default)]
struct LetIn {
    challenges: HashSet<[u8; 16]>,
    instances: HashSet<[u8; 16]>,
    counts: HashSet<([u8; 16], u32)>,
    /// Tokens that may be with the vendor, and until when they are remembered at least.
    tokens: HashMap<[u8; 32], Timestamp>,
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
            (Step::Redeem(sent), "Ok(Redeemed)") => self.challenges.insert(sent.challenge.id),
            (Step::Begin(sent), answer) if answer.starts_with("Ok(Begun") => {
                self.tokens.insert(sent.token, sent.kept_until).is_none()
            }
            (Step::Withdraw(token), "Ok(Withdrawn)") => self.tokens.remove(&[*token; 32]).is_some(),
            (Step::Purge(now), _) => {
                self.tokens.retain(|_, kept_until| *kept_until > *now);
                true
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
    let ending = ending.chain((0..5).map(|back| Step::QuotaUsed(TODAY - back))).chain([Step::List, Step::Recorded]);
    for step in steps.into_iter().chain(ending) {
        let expected = take(&*stores[0], step.clone()).await;
        let answer = take(&*stores[1], step.clone()).await;
        prop_assert_eq!(&answer, &expected, "{:?}", step);
        prop_assert!(let_in.accepts(&step, &answer), "{} to {:?}", answer, step);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn random_histories_are_answered_alike(steps in proptest::collection::vec(step(), 1..100)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(agree(steps))?;
    }
}
