//! How to reach Google, as data.

use std::fmt;
use std::time::Duration;

use reqwest::Url;

use super::{Endpoint, ServiceAccount};

/// How to reach Google. It is data, and can be made without reaching anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoogleConfig {
    /// Where the status list is (`https://android.googleapis.com/attestation/status`).
    pub status_list: Endpoint,
    /// Where tokens are opened (`https://playintegrity.googleapis.com`), without a path.
    pub play_integrity: Endpoint,
    /// Where access tokens come from; `None` when no token is to be opened there.
    pub access: Option<AccessConfig>,
    /// Further roots that Google's certificates may rest on, DER, for laboratories and inspecting proxies.
    pub extra_roots: Vec<Vec<u8>>,
    /// A proxy for all that goes over TLS; loopback is reached directly, and the environment is not asked.
    pub proxy: Option<ProxyAddress>,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long an upstream may be silent within an answer.
    pub read_timeout: Duration,
    /// How long fetching the status list may take altogether.
    pub status_list_timeout: Duration,
    /// How long an access token may take to come.
    pub access_timeout: Duration,
    /// How long opening a token may take altogether.
    pub decode_timeout: Duration,
    /// How many tokens may be on their way at the same time.
    pub decodes_at_once: usize,
    /// How many calls in a row must fail before nothing is sent for a while.
    pub breaker_failures: u32,
    /// How long nothing is sent then.
    pub breaker_pause: Duration,
}

/// Where access tokens come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessConfig {
    /// A service account's key signs for them (RFC 7523).
    ServiceAccount(Box<ServiceAccount>),
    /// The metadata server of Google Cloud gives them.
    MetadataServer(Endpoint),
    /// One that does not change, for tests.
    Fixed(AccessToken),
}

/// An access token (RFC 6750). `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken(String);

impl AccessToken {
    /// The longest access token, in bytes.
    pub const LIMIT: usize = 16 << 10;

    /// Takes over a token of visible ASCII; `None` for everything else.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = !text.is_empty() && text.len() <= Self::LIMIT && text.bytes().all(|byte| byte.is_ascii_graphic());
        plain.then(|| Self(text.to_owned()))
    }

    /// The token, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AccessToken(…)")
    }
}

/// The address of a proxy, `http://host:port` or over HTTPS, perhaps with user and password. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyAddress(Url);

impl ProxyAddress {
    /// Reads an address; `None` for everything that is not one of an HTTP proxy.
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(Self(url))
    }

    /// The address, for the one place that connects to it.
    pub(super) fn url(&self) -> Url {
        self.0.clone()
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ProxyAddress(…)")
    }
}

impl GoogleConfig {
    /// Google's own addresses, with limits that suit a service that answers within seconds.
    pub fn new(access: Option<AccessConfig>) -> Self {
        let seconds = Duration::from_secs;
        Self {
            status_list: Endpoint::google_status_list(),
            play_integrity: Endpoint::google_play_integrity(),
            access,
            extra_roots: Vec::new(),
            proxy: None,
            connect_timeout: seconds(3),
            read_timeout: seconds(10),
            status_list_timeout: seconds(60),
            access_timeout: seconds(5),
            decode_timeout: seconds(8),
            decodes_at_once: 64,
            breaker_failures: 5,
            breaker_pause: seconds(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Decoded;

    #[test]
    fn f17_debug_shows_no_access_token_and_no_payload() {
        let token = AccessToken::parse("ya29.secret").expect("a token");
        let proxy = ProxyAddress::parse("http://user:secret@proxy.example:3128").expect("an address");
        let shown = format!("{:?} {:?} {proxy:?}", AccessConfig::Fixed(token), Decoded::Payload(b"secret".to_vec()));
        assert_eq!(shown, "Fixed(AccessToken(…)) Payload(6 bytes) ProxyAddress(…)");
        for bad in ["", "a b", "a\r\nb", "ü"] {
            assert_eq!(AccessToken::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_proxy_is_one_of_http() {
        for bad in ["", "proxy:3128", "socks5://127.0.0.1:1", "file:///x"] {
            assert_eq!(ProxyAddress::parse(bad), None, "{bad}");
        }
    }
}
