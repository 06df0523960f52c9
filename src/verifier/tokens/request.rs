//! What a caller asks to have signed, and whether it may.

use std::time::Duration;

use super::Tokens;
use crate::crypto::digest::{Digest, sha256_of_parts};
use crate::crypto::jwk::Thumbprint;
use crate::evidence::client_data::ClientData;
use crate::ids::Name;
use crate::time::Timestamp;
use crate::verifier::caller::Caller;
use crate::verifier::fault::CallFault;

/// A token that is to come with the verdict.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    /// What is to be signed.
    pub kind: TokenKind<'a>,
    /// How long it should count; `None`, or longer than configured, for as long as configured.
    pub lifetime: Option<Duration>,
}

/// What is to be signed.
#[derive(Clone, Copy, Debug)]
pub enum TokenKind<'a> {
    /// The verdict as an EAR.
    Ear {
        /// The relying party that it is for; `None` for the caller's own.
        audience: Option<&'a Name>,
        /// Whether it counts once only.
        single_use: bool,
        /// SHA-256 of the client certificate that it is bound to.
        client_certificate: Option<Digest>,
    },
    /// A client attestation for an authorisation server.
    ClientAttestation {
        /// The client id there.
        client_id: &'a str,
    },
}

/// A token as it was signed. `Debug` shows its end and its key only.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedToken {
    /// The token, a compact JWS.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// The key that signed it.
    pub key_id: Thumbprint,
}

impl std::fmt::Debug for SignedToken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "SignedToken({}, {:?})", self.expires_at, self.key_id)
    }
}

impl TokenRequest<'_> {
    /// A digest over all that is asked for.
    pub(in crate::verifier) fn digest(&self) -> Digest {
        let lifetime = self.lifetime.map(|span| span.as_millis().to_be_bytes());
        let lifetime = lifetime.as_ref().map_or(&[][..], |bytes| bytes);
        match self.kind {
            TokenKind::Ear { audience, single_use, client_certificate } => sha256_of_parts(&[
                b"ear",
                audience.map_or("", Name::as_str).as_bytes(),
                &[u8::from(single_use)],
                client_certificate.as_ref().map_or(&[], |digest| digest),
                lifetime,
            ]),
            TokenKind::ClientAttestation { client_id } => {
                sha256_of_parts(&[b"client attestation", client_id.as_bytes(), lifetime])
            }
        }
    }
}

impl Tokens {
    /// Whether the caller may have this, and the client data hold what it needs. Asked before anything is spent; client data that
    /// cannot be read are refused by what follows.
    pub(in crate::verifier) fn permit(
        &self,
        caller: &Caller,
        request: &TokenRequest<'_>,
        client_data: &[u8],
    ) -> Result<(), CallFault> {
        match request.kind {
            TokenKind::Ear { audience, .. } => self.audience(caller, audience).map(drop),
            TokenKind::ClientAttestation { .. } => match ClientData::parse(client_data) {
                Ok(ClientData { confirmation_key: None, .. }) => Err(CallFault::ConfirmationMissing),
                _ => Ok(()),
            },
        }
    }

    /// The relying party that a token is for.
    pub(super) fn audience(&self, caller: &Caller, named: Option<&Name>) -> Result<Name, CallFault> {
        let audience = named.unwrap_or(&caller.relying_party);
        let others = self.audiences.get(&caller.name);
        let allowed = *audience == caller.relying_party || others.is_some_and(|others| others.contains(audience));
        if allowed { Ok(audience.clone()) } else { Err(CallFault::AudienceNotAllowed) }
    }
}
