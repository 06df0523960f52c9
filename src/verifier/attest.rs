//! First proof: verify evidence, enrol the instance, state a verdict.

use super::Verifier;
use super::app::App;
use super::app_attest::AppAttestEvidence;
use super::caller::Caller;
use super::challenge::{Binding, ChallengeRejection, Purpose};
use super::check::held;
use super::fault::CallFault;
use super::named_call::named_call;
use super::refusal::{Refusal, Setback};
use crate::appraisal::{Reason, Remedy, TrustVector, Worth};
use crate::crypto::digest::{Digest, sha256_of_parts};
use crate::crypto::jwk::Thumbprint;
use crate::crypto::key::P256PublicKey;
use crate::evidence::claims::Claims;
use crate::ids::{AccountTag, AppName, InstanceId};
use crate::store::{EnrolOutcome, Enrolment, Instance, NamedCall, Spend};
use crate::time::Timestamp;
use crate::verdict::{Subject, Verdict};

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
}

/// What a device sends to prove itself.
#[derive(Clone, Copy, Debug)]
pub enum Evidence<'a> {
    /// An Apple device's.
    AppAttest(AppAttestEvidence<'a>),
}

/// Evidence that verified, on its way to the store.
pub(super) struct Proven {
    pub(super) claims: Claims,
    pub(super) key: ProvenKey,
}

/// The key that an instance is known by.
pub(super) struct ProvenKey {
    pub(super) key: P256PublicKey,
    /// Where the key lives: keys of one place are worth nothing in another.
    pub(super) environment: &'static str,
    pub(super) serials: Vec<String>,
    pub(super) receipt: Vec<u8>,
}

/// What this call answers, and what its answer is kept under.
struct Answered {
    challenge: Spend,
    confirmation: Option<Thumbprint>,
    named: Option<NamedCall>,
    now: Timestamp,
}

impl Verifier {
    /// Verifies evidence, enrols the instance and states a verdict. Evidence that does not hold spends nothing.
    ///
    /// Errors with [`CallFault`] when there can be no verdict.
    pub async fn attest(&self, caller: &Caller, call: AttestCall<'_>) -> Result<Verdict, CallFault> {
        let app = self.app(call.app)?;
        let now = self.clock.now();
        let named = named_call(caller, call.idempotency_key, &call.content());
        if let Some(first) = self.first_answer(named, now).await? {
            return Ok(held(self.restated(app, first, now), now));
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
        let binding = Binding { app: &app.name, purpose: Purpose::Attest, session: call.session };
        let (client_data, challenge) = self.bound_challenge(call.client_data, binding, now).map_err(Refusal::silent)?;
        let proven = match call.evidence {
            Evidence::AppAttest(evidence) => app.app_attest()?.proven(evidence, &client_data.hash, now)?,
        };
        let answered = Answered { challenge, confirmation: client_data.confirmation, named, now };
        let enrolment =
            self.enrolment(app, self.account(caller, call.account), call.evidence_digest(), proven, answered);
        self.enrol(app, enrolment).await
    }

    fn enrolment(
        &self,
        app: &App,
        account: Option<AccountTag>,
        evidence: Digest,
        proven: Proven,
        answered: Answered,
    ) -> Enrolment {
        let Proven { claims, key: ProvenKey { key, environment, serials, receipt } } = proven;
        let now = answered.now;
        let key_id = key.key_id();
        let id = InstanceId::derive(&app.name, environment, &key_id);
        let verdict = self.verdict(app, Subject::Instance(id), claims.clone(), now, now);
        let instance = Instance {
            id,
            app: app.name.clone(),
            key,
            key_id,
            account,
            confirmation: answered.confirmation,
            claims,
            serials,
            receipt,
            enrolled_at: now,
            proven_at: now,
            sign_count: 0,
            claims_at: 0,
        };
        Enrolment { challenge: answered.challenge, instance, evidence, verdict, call: answered.named }
    }

    async fn enrol(&self, app: &App, enrolment: Enrolment) -> Result<Verdict, Setback> {
        let (verdict, now) = (enrolment.verdict.clone(), enrolment.instance.enrolled_at);
        let id = enrolment.instance.id;
        match self.store.enrol(enrolment).await? {
            EnrolOutcome::Enrolled => Ok(verdict),
            EnrolOutcome::AlreadyEnrolled(first) => Ok(self.enrolled_before(app, id, *first, now).await?),
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
        let current = self.current(app, id, now).await?;
        Ok(held(current.map_or_else(|| self.restated(app, first, now), |current| Verdict::clone(&current)), now))
    }

    fn account(&self, caller: &Caller, reference: &str) -> Option<AccountTag> {
        let scoped = sha256_of_parts(&[caller.relying_party.as_str().as_bytes(), reference.as_bytes()]);
        (!reference.is_empty()).then(|| AccountTag(self.accounts.tag(&scoped)))
    }
}

/// A genuine key, but not this caller's to enrol.
const TAKEN: TrustVector = TrustVector { instance_identity: Worth::CONTRAINDICATED, ..TrustVector::SILENT };

const OTHER_EVIDENCE: Reason =
    Reason::new("key_enrolled_before", "the key was enrolled before, with other evidence", Remedy::ReEnrol);

const OTHER_ACCOUNT: Reason =
    Reason::new("key_of_other_account", "the key was enrolled for another account", Remedy::ReEnrol);

impl<'a> AttestCall<'a> {
    /// All that the call says, for its name.
    fn content(&self) -> Vec<&'a [u8]> {
        let call = [b"attest", self.app.as_str().as_bytes(), self.client_data, self.session, self.account.as_bytes()];
        call.into_iter().chain(self.evidence.parts()).collect()
    }

    /// What the same evidence is known again by.
    fn evidence_digest(&self) -> Digest {
        match self.evidence {
            Evidence::AppAttest(evidence) => sha256_of_parts(&[self.client_data, evidence.attestation_object]),
        }
    }
}

impl<'a> Evidence<'a> {
    fn parts(&self) -> Vec<&'a [u8]> {
        match self {
            Self::AppAttest(evidence) => vec![evidence.attestation_object, evidence.key_id],
        }
    }
}
