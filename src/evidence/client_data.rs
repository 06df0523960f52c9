//! Client data: the bytes that bind every format of evidence to a challenge.
//!
//! It is the challenge itself, or a JSON object with the member `challenge` and, optionally, `cnf`, `request` and `signals`. The
//! hash is always over the exact bytes received; the object is never written out again.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::crypto::digest::{Digest, sha256};
use crate::crypto::jwk::{self, PublicJwk, Thumbprint};
use crate::evidence::claims::{ReportedSignal, SIGNALS_LIMIT};

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
    /// That key itself, where `cnf` is a JWK and not its thumbprint alone.
    pub confirmation_key: Option<PublicJwk>,
    /// The digest of the request that is being made (`request`): SHA-256, base64url without padding.
    pub request: Option<Digest>,
    /// What the app has detected (`signals`); `None` where it reports nothing.
    pub signals: Option<BTreeSet<ReportedSignal>>,
}

/// Why client data cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientDataRejection {
    /// Longer than [`CLIENT_DATA_LIMIT`].
    #[error("client data is longer than {CLIENT_DATA_LIMIT} bytes")]
    TooLarge,
    /// Neither a challenge nor a JSON object with the known members, each once.
    #[error(
        "client data is neither a challenge nor a JSON object with challenge and, optionally, cnf, request and signals"
    )]
    Malformed,
    /// `cnf` is neither a public JWK nor a thumbprint.
    #[error("cnf is neither a public EC P-256 or Ed25519 JWK nor a SHA-256 thumbprint")]
    Confirmation,
    /// `request` is not a SHA-256 digest in base64url without padding.
    #[error("request is not a SHA-256 digest in base64url without padding")]
    Request,
    /// `signals` is not a list of at most [`SIGNALS_LIMIT`] names, each once.
    #[error("signals is not a list of at most {SIGNALS_LIMIT} names of signals, each once")]
    Signals,
}

impl ClientDataRejection {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "client_data_too_large",
            Self::Malformed => "client_data_malformed",
            Self::Confirmation => "client_data_confirmation",
            Self::Request => "client_data_request",
            Self::Signals => "client_data_signals",
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
    #[serde(borrow)]
    signals: Option<&'a RawValue>,
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
            Object { challenge: text.to_owned(), cnf: None, request: None, signals: None }
        };
        Ok(Self {
            hash: sha256(bytes),
            confirmation: object.cnf.map(confirmation).transpose()?,
            confirmation_key: object.cnf.and_then(|json| PublicJwk::of_json(json.get())),
            request: object.request.as_deref().map(request).transpose()?,
            signals: object.signals.map(signals).transpose()?,
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

fn signals(json: &RawValue) -> Result<BTreeSet<ReportedSignal>, ClientDataRejection> {
    let named: Vec<ReportedSignal> = serde_json::from_str(json.get()).map_err(|_| ClientDataRejection::Signals)?;
    let (count, signals) = (named.len(), BTreeSet::from_iter(named));
    if count == signals.len() && count <= SIGNALS_LIMIT { Ok(signals) } else { Err(ClientDataRejection::Signals) }
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
        assert_eq!((data.confirmation, data.request, data.signals), (None, None, None));
    }

    #[test]
    fn an_object_may_report_signals() {
        let signals = |list: &str| parse(&format!(r#"{{"challenge":"a","signals":{list}}}"#)).map(|data| data.signals);
        let set = |names: &[&str]| Ok(Some(names.iter().map(|name| name.parse().expect("a signal")).collect()));
        assert_eq!(signals(r#"["x-vpn","hook","screen_capture"]"#), set(&["hook", "screen_capture", "x-vpn"]));
        assert_eq!(signals("[]"), set(&[]));
        assert_eq!(signals("null"), Ok(None));
        let names: Vec<_> = (0..=SIGNALS_LIMIT).map(|at| format!("\"x-{at}\"")).collect();
        assert!(signals(&format!("[{}]", names[1..].join(","))).is_ok());
        let many = format!("[{}]", names.join(","));
        let others =
            [r#"["hook","hook"]"#, r#"["Hook"]"#, r#"["x-"]"#, r#"["root"]"#, "[1]", "[null]", "{}", "\"hook\"", "1"];
        for list in others.into_iter().chain([many.as_str()]) {
            assert_eq!(signals(list), Err(ClientDataRejection::Signals), "{list}");
        }
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
    fn a_whole_key_is_kept_beside_its_thumbprint() {
        let key = r#"{"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kty":"OKP","crv":"Ed25519","kid":"1"}"#;
        let data = parse(&format!(r#"{{"challenge":"c","cnf":{key}}}"#)).expect("client data");
        let kept = data.confirmation_key.expect("a key");
        assert_eq!(Some(kept.thumbprint()), data.confirmation);
        let canonical = r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        assert_eq!(kept.canonical(), canonical, "no metadata");
        let bare = parse(&format!(r#"{{"challenge":"c","cnf":"{DIGEST}"}}"#)).expect("client data");
        assert_eq!(bare.confirmation_key, None);
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
