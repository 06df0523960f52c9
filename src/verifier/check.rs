//! What a request is worth now: the question of every gateway.

use std::net::IpAddr;
use std::sync::Arc;

use super::app::App;
use super::assert::AssertProof;
use super::caller::Caller;
use super::context::WeighedRequest;
use super::fault::CallFault;
use super::refusal::Refusal;
use super::{Moment, Verifier};
use crate::appraisal::{Reason, Remedy, Tier, TrustVector, Worth};
use crate::cache::Grounded;
use crate::crypto::digest::Digest;
use crate::ids::{AppName, InstanceId};
use crate::store::Found;
use crate::time::Timestamp;
use crate::verdict::{Decision, Freshness, Subject, Verdict};

pub(super) const INSTANCE_UNKNOWN: Reason =
    Reason::new("instance_unknown", "no such instance is enrolled", Remedy::ReEnrol);
const PROOF_EXPIRED: Reason =
    Reason::new("proof_expired", "the last proof is too old; a fresh assertion is needed", Remedy::NewChallenge);
pub(super) const UNRECOGNISED: TrustVector =
    TrustVector { instance_identity: Worth::UNRECOGNISED, ..TrustVector::SILENT };

/// What a relying party asks about a request.
#[derive(Clone, Copy, Debug)]
pub struct CheckCall<'a> {
    /// The app.
    pub app: &'a AppName,
    /// Who makes the request.
    pub subject: CheckSubject<'a>,
    /// Which answers spend a single-use token.
    pub consume: Consume,
    /// The request.
    pub context: RequestContext<'a>,
    /// A signature by the instance over this very request.
    pub assertion: Option<FreshAssertion<'a>>,
}

/// Which answers spend a single-use token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consume {
    /// None: it is only looked at.
    Never,
    /// Every one but a denial: who asks may serve the request after a step-up as well.
    UnlessDenied,
    /// An allow: who asks serves the request after nothing else, and the token comes again after a step-up.
    IfAllowed,
}

impl Consume {
    /// Whether this answer spends the token.
    pub(super) fn spends_by(self, decision: Decision) -> bool {
        match self {
            Self::Never => false,
            Self::UnlessDenied => decision != Decision::Deny,
            Self::IfAllowed => decision == Decision::Allow,
        }
    }
}

/// Who makes a request.
#[derive(Clone, Copy, Debug)]
pub enum CheckSubject<'a> {
    /// An instance, by the pseudonym that the relying party knows.
    Instance(&'a str),
    /// Whoever holds a token.
    Token(&'a str),
}

/// A request as the relying party sees it. What is empty or `None` is not known.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestContext<'a> {
    /// The client's address.
    pub client_address: Option<IpAddr>,
    /// A fingerprint of the client's TLS.
    pub tls_fingerprint: &'a str,
    /// The user's session at the relying party.
    pub user_session: &'a [u8],
    /// The method of HTTP.
    pub method: &'a str,
    /// `https` or `http`.
    pub scheme: &'a str,
    /// Host and port, as the client sent them.
    pub authority: &'a str,
    /// The target with its query, as the client sent it.
    pub path: &'a str,
    /// SHA-256 of the body.
    pub body: Option<Digest>,
    /// SHA-256 over header fields that the relying party chooses.
    pub headers: Option<Digest>,
    /// The one value of the header field `DPoP`.
    pub dpop_proof: &'a str,
    /// SHA-256 of the client's certificate.
    pub client_certificate: Option<Digest>,
}

/// A signature by an instance's key over client data that names the request.
#[derive(Clone, Copy, Debug)]
pub struct FreshAssertion<'a> {
    /// The bytes that the device hashed.
    pub client_data: &'a [u8],
    /// What the instance's key has signed.
    pub proof: AssertProof<'a>,
    /// The session that the challenge was created with; empty for none.
    pub session: &'a [u8],
}

/// What whoever makes a request is worth now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The verdict.
    pub verdict: Arc<Verdict>,
    /// The instance's pseudonym towards the caller's relying party; empty where the verdict is on none.
    pub instance: String,
}

impl Checked {
    /// A verdict on the instance that this pseudonym has led to; a refusal may be about nobody all the same.
    pub(super) fn of(verdict: Arc<Verdict>, pseudonym: &str) -> Self {
        let instance = if verdict.instance.is_some() { pseudonym.to_owned() } else { String::new() };
        Self { verdict, instance }
    }

    /// A verdict on no instance.
    pub(super) fn nobody(verdict: Verdict) -> Self {
        Self { verdict: Arc::new(verdict), instance: String::new() }
    }
}

