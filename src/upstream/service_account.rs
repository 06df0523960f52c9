//! A service account's key file, and the assertions it signs (RFC 7523).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::json;

use super::Endpoint;
use crate::crypto::rs256::Rs256Key;
use crate::time::Timestamp;

/// What access tokens are asked for.
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/playintegrity";
/// The largest key file, in bytes.
const FILE_LIMIT: usize = 64 << 10;
/// How long an assertion holds; an hour at most is allowed.
const LIFETIME: Duration = Duration::from_secs(600);

/// A service account with its private key. `Debug` shows nothing of the key.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    email: String,
    key_id: String,
    key: Arc<Rs256Key>,
    tokens: Endpoint,
}

/// Why a file is not the key of a service account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceAccountFault {
    /// Not a JSON object with the members of a key file, or too large.
    #[error("not a service account's key file (JSON)")]
    Malformed,
    /// Another kind of credentials.
    #[error("the type is not service_account")]
    Type,
    /// The private key is not RSA of 2048 to 8192 bits in PKCS #8, PEM.
    #[error("private_key is not an RSA key of at least 2048 bits in PKCS #8")]
    Key,
    /// `token_uri` is another one than the configured.
    #[error("token_uri is not the configured one")]
    TokenUri,
}

#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "type")]
    kind: String,
    client_email: String,
    private_key_id: String,
    private_key: String,
    token_uri: String,
}

impl ServiceAccount {
    /// Reads a key file as Google Cloud gives it out. Its `token_uri` chooses nothing: it must be `tokens`.
    pub fn parse(json: &[u8], tokens: Endpoint) -> Result<Self, ServiceAccountFault> {
        if json.len() > FILE_LIMIT {
            return Err(ServiceAccountFault::Malformed);
        }
        let file: KeyFile = serde_json::from_slice(json).map_err(|_| ServiceAccountFault::Malformed)?;
        if file.kind != "service_account" {
            return Err(ServiceAccountFault::Type);
        }
        if Endpoint::parse(&file.token_uri).as_ref() != Ok(&tokens) {
            return Err(ServiceAccountFault::TokenUri);
        }
        let key = Rs256Key::from_pkcs8_pem(file.private_key.as_bytes()).ok_or(ServiceAccountFault::Key)?;
        Ok(Self { email: file.client_email, key_id: file.private_key_id, key: Arc::new(key), tokens })
    }

    /// Where its access tokens come from.
    pub(super) const fn tokens(&self) -> &Endpoint {
        &self.tokens
    }

    /// An assertion that asks for an access token; `None` only if the cryptographic library fails.
    pub(super) fn assertion(&self, now: Timestamp) -> Option<String> {
        let part = |json: serde_json::Value| BASE64URL_NOPAD.encode(json.to_string().as_bytes());
        let header = part(json!({ "alg": "RS256", "typ": "JWT", "kid": self.key_id }));
        let claims = part(json!({
            "iss": self.email,
            "scope": SCOPE,
            "aud": self.tokens.to_string(),
            "iat": now.as_secs(),
            "exp": now.plus(LIFETIME).as_secs(),
        }));
        let signed = format!("{header}.{claims}");
        let signature = BASE64URL_NOPAD.encode(&self.key.sign(signed.as_bytes())?);
        Some(format!("{signed}.{signature}"))
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ServiceAccount({:?}, …)", self.email)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::encoding::AsDer;
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    fn pem(pair: &KeyPair) -> String {
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().expect("PKCS #8");
        let body = data_encoding::BASE64.encode(der.as_ref());
        format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
    }

    fn file(key: &str, kind: &str, token_uri: &str) -> Vec<u8> {
        let email = "robot@project.iam.gserviceaccount.com";
        json!({ "type": kind, "project_id": "p", "private_key_id": "k1", "private_key": key, "client_email": email,
            "token_uri": token_uri })
        .to_string()
        .into_bytes()
    }

    fn parse(json: &[u8]) -> Result<ServiceAccount, ServiceAccountFault> {
        ServiceAccount::parse(json, Endpoint::google_tokens())
    }

    #[test]
    fn an_assertion_is_what_the_token_endpoint_asks_for() {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let json = file(&pem(&pair), "service_account", "https://oauth2.googleapis.com/token");
        let account = parse(&json).expect("an account");
        let jwt = account.assertion(Timestamp::from_millis(1_700_000_000_000)).expect("an assertion");
        let parts: Vec<&str> = jwt.split('.').collect();
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url")).expect("JSON")
        };
        assert_eq!(read(parts[0]), json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" }));
        let wanted = json!({ "iss": "robot@project.iam.gserviceaccount.com", "scope": SCOPE, "iat": 1_700_000_000,
            "aud": "https://oauth2.googleapis.com/token", "exp": 1_700_000_600 });
        assert_eq!(read(parts[1]), wanted);
        let signature = BASE64URL_NOPAD.decode(parts[2].as_bytes()).expect("base64url");
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key());
        assert!(public.verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &signature).is_ok());
        assert!(!format!("{account:?}").contains("PRIVATE"));
    }

    #[test]
    fn c14_a_key_file_does_not_choose_where_its_tokens_come_from() {
        let elsewhere = [
            "http://169.254.169.254/token",
            "https://oauth2.googleapis.com.evil.example/token",
            "https://oauth2.googleapis.com/token/",
            "https://oauth2.googleapis.com@evil.example/token",
            "http://oauth2.googleapis.com/token",
            "http://127.0.0.1:1/token",
            "",
        ];
        for token_uri in elsewhere {
            let refused = parse(&file("", "service_account", token_uri)).err();
            assert_eq!(refused, Some(ServiceAccountFault::TokenUri), "{token_uri}");
        }
    }

    #[test]
    fn what_is_no_key_file_is_refused() {
        let uri = "https://oauth2.googleapis.com/token";
        assert_eq!(parse(b"{}").err(), Some(ServiceAccountFault::Malformed));
        assert_eq!(parse(&vec![b' '; FILE_LIMIT + 1]).err(), Some(ServiceAccountFault::Malformed));
        assert_eq!(parse(&file("", "authorized_user", uri)).err(), Some(ServiceAccountFault::Type));
        assert_eq!(parse(&file("no key", "service_account", uri)).err(), Some(ServiceAccountFault::Key));
    }
}
