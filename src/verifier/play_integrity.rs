//! What an app asks of Google Play Integrity, made ready.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;

use super::config::PlayIntegrityConfig;
use super::refusal::Refusal;
use crate::appraisal::{Reason, Remedy};
use crate::crypto::digest::Digest;
use crate::evidence::claims::Anchor;
use crate::evidence::claims::play_integrity::PlayIntegrityClaims;
use crate::evidence::play_integrity::{
    Expectation, IntegrityKeys, Payload, Rejection, looks_like_token, open_classic_token, payload_in_answer,
    verify_parsed,
};
use crate::time::Timestamp;
use crate::upstream::IntegrityDecoder;

/// What an app asks of a token.
pub(super) struct PlayIntegrity {
    pub(super) decoder: Option<Arc<dyn IntegrityDecoder>>,
    config: PlayIntegrityConfig,
}

/// Whether a phone's own hardware stands beside its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backing {
    /// A key that hardware keeps has proved itself in the same call: the reserve of the quota is for such phones.
    Hardware,
    /// Nothing but the token.
    TokenAlone,
}

/// What is left to do with a token.
pub(super) enum Token {
    /// It was opened here.
    Opened(Box<Payload>, Anchor),
    /// Google has to open it.
    Sealed,
}

const PACKAGE_WITHDRAWN: Reason =
    Reason::new("play_integrity_withdrawn", "the package is no longer this app's", Remedy::UpdateApp);

impl PlayIntegrity {
    pub(super) fn build(config: PlayIntegrityConfig, decoder: Option<Arc<dyn IntegrityDecoder>>) -> Self {
        Self { decoder, config }
    }

    pub(super) fn package(&self) -> &str {
        &self.config.package_name
    }

    pub(super) const fn within(&self) -> Duration {
        self.config.decode_timeout
    }

    /// Who stands behind what the decoder says.
    pub(super) const fn decoder_origin(&self) -> Anchor {
        self.config.decoder_origin
    }

    pub(super) fn trusts_labs(&self) -> bool {
        self.config.decoder_origin == Anchor::Lab || !self.config.lab_keys.is_empty()
    }

    /// How many tokens may be opened in a day.
    pub(super) const fn quota(&self) -> u32 {
        self.config.daily_quota
    }

    /// How many tokens of the day may be opened when this one is the next.
    pub(super) const fn limit(&self, backing: Backing) -> u32 {
        match backing {
            Backing::Hardware => self.config.daily_quota,
            Backing::TokenAlone => self.config.daily_quota.saturating_sub(self.config.quota_reserve),
        }
    }

    /// Looks at a token without asking anybody: its form, and whether the app's own keys open it.
    pub(super) fn looked_at(&self, token: &str) -> Result<Token, Refusal> {
        let bytes = token.as_bytes();
        looks_like_token(bytes).map_err(|fault| Refusal::unverified(&fault))?;
        let keys: [(&[IntegrityKeys], Anchor); 2] =
            [(&self.config.keys, Anchor::Vendor), (&self.config.lab_keys, Anchor::Lab)];
        let mut fault = None;
        for (keys, origin) in keys.into_iter().filter(|(keys, _)| !keys.is_empty()) {
            match open_classic_token(bytes, keys).and_then(|payload| Payload::parse(&payload)) {
                Ok(payload) => return Ok(Token::Opened(Box::new(payload), origin)),
                // Another pair of keys may open it, and so may Google: standard tokens are sealed in a way of their own.
                Err(sealed @ (Rejection::NotDecrypted | Rejection::TokenHeader(_))) => fault = Some(sealed),
                Err(fault) => return Err(Refusal::unverified(&fault)),
            }
        }
        match fault {
            Some(fault) if self.decoder.is_none() => Err(Refusal::unverified(&fault)),
            _ => Ok(Token::Sealed),
        }
    }

    /// Reads Google's answer.
    pub(super) fn answered(&self, answer: &[u8]) -> Result<Payload, Refusal> {
        payload_in_answer(answer).map_err(|fault| Refusal::unverified(&fault))
    }

    /// Verifies a payload over these client data.
    pub(super) fn proven(
        &self,
        payload: &Payload,
        client_data_hash: &Digest,
        now: Timestamp,
    ) -> Result<PlayIntegrityClaims, Refusal> {
        let config = &self.config;
        let expectation = Expectation {
            package_names: std::slice::from_ref(&config.package_name),
            signers: &config.signers,
            binding: &BASE64URL_NOPAD.encode(client_data_hash),
            kinds: config.kinds,
            max_age: config.max_age,
            skew: Expectation::SKEW,
            testing_responses: config.policy.testing_responses,
        };
        let verified = verify_parsed(payload, expectation, now).map_err(|fault| Refusal::unverified(&fault))?;
        Ok(verified.into_facts().claims)
    }

    /// Why claims count no longer that an earlier configuration took.
    pub(super) fn withdrawn(&self, claims: &PlayIntegrityClaims) -> Option<Reason> {
        let package = claims.app.package_name.as_ref().is_none_or(|name| *name == self.config.package_name);
        let signers = claims.app.signers.iter().all(|signer| self.config.signers.contains(signer));
        (!(package && signers)).then_some(PACKAGE_WITHDRAWN)
    }
}