impl<'a> CheckCall<'a> {
    /// The question about an instance, whatever it requests.
    pub fn of(app: &'a AppName, subject: CheckSubject<'a>) -> Self {
        Self { app, subject, consume: Consume::Never, context: RequestContext::default(), assertion: None }
    }
}

impl Verifier {
    /// The verdict that holds now for the one who makes a request.
    ///
    /// Errors with [`CallFault`] when there can be no verdict. An answer from memory costs no I/O.
    pub async fn check(&self, caller: &Caller, call: &CheckCall<'_>) -> Result<Checked, CallFault> {
        let at = self.moment();
        let app = &*self.app(caller, call.app)?;
        let now = at.now;
        let pseudonym = match call.subject {
            CheckSubject::Instance(pseudonym) => pseudonym,
            CheckSubject::Token(token) => return self.check_token(caller, app, token, call, at).await,
        };
        let verdict = match (self.instance_behind(caller, pseudonym), call.assertion) {
            (Some(id), Some(assertion)) => {
                let request = call.context.signed_request()?;
                Some(Arc::new(Box::pin(self.asserted_over(app, id, assertion, request, at)).await?))
            }
            (Some(id), None) => self.current(app, caller, id, at).await?,
            (None, _) => None,
        };
        let verdict = match verdict {
            Some(verdict) if verdict.subject().is_none() || verdict.holds_at(now) => verdict,
            Some(verdict) => Arc::new(held(Verdict::clone(&verdict), now)),
            None => return Ok(Checked::nobody(Refusal::of(UNRECOGNISED, INSTANCE_UNKNOWN).stated(app, now))),
        };
        let bound = verdict.bound;
        let weighed = WeighedRequest {
            context: Some(call.context),
            is_asserted: call.assertion.is_some(),
            is_proved: false,
            token_proven_at: None,
            now,
        };
        Ok(Checked::of(self.weighed_request(app, caller, verdict, bound, &weighed), pseudonym))
    }

    /// The verdict on the instance's latest proof, from memory or from the store. Whoever is told facts hears them from the store.
    pub(super) async fn current(
        &self,
        app: &App,
        caller: &Caller,
        id: InstanceId,
        at: Moment,
    ) -> Result<Option<Arc<Verdict>>, CallFault> {
        if !caller.role.sees_facts() {
            let verdict = self.remembered(app, id, at).await?;
            // Under a policy that has come into force since this call began, it may be kept without the claims that are needed here.
            let lacks_claims = |verdict: &Arc<Verdict>| app.policy().looks_at_requests() && verdict.claims.is_none();
            if !verdict.as_ref().is_some_and(lacks_claims) {
                return Ok(verdict);
            }
        }
        Ok(Box::pin(self.stored(app, id, at.now)).await?.map(|found| Arc::new(found.verdict)))
    }

    /// The same as memory has it, which takes it from the store when it has none.
    async fn remembered(
        &self,
        app: &App,
        id: InstanceId,
        Moment { era, now }: Moment,
    ) -> Result<Option<Arc<Verdict>>, CallFault> {
        let fits = |verdict: &Arc<Verdict>| verdict.app == app.name;
        if let Some(verdict) = self.cache.cached(id, now) {
            return Ok(Some(verdict).filter(fits));
        }
        let load = async {
            let found = self.stored(app, id, now).await?;
            Ok(found.map(|found| Grounded { verdict: app.remembered(found.verdict), ..found }))
        };
        // Boxed, like all that is seldom: the state of a check is moved with every call.
        Box::pin(self.cache.loaded(id, era, now, load)).await.map(|verdict| verdict.filter(fits))
    }

    /// The verdict on the instance's latest proof, from the store.
    pub(super) async fn stored(
        &self,
        app: &App,
        id: InstanceId,
        now: Timestamp,
    ) -> Result<Option<Grounded>, CallFault> {
        let found = self.store.instance(id).await?.filter(|found| found.instance.app == app.name);
        Ok(found.map(|Found { instance, standing, seen, .. }| {
            let subject = Subject::Instance(id);
            let verdict = self.verdict(app, subject, instance.claims, instance.proven_at, (standing, now));
            Grounded { verdict: verdict.bound_to(instance.bound), claims_at: instance.claims_at, seen }
        }))
    }
}

/// A verdict as it holds now: unchanged while it lasts, afterwards only a request for a fresh proof.
pub(super) fn held(verdict: Verdict, now: Timestamp) -> Verdict {
    if verdict.holds_at(now) {
        return verdict;
    }
    let mut reasons = verdict.reasons;
    reasons.push(PROOF_EXPIRED);
    let decision = if verdict.decision == Decision::Deny { Decision::Deny } else { Decision::StepUp };
    Verdict { decision, tier: Tier::None, reasons, freshness: Freshness::NEVER, ..verdict }
}
