//! Callers that go away while their proof is being kept.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use bonafide::appraisal::Standing;
use bonafide::cache::LEASE;
use bonafide::clock::ManualClock;
use bonafide::crypto::digest::Digest;
use bonafide::crypto::jwk::Thumbprint;
use bonafide::crypto::secret::Secret;
use bonafide::crypto::serial::Serial;
use bonafide::evidence::claims::{Environment, ValidationCategory};
use bonafide::ids::{InstanceId, Name, Position};
use bonafide::lab::app_attest::{AppAttestLab, LabDevice, RunningCode};
use bonafide::store::{AddKeyOutcome, ConsumeOutcome, NewKey, StoredKey, Use};
use bonafide::store::{
    Advance, AdvanceOutcome, AnnounceOutcome, Announcement, Answer, CallId, Change, Changes, ConfirmOutcome,
    Confirmation, DeclareOutcome, DecodedOutcome, Decoding, DecodingOutcome, EnrolOutcome, Enrolment, FirstAnswer,
    Found, InstanceList, KeptClaims, KeptStatusList, MemoryStore, Newcomer, Now, NumberedAppraisal, Purged, Records,
    RedeemOutcome, Redemption, Statement, StatementList, StatusListOutcome, Store, StoreFault, WithdrawOutcome,
};
use bonafide::time::Timestamp;
use bonafide::verdict::Decision;
use bonafide::verifier::{
    AppAttestConfig, AppAttestEvidence, AppConfig, AssertCall, AssertProof, AttestCall, CallFault, Caller, CheckCall,
    CheckSubject, Evidence, Grants, InstanceName, Purpose, Role, Ruling, Said, Signer, Upstreams, Verifier,
    VerifierConfig,
};
use tokio::sync::Semaphore;

use crate::harness::{APP_ID, START};
use crate::promise::EVER;

/// A store that has kept a proof long before it says so.
pub(crate) struct Slow {
    store: MemoryStore,
    answers: Semaphore,
    away: AtomicBool,
    /// Whether the store goes away once it has kept a statement.
    leaving: AtomicBool,
    /// How many status lists will not be kept yet.
    pub(crate) full: AtomicU32,
    /// Whether announcements wait for ever.
    pub(crate) stuck: AtomicBool,
    /// How many announcements will fail yet.
    pub(crate) deaf: AtomicU32,
    /// How many announcements were tried.
    pub(crate) announcements: AtomicU32,
}

impl Slow {
    pub(crate) fn new() -> Self {
        let (away, leaving, full, stuck, deaf, announcements) = Default::default();
        let (store, answers) = (MemoryStore::new(), Semaphore::new(0));
        Self { store, answers, away, leaving, full, stuck, deaf, announcements }
    }

    /// What the store answers while it is there.
    fn there<'a, T: Send + 'a>(&self, answer: Answer<'a, T>) -> Answer<'a, T> {
        if self.away.load(Ordering::SeqCst) {
            return Box::pin(async { Err(StoreFault::Backend("away".to_owned())) });
        }
        answer
    }
}

/// Whether a call is one of those that are still to fail; it is counted.
fn is_one_of(failing: &AtomicU32) -> bool {
    failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |failing| failing.checked_sub(1)).is_ok()
}

