//! What a token that somebody brings is worth now.

use std::borrow::Cow;
use std::sync::Arc;

use super::Tokens;
use crate::appraisal::{Decisions, Reason, Remedy};
use crate::cache::KnownToken;
use crate::crypto::digest::{Digest, sha256, sha256_of_parts};
use crate::ids::Name;
use crate::store::{ConsumeOutcome, Use, UseKind};
use crate::time::Timestamp;
use crate::token::dpop::{DpopProof, Proved, Requested};
use crate::token::{SKEW, TokenRejection, read};
use crate::verdict::ear::TokenClaims;
use crate::verdict::{Decision, Freshness, Verdict};
use crate::verifier::app::App;
use crate::verifier::caller::Caller;
use crate::verifier::check::{
    CheckCall, Checked, Consume, FreshAssertion, INSTANCE_UNKNOWN, RequestContext, UNRECOGNISED, held,
};
use crate::verifier::context::WeighedRequest;
use crate::verifier::fault::CallFault;
use crate::verifier::refusal::{Refusal, Setback};
use crate::verifier::{Moment, Verifier};

const TOKEN_UNSUPPORTED: Reason =
    Reason::new("token_unsupported", "this service signs no tokens", Remedy::ContactSupport);

/// The text beside a reason of which the token has kept the code.
const STATED_BY_TOKEN: &str = "stated when the token was signed";

impl From<TokenRejection> for Setback {
    fn from(rejection: TokenRejection) -> Self {
        Refusal::silent(rejection).into()
    }
}

impl Verifier {
    /// The verdict that holds now for whoever brings a token: the worse of what the token says and of what is known by now, and
    /// for no longer than the token counts.
    pub(in crate::verifier) async fn check_token(
        &self,
        caller: &Caller,
        app: &App,
        token: &str,
        call: &CheckCall<'_>,
        at: Moment,
    ) -> Result<Checked, CallFault> {
        match self.token_verdict(caller, app, token, call, at).await {
            Ok(checked) => Ok(checked),
            Err(setback) => setback.stated(app, at.now).map(Checked::nobody),
        }
    }

    /// Everything that can be known without writing comes first: nothing is spent for a token that is refused.
    async fn token_verdict(
        &self,
        caller: &Caller,
        app: &App,
        token: &str,
        call: &CheckCall<'_>,
        at: Moment,
    ) -> Result<Checked, Setback> {
        let tokens = self.tokens.as_ref().ok_or_else(|| Refusal::silent(TOKEN_UNSUPPORTED))?;
        let known = self.known_token(tokens, token, at.now)?;
        let claims = &known.claims;
        tokens.fits(claims, &caller.relying_party, &app.name, at.now)?;
        let proved = bearer(claims, token, &call.context, at.now)?;
        if let Some(session) = claims.session {
            in_session(&session, call.context.user_session)?;
        }
        let once = use_of(claims);
        if call.consume != Consume::Never && once.is_none() {
            return Err(TokenRejection::NotSingleUse.into());
        }
        if let Some(once) = once
            && self.store.is_consumed(once).await?
        {
            return Err(TokenRejection::Consumed.into());
        }
        let verdict = match call.assertion {
            Some(assertion) => Box::pin(self.asserted_with(app, &known, assertion, call, at)).await?,
            None => self.standing(app, caller, &known, at).await?,
        };
        let weighed = WeighedRequest {
            context: Some(call.context),
            is_asserted: call.assertion.is_some(),
            is_proved: proved.is_some(),
            token_proven_at: call.assertion.is_none().then_some(claims.proven_at),
            now: at.now,
        };
        let verdict = self.weighed_request(app, caller, verdict, claims.bound, &weighed);
        if verdict.decision != Decision::Deny {
            self.spend(proved, once.filter(|_| call.consume.spends_by(verdict.decision))).await?;
        }
        Ok(Checked::of(verdict, claims.subject.as_deref().unwrap_or_default()))
    }

