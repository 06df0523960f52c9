//! First proof: verify evidence, enrol the instance, state a verdict.

use super::Verifier;
use super::app::App;
use super::caller::Caller;
use super::challenge::{Binding, ChallengeRejection, Purpose};
use super::check::held;
use super::fault::CallFault;
use super::named_call::named_call;
use super::refusal;
use crate::appraisal::{Reason, Remedy, TrustVector, Worth};
use crate::crypto::digest::sha256_of_parts;
use crate::evidence::Verified;
use crate::evidence::app_attest::{AttestationFacts, Expectation, verify_attestation};
use crate::evidence::claims::Claims;
use crate::evidence::client_data::ClientData;
use crate::ids::{AccountTag, AppName, InstanceId};
use crate::store::{EnrolOutcome, Enrolment, Instance, NamedCall, Spend};
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// What a caller passes on from a device that proves itself for the first time.
#[derive(Clone, Copy, Debug)]
pub struct AttestCall<'a> {
    /// The app.
    pub app: &'a AppName,
    /// The bytes that the device hashed.
    pub client_data: &'a [u8],
    /// The attestation object.
    pub attestation_object: &'a [u8],
    /// The key id that the client names.
    pub key_id: &'a [u8],
    /// The session that the challenge was created with; empty for none.
    pub session: &'a [u8],
    /// The caller's reference to the account; empty for none.
    pub account: &'a str,
    /// The caller's name for this call; empty for none.
    pub idempotency_key: &'a str,
}

/// An attestation that verified, on its way to the store.
struct Proof {
    client_data: ClientData,
    challenge: Spend,
    facts: Verified<AttestationFacts>,
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
            return Ok(held(app.restated(first, now), now));
        }
        match self.proof(app, &call, now) {
            Ok(proof) => self.enrol(app, self.enrolment(app, caller, &call, proof, named, now)).await,
            Err(verdict) => Ok(*verdict),
        }
    }

    /// Checks everything that can be checked without the store.
    fn proof(&self, app: &App, call: &AttestCall<'_>, now: Timestamp) -> Result<Proof, Box<Verdict>> {
        let refused = |vector, reason: Reason| Box::new(refusal(app, vector, reason, now));
        let format = app.app_attest.as_ref().ok_or_else(|| refused(TrustVector::SILENT, FORMAT_NOT_TAKEN))?;
        let binding = Binding { app: &app.name, purpose: Purpose::Attest, session: call.session };
        let (client_data, challenge) = self
            .bound_challenge(call.client_data, binding, now)
            .map_err(|reason| refused(TrustVector::SILENT, reason))?;
        let expectation = Expectation {
            client_data_hash: &client_data.hash,
            key_id: call.key_id,
            app_ids: &format.app_ids,
            environment: format.environment,
            device: format.device,
        };
        let facts = verify_attestation(call.attestation_object, &format.anchors, expectation, now)
            .map_err(|fault| refused(TrustVector::UNVERIFIED, (&fault).into()))?;
        Ok(Proof { client_data, challenge, facts })
    }

    fn enrolment(
        &self,
        app: &App,
        caller: &Caller,
        call: &AttestCall<'_>,
        proof: Proof,
        named: Option<NamedCall>,
        now: Timestamp,
    ) -> Enrolment {
        let facts = proof.facts.into_facts();
        let id = InstanceId::derive(&app.name, facts.claims.environment.name(), &facts.key_id);
        let claims = Claims { anchor: facts.anchor, app_attest: Some(Box::new(facts.claims)) };
        let verdict = app.verdict(id, claims.clone(), now, now);
        let instance = Instance {
            id,
            app: app.name.clone(),
            key: facts.key,
            key_id: facts.key_id,
            account: self.account(caller, call.account),
            confirmation: proof.client_data.confirmation,
            claims,
            serials: facts.serials,
            receipt: facts.receipt,
            enrolled_at: now,
            proven_at: now,
            sign_count: 0,
            claims_at: 0,
        };
        let evidence = sha256_of_parts(&[call.client_data, call.attestation_object]);
        Enrolment { challenge: proof.challenge, instance, evidence, verdict, call: named }
    }

    async fn enrol(&self, app: &App, enrolment: Enrolment) -> Result<Verdict, CallFault> {
        let (verdict, now) = (enrolment.verdict.clone(), enrolment.instance.enrolled_at);
        let id = enrolment.instance.id;
        match self.store.enrol(enrolment).await? {
            EnrolOutcome::Enrolled => Ok(verdict),
            EnrolOutcome::AlreadyEnrolled(first) => self.enrolled_before(app, id, *first, now).await,
            EnrolOutcome::OtherEvidence => Ok(refusal(app, TAKEN, OTHER_EVIDENCE, now)),
            EnrolOutcome::OtherAccount => Ok(refusal(app, TAKEN, OTHER_ACCOUNT, now)),
            EnrolOutcome::ChallengeSpent => Ok(refusal(app, TrustVector::SILENT, ChallengeRejection::Replayed, now)),
            EnrolOutcome::ChallengeExpired => Ok(refusal(app, TrustVector::SILENT, ChallengeRejection::Expired, now)),
            EnrolOutcome::CallNameTaken => Err(CallFault::CallNameTaken),
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
        Ok(held(current.map_or_else(|| app.restated(first, now), |current| Verdict::clone(&current)), now))
    }

    fn account(&self, caller: &Caller, reference: &str) -> Option<AccountTag> {
        let scoped = sha256_of_parts(&[caller.relying_party.as_str().as_bytes(), reference.as_bytes()]);
        (!reference.is_empty()).then(|| AccountTag(self.accounts.tag(&scoped)))
    }
}

pub(super) const FORMAT_NOT_TAKEN: Reason =
    Reason::new("format_not_taken", "the app takes no evidence of this format", Remedy::ContactSupport);

/// A genuine key, but not this caller's to enrol.
const TAKEN: TrustVector = TrustVector { instance_identity: Worth::CONTRAINDICATED, ..TrustVector::SILENT };

const OTHER_EVIDENCE: Reason =
    Reason::new("key_enrolled_before", "the key was enrolled before, with other evidence", Remedy::ReEnrol);
const OTHER_ACCOUNT: Reason =
    Reason::new("key_of_other_account", "the key was enrolled for another account", Remedy::ReEnrol);

impl<'a> AttestCall<'a> {
    fn content(&self) -> [&'a [u8]; 7] {
        [
            b"attest",
            self.app.as_str().as_bytes(),
            self.client_data,
            self.attestation_object,
            self.key_id,
            self.session,
            self.account.as_bytes(),
        ]
    }
}
