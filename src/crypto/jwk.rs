//! Public JSON Web Keys (RFC 7517) and their SHA-256 thumbprints (RFC 7638).

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};

use super::digest::{Digest, sha256};
use super::key::P256PublicKey;

/// The thumbprint of a public key: SHA-256 over its required members in lexicographic order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thumbprint(pub Digest);

/// The public members that are read. A private member makes the key unreadable, and so does one that is not known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
    y: Option<String>,
    #[serde(rename = "kid")]
    _key_id: Option<String>,
    #[serde(rename = "alg")]
    _algorithm: Option<String>,
    #[serde(rename = "use")]
    _use: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Confirmation {
    Thumbprint(String),
    Jwk(Jwk),
}

/// 32 bytes in canonical base64url without padding.
pub fn digest(text: &str) -> Option<Digest> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

impl Thumbprint {
    /// Reads a JSON text that is either a thumbprint in base64url or a public JWK: EC on P-256, or Ed25519.
    pub fn of_json(json: &str) -> Option<Self> {
        match serde_json::from_str(json).ok()? {
            Confirmation::Thumbprint(text) => digest(&text).map(Self),
            Confirmation::Jwk(jwk) => jwk.thumbprint(),
        }
    }
}

impl Jwk {
    fn thumbprint(&self) -> Option<Thumbprint> {
        let x = digest(&self.x)?;
        let canonical = match (self.kty.as_str(), self.crv.as_str(), &self.y) {
            ("EC", "P-256", Some(y)) => {
                P256PublicKey::from_coordinates(&x, &digest(y)?).ok()?;
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{y}"}}"#, self.x)
            }
            ("OKP", "Ed25519", None) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.x),
            _ => return None,
        };
        Some(Thumbprint(sha256(canonical.as_bytes())))
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Thumbprint({}…)", HEXLOWER.encode(&self.0[..4]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Ed25519 key of RFC 8037, appendix A.3, with the thumbprint printed there.
    const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// The P-256 key of RFC 7517, appendix A.1.
    const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"}"#;

    #[test]
    fn thumbprints_match_the_published_value() {
        let thumbprint = Thumbprint::of_json(ED25519).expect("a key");
        assert_eq!(thumbprint.to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let text = format!("\"{thumbprint}\"");
        assert_eq!(Thumbprint::of_json(&text), Some(thumbprint));
    }

    #[test]
    fn metadata_does_not_change_a_thumbprint() {
        let bare = P256.replace(r#","use":"enc","kid":"1""#, "");
        assert!(Thumbprint::of_json(P256).is_some());
        assert_eq!(Thumbprint::of_json(P256), Thumbprint::of_json(&bare));
    }

    #[test]
    fn private_foreign_and_loose_keys_are_refused() {
        let with_private = ED25519.replace('}', r#","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#);
        let twice = ED25519.replace('}', r#","kty":"OKP"}"#);
        let loose = ED25519.replace("URo\"", "URp\"");
        let off_curve = P256.replace("MKBC", "NKBC");
        for bad in [with_private.as_str(), &twice, &loose, &off_curve, r#"{"kty":"oct","k":"AA"}"#, "\"AA\"", "1", ""] {
            assert_eq!(Thumbprint::of_json(bad), None, "{bad}");
        }
    }
}
