//! The request that client data may name: what an instance signs to make one call and no other.

use data_encoding::BASE64URL_NOPAD;

use crate::crypto::digest::{Digest, sha256_of_joined};

/// A request over HTTP, as both sides see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedRequest<'a> {
    /// The method, for example `POST`.
    pub method: &'a str,
    /// Host, and port if it is not the usual one.
    pub authority: &'a str,
    /// The target with its query, as the client sends it.
    pub path: &'a str,
    /// SHA-256 of the body; of nothing, where there is none.
    pub body: Digest,
}

impl SignedRequest<'_> {
    /// What the member `request` of client data holds: SHA-256 over method, authority, path with query and the base64url of the
    /// body's digest, each followed by a line feed. `None` for a request that has a control character in one of them: it could
    /// be read as another one.
    pub fn digest(&self) -> Option<Digest> {
        let lines = [self.method, self.authority, self.path];
        if lines.iter().any(|line| line.bytes().any(|byte| byte.is_ascii_control())) {
            return None;
        }
        let body = BASE64URL_NOPAD.encode(&self.body);
        let feed = b"\n".as_slice();
        let [method, authority, path] = lines.map(str::as_bytes);
        Some(sha256_of_joined(&[method, feed, authority, feed, path, feed, body.as_bytes(), feed]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::digest::sha256;

    /// The vector of `docs/api.md`.
    fn published() -> SignedRequest<'static> {
        let body = sha256(br#"{"amount":"10.00"}"#);
        SignedRequest { method: "POST", authority: "api.example.com", path: "/v1/pay?to=alice", body }
    }

    #[test]
    fn the_published_vector_holds() {
        let digest = published().digest().expect("a digest");
        assert_eq!(BASE64URL_NOPAD.encode(&published().body), "6etJWsy84qDpW74Hm5-eQsyuIDccFRbj7TA20qeHz1M");
        assert_eq!(BASE64URL_NOPAD.encode(&digest), "zSagvbA2DqZ3uP6lBKbkId7LDMX6kJZvoKJ22UeDXKA");
    }

    #[test]
    fn every_part_counts_and_borders_stand() {
        let request = published();
        let others = [
            SignedRequest { method: "PUT", ..request },
            SignedRequest { authority: "api.example.com:8443", ..request },
            SignedRequest { path: "/v1/pay?to=bob", ..request },
            SignedRequest { body: sha256(b""), ..request },
        ];
        assert!(others.iter().all(|other| other.digest().is_some() && other.digest() != request.digest()));
        for path in ["/v1/pay\n", "/\r", "/\0", "/\x7f"] {
            assert_eq!(SignedRequest { path, ..request }.digest(), None, "{path:?}");
        }
        let shifted = SignedRequest { method: "POST\napi.example.com", authority: "/v1/pay?to=alice", ..request };
        assert_eq!(shifted.digest(), None);
    }
}
