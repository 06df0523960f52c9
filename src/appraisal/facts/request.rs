//! Requests, as rules see them.

use std::net::IpAddr;
use std::time::Duration;

/// What is known of one request. What is empty, `None` or `false` was not said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The method of HTTP.
    pub method: &'a str,
    /// `https` or `http`.
    pub scheme: &'a str,
    /// Host, and port if it is not the usual one.
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
    /// Whether there is a proof of DPoP.
    pub has_dpop_proof: bool,
    /// Whether the client has shown a certificate.
    pub has_client_certificate: bool,
}

impl<'a> Request<'a> {
    /// The path without its query. Where an application could read another path than a rule does, it is not known: there are
    /// empty or dotted segments in it, backslashes, parameters, or what needs no percent encoding and has one.
    pub(super) fn plain_path(&self) -> Option<&'a str> {
        let path = self.path.split_once('?').map_or(self.path, |(path, _)| path);
        is_plain(path).then_some(path)
    }

    /// What follows the first question mark of the target.
    pub(super) fn query(&self) -> Option<&'a str> {
        self.path.split_once('?').map(|(_, query)| query)
    }
}

fn is_plain(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else { return false };
    let letters = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\;#".contains(&byte));
    let (last, inner) = rest.rsplit_once('/').map_or((rest, None), |(inner, last)| (last, Some(inner)));
    let dotted = |segment: &str| matches!(segment, "." | "..");
    let whole = inner.is_none_or(|inner| inner.split('/').all(|segment| !segment.is_empty() && !dotted(segment)));
    letters && whole && !dotted(last) && path.split('%').skip(1).all(is_needed)
}

/// Whether what follows a percent sign encodes what could not stand there as it is, and is no separator.
fn is_needed(after: &str) -> bool {
    let byte = after.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let byte = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    byte.is_some_and(|byte| {
        !byte.is_ascii_alphanumeric() && !byte.is_ascii_control() && !b"-._~/\\;%?#".contains(&byte)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> Option<&str> {
        Request { path, ..Request::default() }.plain_path()
    }

    #[test]
    fn f03_a_path_that_could_be_read_in_two_ways_is_not_known() {
        for plain in
            ["/", "/pay", "/pay/", "/pay/42.json", "/a/b%20c", "/%C3%BC", "/a:b@c,d=e&f", "/.well-known/x", "/..a"]
        {
            assert_eq!(path(plain), Some(plain));
        }
        let ambiguous = [
            "",
            "*",
            "pay",
            "//pay",
            "/a//b",
            "/./pay",
            "/a/../pay",
            "/..",
            "/.",
            "/a/.",
            "/%70ay",
            "/%2e%2e/pay",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/pay;x=1",
            "/pay%3b",
            "/pay#x",
            "/pay%00",
            "/pay%",
            "/pay%2",
            "/pay%zz",
            "/pay%+1",
            "/pay%2570",
            "/pa y",
            "/pay\t",
            "/ü",
            "https://a/pay",
        ];
        for path_of in ambiguous {
            assert_eq!(path(path_of), None, "{path_of}");
        }
    }

    #[test]
    fn the_query_is_no_part_of_the_path() {
        let request = Request { path: "/pay?to=/../admin?x", ..Request::default() };
        assert_eq!((request.plain_path(), request.query()), (Some("/pay"), Some("to=/../admin?x")));
        assert_eq!(Request { path: "/pay", ..Request::default() }.query(), None);
    }
}
