//! First proof: verify evidence, enrol the instance, state a verdict.

use super::Verifier;
use super::android::{AndroidEvidence, Matter};
use super::app::App;
use super::app_attest::AppAttestEvidence;
use super::assert::ATTEMPTS;
use super::caller::Caller;
use super::challenge::{Binding, ChallengeRejection, Purpose};
use super::check::{RequestContext, held};
use super::fault::CallFault;
use super::named_call::{named_call, with_token};
use super::refusal::{Refusal, Setback};
use super::tokens::TokenRequest;
use crate::appraisal::{Reason, Remedy, Standing, TrustVector, Worth};
use crate::crypto::digest::{Digest, sha256, sha256_of_parts};
use crate::crypto::jwk::Thumbprint;
use crate::crypto::key::P256PublicKey;
use crate::crypto::serial::Serial;
use crate::evidence::claims::Claims;
use crate::ids::{AccountTag, AppName, InstanceId, Name};
use crate::store::{
    EnrolOutcome, Enrolment, Instance, NamedCall, Newcomer, RedeemOutcome, Redemption, Spend, StoreFault,
};
use crate::time::Timestamp;
use crate::verdict::{Bound, Subject, Verdict};

/// What a caller passes on from a device that proves itself for the first time.
#[derive(Clone, Copy, Debug)]
pub struct AttestCall<'a> {
    /// The app.
    pub app: &'a AppName,
    /// The bytes that the device hashed.
    pub client_data: &'a [u8],
    /// What the device sends.
    pub evidence: Evidence<'a>,
    /// The session that the challenge was created with; empty for none.
    pub session: &'a [u8],
    /// The caller's reference to the account; empty for none.
    pub account: &'a str,
    /// The caller's name for this call; empty for none.
    pub idempotency_key: &'a str,
    /// What the instance is bound to; `None` for nothing.
    pub context: Option<RequestContext<'a>>,
    /// A token that is to come with the verdict; see [`Verifier::signed`].
    pub token: Option<TokenRequest<'a>>,
}