impl Store for Slow {
    fn enrol(&self, enrolment: Enrolment) -> Answer<'_, EnrolOutcome> {
        self.store.enrol(enrolment)
    }

    fn advance(&self, advance: Advance) -> Answer<'_, AdvanceOutcome> {
        Box::pin(async {
            let outcome = self.store.advance(advance).await;
            self.answers.acquire().await.expect("open").forget();
            outcome
        })
    }

    fn redeem(&self, redemption: Redemption) -> Answer<'_, RedeemOutcome> {
        self.store.redeem(redemption)
    }

    fn instance(&self, id: InstanceId) -> Answer<'_, Option<Found>> {
        self.there(self.store.instance(id))
    }

    fn newcomer(&self, app: Name, serials: Vec<Serial>) -> Answer<'_, Newcomer> {
        self.store.newcomer(app, serials)
    }

    fn instances(&self, list: InstanceList) -> Answer<'_, Vec<Found>> {
        self.store.instances(list)
    }

    fn declare(&self, statement: Statement, now: Now) -> Answer<'_, DeclareOutcome> {
        Box::pin(async {
            let outcome = self.store.declare(statement, now).await;
            self.away.fetch_or(self.leaving.load(Ordering::SeqCst), Ordering::SeqCst);
            outcome
        })
    }

    fn announce(&self, announcement: Announcement, at: Timestamp) -> Answer<'_, AnnounceOutcome> {
        self.announcements.fetch_add(1, Ordering::SeqCst);
        if self.stuck.load(Ordering::SeqCst) {
            return Box::pin(pending());
        }
        if is_one_of(&self.deaf) {
            return Box::pin(async { Err(StoreFault::Backend("deaf".to_owned())) });
        }
        self.store.announce(announcement, at)
    }

    fn statements(&self, list: StatementList) -> Answer<'_, Vec<Change>> {
        self.there(self.store.statements(list))
    }

    fn changes_after(&self, position: Position, limit: u32) -> Answer<'_, Changes> {
        self.there(self.store.changes_after(position, limit))
    }

    fn latest_position(&self) -> Answer<'_, Position> {
        self.store.latest_position()
    }

    fn first_answer(&self, call: CallId, now: Timestamp) -> Answer<'_, Option<FirstAnswer>> {
        self.store.first_answer(call, now)
    }

    fn secret(&self) -> Answer<'_, Secret> {
        self.store.secret()
    }

    fn begin_decoding(&self, decoding: Decoding) -> Answer<'_, DecodingOutcome> {
        self.store.begin_decoding(decoding)
    }

    fn keep_decoded(&self, token: Digest, decoded: Vec<u8>) -> Answer<'_, DecodedOutcome> {
        self.store.keep_decoded(token, decoded)
    }

    fn withdraw_decoding(&self, token: Digest) -> Answer<'_, WithdrawOutcome> {
        self.store.withdraw_decoding(token)
    }

    fn quota_used(&self, app: Name, day: u32) -> Answer<'_, u32> {
        self.store.quota_used(app, day)
    }

    fn keep_status_list(&self, list: KeptStatusList, now: Timestamp) -> Answer<'_, StatusListOutcome> {
        if is_one_of(&self.full) {
            return Box::pin(async { Err(StoreFault::Backend("full".to_owned())) });
        }
        self.store.keep_status_list(list, now)
    }

    fn confirm_status_list(&self, confirmation: Confirmation) -> Answer<'_, ConfirmOutcome> {
        self.store.confirm_status_list(confirmation)
    }

    fn status_list(&self) -> Answer<'_, Option<KeptStatusList>> {
        self.store.status_list()
    }

    fn signing_keys(&self) -> Answer<'_, Vec<StoredKey>> {
        self.store.signing_keys()
    }

    fn add_signing_key(&self, key: NewKey) -> Answer<'_, AddKeyOutcome> {
        self.store.add_signing_key(key)
    }

    fn remove_signing_keys(&self, ids: Vec<Thumbprint>) -> Answer<'_, ()> {
        self.store.remove_signing_keys(ids)
    }

    fn consume(&self, uses: Vec<Use>) -> Answer<'_, ConsumeOutcome> {
        self.store.consume(uses)
    }

    fn is_consumed(&self, once: Use) -> Answer<'_, bool> {
        self.store.is_consumed(once)
    }

    fn purge(&self, now: Timestamp) -> Answer<'_, Purged> {
        self.store.purge(now)
    }

    fn trim_appraisals(&self, keep: u32) -> Answer<'_, u64> {
        self.store.trim_appraisals(keep)
    }
}

