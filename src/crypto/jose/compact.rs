//! JWS in compact form (RFC 7515, section 3.1), cut and decoded; whoever reads it says which header and which key will do.

use data_encoding::BASE64URL_NOPAD;

use super::{JoseFault, decoded, header, parts};
use crate::crypto::es256::Es256Key;
use crate::crypto::secret::NoRandomness;
use crate::wire::json::Members;

/// A token in its three parts. Nothing of it is believed yet.
#[derive(Clone, Debug)]
pub struct Compact<'a> {
    /// The members of the protected header, each once.
    pub header: Members,
    /// The payload, decoded.
    pub payload: Vec<u8>,
    /// The signature, decoded; of any length.
    pub signature: Vec<u8>,
    /// The bytes that are signed: header and payload as received.
    pub signed: &'a [u8],
}

impl<'a> Compact<'a> {
    /// Reads three parts of canonical base64url without padding, the first one a JSON object of at most 512 bytes.
    pub fn parse(token: &'a [u8]) -> Result<Self, JoseFault> {
        let [head, body, tail] = parts(token)?;
        Ok(Self {
            header: header::members(head)?,
            payload: decoded(body)?,
            signature: decoded(tail)?,
            signed: token.get(..head.len() + 1 + body.len()).unwrap_or_default(),
        })
    }
}

/// A token over the two JSON texts, signed with ES256.
pub fn sign_jws(header: &[u8], payload: &[u8], key: &Es256Key) -> Result<String, NoRandomness> {
    let mut token = BASE64URL_NOPAD.encode(header);
    token.push('.');
    BASE64URL_NOPAD.encode_append(payload, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    BASE64URL_NOPAD.encode_append(&signature, &mut token);
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::jose::verify_jws;

    #[test]
    fn what_is_signed_here_verifies_and_is_read_back() {
        let key = Es256Key::generate().expect("a key");
        let token = sign_jws(br#"{"alg":"ES256"}"#, b"{}", &key).expect("signed");
        assert_eq!(verify_jws(token.as_bytes(), key.public()), Ok(b"{}".to_vec()));
        let read = Compact::parse(token.as_bytes()).expect("compact");
        assert_eq!((read.payload.as_slice(), read.signature.len()), (&b"{}"[..], 64));
    }

    #[test]
    fn e14_a_token_has_one_encoding_only() {
        for bad in
            ["", ".", "..", "e30.e30", "e30.e30..", "e30=.e30.", "e31.e30.", "e30.e30.AB", "e30 .e30.", "W10.e30."]
        {
            assert!(Compact::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Compact::parse(b"e30.e30.").is_ok());
    }
}