    /// What the token says, from memory or read and verified.
    pub(in crate::verifier) fn known_token(
        &self,
        tokens: &Tokens,
        token: &str,
        now: Timestamp,
    ) -> Result<Arc<KnownToken>, TokenRejection> {
        if let Some(known) = tokens.cache.known(token.as_bytes()) {
            return Ok(known);
        }
        let claims = read(token.as_bytes(), &tokens.keys.ring(), now)?;
        let subject = claims.subject.as_deref();
        let instance = subject.and_then(|subject| self.instance_towards(&claims.audience, subject));
        Ok(tokens.cache.keep(token.as_bytes(), KnownToken { claims, instance }))
    }

    /// What the token and all that is known by now come to.
    pub(in crate::verifier) async fn standing(
        &self,
        app: &App,
        caller: &Caller,
        known: &KnownToken,
        at: Moment,
    ) -> Result<Arc<Verdict>, Setback> {
        let claims = &known.claims;
        if claims.session.is_some() && claims.subject.is_none() {
            return Ok(Arc::new(self.stated_on_session(app, claims, at).await?));
        }
        let current = match known.instance {
            Some(id) => self.current(app, caller, id, at).await?,
            None => None,
        };
        let current = current.ok_or_else(|| Refusal::of(UNRECOGNISED, INSTANCE_UNKNOWN))?;
        let mut verdict =
            if current.holds_at(at.now) { current } else { Arc::new(held(Verdict::clone(&current), at.now)) };
        Arc::make_mut(&mut verdict).worsened_by(claims, &app.policy().decisions);
        Ok(verdict)
    }

    /// The same, with the assertion over this request that came with the token.
    async fn asserted_with(
        &self,
        app: &App,
        known: &KnownToken,
        assertion: FreshAssertion<'_>,
        call: &CheckCall<'_>,
        at: Moment,
    ) -> Result<Arc<Verdict>, Setback> {
        let id = known.instance.ok_or_else(|| Refusal::of(UNRECOGNISED, INSTANCE_UNKNOWN))?;
        let mut asserted = self.asserted_over(app, id, assertion, call.context.signed_request()?, at).await?;
        // A refusal of the assertion is about nobody, and the whole answer.
        if asserted.subject().is_some() {
            asserted.worsened_by(&known.claims, &app.policy().decisions);
        }
        Ok(Arc::new(asserted))
    }

    /// Marks the proof and the token as used, both or neither.
    async fn spend(&self, proved: Option<Proved>, once: Option<Use>) -> Result<(), Setback> {
        let proof = proved.map(|Proved { id, expires_at }| Use { kind: UseKind::Proof, id, expires_at });
        let uses: Vec<Use> = proof.into_iter().chain(once).collect();
        if uses.is_empty() {
            return Ok(());
        }
        match self.store.consume(uses).await? {
            ConsumeOutcome::Consumed => Ok(()),
            ConsumeOutcome::AlreadyConsumed(Use { kind: UseKind::Proof, .. }) => {
                Err(TokenRejection::DpopReplayed.into())
            }
            ConsumeOutcome::AlreadyConsumed(Use { kind: UseKind::Token, .. }) => Err(TokenRejection::Consumed.into()),
        }
    }
}

impl Tokens {
    /// Whether the token is for this party and about this app, and counts now.
    pub(super) fn fits(
        &self,
        claims: &TokenClaims,
        party: &Name,
        app: &Name,
        now: Timestamp,
    ) -> Result<(), TokenRejection> {
        let checks = [
            (*claims.issuer == *self.issuer, TokenRejection::Issuer),
            (claims.audience == *party, TokenRejection::Audience),
            (claims.app == *app, TokenRejection::App),
            (now < claims.expires_at, TokenRejection::Expired),
            (claims.issued_at <= now.plus(SKEW), TokenRejection::NotYetValid),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, rejection)| Err(rejection))
    }
}

