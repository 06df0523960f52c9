//! Client data as an app writes it.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

use crate::evidence::signed_request::SignedRequest;

/// Client data before they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientDataPlan {
    members: Map<String, Value>,
}

impl ClientDataPlan {
    /// An answer to this challenge.
    pub fn answering(challenge: &[u8]) -> Self {
        Self::default().with("challenge", String::from_utf8_lossy(challenge).into())
    }

    /// The same, to make this request and no other. A request that no client can send is not put in.
    #[must_use]
    pub fn over(self, request: &SignedRequest<'_>) -> Self {
        match request.digest() {
            Some(digest) => self.with("request", BASE64URL_NOPAD.encode(&digest).into()),
            None => self,
        }
    }

    /// The same, with a report of these signals.
    #[must_use]
    pub fn reporting(self, signals: &[&str]) -> Self {
        self.with("signals", signals.into())
    }

    /// The same, with any member.
    #[must_use]
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.members.insert(member.to_owned(), value);
        self
    }

    /// The bytes to be hashed, signed and sent.
    pub fn write(self) -> Vec<u8> {
        Value::Object(self.members).to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::digest::sha256;
    use crate::evidence::client_data::ClientData;

    #[test]
    fn what_is_written_is_what_is_read() {
        let request = SignedRequest { method: "GET", authority: "api.example.com", path: "/", body: sha256(b"") };
        let written = ClientDataPlan::answering(b"a challenge").over(&request).reporting(&["proxy", "x-vpn"]).write();
        let read = ClientData::parse(&written).expect("client data");
        assert_eq!((read.challenge.as_str(), read.request), ("a challenge", request.digest()));
        assert_eq!(read.signals.map(|signals| signals.len()), Some(2));
    }
}
