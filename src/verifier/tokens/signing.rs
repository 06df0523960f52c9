//! Signing a verdict that was just stated.

use data_encoding::BASE64URL_NOPAD;

use super::Tokens;
use super::request::{SignedToken, TokenKind, TokenRequest};
use crate::crypto::digest::sha256_of_parts;
use crate::crypto::jwk::Thumbprint;
use crate::crypto::secret::{NoRandomness, random};
use crate::evidence::client_data::ClientData;
use crate::ids::{InstanceId, Name};
use crate::store::ANSWER_KEPT_FOR;
use crate::time::Timestamp;
use crate::token::{CLIENT_ATTESTATION_TYPE, ClientAttestation, EAR_TYPE, LIFETIME_LIMIT};
use crate::verdict::ear::{Confirmation, TokenClaims};
use crate::verdict::{Bound, Decision, Verdict};
use crate::verifier::Verifier;
use crate::verifier::caller::Caller;
use crate::verifier::check::RequestContext;
use crate::verifier::fault::CallFault;

/// When a token begins and ends, in whole seconds.
#[derive(Clone, Copy)]
struct Times {
    issued_at: Timestamp,
    expires_at: Timestamp,
}

/// What a token is known by, and until when, if it counts once.
struct Named {
    id: String,
    single_use_until: Option<Timestamp>,
}

/// What an EAR is to say beside the verdict.
struct Beside {
    audience: Name,
    named: Named,
    confirmation: Confirmation,
    bound: Bound,
}

impl Verifier {
    /// Whether a caller may have what it asks for. Nothing is spent for a request that is turned down.
    pub(in crate::verifier) fn permit_token(
        &self,
        caller: &Caller,
        request: Option<&TokenRequest<'_>>,
        client_data: &[u8],
    ) -> Result<(), CallFault> {
        let Some(request) = request else { return Ok(()) };
        let tokens = self.tokens.as_ref().ok_or(CallFault::TokensNotConfigured)?;
        tokens.permit(caller, request, client_data)
    }

