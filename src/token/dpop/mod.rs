//! DPoP proofs, as whoever is asked on behalf of a resource checks them: RFC 9449, section 4.3.

mod target;

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;

use super::TokenRejection;
use crate::crypto::digest::{Digest, sha256, sha256_of_parts};
use crate::crypto::jose::Compact;
use crate::crypto::jwk::{PublicJwk, Thumbprint};
use crate::time::Timestamp;
use crate::wire::json::{self, Json, Members};

use target::Target;

/// The longest proof that is looked at, in bytes.
pub const PROOF_LIMIT: usize = 8 * 1024;

/// How far before or after now a proof may have been made. Phones' clocks are minutes off; within this time no proof counts twice.
pub const WINDOW: Duration = Duration::from_secs(300);

/// The longest name that a proof may give itself, in bytes.
const NAME_LIMIT: usize = 256;

/// Members of the header that would change what the proof means, or bring a key from elsewhere.
const REFUSED: [&str; 7] = ["b64", "crit", "jku", "x5c", "x5t", "x5u", "zip"];

/// A proof whose signature holds under the key that it brings. What it is about is left to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DpopProof {
    key: Thumbprint,
    name: String,
    method: String,
    target: String,
    made_at: Timestamp,
    token: Option<String>,
}

/// The request that a proof has to be about.
#[derive(Clone, Copy, Debug)]
pub struct Requested<'a> {
    /// The method.
    pub method: &'a str,
    /// `https` or `http`.
    pub scheme: &'a str,
    /// Host, and port if there is one.
    pub authority: &'a str,
    /// The target with its query.
    pub path: &'a str,
}

/// A proof that holds. It has to be marked as used before anything is allowed for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proved {
    /// What it is known again by: key and name of the proof, hashed.
    pub id: Digest,
    /// When it is too old to count, whoever asks.
    pub expires_at: Timestamp,
}

impl DpopProof {
    /// Reads a proof and verifies its signature: ES256 or EdDSA, by the public key in its own header.
    pub fn read(proof: &[u8]) -> Result<Self, TokenRejection> {
        if proof.len() > PROOF_LIMIT {
            return Err(TokenRejection::DpopMalformed);
        }
        let compact = Compact::parse(proof).map_err(|_| TokenRejection::DpopMalformed)?;
        let key = key(compact.header).ok_or(TokenRejection::DpopMalformed)?;
        key.verify(compact.signed, &compact.signature).map_err(|_| TokenRejection::DpopSignature)?;
        claims(&compact.payload, key.thumbprint()).ok_or(TokenRejection::DpopMalformed)
    }

    /// Checks that the proof is by this key, about this request and this token, and was made just now.
    pub fn check(
        &self,
        key: &Thumbprint,
        token: &str,
        requested: Requested<'_>,
        now: Timestamp,
    ) -> Result<Proved, TokenRejection> {
        let Requested { method, scheme, authority, path } = requested;
        if self.key != *key {
            return Err(TokenRejection::BindingMismatch);
        }
        if method.is_empty() || self.method != method {
            return Err(TokenRejection::DpopMethod);
        }
        let target =
            Target::parse(&self.target).filter(|target| Some(target) == Target::of(scheme, authority, path).as_ref());
        target.ok_or(TokenRejection::DpopTarget)?;
        if now > self.made_at.plus(WINDOW) || self.made_at > now.plus(WINDOW) {
            return Err(TokenRejection::DpopExpired);
        }
        let named = BASE64URL_NOPAD.encode(&sha256(token.as_bytes()));
        if self.token.as_ref() != Some(&named) {
            return Err(TokenRejection::DpopToken);
        }
        let id = sha256_of_parts(&[b"bonafide dpop", &self.key.0, self.name.as_bytes()]);
        // One more than the last moment at which it counts.
        Ok(Proved { id, expires_at: self.made_at.plus(WINDOW).plus(Duration::from_millis(1)) })
    }
}

/// The key in a header of the right type, whose algorithm is the key's own.
fn key(mut header: Members) -> Option<PublicJwk> {
    let typed = header.take("typ") == Some(Json::Text("dpop+jwt".to_owned()));
    let (Some(Json::Object(jwk)), Some(Json::Text(algorithm))) = (header.take("jwk"), header.take("alg")) else {
        return None;
    };
    let plain = typed && !header.names().any(|name| REFUSED.contains(&name));
    PublicJwk::from_members(jwk).filter(|key| plain && key.algorithm() == algorithm)
}

fn claims(payload: &[u8], key: Thumbprint) -> Option<DpopProof> {
    let Ok(Json::Object(mut members)) = json::read(payload) else { return None };
    let mut text = |name| match members.take(name) {
        Some(Json::Text(text)) => Some(text),
        _ => None,
    };
    let (name, method, target, token) = (text("jti")?, text("htm")?, text("htu")?, text("ath"));
    let Some(Json::Integer(seconds)) = members.take("iat") else { return None };
    let made_at = Timestamp::from_millis(u64::try_from(seconds).ok()?.checked_mul(1000)?);
    (1..=NAME_LIMIT).contains(&name.len()).then_some(DpopProof { key, name, method, target, made_at, token })
}
