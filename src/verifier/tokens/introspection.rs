//! What a token is worth to somebody who asks about it and not about a request (RFC 7662).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::checking::use_of;
use crate::crypto::secret::NoRandomness;
use crate::token::TokenRejection;
use crate::verdict::ear::TokenClaims;
use crate::verdict::{Decision, Verdict};
use crate::verifier::caller::Caller;
use crate::verifier::context::{WeighedRequest, bound_to_nothing};
use crate::verifier::fault::CallFault;
use crate::verifier::refusal::{Refusal, Setback};
use crate::verifier::{Moment, Verifier};

/// The type of a signed answer (RFC 9701, section 5).
const ANSWER_TYPE: &str = "token-introspection+jwt";

/// A token that counts.
#[derive(Clone, Debug)]
pub struct Introspected {
    /// What it says.
    pub claims: TokenClaims,
    /// The verdict that holds now for whoever brings it: an allow.
    pub verdict: Verdict,
}

impl Verifier {
    /// What there is to know of a token; `None` when it is not one of this service for the caller's relying party, or does not
    /// allow any more. The two cannot be told apart.
    ///
    /// Nothing is spent, and no proof of possession is asked for: whoever asks has to make sure that its bearer holds what the
    /// claims' confirmation names.
    pub async fn introspect(&self, caller: &Caller, token: &str) -> Result<Option<Introspected>, CallFault> {
        match self.introspected(caller, token, self.moment()).await {
            Ok(found) => Ok(Some(found).filter(|found| found.verdict.decision == Decision::Allow)),
            Err(Setback::Refused(_) | Setback::Fault(CallFault::UnknownApp | CallFault::AppNotGranted)) => Ok(None),
            Err(Setback::Fault(fault)) => Err(fault),
        }
    }

    async fn introspected(&self, caller: &Caller, token: &str, at: Moment) -> Result<Introspected, Setback> {
        let tokens = self.tokens.as_ref().ok_or_else(|| Refusal::silent(TokenRejection::Issuer))?;
        let known = self.known_token(tokens, token, at.now)?;
        let app = self.app(caller, &known.claims.app)?;
        tokens.fits(&known.claims, &caller.relying_party, &app.name, at.now)?;
        // Whoever asks names no session, and would let anybody's pass.
        if known.claims.session.is_some() {
            return Err(TokenRejection::SessionMissing.into());
        }
        if let Some(once) = use_of(&known.claims)
            && self.store.is_consumed(once).await?
        {
            return Err(TokenRejection::Consumed.into());
        }
        // Nothing is said of the request, not even what it lacks: what needs to know it finds fault.
        let verdict = bound_to_nothing(&app, self.standing(&app, caller, &known, at).await?, at.now);
        let weighed = WeighedRequest {
            context: None,
            is_asserted: false,
            is_proved: false,
            token_proven_at: Some(known.claims.proven_at),
            now: at.now,
        };
        let verdict = self.weighed_request(&app, caller, verdict, known.claims.bound, &weighed);
        Ok(Introspected { claims: known.claims.clone(), verdict: Arc::unwrap_or_clone(verdict) })
    }

    /// An answer about a token, signed for the caller's relying party (RFC 9701, section 5); `None` when no tokens are signed.
    pub fn signed_introspection(
        &self,
        caller: &Caller,
        answer: Map<String, Value>,
    ) -> Result<Option<String>, CallFault> {
        let Some(tokens) = &self.tokens else { return Ok(None) };
        let now = self.clock.now();
        let payload = json!({
            "iss": &*tokens.issuer,
            "aud": caller.relying_party.as_str(),
            "iat": now.as_secs(),
            "token_introspection": answer,
        });
        let ring = tokens.keys.ring();
        let key = ring.signing(now).ok_or(NoRandomness)?;
        Ok(Some(key.sign(ANSWER_TYPE, payload.to_string().as_bytes())?))
    }
}