    /// Signs the verdict that a call with these client data has just come to; `None` when it is not one to be carried around: a
    /// denial, one about nobody, one that has ended, or, as a client attestation, anything but an allow, since authorisation
    /// servers ask no further.
    ///
    /// The token is bound to what the verdict is bound to, in the tags of its audience: to those of another party only as far as the
    /// call's own context says.
    ///
    /// Errors with [`CallFault`] when the caller may not have it, or nothing can be signed.
    pub async fn signed(
        &self,
        caller: &Caller,
        request: &TokenRequest<'_>,
        (client_data, context): (&[u8], Option<&RequestContext<'_>>),
        verdict: &Verdict,
    ) -> Result<Option<SignedToken>, CallFault> {
        let now = self.clock.now();
        self.permit_token(caller, Some(request), client_data)?;
        let (Some(tokens), Ok(client_data)) = (&self.tokens, ClientData::parse(client_data)) else { return Ok(None) };
        let Some(times) = tokens.times(request, verdict, now) else { return Ok(None) };
        let (token_type, payload) = match request.kind {
            TokenKind::Ear { audience, single_use, client_certificate } => {
                let key = self.confirmation(&client_data, verdict).await?.map(|thumbprint| thumbprint.0);
                let confirmation = Confirmation { key, certificate: client_certificate };
                let audience = tokens.audience(caller, audience)?;
                let bound = self.bound_towards(caller, &audience, context, verdict)?;
                let named = if single_use { self.named_once(&client_data, &audience) } else { Some(Named::anew()?) };
                let Some(named) = named else { return Ok(None) };
                let beside = Beside { audience, named, confirmation, bound };
                (EAR_TYPE, self.claims(tokens, beside, verdict, times).write(tokens.profile))
            }
            TokenKind::ClientAttestation { client_id } => {
                let key = client_data.confirmation_key.as_ref().ok_or(CallFault::ConfirmationMissing)?;
                let (issuer, policy) = (&*tokens.issuer, &*verdict.policy.to_string());
                let times = (times.issued_at, times.expires_at);
                let attestation = ClientAttestation { issuer, client_id, key, app: &verdict.app, policy, times };
                (CLIENT_ATTESTATION_TYPE, attestation.write())
            }
        };
        let ring = tokens.keys.ring();
        let key = ring.signing(now).ok_or(NoRandomness)?;
        let token = key.sign(token_type, &payload)?;
        Ok(Some(SignedToken { token, expires_at: times.expires_at, key_id: key.id }))
    }

    /// The key that this call's client data name, else the one that the instance was enrolled with.
    async fn confirmation(&self, said: &ClientData, verdict: &Verdict) -> Result<Option<Thumbprint>, CallFault> {
        match (said.confirmation, verdict.instance) {
            (Some(thumbprint), _) => Ok(Some(thumbprint)),
            (None, Some(id)) => self.enrolled_confirmation(id).await,
            (None, None) => Ok(None),
        }
    }

    async fn enrolled_confirmation(&self, id: InstanceId) -> Result<Option<Thumbprint>, CallFault> {
        match self.instances.known(id) {
            Some((known, _)) => Ok(known.confirmation),
            None => Ok(self.store.instance(id).await?.and_then(|found| found.instance.confirmation)),
        }
    }

    fn bound_towards(
        &self,
        caller: &Caller,
        audience: &Name,
        context: Option<&RequestContext<'_>>,
        verdict: &Verdict,
    ) -> Result<Bound, CallFault> {
        if *audience == caller.relying_party {
            return Ok(verdict.bound);
        }
        let app = self.app(caller, &verdict.app)?;
        Ok(context.map(|context| self.bound(&app, audience, context)).unwrap_or_default())
    }

    /// The one use that a proof gives a party, however often the proof is repeated before its challenge expires, and a named call
    /// while its first answer is kept. It is remembered until all that could be signed for it has ended.
    fn named_once(&self, said: &ClientData, audience: &Name) -> Option<Named> {
        let challenge = self.challenges.issued(&said.challenge)?;
        let id = sha256_of_parts(&[b"bonafide single use", &challenge.id, audience.as_str().as_bytes()]);
        let until = challenge.expires_at.plus(ANSWER_KEPT_FOR).plus(LIFETIME_LIMIT);
        Some(Named {
            id: BASE64URL_NOPAD.encode(id.first_chunk::<16>()?),
            single_use_until: Some(whole_seconds(until)),
        })
    }

    fn claims(&self, tokens: &Tokens, beside: Beside, verdict: &Verdict, times: Times) -> TokenClaims {
        TokenClaims {
            issuer: tokens.issuer.to_string(),
            subject: verdict.instance.map(|id| self.pseudonym_towards(&beside.audience, id)),
            audience: beside.audience,
            id: beside.named.id,
            issued_at: times.issued_at,
            expires_at: times.expires_at,
            confirmation: beside.confirmation,
            app: verdict.app.clone(),
            decision: verdict.decision,
            tier: verdict.tier,
            vector: verdict.vector,
            reasons: verdict.reasons.iter().map(|reason| reason.code.clone().into_owned()).collect(),
            policy: verdict.policy,
            proven_at: whole_seconds(verdict.issued_at),
            single_use_until: beside.named.single_use_until,
            session: verdict.session.as_deref().copied(),
            bound: beside.bound,
        }
    }
}

impl Named {
    /// A name that no other token has.
    fn anew() -> Result<Self, NoRandomness> {
        Ok(Self { id: BASE64URL_NOPAD.encode(&random::<16>()?), single_use_until: None })
    }
}

impl Tokens {
    /// From when to when the token counts; `None` when there should be none.
    fn times(&self, request: &TokenRequest<'_>, verdict: &Verdict, now: Timestamp) -> Option<Times> {
        let fit = match request.kind {
            TokenKind::Ear { .. } => verdict.decision != Decision::Deny,
            TokenKind::ClientAttestation { .. } => verdict.decision == Decision::Allow,
        };
        let lifetime = request.lifetime.unwrap_or(self.lifetime).min(self.lifetime);
        let issued_at = whole_seconds(now);
        let expires_at = whole_seconds(now.plus(lifetime).min(verdict.expires_at));
        let carried = fit && verdict.subject().is_some() && verdict.holds_at(now) && expires_at > now;
        carried.then_some(Times { issued_at, expires_at })
    }
}

fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_secs() * 1000)
}
