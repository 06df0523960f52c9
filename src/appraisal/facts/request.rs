//! Requests, as rules see them.

use std::net::IpAddr;
use std::time::Duration;

use crate::crypto::digest::Digest;
use crate::wire::authority;
use crate::wire::path::is_plain_path;

/// What is known of one request. What is empty, `None` or `false` was not said: it is absent, unless the request is not described.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The method of HTTP.
    pub method: &'a str,
    /// `https` or `http`.
    pub scheme: &'a str,
    /// Host and port, as the client sent them.
    pub authority: &'a str,
    /// The target with its query, as the client sent it.
    pub path: &'a str,
    /// The client's address.
    pub address: Option<IpAddr>,
    /// A fingerprint of the client's TLS.
    pub tls_fingerprint: &'a str,
    /// How long ago the instance proved itself.
    pub proof_age: Option<Duration>,
    /// Whether the instance has signed this very request, which was verified.
    pub has_assertion: bool,
    /// Whether the user's session is named.
    pub has_session: bool,
    /// Whether the body's digest is named.
    pub has_body_digest: bool,
    /// SHA-256 over the header fields that the gateway has chosen.
    pub headers: Option<Digest>,
    /// Whether there is a proof of DPoP.
    pub has_dpop_proof: bool,
    /// Whether the client has shown a certificate.
    pub has_client_certificate: bool,
    /// Whether nothing describes the request: what was not said may be so.
    pub is_undescribed: bool,
}

impl<'a> Request<'a> {
    /// The path without its query. Where an application could read another path than a rule does, it is not known: there are
    /// empty or dotted segments in it, backslashes, parameters, or what needs no percent encoding and has one.
    pub(super) fn plain_path(&self) -> Option<&'a str> {
        let path = self.path.split_once('?').map_or(self.path, |(path, _)| path);
        is_plain_path(path.as_bytes()).then_some(path)
    }

    /// Host and port in the form in which rules compare them. Where an application could read another host than a rule does, it is
    /// not known.
    pub(super) fn plain_authority(&self) -> Option<String> {
        authority::plain(self.scheme, self.authority)
    }

    /// What follows the first question mark of the target.
    pub(super) fn query(&self) -> Option<&'a str> {
        self.path.split_once('?').map(|(_, query)| query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> Option<&str> {
        Request { path, ..Request::default() }.plain_path()
    }

    #[test]
    fn f03_a_path_that_could_be_read_in_two_ways_is_not_known() {
        assert_eq!(path("/pay/42.json"), Some("/pay/42.json"));
        for ambiguous in ["", "pay", "//pay", "/a/../pay", "/%70ay", "/a%2fb", "/pay;x=1"] {
            assert_eq!(path(ambiguous), None, "{ambiguous}");
        }
    }

    #[test]
    fn the_query_is_no_part_of_the_path() {
        let request = Request { path: "/pay?to=/../admin?x", ..Request::default() };
        assert_eq!((request.plain_path(), request.query()), (Some("/pay"), Some("to=/../admin?x")));
        assert_eq!(Request { path: "/pay", ..Request::default() }.query(), None);
    }
}
