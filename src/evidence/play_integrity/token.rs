//! Tokens: a shape that is checked before Google is asked, and classic ones opened with the app's own keys.

use data_encoding::BASE64URL_NOPAD;

use super::rejection::Rejection;
use crate::crypto::jose::{JoseFault, KeyEncryptionKey, TOKEN_LIMIT, open_jwe, verify_jws};
use crate::crypto::key::P256PublicKey;

/// One pair of response keys, as the Play Console gives them for an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrityKeys {
    /// The AES key that opens tokens.
    pub decryption: KeyEncryptionKey,
    /// The key that Google signs payloads with.
    pub verification: P256PublicKey,
}

/// Opens a classic token with the first pair of keys that decrypts it, and gives the payload, whose signature is verified.
///
/// Several pairs are for the time of a rotation. A payload has to be signed with the key of the pair that decrypts it.
pub fn open_classic_token(token: &[u8], keys: &[IntegrityKeys]) -> Result<Vec<u8>, Rejection> {
    for pair in keys {
        match open_jwe(token, &pair.decryption) {
            Ok(signed) => return verify_jws(&signed, &pair.verification).map_err(Rejection::of_signed),
            Err(JoseFault::NotDecrypted) => {}
            Err(fault) => return Err(Rejection::of_token(fault)),
        }
    }
    Err(Rejection::NotDecrypted)
}

/// Checks as much of any token as can be known without asking Google: its size, and five parts of base64url.
///
/// How standard tokens are encrypted is not documented, so no header is looked at, and nothing here says that one is genuine.
pub fn looks_like_token(token: &[u8]) -> Result<(), Rejection> {
    if token.len() > TOKEN_LIMIT {
        return Err(Rejection::TooLarge { limit: TOKEN_LIMIT });
    }
    let parts: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    match parts.as_slice() {
        // The second part, the content key, is empty when a key is agreed on directly.
        [header, _, _, content, tag] if [header, content, tag].iter().any(|part| part.is_empty()) => {
            Err(Rejection::TokenForm("a part is empty"))
        }
        // Canonical, so that one token has one text: it is known again by that.
        [_, _, _, _, _] if parts.iter().all(|part| BASE64URL_NOPAD.decode(part).is_ok()) => Ok(()),
        [_, _, _, _, _] => Err(Rejection::TokenForm("a part is not base64url")),
        _ => Err(Rejection::TokenForm("another number of parts")),
    }
}
