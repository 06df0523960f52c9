//! JOSE, as far as it is needed: a JWE of A256KW and A256GCM around a JWS of ES256, as Google Play makes them, and JWS of the
//! service's own and of its clients, all compact.
//!
//! The algorithms are fixed here and by those who read a [`Compact`]. A header can only agree with them; it chooses nothing
//! (RFC 8725, section 3.1).

mod compact;
mod header;
mod jwe;
mod jws;

use data_encoding::BASE64URL_NOPAD;

pub use compact::{Compact, sign_jws};
pub use jwe::{KeyEncryptionKey, open_jwe};
pub use jws::verify_jws;

/// The longest token, in bytes.
pub const TOKEN_LIMIT: usize = 16 * 1024;

/// Why a token cannot be opened or believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoseFault {
    /// Longer than [`TOKEN_LIMIT`].
    #[error("the token is longer than {TOKEN_LIMIT} bytes")]
    TooLarge,
    /// Not the parts of canonical base64url, each of its length, with dots between them.
    #[error("the token's form is not compact: {0}")]
    Form(&'static str),
    /// The header is not an object with the one algorithm that is expected, or asks for more.
    #[error("the token's header is not the expected one: {0}")]
    Header(&'static str),
    /// The key does not unwrap the content key, or the tag does not fit.
    #[error("the token was not encrypted under this key, or was changed")]
    NotDecrypted,
    /// The signature is not the key's over header and payload.
    #[error("the signature is not this key's")]
    SignatureInvalid,
}

/// Cuts a compact token into exactly `N` parts, none of them looked at yet.
fn parts<const N: usize>(token: &[u8]) -> Result<[&[u8]; N], JoseFault> {
    if token.len() > TOKEN_LIMIT {
        return Err(JoseFault::TooLarge);
    }
    // One more than wanted, so that a surplus is seen without reading on.
    let parts: Vec<&[u8]> = token.splitn(N + 1, |byte| *byte == b'.').collect();
    parts.try_into().map_err(|_| JoseFault::Form("another number of parts"))
}

/// Canonical base64url without padding (RFC 7515, appendix C).
fn decoded(part: &[u8]) -> Result<Vec<u8>, JoseFault> {
    BASE64URL_NOPAD.decode(part).map_err(|_| JoseFault::Form("a part is not canonical base64url without padding"))
}