/// What a device sends to prove itself.
#[derive(Clone, Copy, Debug)]
pub enum Evidence<'a> {
    /// An Apple device's.
    AppAttest(AppAttestEvidence<'a>),
    /// An Android device's.
    Android(AndroidEvidence<'a>),
}

/// Evidence that verified, on its way to the store.
pub(super) struct Proven {
    pub(super) claims: Claims,
    /// The key that the instance is known by; `None` when the evidence knows none.
    pub(super) key: Option<ProvenKey>,
}

/// The key that an instance is known by.
pub(super) struct ProvenKey {
    pub(super) key: P256PublicKey,
    /// Where the key lives: keys of one place are worth nothing in another.
    pub(super) environment: &'static str,
    pub(super) serials: Vec<String>,
    pub(super) receipt: Vec<u8>,
}

impl ProvenKey {
    /// The instance of `app` that this key is.
    pub(super) fn instance(&self, app: &AppName) -> InstanceId {
        InstanceId::derive(app, self.environment, &self.key.key_id())
    }
}

/// What this call answers, and what its answer is kept under.
struct Answered {
    challenge: Spend,
    confirmation: Option<Thumbprint>,
    bound: Bound,
    named: Option<NamedCall>,
    now: Timestamp,
}

impl Verifier {
    /// Verifies evidence, enrols the instance and states a verdict. Evidence that does not hold spends nothing.
    ///
    /// Errors with [`CallFault`] when there can be no verdict.
    pub async fn attest(&self, caller: &Caller, call: AttestCall<'_>) -> Result<Verdict, CallFault> {
        let now = self.clock.now();
        let app = &*self.app(caller, call.app)?;
        self.permit_token(caller, call.token.as_ref(), call.client_data)?;
        let named = named_call(caller, call.idempotency_key, || with_token(call.content(), call.token));
        if let Some(first) = self.first_answer(named, now).await? {
            return match first.instance {
                Some(id) => self.enrolled_before(app, id, first, now).await,
                None => Ok(held(self.restated(app, first, now), now)),
            };
        }
        match self.attested(app, caller, &call, named, now).await {
            Ok(verdict) => Ok(verdict),
            Err(setback) => setback.stated(app, now),
        }
    }

    async fn attested(
        &self,
        app: &App,
        caller: &Caller,
        call: &AttestCall<'_>,
        named: Option<NamedCall>,
        now: Timestamp,
    ) -> Result<Verdict, Setback> {
        if call.evidence.knows_no_key() && call.session.is_empty() {
            return Err(CallFault::SessionMissing.into());
        }
        let binding = Binding { app: &app.name, purpose: Purpose::Attest, session: call.session };
        let (client_data, challenge) = self.bound_challenge(call.client_data, binding, now).map_err(Refusal::silent)?;
        let proven = match call.evidence {
            Evidence::AppAttest(evidence) => app.app_attest()?.proven(evidence, &client_data.hash, now)?,
            Evidence::Android(evidence) => {
                let (request, subject) = (call.digest(), Subject::Session(sha256(call.session)));
                let matter = Matter { client_data_hash: client_data.hash, request, challenge, subject, now };
                self.android(app, evidence, &matter).await?
            }
        };
        let bound = call.context.map(|context| self.bound(app, &caller.relying_party, &context)).unwrap_or_default();
        let answered = Answered { challenge, confirmation: client_data.confirmation, bound, named, now };
        let claims = proven.claims.with_signals(client_data.signals, now);
        match proven.key {
            Some(key) => {
                let account = self.account(caller, call.account);
                let instance = instance(app, account, (key, claims), &answered);
                self.enrol(app, instance, call.evidence_digest(), &answered).await
            }
            None => self.redeem(app, call.session, claims, answered).await,
        }
    }

    /// States a verdict on a session, since there is no key by which the instance could be known.
    async fn redeem(&self, app: &App, session: &[u8], claims: Claims, answered: Answered) -> Result<Verdict, Setback> {
        let now = answered.now;
        let subject = Subject::Session(sha256(session));
        let verdict = self.verdict(app, subject, claims, now, (Standing::Good, now)).bound_to(answered.bound);
        let (challenge, call) = (answered.challenge, answered.named);
        let redemption = Redemption { challenge, verdict: verdict.clone(), call, now };
        match self.store.redeem(redemption).await? {
            RedeemOutcome::Redeemed => Ok(verdict),
            RedeemOutcome::Repeated(first) => Ok(held(self.restated(app, *first, now), now)),
            RedeemOutcome::ChallengeSpent => Err(Refusal::silent(ChallengeRejection::Replayed).into()),
            RedeemOutcome::ChallengeExpired => Err(Refusal::silent(ChallengeRejection::Expired).into()),
            RedeemOutcome::CallNameTaken => Err(CallFault::CallNameTaken.into()),
        }
    }

    /// Enrols the instance with a verdict that knows what operators have said of its chain by then.
    async fn enrol(
        &self,
        app: &App,
        instance: Instance,
        evidence: Digest,
        answered: &Answered,
    ) -> Result<Verdict, Setback> {
        for _ in 0..ATTEMPTS {
            let Newcomer { standing, seen } = self.newcomer(app, &instance.serials).await?;
            let (subject, weighed_at) = (Subject::Instance(instance.id), (standing, answered.now));
            let verdict = self.verdict(app, subject, instance.claims.clone(), answered.now, weighed_at);
            let verdict = verdict.bound_to(answered.bound);
            let (challenge, call, instance) = (answered.challenge, answered.named, instance.clone());
            let enrolment = Enrolment { challenge, instance, evidence, verdict, call, seen };
            if let Some(verdict) = self.enrolled(app, enrolment, answered.now).await? {
                return Ok(verdict);
            }
        }
        Err(CallFault::Overtaken.into())
    }

    /// The verdict; `None` when statements that cover the instance were made since the standing was read.
    async fn enrolled(&self, app: &App, enrolment: Enrolment, now: Timestamp) -> Result<Option<Verdict>, Setback> {
        let verdict = enrolment.verdict.clone();
        let id = enrolment.instance.id;
        match self.store.enrol(enrolment).await? {
            EnrolOutcome::Enrolled => Ok(Some(verdict)),
            EnrolOutcome::AlreadyEnrolled(first) => Ok(Some(self.enrolled_before(app, id, *first, now).await?)),
            EnrolOutcome::Overtaken => Ok(None),
            EnrolOutcome::OtherEvidence => Err(Refusal::of(TAKEN, OTHER_EVIDENCE).into()),
            EnrolOutcome::OtherAccount => Err(Refusal::of(TAKEN, OTHER_ACCOUNT).into()),
            EnrolOutcome::ChallengeSpent => Err(Refusal::silent(ChallengeRejection::Replayed).into()),
            EnrolOutcome::ChallengeExpired => Err(Refusal::silent(ChallengeRejection::Expired).into()),
            EnrolOutcome::CallNameTaken => Err(CallFault::CallNameTaken.into()),
        }
    }

    /// What the instance is worth now: the first verdict again, unless newer proof or another configuration has changed it.
    async fn enrolled_before(
        &self,
        app: &App,
        id: InstanceId,
        first: Verdict,
        now: Timestamp,
    ) -> Result<Verdict, CallFault> {
        let current = self.stored(app, id, now).await?;
        Ok(held(current.map_or_else(|| self.restated(app, first, now), |current| current.verdict), now))
    }

    /// What operators have said of a chain with these serial numbers.
    pub(super) async fn newcomer(&self, app: &App, serials: &[String]) -> Result<Newcomer, StoreFault> {
        let serials = serials.iter().filter_map(|serial| Serial::from_hex(serial)).collect();
        self.store.newcomer(app.name.clone(), serials).await
    }

    fn account(&self, caller: &Caller, reference: &str) -> Option<AccountTag> {
        (!reference.is_empty()).then(|| self.account_of(&caller.relying_party, reference))
    }

    /// How an account is kept that a relying party refers to like this.
    pub(super) fn account_of(&self, relying_party: &Name, reference: &str) -> AccountTag {
        let scoped = sha256_of_parts(&[relying_party.as_str().as_bytes(), reference.as_bytes()]);
        AccountTag(self.accounts.tag(&scoped))
    }
}

/// The instance as it is to be enrolled.
fn instance(
    app: &App,
    account: Option<AccountTag>,
    (key, claims): (ProvenKey, Claims),
    answered: &Answered,
) -> Instance {
    let (now, id) = (answered.now, key.instance(&app.name));
    let ProvenKey { key, serials, receipt, .. } = key;
    let key_id = key.key_id();
    Instance {
        id,
        app: app.name.clone(),
        key,
        key_id,
        account,
        confirmation: answered.confirmation,
        claims,
        bound: answered.bound,
        serials,
        receipt,
        enrolled_at: now,
        proven_at: now,
        sign_count: 0,
        claims_at: 0,
    }
}

/// A genuine key, but not this caller's to enrol.
const TAKEN: TrustVector = TrustVector { instance_identity: Worth::CONTRAINDICATED, ..TrustVector::SILENT };

const OTHER_EVIDENCE: Reason =
    Reason::new("key_enrolled_before", "the key was enrolled before, with other evidence", Remedy::ReEnrol);

const OTHER_ACCOUNT: Reason =
    Reason::new("key_of_other_account", "the key was enrolled for another account", Remedy::ReEnrol);

impl<'a> AttestCall<'a> {
    /// A digest over all that the call says, with what it is bound to.
    fn content(&self) -> Digest {
        self.context.map_or(self.digest(), |context| sha256_of_parts(&[&self.digest(), &context.digest()]))
    }

    /// A digest over all that the call says of the device. A device that moves on to another network is still the same.
    fn digest(&self) -> Digest {
        let call = [b"attest", self.app.as_str().as_bytes(), self.client_data, self.session, self.account.as_bytes()];
        sha256_of_parts(&call.into_iter().chain(self.evidence.parts()).collect::<Vec<_>>())
    }

    /// What the same evidence is known again by.
    fn evidence_digest(&self) -> Digest {
        match self.evidence {
            Evidence::AppAttest(evidence) => sha256_of_parts(&[self.client_data, evidence.attestation_object]),
            // The chain alone: a token may be lost on its way to Google, and another one come with the same chain.
            Evidence::Android(evidence) => {
                let chain = evidence.chain.iter().map(Vec::as_slice);
                sha256_of_parts(&[b"android", self.client_data].into_iter().chain(chain).collect::<Vec<_>>())
            }
        }
    }
}

impl<'a> Evidence<'a> {
    fn knows_no_key(&self) -> bool {
        matches!(self, Self::Android(evidence) if evidence.chain.is_empty())
    }

    fn parts(&self) -> Vec<&'a [u8]> {
        match self {
            Self::AppAttest(evidence) => vec![b"app_attest", evidence.attestation_object, evidence.key_id],
            Self::Android(evidence) => {
                let chain = evidence.chain.iter().map(Vec::as_slice);
                [b"android", evidence.integrity_token.as_bytes()].into_iter().chain(chain).collect()
            }
        }
    }
}
