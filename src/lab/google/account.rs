//! The service account: its key file in Google's form, and the assertions that are signed with it (RFC 7523).

use std::collections::BTreeSet;
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{self, KeyPair as _, UnparsedPublicKey};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::crypto::secret::random;
use crate::lab::LabFault;
use crate::time::Timestamp;

/// The scope that decoding integrity tokens needs.
pub const SCOPE: &str = "https://www.googleapis.com/auth/playintegrity";
/// What every scope of Google's starts with.
const SCOPES: &str = "https://www.googleapis.com/auth/";
/// The longest life of an assertion.
const LONGEST: Duration = Duration::from_secs(3_600);
/// How far the clocks of two machines may lie apart.
const SKEW: Duration = Duration::from_secs(300);

/// A service account of a project that does not exist, with a key that nobody else has.
pub(super) struct ServiceAccount {
    key: KeyPair,
    key_id: String,
    email: String,
    client_id: String,
}

/// Why an assertion gives no access token: Google's word for it, and what is wrong.
pub(super) type Refused = (&'static str, &'static str);

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    scope: Option<String>,
    iat: u64,
    exp: u64,
}

impl ServiceAccount {
    pub(super) fn generate() -> Result<Self, LabFault> {
        Ok(Self {
            key: KeyPair::generate(KeySize::Rsa2048).map_err(|_| LabFault::Seed)?,
            key_id: HEXLOWER.encode(&random::<20>()?),
            email: "bonafide@bonafide-lab.iam.gserviceaccount.com".to_owned(),
            client_id: "100000000000000000000".to_owned(),
        })
    }

    /// The key file, as Google's console hands it out. All its addresses lead to `origin`.
    pub(super) fn key_file(&self, origin: &str) -> Result<Value, LabFault> {
        Ok(json!({
            "type": "service_account",
            "project_id": "bonafide-lab",
            "private_key_id": self.key_id,
            "private_key": self.private_pem()?,
            "client_email": self.email,
            "client_id": self.client_id,
            "auth_uri": format!("{origin}/auth"),
            "token_uri": token_uri(origin),
            "auth_provider_x509_cert_url": format!("{origin}/certs"),
            "client_x509_cert_url": format!("{origin}/certs/{}", self.email),
            "universe_domain": "googleapis.com",
        }))
    }

    fn private_pem(&self) -> Result<String, LabFault> {
        let der: Pkcs8V1Der<'_> = self.key.as_der().map_err(|_| LabFault::Unwritable)?;
        let text = BASE64.encode(der.as_ref());
        let lines: Vec<&str> =
            (0..text.len()).step_by(64).filter_map(|at| text.get(at..text.len().min(at + 64))).collect();
        Ok(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")))
    }

    /// The scopes that an assertion earns at `now`.
    pub(super) fn scopes(&self, assertion: &str, origin: &str, now: Timestamp) -> Result<BTreeSet<String>, Refused> {
        let (signed, signature) = assertion.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, claims) = signed.split_once('.').ok_or(MALFORMED)?;
        let header: Header = part(header)?;
        if header.alg != "RS256" || header.kid.is_some_and(|kid| kid != self.key_id) {
            return Err(("invalid_grant", "the header names another algorithm or key"));
        }
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| MALFORMED)?;
        let key = UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, self.key.public_key());
        key.verify(signed.as_bytes(), &signature)
            .map_err(|_| ("invalid_grant", "the signature is not the account's"))?;
        self.judge(part(claims)?, origin, now)
    }

    fn judge(&self, claims: Claims, origin: &str, now: Timestamp) -> Result<BTreeSet<String>, Refused> {
        if claims.iss != self.email {
            return Err(("invalid_grant", "iss is not the account"));
        }
        if claims.aud != token_uri(origin) {
            return Err(("invalid_grant", "aud is not this endpoint"));
        }
        let (from, to) = (claims.iat, claims.exp);
        if from > now.plus(SKEW).as_secs()
            || to <= now.minus(SKEW).as_secs()
            || to < from
            || to - from > LONGEST.as_secs()
        {
            return Err(("invalid_grant", "iat and exp do not frame this hour"));
        }
        let scopes: BTreeSet<String> = claims.scope.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        if scopes.is_empty() || !scopes.iter().all(|scope| scope.starts_with(SCOPES)) {
            return Err(("invalid_scope", "scope names nothing, or what does not exist"));
        }
        Ok(scopes)
    }
}

const MALFORMED: Refused = ("invalid_grant", "the assertion is no JWT");

fn token_uri(origin: &str) -> String {
    format!("{origin}/token")
}

fn part<T: for<'a> Deserialize<'a>>(text: &str) -> Result<T, Refused> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| MALFORMED)?;
    serde_json::from_slice(&bytes).map_err(|_| MALFORMED)
}
