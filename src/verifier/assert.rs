//! A known instance signs a request.

use std::sync::Arc;

use super::android::{Integrity, Matter, Spending};
use super::app::App;
use super::caller::Caller;
use super::challenge::{Binding, ChallengeRejection, Purpose};
use super::check::{INSTANCE_UNKNOWN, RequestContext, UNRECOGNISED, held};
use super::fault::CallFault;
use super::key_attestation::{self, KeyAssertion};
use super::named_call::{named_call, with_token};
use super::over::Over;
use super::play_integrity::Backing;
use super::refusal::{Refusal, Setback};
use super::tokens::TokenRequest;
use super::{Moment, Verifier};
use crate::appraisal::{Reason, Remedy, Standing, Tier};
use crate::cache::{Era, Grounded, KnownInstance};
use crate::crypto::digest::{Digest, sha256_of_parts};
use crate::evidence::claims::{Claims, PlayIntegrity};
use crate::ids::{AppName, InstanceId, KeyId, Position};
use crate::store::{
    Advance, AdvanceOutcome, Binds, Found, NamedCall, SignCountMode, SignCountRefusal, Spend, StoreFault, Tells,
};
use crate::time::Timestamp;
use crate::verdict::{Bound, Subject, Verdict};

/// What a caller passes on from an enrolled instance.
#[derive(Clone, Copy, Debug)]
pub struct AssertCall<'a> {
    /// The app.
    pub app: &'a AppName,
    /// Which instance signs.
    pub signer: Signer<'a>,
    /// The bytes that the device hashed.
    pub client_data: &'a [u8],
    /// What the instance's key has signed.
    pub proof: AssertProof<'a>,
    /// The session that the challenge was created with; empty for none.
    pub session: &'a [u8],
    /// The caller's name for this call; empty for none.
    pub idempotency_key: &'a str,
    /// What the instance is bound to from now on; `None` leaves that as it is. Client data that name a request have to name this
    /// one, where method, authority, path and body are all there.
    pub context: Option<RequestContext<'a>>,
    /// A token that is to come with the verdict; see [`Verifier::signed`].
    pub token: Option<TokenRequest<'a>>,
}

/// What an instance has signed, and what that is for.
pub(super) struct Statement<'a> {
    pub(super) client_data: &'a [u8],
    pub(super) proof: AssertProof<'a>,
    pub(super) session: &'a [u8],
    pub(super) over: Over<'a>,
    /// What the instance is bound to from now on; `None` leaves that as it is.
    pub(super) bound: Option<Bound>,
    pub(super) named: Option<NamedCall>,
}

/// What an instance's key has signed.
#[derive(Clone, Copy, Debug)]
pub enum AssertProof<'a> {
    /// An Apple device's assertion.
    AppAttest(&'a [u8]),
    /// An Android device's.
    Android {
        /// The signature by its key.
        assertion: KeyAssertion<'a>,
        /// A fresh integrity token over the same client data; empty for none.
        integrity_token: &'a str,
    },
}