impl Records for Slow {
    fn claims_after(&self, after: Option<InstanceId>, limit: u32) -> Answer<'_, Vec<KeptClaims>> {
        self.store.claims_after(after, limit)
    }

    fn appraisals_before(&self, before: Option<i64>, limit: u32) -> Answer<'_, Vec<NumberedAppraisal>> {
        self.store.appraisals_before(before, limit)
    }
}

fn enrol_call<'a>(app: &'a Name, client_data: &'a [u8], object: &'a [u8], key_id: &'a [u8]) -> AttestCall<'a> {
    let (session, account, idempotency_key) = (&b""[..], "", "");
    let evidence = Evidence::AppAttest(AppAttestEvidence { attestation_object: object, key_id });
    AttestCall { app, client_data, evidence, session, account, idempotency_key, context: None, token: None }
}

async fn enrolled(verifier: &Verifier, caller: &Caller, app: &Name, phone: &LabDevice) -> String {
    let client_data =
        verifier.create_challenge(caller, app, Purpose::Attest, b"").expect("a challenge").text.into_bytes();
    let attested = phone.attest(&client_data).expect("attests");
    let call = enrol_call(app, &client_data, &attested.object, &attested.key_id);
    let verdict = verifier.attest(caller, call).await.expect("an answer");
    verifier.pseudonym(caller, verdict.instance.expect("an instance"))
}

fn tampered(phone: &LabDevice, client_data: &[u8]) -> Vec<u8> {
    let code = RunningCode { validation_category: ValidationCategory(7), ..RunningCode::app_store() };
    let map = code.extension_map().expect("a map");
    let signed = phone.assert_with(client_data, |plan| {
        plan.authenticator.sign_count = 1;
        plan.authenticator.tail = map;
    });
    signed.expect("signs")
}

async fn role(lab: &AppAttestLab, store: Arc<Slow>) -> Verifier {
    let app_attest = AppAttestConfig::careful(vec![APP_ID.parse().expect("an App ID")]);
    let app_attest = AppAttestConfig { lab_roots: vec![lab.root_der().to_vec()], ..app_attest };
    let config = AppConfig { app_attest: Some(app_attest), ..AppConfig::of("shop".parse().expect("a name")) };
    let clock = Arc::new(ManualClock::at(START));
    let built = Verifier::build(VerifierConfig::of(vec![config]), store, clock, Upstreams::default());
    built.await.expect("builds")
}

/// Memory counts for a while after the last look at the feed, and then no more, whatever the clock says.
#[tokio::test]
async fn d07_without_the_store_memory_is_soon_worth_nothing() {
    let lab = AppAttestLab::new(START).expect("a laboratory");
    let (app, store): (Name, _) = ("shop".parse().expect("a name"), Arc::new(Slow::new()));
    let verifier = role(&lab, store.clone()).await;
    let caller = Caller { name: app.clone(), relying_party: app.clone(), role: Role::AuthServer, apps: Grants::All };
    let phone = lab.device(&APP_ID.parse().expect("an App ID"), Environment::Production).expect("a phone");
    let instance = enrolled(&verifier, &caller, &app, &phone).await;
    let edge = Caller { role: Role::Gateway, ..caller };
    let check = async || verifier.check(&edge, &CheckCall::of(&app, CheckSubject::Instance(&instance))).await;
    let mut remembered = None;
    for _ in 0..5 {
        store.away.store(false, Ordering::SeqCst);
        let since = Instant::now();
        verifier.look().await.expect("looks");
        assert_eq!(check().await.expect("an answer").verdict.decision, Decision::Allow);
        store.away.store(true, Ordering::SeqCst);
        assert!(verifier.look().await.is_err());
        remembered = Some(check().await);
        if since.elapsed() < LEASE {
            break;
        }
    }
    assert_eq!(remembered.expect("asked").expect("from memory").verdict.decision, Decision::Allow);
    tokio::time::sleep(LEASE).await;
    assert!(verifier.look().await.is_err());
    assert!(matches!(check().await, Err(CallFault::Store(_))));
    store.away.store(false, Ordering::SeqCst);
    assert_eq!(check().await.expect("from the store").verdict.decision, Decision::Allow);
    store.away.store(true, Ordering::SeqCst);
    assert!(matches!(check().await, Err(CallFault::Store(_))), "nobody has looked since");
}

