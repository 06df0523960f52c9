//! Client data: the bytes that bind every format of evidence to a challenge.
//!
//! It is the challenge itself, or a JSON object with the member `challenge` and, optionally, `cnf` and `request`. The hash is
//! always over the exact bytes received; the object is never written out again.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::crypto::digest::{Digest, sha256};
use crate::crypto::jwk::{self, Thumbprint};

/// The largest client data, in bytes.
pub const CLIENT_DATA_LIMIT: usize = 8 * 1024;

/// Client data, read to its last byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientData {
    /// SHA-256 of the bytes as received.
    pub hash: Digest,
    /// The challenge, as the service issued it.
    pub challenge: String,
    /// The key that later tokens are bound to (`cnf`).
    pub confirmation: Option<Thumbprint>,
    /// The digest of the request that is being made (`request`): SHA-256, base64url without padding.
    pub request: Option<Digest>,
}

/// Why client data cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientDataRejection {
    /// Longer than [`CLIENT_DATA_LIMIT`].
    #[error("client data is longer than {CLIENT_DATA_LIMIT} bytes")]
    TooLarge,
    /// Neither a challenge nor a JSON object with the known members, each once.
    #[error("client data is neither a challenge nor a JSON object with challenge and, optionally, cnf and request")]
    Malformed,
    /// `cnf` is neither a public JWK nor a thumbprint.
    #[error("cnf is neither a public EC P-256 or Ed25519 JWK nor a SHA-256 thumbprint")]
    Confirmation,
    /// `request` is not a SHA-256 digest in base64url without padding.
    #[error("request is not a SHA-256 digest in base64url without padding")]
    Request,
}

impl ClientDataRejection {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "client_data_too_large",
            Self::Malformed => "client_data_malformed",
            Self::Confirmation => "client_data_confirmation",
            Self::Request => "client_data_request",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object<'a> {
    challenge: String,
    #[serde(borrow)]
    cnf: Option<&'a RawValue>,
    request: Option<String>,
}

impl ClientData {
    /// Reads client data as received.
    pub fn parse(bytes: &[u8]) -> Result<Self, ClientDataRejection> {
        if bytes.len() > CLIENT_DATA_LIMIT {
            return Err(ClientDataRejection::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ClientDataRejection::Malformed)?;
        let object = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|_| ClientDataRejection::Malformed)?
        } else {
            Object { challenge: text.to_owned(), cnf: None, request: None }
        };
        Ok(Self {
            hash: sha256(bytes),
            confirmation: object.cnf.map(confirmation).transpose()?,
            request: object.request.as_deref().map(request).transpose()?,
            challenge: object.challenge,
        })
    }
}

fn confirmation(json: &RawValue) -> Result<Thumbprint, ClientDataRejection> {
    Thumbprint::of_json(json.get()).ok_or(ClientDataRejection::Confirmation)
}

fn request(text: &str) -> Result<Digest, ClientDataRejection> {
    jwk::digest(text).ok_or(ClientDataRejection::Request)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";

    fn parse(text: &str) -> Result<ClientData, ClientDataRejection> {
        ClientData::parse(text.as_bytes())
    }

    #[test]
    fn the_challenge_alone_is_client_data() {
        let data = parse("AbC-_1").expect("client data");
        assert_eq!((data.challenge.as_str(), data.hash), ("AbC-_1", sha256(b"AbC-_1")));
        assert_eq!((data.confirmation, data.request), (None, None));
    }

    #[test]
    fn an_object_may_bind_a_key_and_a_request() {
        let text = format!(r#" {{"request":"{DIGEST}", "cnf":"{DIGEST}","challenge":"c"}} "#);
        let data = parse(&text).expect("client data");
        assert_eq!(data.hash, sha256(text.as_bytes()));
        assert_eq!(data.request, Some(sha256(b"abc")));
        assert_eq!(data.confirmation.map(|thumbprint| thumbprint.0), Some(sha256(b"abc")));
    }

    #[test]
    fn e12_duplicate_and_unknown_members_are_refused() {
        for text in [
            r#"{"challenge":"a","challenge":"b"}"#,
            r#"{"challenge":"a","cfn":"typo"}"#,
            r#"{"cnf":null}"#,
            r#"{"challenge":1}"#,
            r#"{"challenge":"a"}x"#,
            "{",
        ] {
            assert_eq!(parse(text), Err(ClientDataRejection::Malformed), "{text}");
        }
        assert_eq!(ClientData::parse(&[0xFF]), Err(ClientDataRejection::Malformed));
        let deep = format!(r#"{{"challenge":"a","cnf":{}}}"#, "[".repeat(4000));
        assert_eq!(parse(&deep), Err(ClientDataRejection::Malformed));
    }

    #[test]
    fn what_cannot_be_bound_is_refused_by_name() {
        let with = |member: &str| parse(&format!(r#"{{"challenge":"a",{member}}}"#));
        assert_eq!(with(r#""cnf":"short""#), Err(ClientDataRejection::Confirmation));
        assert_eq!(with(r#""cnf":{"kty":"RSA"}"#), Err(ClientDataRejection::Confirmation));
        assert_eq!(with(r#""request":"short""#), Err(ClientDataRejection::Request));
        let long = "x".repeat(CLIENT_DATA_LIMIT + 1);
        assert_eq!(parse(&long), Err(ClientDataRejection::TooLarge));
    }
}
