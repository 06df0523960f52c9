//! Client attestations for authorisation servers: draft-ietf-oauth-attestation-based-client-auth-10, section 5.1.

use serde_json::{Value, json};

use crate::crypto::jwk::PublicJwk;
use crate::ids::AppName;
use crate::time::Timestamp;

/// The type of a client attestation.
pub const CLIENT_ATTESTATION_TYPE: &str = "oauth-client-attestation+jwt";

/// What the service, as Client Attester, says of an instance of a client.
#[derive(Clone, Debug)]
pub struct ClientAttestation<'a> {
    /// The service. The draft does not ask for it; authorisation servers find the keys by it.
    pub issuer: &'a str,
    /// The client id at the authorisation server.
    pub client_id: &'a str,
    /// The key that the instance proves to hold.
    pub key: &'a PublicJwk,
    /// The app.
    pub app: &'a AppName,
    /// The revision of the policy that applied.
    pub policy: &'a str,
    /// When it was signed, and when it ends, in whole seconds.
    pub times: (Timestamp, Timestamp),
}

impl ClientAttestation<'_> {
    /// The payload as JSON.
    pub fn write(&self) -> Vec<u8> {
        let jwk: Value = serde_json::from_str(&self.key.canonical()).unwrap_or_default();
        let payload = json!({
            "iss": self.issuer,
            "sub": self.client_id,
            "iat": self.times.0.as_secs(),
            "exp": self.times.1.as_secs(),
            "cnf": { "jwk": jwk },
            "bonafide": { "app": self.app, "decision": "allow", "policy_revision": self.policy },
        });
        payload.to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_of_draft_10_is_this() {
        let jwk = r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        let written = ClientAttestation {
            issuer: "https://verdicts.example.com",
            client_id: "https://client.example.com",
            key: &PublicJwk::of_json(jwk).expect("a key"),
            app: &"shop".parse().expect("a name"),
            policy: "00ff",
            times: (Timestamp::from_millis(1000), Timestamp::from_millis(61_000)),
        };
        let expected = json!({
            "iss": "https://verdicts.example.com",
            "sub": "https://client.example.com",
            "iat": 1, "exp": 61,
            "cnf": { "jwk": serde_json::from_str::<Value>(jwk).expect("JSON") },
            "bonafide": { "app": "shop", "decision": "allow", "policy_revision": "00ff" },
        });
        assert_eq!(serde_json::from_slice::<Value>(&written.write()).expect("JSON"), expected);
    }
}