/// Memory counts during the lease alone: a refusal after it would say nothing.
#[tokio::test]
async fn d07_a_caller_that_goes_away_leaves_no_older_verdict_in_memory() {
    let mut took = Vec::new();
    for _ in 0..5 {
        took.push(refused_after_the_caller_went_away().await);
        if took.last().is_some_and(|took| *took < LEASE) {
            return;
        }
    }
    panic!("allowed from memory, or never in time: {took:?}");
}

/// How long after the last look.
async fn refused_after_the_caller_went_away() -> Duration {
    let lab = AppAttestLab::new(START).expect("a laboratory");
    let app: Name = "shop".parse().expect("a name");
    let store = Arc::new(Slow::new());
    let verifier = role(&lab, store.clone()).await;
    let caller = Caller { name: app.clone(), relying_party: app.clone(), role: Role::AuthServer, apps: Grants::All };
    let edge = Caller { role: Role::Gateway, ..caller.clone() };
    let phone = lab.device(&APP_ID.parse().expect("an App ID"), Environment::Production).expect("a phone");
    let instance = enrolled(&verifier, &caller, &app, &phone).await;
    let decision = async || {
        let checked = verifier.check(&edge, &CheckCall::of(&app, CheckSubject::Instance(&instance))).await;
        checked.expect("an answer").verdict.decision
    };
    let client_data =
        verifier.create_challenge(&caller, &app, Purpose::Assert, b"").expect("a challenge").text.into_bytes();
    let assertion = tampered(&phone, &client_data);
    let call = AssertCall {
        app: &app,
        signer: Signer::Pseudonym(&instance),
        client_data: &client_data,
        proof: AssertProof::AppAttest(&assertion),
        session: b"",
        idempotency_key: "",
        context: None,
        token: None,
    };

    let since = Instant::now();
    verifier.look().await.expect("looks");
    assert_eq!(decision().await, Decision::Allow);
    {
        let mut call = pin!(verifier.assert(&caller, call));
        poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await;
    }
    store.answers.add_permits(1);
    while decision().await != Decision::Deny {
        assert!(since.elapsed() < EVER, "still allowed");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    since.elapsed()
}

#[tokio::test]
async fn d07_a_revocation_counts_although_the_instance_cannot_be_read_again() {
    let lab = AppAttestLab::new(START).expect("a laboratory");
    let (app, store): (Name, _) = ("shop".parse().expect("a name"), Arc::new(Slow::new()));
    let verifier = role(&lab, store.clone()).await;
    let desk = Caller { name: app.clone(), relying_party: app.clone(), role: Role::Operator, apps: Grants::All };
    let phone = lab.device(&APP_ID.parse().expect("an App ID"), Environment::Production).expect("a phone");
    let instance = enrolled(&verifier, &desk, &app, &phone).await;
    let name = InstanceName::Pseudonym(&instance);
    store.leaving.store(true, Ordering::SeqCst);
    let said = Said { ruling: Ruling::Revoked { until: None }, why: "stolen" };
    let ruled = verifier.rule_on_instance(&desk, &app, name, said).await.expect("it counts");
    assert_eq!((ruled.found, verifier.pseudonym(&desk, ruled.id)), (None, instance.clone()));
    store.away.store(false, Ordering::SeqCst);
    let found = verifier.look_up(&desk, &app, name).await.expect("an instance");
    assert_eq!(found.standing, Standing::Revoked { until: None });
    assert_eq!(found.because.map(|change| change.position), Some(ruled.position));
}