/// Whether whoever brings the token proves all that it is bound to; gives the proof that is to be marked as used.
fn bearer(
    claims: &TokenClaims,
    token: &str,
    context: &RequestContext<'_>,
    now: Timestamp,
) -> Result<Option<Proved>, TokenRejection> {
    match (claims.confirmation.certificate, context.client_certificate) {
        (Some(_), None) => return Err(TokenRejection::CertificateMissing),
        (Some(bound), Some(shown)) if bound != shown => return Err(TokenRejection::CertificateMismatch),
        _ => {}
    }
    let Some(key) = claims.confirmation.thumbprint() else { return Ok(None) };
    if context.dpop_proof.is_empty() {
        return Err(TokenRejection::BindingMissing);
    }
    let RequestContext { method, scheme, authority, path, .. } = *context;
    let proof = DpopProof::read(context.dpop_proof.as_bytes())?;
    proof.check(&key, token, Requested { method, scheme, authority, path }, now).map(Some)
}

/// Whether the request is made in the session that the token is about: no key says who brings it.
fn in_session(session: &Digest, named: &[u8]) -> Result<(), TokenRejection> {
    match named {
        [] => Err(TokenRejection::SessionMissing),
        named if *session != sha256(named) => Err(TokenRejection::SessionMismatch),
        _ => Ok(()),
    }
}

/// What a single-use token is known again by, `None` if it is none: its own name, since one signature can be written in two ways.
pub(super) fn use_of(claims: &TokenClaims) -> Option<Use> {
    let id = || sha256_of_parts(&[b"bonafide token", claims.id.as_bytes()]);
    claims.single_use_until.map(|expires_at| Use { kind: UseKind::Token, id: id(), expires_at })
}

impl Verdict {
    /// Makes the worse of both of what holds now and what the token says, by what is done at each tier now.
    pub(in crate::verifier) fn worsened_by(&mut self, claims: &TokenClaims, decisions: &Decisions) {
        if claims.decision > self.decision || claims.tier > self.tier {
            let known = |code: &&String| self.reasons.iter().all(|reason| reason.code != **code);
            let further: Vec<Reason> = claims.reasons.iter().filter(known).map(|code| stated_by_token(code)).collect();
            self.reasons.extend(further);
            self.decision = self.decision.max(claims.decision).max(decisions.at(claims.tier).into());
            self.tier = self.tier.max(claims.tier);
            self.vector = self.vector.worse(&claims.vector);
        }
        self.carry_by(claims);
    }

    /// Lets the verdict hold for as long as the token counts. An answer that rests on a proof, or on a use, is good for one request.
    pub(super) fn carry_by(&mut self, claims: &TokenClaims) {
        self.expires_at = self.expires_at.min(claims.expires_at);
        if claims.single_use_until.is_some() || !claims.confirmation.is_empty() {
            self.freshness = Freshness::NEVER;
        }
    }
}

/// A reason of which the token has kept the code.
pub(super) fn stated_by_token(code: &str) -> Reason {
    Reason { code: Cow::Owned(code.to_owned()), text: STATED_BY_TOKEN.into(), remedy: Remedy::NewChallenge }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::store::MemoryStore;
    use crate::token::EAR_TYPE;
    use crate::verifier::{TokenConfig, Upstreams, VerifierConfig};

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    #[tokio::test]
    async fn a_token_is_read_once() {
        let token = Some(TokenConfig::of("https://v.example"));
        let config = VerifierConfig { token, ..VerifierConfig::of(Vec::new()) };
        let (store, clock) = (Arc::new(MemoryStore::new()), Arc::new(ManualClock::at(NOW)));
        let verifier = Verifier::build(config, store, clock, Upstreams::default()).await.expect("builds");
        let tokens = verifier.tokens.as_ref().expect("tokens");
        let (ring, payload) = (tokens.keys.ring(), include_bytes!("../../../fuzz/seeds/verdict_token/payload"));
        let sign = || ring.signing(NOW).expect("a key").sign(EAR_TYPE, payload).expect("signed");
        let (token, other) = (sign(), sign());
        let known = |token: &str| verifier.known_token(tokens, token, NOW).expect("a token");
        let first = known(&token);
        assert!(Arc::ptr_eq(&first, &known(&token)), "what was read the first time");
        assert!(!Arc::ptr_eq(&first, &known(&other)), "another signature is another token");
    }
}