/// How a caller names the instance that signs.
#[derive(Clone, Copy, Debug)]
pub enum Signer<'a> {
    /// By the pseudonym it knows from a verdict.
    Pseudonym(&'a str),
    /// By the key id that the device knows.
    Key(&'a KeyId),
}

/// An assertion that verified, on its way to the store.
struct Proof {
    challenge: Spend,
    client_data_hash: Digest,
    sign_count: u32,
    mode: SignCountMode,
    /// What is known of the instance with this proof.
    claims: Claims,
}

impl Verifier {
    /// Verifies an assertion, advances the instance's sign count and states a verdict, all or nothing.
    ///
    /// Errors with [`CallFault`] when there can be no verdict.
    pub async fn assert(&self, caller: &Caller, call: AssertCall<'_>) -> Result<Verdict, CallFault> {
        let at = self.moment();
        let (app, now) = (&*self.app(caller, call.app)?, at.now);
        self.permit_token(caller, call.token.as_ref(), call.client_data)?;
        let named = named_call(caller, call.idempotency_key, || with_token(call.digest(), call.token));
        if let Some(first) = self.first_answer(named, now).await? {
            return self.repeated(app, first, now).await;
        }
        let id = self.signer(app, caller, &call);
        match self.asserted(app, id, &self.statement(app, caller, &call, named), at).await {
            Ok(verdict) => Ok(verdict),
            Err(setback) => setback.stated(app, now),
        }
    }

    fn statement<'a>(
        &self,
        app: &App,
        caller: &Caller,
        call: &AssertCall<'a>,
        named: Option<NamedCall>,
    ) -> Statement<'a> {
        let AssertCall { client_data, proof, session, context, .. } = *call;
        let request = context.and_then(|context| context.signed_request().ok());
        let bound = context.map(|context| self.bound(app, &caller.relying_party, &context));
        // A context that is there for the request alone takes nothing away.
        let bound = bound.filter(|bound| !bound.is_empty());
        Statement { client_data, proof, session, over: request.map_or(Over::Anything, Over::IfAny), bound, named }
    }

    /// Verifies what an instance has signed and keeps it as its newest proof; `None` is an instance that nobody knows.
    pub(super) async fn asserted(
        &self,
        app: &App,
        id: Option<InstanceId>,
        statement: &Statement<'_>,
        at: Moment,
    ) -> Result<Verdict, Setback> {
        let now = at.now;
        let mut known = id.and_then(|id| self.instances.known(id));
        let mut decoded = None;
        for _ in 0..ATTEMPTS {
            let instance = self.known_or_read(app, id, known.take()).await?;
            let (instance, seen) = instance.ok_or_else(|| Refusal::of(UNRECOGNISED, INSTANCE_UNKNOWN))?;
            let mut proof = self.proof(app, &instance, statement, now)?;
            if let Some(token) = statement.proof.integrity_token()
                && !instance.standing.is_revoked(now)
                && let Some(integrity) = self.fresh_integrity(app, token, &instance, &proof, &mut decoded, now).await?
            {
                proof.claims = self.renewed(app, proof.claims, integrity, (instance.id, now))?;
            }
            let advance = self.weighed(app, (&instance, seen), proof, statement, now);
            let rests_on_kept = advance.verdict.claims.as_deref() == Some(&instance.claims);
            let renewed = rests_on_kept.then(|| app.remembered(advance.verdict.clone()));
            if let Some(verdict) = self.advance(app, advance, renewed, at).await? {
                return Ok(verdict);
            }
        }
        Err(CallFault::Overtaken.into())
    }

    fn signer(&self, app: &App, caller: &Caller, call: &AssertCall<'_>) -> Option<InstanceId> {
        let environment = match call.proof {
            AssertProof::AppAttest(_) => app.app_attest().ok().map(|format| format.environment.name()),
            AssertProof::Android { .. } => Some(key_attestation::ENVIRONMENT),
        };
        match call.signer {
            Signer::Pseudonym(text) => self.instance_behind(caller, text),
            Signer::Key(key) => Some(InstanceId::derive(&app.name, environment?, key)),
        }
    }

    /// The instance as memory has it, else as the store has it, and the latest change that this knows of.
    async fn known_or_read(
        &self,
        app: &App,
        id: Option<InstanceId>,
        known: Option<(Arc<KnownInstance>, Position)>,
    ) -> Result<Option<(Arc<KnownInstance>, Position)>, CallFault> {
        let known = match (id, known) {
            (None, _) => None,
            (Some(_), Some(known)) => Some(known),
            (Some(id), None) => {
                let found = self.store.instance(id).await?;
                found
                    .map(|found| (found.seen, self.instances.keep(what_counts(found))))
                    .map(|(seen, known)| (known, seen))
            }
        };
        Ok(known.filter(|(known, _)| known.app == app.name))
    }

    /// Checks everything that can be checked without writing.
    fn proof(
        &self,
        app: &App,
        instance: &KnownInstance,
        statement: &Statement<'_>,
        now: Timestamp,
    ) -> Result<Proof, Setback> {
        let binding = Binding { app: &app.name, purpose: Purpose::Assert, session: statement.session };
        let (client_data, challenge) =
            self.bound_challenge(statement.client_data, binding, now).map_err(Refusal::silent)?;
        statement.over.check(&client_data).map_err(Refusal::silent)?;
        let known = &instance.claims;
        let (sign_count, mode, claims) = match statement.proof {
            AssertProof::AppAttest(assertion) => {
                let format = app.app_attest()?;
                let known_app = known.app_attest.as_deref().ok_or_else(|| Refusal::unverified(OTHER_PROOF))?;
                let (count, said) = format.asserted(assertion, known_app, &instance.key, &client_data.hash)?;
                (count, format.sign_count, Claims { app_attest: Some(Box::new(said)), ..known.clone() })
            }
            AssertProof::Android { assertion, .. } => {
                let format = app.key_attestation()?;
                known.key_attestation.as_ref().ok_or_else(|| Refusal::unverified(OTHER_PROOF))?;
                let count = format.asserted(assertion, &instance.key, &client_data.hash)?;
                (count, format.sign_count, known.clone())
            }
        };
        let claims = claims.with_signals(client_data.signals, now);
        Ok(Proof { challenge, client_data_hash: client_data.hash, sign_count, mode, claims })
    }

    /// What a token that came with the proof shows, asked for once however often the proof is weighed.
    async fn fresh_integrity(
        &self,
        app: &App,
        token: &str,
        instance: &KnownInstance,
        proof: &Proof,
        decoded: &mut Option<Integrity>,
        now: Timestamp,
    ) -> Result<Option<Integrity>, Setback> {
        if decoded.is_none() {
            let (client_data_hash, challenge) = (proof.client_data_hash, proof.challenge);
            // Neither signature nor count: a phone may sign the same client data again.
            let request = sha256_of_parts(&[b"assert", &instance.id.0, &client_data_hash]);
            let subject = Subject::Instance(instance.id);
            let matter = Matter { client_data_hash, request, challenge, subject, now };
            *decoded = self.integrity(app, token, Spending::Quota(Backing::Hardware), &matter).await?;
        }
        Ok(decoded.clone())
    }

    /// Claims with what a fresh token shows. While Google cannot be asked, what it said last is kept beside that; an outage that
    /// refuses is a refusal of this call alone, since an instance that sends no token would fare better.
    fn renewed(
        &self,
        app: &App,
        claims: Claims,
        (integrity, origin): Integrity,
        (id, now): (InstanceId, Timestamp),
    ) -> Result<Claims, Refusal> {
        let PlayIntegrity::Unavailable { since, .. } = integrity else {
            return Ok(claims.with_play_integrity(integrity, origin));
        };
        let last = claims.play_integrity.as_ref().and_then(PlayIntegrity::claims).cloned().map(Box::new);
        let claims = claims.with_play_integrity(PlayIntegrity::Unavailable { since, last }, origin);
        match self.appraised_part(app, &claims, &Subject::Instance(id), (Standing::Good, now)) {
            (Tier::Contraindicated, vector, reasons) => Err(Refusal { vector, reasons }),
            _ => Ok(claims),
        }
    }

    /// The proof as it is to be kept, and what it is worth.
    fn weighed(
        &self,
        app: &App,
        (instance, seen): (&KnownInstance, Position),
        proof: Proof,
        statement: &Statement<'_>,
        now: Timestamp,
    ) -> Advance {
        let (said, subject, weighed_at) = (proof.claims, Subject::Instance(instance.id), (instance.standing, now));
        let binds = statement.bound.map_or(Binds::AsBefore(instance.bound), Binds::Anew);
        let verdict_on = |claims: &Claims| self.verdict(app, subject, claims.clone(), now, weighed_at);
        let before = || verdict_on(&instance.claims);
        let (claims, verdict) = if proof.sign_count < instance.sign_count {
            (None, worse(verdict_on(&said), before()))
        } else {
            let verdict = verdict_on(&said);
            ((said != instance.claims).then_some(said), verdict)
        };
        // Others may weigh the claims by another policy than this one. A time that moves on makes nothing worse, but what had grown
        // too old may count again.
        let worth = |verdict: &Verdict| (verdict.decision, verdict.tier);
        let is_news = |said: &Claims| !said.repeat(&instance.claims) || worth(&before()) != worth(&verdict);
        let tells = if claims.as_ref().is_some_and(is_news) { Tells::Claims } else { Tells::Tier };
        Advance {
            challenge: proof.challenge,
            instance: instance.id,
            sign_count: proof.sign_count,
            mode: proof.mode,
            claims,
            claims_at: instance.claims_at,
            binds,
            proven_at: now,
            verdict: verdict.bound_to(binds.bound()),
            call: statement.named,
            seen,
            tells,
        }
    }

    /// The first answer to a named call, which cannot be better than what the store knows of the instance by now.
    async fn repeated(&self, app: &App, first: Verdict, now: Timestamp) -> Result<Verdict, CallFault> {
        let current = match first.instance {
            Some(id) => self.stored(app, id, now).await?,
            None => None,
        };
        let restated = self.restated(app, first, now);
        let verdict = match current {
            Some(current) => worse(restated, current.verdict),
            None => restated,
        };
        Ok(held(verdict, now))
    }

    /// The verdict; `None` when other proofs have changed what this one was weighed with.
    async fn advance(
        &self,
        app: &App,
        advance: Advance,
        renewed: Option<Verdict>,
        at: Moment,
    ) -> Result<Option<Verdict>, Setback> {
        let verdict = advance.verdict.clone();
        match self.kept(advance, renewed, at.era).await? {
            AdvanceOutcome::Advanced => Ok(Some(verdict)),
            AdvanceOutcome::Repeated(first) => Ok(Some(self.repeated(app, *first, at.now).await?)),
            AdvanceOutcome::ChallengeSpent => Err(Refusal::silent(ChallengeRejection::Replayed).into()),
            AdvanceOutcome::ChallengeExpired => Err(Refusal::silent(ChallengeRejection::Expired).into()),
            AdvanceOutcome::SignCount(SignCountRefusal::Seen) => Err(Refusal::silent(SIGN_COUNT_REPLAYED).into()),
            AdvanceOutcome::SignCount(SignCountRefusal::BeforeWindow) => {
                Err(Refusal::silent(SIGN_COUNT_TOO_LATE).into())
            }
            AdvanceOutcome::Overtaken => Ok(None),
            AdvanceOutcome::UnknownInstance => Err(Refusal::of(UNRECOGNISED, INSTANCE_UNKNOWN).into()),
            AdvanceOutcome::CallNameTaken => Err(CallFault::CallNameTaken.into()),
        }
    }

    /// Keeps the proof, in the store and then in memory, where a verdict on the same claims is `renewed`. A caller that goes away, or
    /// a deadline, cannot come between the two: the store would know what gateways are not told.
    async fn kept(&self, advance: Advance, renewed: Option<Verdict>, era: Era) -> Result<AdvanceOutcome, StoreFault> {
        let (store, cache) = (Arc::clone(&self.store), self.cache.clone());
        let kept = tokio::spawn(async move {
            let (id, now) = (advance.instance, advance.proven_at);
            let Advance { claims_at, seen, .. } = advance;
            let outcome = store.advance(advance).await;
            match (&outcome, renewed) {
                (Ok(AdvanceOutcome::Advanced), Some(verdict)) => {
                    cache.renew(id, Grounded { verdict, claims_at, seen }, era, now).await;
                }
                // An error may be a lost answer.
                (Ok(AdvanceOutcome::Advanced) | Err(_), _) => cache.forget(id).await,
                (Ok(_), _) => {}
            }
            outcome
        });
        kept.await.map_err(|_| StoreFault::Closed)?
    }
}

