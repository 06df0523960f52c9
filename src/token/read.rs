//! Reading a token of the service's own: RFC 8725, section 3. Nothing in the token chooses how it is read.

use super::{KeyRing, Stage, TOKEN_LIMIT, TokenRejection};
use crate::crypto::jose::Compact;
use crate::crypto::jwk::{Thumbprint, digest};
use crate::crypto::signature::verify_p256_fixed;
use crate::time::Timestamp;
use crate::verdict::ear::TokenClaims;
use crate::wire::json::{Json, Members};

/// The type of tokens that state a verdict (RFC 9711, section 6.3).
pub const EAR_TYPE: &str = "eat+jwt";

/// What a token says that one of these keys has signed. For whom, about what and when it counts is left to see.
pub fn read(token: &[u8], keys: &KeyRing, now: Timestamp) -> Result<TokenClaims, TokenRejection> {
    if token.len() > TOKEN_LIMIT {
        return Err(TokenRejection::Malformed);
    }
    let compact = Compact::parse(token).map_err(|_| TokenRejection::Malformed)?;
    let id = key_id(compact.header)?;
    let key = keys.key(&id).ok_or(TokenRejection::KeyUnknown)?;
    if keys.stage(&id, now) == Some(Stage::Retired) {
        return Err(TokenRejection::KeyRetired);
    }
    verify_p256_fixed(key.public(), compact.signed, &compact.signature).map_err(|_| TokenRejection::Signature)?;
    TokenClaims::read(&compact.payload).ok_or(TokenRejection::Malformed)
}

/// The key that a header names which has the one algorithm and the one type, and nothing else.
fn key_id(mut header: Members) -> Result<Thumbprint, TokenRejection> {
    let mut is = |name, only: &str| match header.take(name) {
        Some(Json::Text(text)) => Ok(text == only),
        _ => Err(TokenRejection::Malformed),
    };
    if !is("alg", "ES256")? {
        return Err(TokenRejection::Algorithm);
    }
    if !is("typ", EAR_TYPE)? {
        return Err(TokenRejection::Type);
    }
    let Some(Json::Text(id)) = header.take("kid") else { return Err(TokenRejection::Malformed) };
    if header.names().next().is_some() {
        return Err(TokenRejection::Malformed);
    }
    digest(&id).map(Thumbprint).ok_or(TokenRejection::KeyUnknown)
}
