//! An Android device proves itself, by its key, by what Google says of it, or by both.

use super::Verifier;
use super::app::App;
use super::attest::{Proven, ProvenKey};
use super::decoding::{Opened, Opening};
use super::play_integrity::{Backing, PlayIntegrity, Token};
use super::refusal::{Refusal, Setback};
use crate::appraisal::{Circumstances, Reason, Remedy, Standing, Tier, TrustVector, appraise_part, missing_key};
use crate::crypto::digest::Digest;
use crate::evidence::claims::{self, Anchor, Claims, Format};
use crate::store::Spend;
use crate::time::Timestamp;
use crate::verdict::Subject;

/// What an Android device sends to prove itself: one of both at least.
#[derive(Clone, Copy, Debug)]
pub struct AndroidEvidence<'a> {
    /// The certificates of its key, DER, the key's own first; empty for none.
    pub chain: &'a [Vec<u8>],
    /// The integrity token; empty for none.
    pub integrity_token: &'a str,
}

/// What a call is about, as far as its evidence has to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matter {
    /// SHA-256 of the client data.
    pub(super) client_data_hash: Digest,
    /// What a token belongs to; a retry says the same.
    pub(super) request: Digest,
    /// The challenge that the client data answer.
    pub(super) challenge: Spend,
    /// Whom the call is about, where its evidence knows no key.
    pub(super) subject: Subject,
    pub(super) now: Timestamp,
}

/// What an integrity token has shown, and who stands behind it.
pub(super) type Integrity = (claims::PlayIntegrity, Anchor);

const TOKEN_REPLAYED: Reason =
    Reason::new("play_integrity_token_replayed", "the token came with another call before", Remedy::NewChallenge);
const TOKEN_LOST: Reason = Reason::new(
    "play_integrity_token_lost",
    "the token was sent to Google before, and the answer never came",
    Remedy::NewChallenge,
);
const TOKEN_NOT_DECODABLE: Reason = Reason::new(
    "play_integrity_token_not_decodable",
    "Google says that it is no token of this app, or too old",
    Remedy::NewChallenge,
);
const TOO_MANY_TOKENS: Reason = Reason::new(
    "play_integrity_too_many_tokens",
    "too many tokens came with the same challenge before",
    Remedy::NewChallenge,
);
const TOKEN_NOT_OPENED: Reason =
    Reason::new("play_integrity_token_not_opened", "nothing here can open the app's tokens", Remedy::ContactSupport);

impl Verifier {
    /// Verifies both pieces, cheap checks first. Google is asked about nothing that comes beside a bad key, or
    /// without the key that is required. A key that is bad by policy alone is then proved without the token.
    pub(super) async fn android(
        &self,
        app: &App,
        evidence: AndroidEvidence<'_>,
        matter: &Matter,
    ) -> Result<Proven, Setback> {
        let chain = match evidence.chain {
            [] => None,
            chain => Some(app.key_attestation()?.proven(chain, &matter.client_data_hash, &self.device_ids, matter.now)),
        };
        let (claims, key, refusal) = match chain {
            None => {
                let owed = missing_key(app.policy(), &about(&matter.subject, matter.now));
                let missing = owed.map(|(vector, reason)| Refusal::of(vector, reason));
                (Claims::default(), None, missing)
            }
            Some(Err(refusal)) => (Claims::default(), None, Some(refusal)),
            Some(Ok(proven)) => {
                let claims = Some(Box::new(proven.claims));
                let claims = Claims { key_attestation: claims, ..Claims::default() };
                (claims.resting_on(proven.anchor, Format::KeyAttestation), Some(proven.key), None)
            }
        };
        if evidence.integrity_token.is_empty() {
            return finished(claims, key, refusal);
        }
        let subject = key.as_ref().map_or(matter.subject, |key| Subject::Instance(key.instance(&app.name)));
        let weighed_at = (self.standing_of(app, key.as_ref()).await?, matter.now);
        let appraised = |claims: &Claims| self.appraised_part(app, claims, &subject, weighed_at);
        let bad = refusal.is_some() || appraised(&claims).0 == Tier::Contraindicated;
        let backing = if key.is_some() { Backing::Hardware } else { Backing::TokenAlone };
        let spending = if bad { Spending::Nothing } else { Spending::Quota(backing) };
        match self.integrity(app, evidence.integrity_token, spending, matter).await {
            Ok(None) => finished(claims, key, refusal),
            Ok(Some((integrity, origin))) => {
                let unanswered = matches!(integrity, claims::PlayIntegrity::Unavailable { .. });
                let claims = claims.with_play_integrity(integrity, origin);
                let (tier, vector, reasons) = appraised(&claims);
                let weighed = Refusal { vector, reasons };
                match refusal {
                    Some(first) => Err(first.and(weighed).into()),
                    // Nothing is spent on an outage that refuses: a key is attested over one challenge only, and the same
                    // chain may come again, with another token, when the outage is over.
                    None if unanswered && tier == Tier::Contraindicated => Err(weighed.into()),
                    None => finished(claims, key, None),
                }
            }
            // A key that holds is enrolled whatever the policy says of it, as it would be if no token had come.
            Err(Setback::Refused(second)) if second.is_unasked() && refusal.is_none() && key.is_some() => {
                finished(claims, key, None)
            }
            Err(Setback::Refused(second)) => {
                let (_, vector, reasons) = appraised(&claims);
                Err(refusal.unwrap_or(Refusal { vector, reasons }).and(second).into())
            }
            Err(fault) => Err(fault),
        }
    }

