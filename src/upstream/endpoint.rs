//! Addresses that may be asked: nothing that a machine's neighbourhood answers by accident.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use reqwest::Url;

/// The metadata server's fixed address, on every machine of Google Cloud.
const METADATA: &str = "http://metadata.google.internal/";
/// Names of metadata servers.
const METADATA_NAMES: [&str; 5] =
    ["metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"];
/// Other clouds' metadata servers, at addresses that are not link-local.
const OTHER_METADATA: [IpAddr; 2] = [
    IpAddr::V4(std::net::Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// An address over HTTPS; or over HTTP, on this machine's loopback, in numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Cow<'static, str>);

/// Why a text is not an [`Endpoint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointFault {
    /// Not an absolute URL with a host.
    #[error("not an absolute URL")]
    Malformed,
    /// Neither `https` nor, on loopback, `http`.
    #[error("only https is allowed; http is for loopback addresses such as http://127.0.0.1:8080")]
    Plain,
    /// It names a user, a password, or a fragment.
    #[error("a user, a password or a fragment has no place here")]
    Extras,
    /// A link-local address, a metadata server, or an address that is no single machine's.
    #[error("this address belongs to the machine's surroundings and is never asked")]
    Surroundings,
}

impl Endpoint {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, EndpointFault> {
        let url = Url::parse(text).map_err(|_| EndpointFault::Malformed)?;
        let host = url.host_str().ok_or(EndpointFault::Malformed)?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(EndpointFault::Extras);
        }
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>().ok().map(|address| address.to_canonical());
        if address.is_some_and(is_surroundings) || METADATA_NAMES.contains(&host.trim_end_matches('.')) {
            return Err(EndpointFault::Surroundings);
        }
        match url.scheme() {
            "https" => Ok(Self(String::from(url).into())),
            "http" if address.is_some_and(|address| address.is_loopback()) => Ok(Self(String::from(url).into())),
            _ => Err(EndpointFault::Plain),
        }
    }

    /// Google's status list.
    pub const fn google_status_list() -> Self {
        Self(Cow::Borrowed("https://android.googleapis.com/attestation/status"))
    }

    /// Google's service that opens integrity tokens.
    pub const fn google_play_integrity() -> Self {
        Self(Cow::Borrowed("https://playintegrity.googleapis.com/"))
    }

    /// Where service accounts get their access tokens.
    pub const fn google_tokens() -> Self {
        Self(Cow::Borrowed("https://oauth2.googleapis.com/token"))
    }

    /// Google Cloud's metadata server: the one address in the surroundings that may be asked.
    pub const fn metadata_server() -> Self {
        Self(Cow::Borrowed(METADATA))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address with this path after its own, and without a query; `path` starts with `/` and is escaped already.
    pub(super) fn joined(&self, path: &str) -> String {
        let own = self.0.split('?').next().unwrap_or_default();
        format!("{}{path}", own.trim_end_matches('/'))
    }
}

fn is_surroundings(address: IpAddr) -> bool {
    let of_its_kind = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    of_its_kind || address.is_unspecified() || address.is_multicast() || OTHER_METADATA.contains(&address)
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Endpoint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_over_tls_and_on_loopback_are_read() {
        for good in
            ["https://mirror.example/status?v=1", "http://127.0.0.1:8080", "http://[::1]:1/x", "https://10.0.0.5/s"]
        {
            assert!(Endpoint::parse(good).is_ok(), "{good}");
        }
        let fixed = [Endpoint::google_status_list(), Endpoint::google_play_integrity(), Endpoint::google_tokens()];
        assert!(fixed.iter().all(|endpoint| Endpoint::parse(&endpoint.to_string()).as_ref() == Ok(endpoint)));
    }

    #[test]
    fn c14_the_surroundings_of_the_machine_are_never_asked() {
        let bad = [
            "http://169.254.169.254",
            "https://169.254.169.254/token",
            "http://2852039166/",
            "http://0xa9.0xfe.0xa9.0xfe/",
            "http://[::ffff:169.254.169.254]/",
            "https://[fe80::1]/",
            "https://[fd00:ec2::254]/",
            "https://100.100.100.200/",
            "https://0.0.0.0/",
            "https://[::]/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "http://metadata.google.internal/",
            "https://METADATA.google.internal./",
            "http://metadata/",
        ];
        for text in bad {
            assert_eq!(Endpoint::parse(text), Err(EndpointFault::Surroundings), "{text}");
        }
        assert_eq!(Endpoint::metadata_server().to_string(), "http://metadata.google.internal/");
    }

    #[test]
    fn c14_nothing_is_sent_in_the_clear_but_on_loopback() {
        for text in ["http://oauth2.googleapis.com/token", "http://10.0.0.1/", "http://localhost/", "ftp://127.0.0.1/"]
        {
            assert_eq!(Endpoint::parse(text), Err(EndpointFault::Plain), "{text}");
        }
        for text in ["https://user@mirror.example/", "https://:x@mirror.example/", "https://mirror.example/#part"] {
            assert_eq!(Endpoint::parse(text), Err(EndpointFault::Extras), "{text}");
        }
        for text in ["", "status.json", "/etc/status.json", "https://", "data:,x", "file:///etc/passwd"] {
            assert_eq!(Endpoint::parse(text), Err(EndpointFault::Malformed), "{text}");
        }
    }

    #[test]
    fn paths_are_put_after_the_addresss_own() {
        let at = |text: &str| Endpoint::parse(text).expect("an address").joined("/v1/a%2Fb:decode");
        assert_eq!(at("http://127.0.0.1:1"), "http://127.0.0.1:1/v1/a%2Fb:decode");
        assert_eq!(at("http://127.0.0.1:1/lab/"), "http://127.0.0.1:1/lab/v1/a%2Fb:decode");
    }
}
