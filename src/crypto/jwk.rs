//! Public JSON Web Keys (RFC 7517) and their SHA-256 thumbprints (RFC 7638).

use std::fmt;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};

use super::digest::{Digest, sha256};
use super::key::P256PublicKey;
use super::signature::{SignatureInvalid, verify_p256_fixed};
use crate::wire::json::{self, Json, Members};

/// The thumbprint of a public key: SHA-256 over its required members in lexicographic order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thumbprint(pub Digest);

/// A public key that others sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicJwk {
    /// EC on P-256, for ES256.
    P256(P256PublicKey),
    /// Ed25519 (RFC 8037), for EdDSA.
    Ed25519([u8; 32]),
}

/// Members of private and of symmetric keys (RFC 7518, section 6; RFC 8037): whoever shows one has shown too much.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// 32 bytes in canonical base64url without padding.
pub fn digest(text: &str) -> Option<Digest> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()
}

impl Thumbprint {
    /// Reads a JSON text that is either a thumbprint in base64url or a public JWK: EC on P-256, or Ed25519.
    pub fn of_json(json: &str) -> Option<Self> {
        match json::read(json.as_bytes()).ok()? {
            Json::Text(text) => digest(&text).map(Self),
            Json::Object(members) => PublicJwk::from_members(members).map(|jwk| jwk.thumbprint()),
            _ => None,
        }
    }
}

impl PublicJwk {
    /// Reads a JSON text that is a public JWK.
    pub fn of_json(json: &str) -> Option<Self> {
        let Json::Object(members) = json::read(json.as_bytes()).ok()? else { return None };
        Self::from_members(members)
    }

    /// Reads the members of a public JWK. A private member makes the key unreadable; those that are not needed are not looked at
    /// (RFC 7517, section 4).
    pub fn from_members(mut members: Members) -> Option<Self> {
        if members.names().any(|name| PRIVATE.contains(&name)) {
            return None;
        }
        let mut text = |name| match members.take(name) {
            Some(Json::Text(text)) => Some(text),
            _ => None,
        };
        let (kty, crv, x) = (text("kty")?, text("crv")?, digest(&text("x")?)?);
        match (kty.as_str(), crv.as_str()) {
            ("EC", "P-256") => P256PublicKey::from_coordinates(&x, &digest(&text("y")?)?).ok().map(Self::P256),
            ("OKP", "Ed25519") => Some(Self::Ed25519(x)),
            _ => None,
        }
    }

    /// The name of the signature algorithm that the key is for (RFC 7518, RFC 8037).
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    /// The required members in lexicographic order, without blanks (RFC 7638, section 3).
    pub fn canonical(&self) -> String {
        let encoded = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        match self {
            Self::P256(key) => {
                let (x, y) = key.coordinates();
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, encoded(x), encoded(y))
            }
            Self::Ed25519(x) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encoded(x)),
        }
    }

    /// The key's thumbprint.
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint(sha256(self.canonical().as_bytes()))
    }

    /// Verifies a signature in the form that JOSE has for the key's algorithm.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureInvalid> {
        match self {
            Self::P256(key) => verify_p256_fixed(key, message, signature),
            Self::Ed25519(key) => {
                UnparsedPublicKey::new(&ED25519, key).verify(message, signature).map_err(|_| SignatureInvalid)
            }
        }
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
    fn what_is_not_needed_is_not_looked_at() {
        let more = r#","ext":true,"key_ops":["verify"],"x5c":["AA"],"alg":"ES256","x-own":{"a":[1.5,null]}}"#;
        for key in [P256, ED25519] {
            let exported = key.replace('}', more);
            assert!(Thumbprint::of_json(&exported).is_some(), "as WebCrypto exports it");
            assert_eq!(Thumbprint::of_json(&exported), Thumbprint::of_json(key));
        }
    }

    #[test]
    fn every_private_member_is_refused() {
        for name in PRIVATE {
            for key in [P256, ED25519] {
                let private = key.replace('}', &format!(r#","{name}":null}}"#));
                assert_eq!(Thumbprint::of_json(&private), None, "{private}");
            }
        }
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