/// How often a proof is weighed while proofs of the same instance change its claims, or operators revoke instances. Each attempt
/// that fails is another's success.
pub(super) const ATTEMPTS: usize = 8;

const OTHER_PROOF: Reason =
    Reason::new("proof_of_other_format", "the instance's key proves itself in another way", Remedy::ContactSupport);
const SIGN_COUNT_REPLAYED: Reason =
    Reason::new("sign_count_replayed", "the sign count is not above those accepted before", Remedy::NewChallenge);
const SIGN_COUNT_TOO_LATE: Reason =
    Reason::new("sign_count_too_late", "the sign count lies before the window of late arrivals", Remedy::NewChallenge);

/// What weighing a proof needs to know of an instance.
fn what_counts(Found { instance, standing, seen, .. }: Found) -> KnownInstance {
    KnownInstance {
        id: instance.id,
        app: instance.app,
        key: instance.key,
        confirmation: instance.confirmation,
        claims: instance.claims,
        claims_at: instance.claims_at,
        bound: instance.bound,
        sign_count: instance.sign_count,
        standing,
        seen,
    }
}

/// A late arrival tells of a time before the newest proof: it counts for its own request, where it cannot be better than what
/// is known by now, and changes nothing else.
fn worse(late: Verdict, current: Verdict) -> Verdict {
    if (late.decision, late.tier) > (current.decision, current.tier) { late } else { current }
}

