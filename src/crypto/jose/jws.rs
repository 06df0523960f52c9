//! JWS in compact form (RFC 7515), signed with ES256 (RFC 7518, section 3.4).

use super::{JoseFault, decoded, header, parts};
use crate::crypto::key::P256PublicKey;
use crate::crypto::signature::verify_p256_fixed;

/// Verifies a token and gives its payload.
pub fn verify_jws(token: &[u8], key: &P256PublicKey) -> Result<Vec<u8>, JoseFault> {
    let [header, payload, signature] = parts(token)?;
    header::check(header, &[("alg", "ES256")])?;
    let signature = decoded(signature)?;
    let signed = token.get(..header.len() + 1 + payload.len()).unwrap_or_default();
    verify_p256_fixed(key, signed, &signature).map_err(|_| JoseFault::SignatureInvalid)?;
    decoded(payload)
}
