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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, LazyLock};

    use proptest::prelude::*;

    use super::*;
    use crate::token::SigningKey;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    static KEY: LazyLock<Arc<SigningKey>> = LazyLock::new(|| Arc::new(SigningKey::generate(NOW, NOW).expect("a key")));
    static RING: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::new(vec![Arc::clone(&KEY)]));
    static TOKEN: LazyLock<String> = LazyLock::new(|| {
        let payload = include_bytes!("../../fuzz/seeds/verdict_token/payload");
        KEY.sign(EAR_TYPE, payload).expect("signed")
    });

    proptest! {
        #[test]
        fn no_bytes_are_a_token(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(read(&bytes, &RING, NOW).is_err());
        }

        #[test]
        fn e14_a_token_with_one_other_byte_is_no_token(at in any::<proptest::sample::Index>(), to in any::<u8>()) {
            let mut bytes = TOKEN.clone().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            prop_assert!(read(&bytes, &RING, NOW).is_err());
        }

        #[test]
        fn e04_a_token_that_is_cut_or_goes_on_is_no_token(at in any::<proptest::sample::Index>(), more in "[A-Za-z0-9_.-]{1,9}") {
            prop_assert!(read(&TOKEN.as_bytes()[..at.index(TOKEN.len())], &RING, NOW).is_err());
            let longer = [TOKEN.as_str(), &more].concat();
            prop_assert!(read(longer.as_bytes(), &RING, NOW).is_err());
        }
    }

    #[test]
    fn the_token_itself_is_read() {
        assert!(read(TOKEN.as_bytes(), &RING, NOW).is_ok());
        assert_eq!(read(TOKEN.as_bytes(), &KeyRing::default(), NOW), Err(TokenRejection::KeyUnknown));
    }
}