impl<'a> AssertCall<'a> {
    /// A digest over all that the call says.
    fn digest(&self) -> Digest {
        let signer = match self.signer {
            Signer::Pseudonym(text) => text.as_bytes(),
            Signer::Key(key) => key.0.as_slice(),
        };
        let call = [b"assert", self.app.as_str().as_bytes(), signer, self.client_data, self.session];
        let count = self.sign_count();
        let proof: &[&[u8]] = match &self.proof {
            AssertProof::AppAttest(assertion) => &[assertion],
            AssertProof::Android { assertion, integrity_token } => {
                &[&count, assertion.signature, integrity_token.as_bytes()]
            }
        };
        let content = sha256_of_parts(&[&call[..], proof].concat());
        self.context.map_or(content, |context| sha256_of_parts(&[&content, &context.digest()]))
    }

    fn sign_count(&self) -> [u8; 4] {
        match self.proof {
            AssertProof::AppAttest(_) => [0; 4],
            AssertProof::Android { assertion, .. } => assertion.sign_count.to_be_bytes(),
        }
    }
}

impl<'a> AssertProof<'a> {
    fn integrity_token(&self) -> Option<&'a str> {
        match self {
            Self::AppAttest(_) => None,
            Self::Android { integrity_token, .. } => Some(*integrity_token).filter(|token| !token.is_empty()),
        }
    }
}
