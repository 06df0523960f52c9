//! What would help against a step-up: the request is weighed once more, as though a proof of this moment had come.

use std::sync::Arc;

use super::app::App;
use super::caller::Caller;
use super::check::{CheckCall, CheckSubject, RequestContext};
use super::context::WeighedRequest;
use super::fault::CallFault;
use super::refusal::Setback;
use super::{Moment, Verifier};
use crate::appraisal::{Reason, Remedy};
use crate::cache::KnownToken;
use crate::crypto::digest::Digest;
use crate::ids::InstanceId;
use crate::store::Found;
use crate::verdict::ear::TokenClaims;
use crate::verdict::{Bound, Decision, Subject, Verdict};

/// What would let a request pass that a step-up was answered to. Where neither does, nothing that can be proved would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relief {
    /// An assertion by the instance and nothing else, over the request where that can be shown.
    pub assertion: bool,
    /// A new proof that is made with the request's context, and with a new token where one was shown.
    pub proof: bool,
}

/// Who makes the request, as though the proof were of now.
struct Anew<'a> {
    app: &'a App,
    caller: &'a Caller,
    context: RequestContext<'a>,
    verdict: Verdict,
    token: Option<&'a TokenClaims>,
    at: Moment,
}

impl Verifier {
    /// What would make an allow of the step-up that a call was answered with. `body` is SHA-256 of the request's body, where the
    /// request could be asked about once more with a signature over it.
    pub async fn relief(
        &self,
        caller: &Caller,
        call: &CheckCall<'_>,
        body: Option<Digest>,
    ) -> Result<Relief, CallFault> {
        let (at, app) = (self.moment(), &*self.app(caller, call.app)?);
        let token = match (call.subject, &self.tokens) {
            (CheckSubject::Token(token), Some(tokens)) => self.known_token(tokens, token, at.now).ok(),
            _ => None,
        };
        let Some(verdict) = self.proved_anew(app, caller, call, token.as_deref(), at).await? else {
            return Ok(Relief::default());
        };
        let token = token.as_deref().map(|known| &known.claims);
        let anew = Anew { app, caller, context: call.context, verdict, token, at };
        // Whoever has signed already and was asked for more is not asked to sign again.
        let assertion = call.assertion.is_none() && self.passes_asserted(&anew, body);
        let bound = self.bound(app, &caller.relying_party, &call.context).or_other();
        let passes_proved = |body| self.passes_proved(&anew, bound, body);
        // A proof that is no more than the first of two steps is asked for where the second is not the way by itself.
        Ok(Relief { assertion, proof: passes_proved(None) || !assertion && body.is_some() && passes_proved(body) })
    }

    /// The verdict as if its proof were given now, and were the same otherwise; `None` where nobody can give one.
    async fn proved_anew(
        &self,
        app: &App,
        caller: &Caller,
        call: &CheckCall<'_>,
        token: Option<&KnownToken>,
        at: Moment,
    ) -> Result<Option<Verdict>, CallFault> {
        let id = match call.subject {
            CheckSubject::Instance(pseudonym) => self.instance_behind(caller, pseudonym),
            CheckSubject::Token(_) => token.and_then(|known| known.instance),
        };
        match (id, token) {
            (Some(id), _) => self.instance_anew(app, id, at).await,
            (None, Some(known)) => self.session_anew(app, caller, known, at).await,
            (None, None) => Ok(None),
        }
    }

    async fn instance_anew(&self, app: &App, id: InstanceId, at: Moment) -> Result<Option<Verdict>, CallFault> {
        let found = self.store.instance(id).await?.filter(|found| found.instance.app == app.name);
        Ok(found.map(|Found { instance, standing, .. }| {
            let verdict = self.verdict(app, Subject::Instance(id), instance.claims, at.now, (standing, at.now));
            verdict.bound_to(instance.bound)
        }))
    }

    /// What was proved of a session is not kept: another token may be better only where this one was good when it was signed.
    async fn session_anew(
        &self,
        app: &App,
        caller: &Caller,
        known: &KnownToken,
        at: Moment,
    ) -> Result<Option<Verdict>, CallFault> {
        if known.claims.decision != Decision::Allow {
            return Ok(None);
        }
        match self.standing(app, caller, known, at).await {
            Ok(verdict) => Ok(Some(Verdict { issued_at: at.now, ..Arc::unwrap_or_clone(verdict) })),
            Err(Setback::Refused(_)) => Ok(None),
            Err(Setback::Fault(fault)) => Err(fault),
        }
    }

    /// Whether an assertion would do, which changes neither token nor binding.
    fn passes_asserted(&self, anew: &Anew<'_>, body: Option<Digest>) -> bool {
        let mut verdict = anew.verdict.clone();
        if verdict.instance.is_none() {
            return false;
        }
        if let Some(claims) = anew.token {
            verdict.worsened_by(claims, &anew.app.policy().decisions);
        }
        let bound = anew.token.map_or(verdict.bound, |claims| claims.bound);
        let token_proven_at = anew.token.filter(|_| body.is_none()).map(|claims| claims.proven_at);
        let weighed = WeighedRequest { token_proven_at, ..anew.request(body) };
        self.weighed_request(anew.app, anew.caller, Arc::new(verdict), bound, &weighed).decision == Decision::Allow
    }

    /// Whether a new proof would do that is bound to this, or one at least with other evidence of the same kind.
    fn passes_proved(&self, anew: &Anew<'_>, bound: Bound, body: Option<Digest>) -> bool {
        let before = &anew.verdict;
        let verdict = self.weighed_request(anew.app, anew.caller, Arc::new(before.clone()), bound, &anew.request(body));
        match verdict.decision {
            Decision::Allow => true,
            Decision::StepUp => verdict.reasons.len() == before.reasons.len() && are_of_the_proof(&before.reasons),
            Decision::Deny => false,
        }
    }
}

impl<'a> Anew<'a> {
    /// The request, signed if there is a digest of its body to sign.
    fn request(&self, body: Option<Digest>) -> WeighedRequest<'a> {
        WeighedRequest {
            context: Some(RequestContext { body: body.or(self.context.body), ..self.context }),
            is_asserted: body.is_some(),
            is_proved: self.token.is_some_and(|claims| claims.confirmation.thumbprint().is_some()),
            token_proven_at: None,
            now: self.at.now,
        }
    }
}

impl Bound {
    /// The same, where what is not stated is bound to something else: it would still not be stated.
    fn or_other(self) -> Self {
        let Self { address, tls, session } = self;
        let [address, tls, session] = [address, tls, session].map(|tag| tag.or(Some([0; 16])));
        Self { address, tls, session }
    }
}

/// Whether another proof is all that helps, by what the reasons say themselves.
fn are_of_the_proof(reasons: &[Reason]) -> bool {
    let mut remedies = reasons.iter().map(|reason| reason.remedy).filter(|remedy| *remedy != Remedy::None).peekable();
    remedies.peek().is_some() && remedies.all(|remedy| remedy == Remedy::NewChallenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_evidence_is_asked_for_where_nothing_else_is() {
        let of = |remedies: &[Remedy]| {
            let reasons: Vec<_> = remedies.iter().map(|remedy| Reason::new("a_reason", "a reason", *remedy)).collect();
            are_of_the_proof(&reasons)
        };
        assert!(of(&[Remedy::NewChallenge]) && of(&[Remedy::None, Remedy::NewChallenge]));
        for others in [&[][..], &[Remedy::None], &[Remedy::UpdateOs], &[Remedy::NewChallenge, Remedy::UpdateOs]] {
            assert!(!of(others), "{others:?}");
        }
    }
}
