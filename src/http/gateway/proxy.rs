//! How each proxy describes a client's request: one family of header fields, and no other beside it.

use std::net::IpAddr;

use axum::http::HeaderMap;

use crate::gateway::{CALLER_KEY, Fields};
use crate::telemetry::GatewayKind;

/// Method, target, host, scheme and address of the client's request.
type Family = [&'static str; 5];

const ORIGINAL: Family =
    ["x-original-method", "x-original-uri", "x-original-host", "x-original-scheme", "x-original-addr"];
const FORWARDED: Family =
    ["x-forwarded-method", "x-forwarded-uri", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-for"];

/// The proxies by their names in addresses, each with its own family and the one that must not stand beside it.
const PROXIES: [(GatewayKind, &Family, &Family); 3] = [
    (GatewayKind::Nginx, &ORIGINAL, &FORWARDED),
    (GatewayKind::Traefik, &FORWARDED, &ORIGINAL),
    (GatewayKind::Caddy, &FORWARDED, &ORIGINAL),
];

/// A proxy and its way of describing requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proxy {
    pub(super) kind: GatewayKind,
    own: &'static Family,
    foreign: &'static Family,
}

/// A client's request, as the proxy's family describes it.
#[derive(Debug)]
pub(super) struct Described<'a> {
    pub(super) method: &'a [u8],
    pub(super) path: &'a [u8],
    pub(super) authority: &'a [u8],
    pub(super) scheme: &'static [u8],
    pub(super) client_address: Option<IpAddr>,
}

/// The header fields that came with a question, but the caller's key.
pub(super) fn fields(headers: &HeaderMap) -> Fields<'_> {
    let others = headers.iter().filter(|(name, _)| *name != CALLER_KEY);
    others.map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

impl Proxy {
    /// The proxy of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let mut proxies = PROXIES.into_iter();
        proxies.find(|(kind, ..)| kind.name() == name).map(|(kind, own, foreign)| Self { kind, own, foreign })
    }

    /// The client's request. `None` when a field is missing or stands there twice, when another spelling of one does, or when
    /// one of the other family does: the proxy would have passed on what the client made up.
    pub(super) fn described<'a>(&self, fields: &Fields<'a>) -> Option<Described<'a>> {
        let foreign = self.foreign.iter().any(|name| fields.all(name).next().is_some());
        let alias = fields.has_alias(|name| self.own.iter().chain(self.foreign).any(|known| *known == name));
        if foreign || alias {
            return None;
        }
        let [method, path, authority, scheme, address] = self.own.map(|name| once(fields, name));
        Some(Described {
            method: method??,
            path: path??,
            authority: authority??,
            scheme: plain_scheme(scheme?.unwrap_or_default()),
            client_address: str::from_utf8(address?.unwrap_or_default()).ok()?.trim().parse().ok(),
        })
    }
}

/// The value of a field, if there is one; `None` when there are two.
fn once<'a>(fields: &Fields<'a>, name: &str) -> Option<Option<&'a [u8]>> {
    let mut values = fields.all(name);
    let value = values.next();
    values.next().is_none().then_some(value)
}

/// A web socket starts as a request of HTTP.
const fn plain_scheme(scheme: &[u8]) -> &'static [u8] {
    match scheme {
        b"https" | b"wss" => b"https",
        b"http" | b"ws" => b"http",
        _ => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: [(&str, &str); 5] = [
        ("x-forwarded-method", "POST"),
        ("x-forwarded-uri", "/pay?a,b"),
        ("x-forwarded-host", "shop.example"),
        ("x-forwarded-proto", "wss"),
        ("x-forwarded-for", "192.0.2.7"),
    ];

    fn described(proxy: &str, more: &[(&'static str, &'static str)]) -> Option<(Vec<u8>, Option<IpAddr>)> {
        let fields: Fields<'_> = SOUND.iter().chain(more).map(|(name, value)| (*name, value.as_bytes())).collect();
        let described = Proxy::named(proxy).expect("a proxy").described(&fields)?;
        assert_eq!((described.method, described.scheme), (&b"POST"[..], &b"https"[..]));
        Some((described.path.to_vec(), described.client_address))
    }

    #[test]
    fn f02_one_family_once_in_one_spelling() {
        let sound = Some((b"/pay?a,b".to_vec(), "192.0.2.7".parse().ok()));
        assert_eq!(described("caddy", &[]), sound);
        assert_eq!(described("traefik", &[("x-forwarded-prefix", "/x"), ("accept", "y")]), sound);
        assert_eq!(described("nginx", &[]), None, "another family");
        for more in [
            ("x-forwarded-uri", "/public"),
            ("X-Forwarded-URI", "/public"),
            ("x_forwarded_uri", "/public"),
            ("x-forwarded_uri", "/public"),
            ("x.forwarded.uri", "/public"),
            ("X_Forwarded_Proto", "http"),
            ("x-forwarded-for", "192.0.2.8"),
            ("x-original-uri", "/public"),
            ("x_original_uri", "/public"),
            ("x-original-method", "GET"),
        ] {
            assert_eq!(described("caddy", &[more]), None, "{more:?}");
            assert_eq!(described("traefik", &[more]), None, "{more:?}");
        }
    }

    #[test]
    fn what_describes_no_request_is_refused() {
        for missing in ["x-forwarded-method", "x-forwarded-uri", "x-forwarded-host"] {
            let fields = SOUND.iter().filter(|(name, _)| *name != missing);
            let fields: Fields<'_> = fields.map(|(name, value)| (*name, value.as_bytes())).collect();
            assert!(Proxy::named("caddy").expect("a proxy").described(&fields).is_none(), "{missing}");
        }
        assert!(Proxy::named("envoy").is_none() && Proxy::named("Caddy").is_none());
    }
}