    /// What operators have said of the chain of a key.
    async fn standing_of(&self, app: &App, key: Option<&ProvenKey>) -> Result<Standing, Setback> {
        let Some(key) = key else { return Ok(Standing::Good) };
        Ok(self.newcomer(app, &key.serials).await?.standing)
    }

    /// What an integrity token shows. Where only Google could say and may not be asked, it is refused without a reason of its own.
    /// `None` when the challenge is spent: the call comes to nothing, or to what it came to before.
    pub(super) async fn integrity(
        &self,
        app: &App,
        token: &str,
        spending: Spending,
        matter: &Matter,
    ) -> Result<Option<Integrity>, Setback> {
        let format = app.play_integrity()?;
        let (payload, origin) = match (format.looked_at(token)?, spending) {
            (Token::Opened(payload, origin), _) => (*payload, origin),
            (Token::Sealed, Spending::Nothing) => return Err(Refusal::unasked().into()),
            (Token::Sealed, Spending::Quota(backing)) => {
                match self.google_says(app, format, token, backing, matter).await? {
                    Opened::Answer(answer) => (format.answered(&answer)?, format.decoder_origin()),
                    Opened::Pointless => return Ok(None),
                    Opened::Unavailable => {
                        let unavailable = claims::PlayIntegrity::Unavailable { since: matter.now, last: None };
                        return Ok(Some((unavailable, format.decoder_origin())));
                    }
                    Opened::TooMany => return Err(Refusal::unverified(TOO_MANY_TOKENS).into()),
                    Opened::NotDecodable => return Err(Refusal::unverified(TOKEN_NOT_DECODABLE).into()),
                    Opened::Replayed => return Err(Refusal::unverified(TOKEN_REPLAYED).into()),
                    Opened::Lost => return Err(Refusal::unverified(TOKEN_LOST).into()),
                }
            }
        };
        let claims = format.proven(&payload, &matter.client_data_hash, matter.now)?;
        Ok(Some((claims::PlayIntegrity::Decoded(Box::new(claims)), origin)))
    }

    /// What becomes of a token that only Google can open.
    async fn google_says(
        &self,
        app: &App,
        format: &PlayIntegrity,
        token: &str,
        backing: Backing,
        matter: &Matter,
    ) -> Result<Opened, Setback> {
        // No outage: it would last for ever, and any text would pass for a token meanwhile.
        let decoder = format.decoder.clone().ok_or_else(|| Refusal::unverified(TOKEN_NOT_OPENED))?;
        let opening = Opening {
            app: &app.name,
            package: format.package(),
            token,
            request: matter.request,
            challenge: matter.challenge,
            limit: format.limit(backing),
            within: format.within(),
            now: matter.now,
        };
        Ok(self.opened(decoder, opening).await?)
    }

    pub(super) fn appraised_part(
        &self,
        app: &App,
        claims: &Claims,
        subject: &Subject,
        (standing, now): (Standing, Timestamp),
    ) -> (Tier, TrustVector, Vec<Reason>) {
        let list = self.status_lists.in_force();
        let circumstances = Circumstances { status_list: list.as_deref(), standing, ..about(subject, now) };
        let appraisal = appraise_part(claims, app.policy(), &circumstances);
        (appraisal.tier(), appraisal.vector, appraisal.reasons)
    }
}

const fn about(subject: &Subject, now: Timestamp) -> Circumstances<'_> {
    Circumstances { subject: subject.as_bytes(), ..Circumstances::at(now) }
}

/// What may be spent on a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spending {
    /// Nothing: the call is lost already.
    Nothing,
    /// A part of the day's quota.
    Quota(Backing),
}

fn finished(claims: Claims, key: Option<ProvenKey>, refusal: Option<Refusal>) -> Result<Proven, Setback> {
    match refusal {
        Some(refusal) => Err(refusal.into()),
        None => Ok(Proven { claims, key }),
    }
}
