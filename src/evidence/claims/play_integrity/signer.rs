//! Digests of the certificates that apps are signed with.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64URL, BASE64URL_NOPAD};
use serde::{Deserialize, Serialize};

use crate::crypto::digest::Digest;

/// SHA-256 of an app's signing certificate, written in base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SignerDigest(pub Digest);

/// A text is not a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signer's digest is 32 bytes in base64url, with or without padding")]
pub struct SignerDigestMalformed;

impl FromStr for SignerDigest {
    type Err = SignerDigestMalformed;

    fn from_str(text: &str) -> Result<Self, SignerDigestMalformed> {
        let encoding = if text.ends_with('=') { BASE64URL } else { BASE64URL_NOPAD };
        let bytes = encoding.decode(text.as_bytes()).map_err(|_| SignerDigestMalformed)?;
        bytes.try_into().map(Self).map_err(|_| SignerDigestMalformed)
    }
}

impl TryFrom<String> for SignerDigest {
    type Error = SignerDigestMalformed;

    fn try_from(text: String) -> Result<Self, SignerDigestMalformed> {
        text.parse()
    }
}

impl From<SignerDigest> for String {
    fn from(digest: SignerDigest) -> Self {
        digest.to_string()
    }
}

impl fmt::Display for SignerDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_with_or_without_padding_and_in_no_other_form() {
        let digest = SignerDigest([0xFB; 32]);
        let text = digest.to_string();
        assert_eq!((text.parse(), format!("{text}=").parse()), (Ok(digest), Ok(digest)));
        let loose = format!("{}9", &text[..42]);
        for bad in ["", "=", &text[..42], &format!("{text}=="), &text.replace('-', "+"), &loose, &format!("{text}\n")] {
            assert_eq!(bad.parse::<SignerDigest>(), Err(SignerDigestMalformed), "{bad:?}");
        }
    }
}
