//! Host and port of requests, in the one form in which they are compared.

use std::net::Ipv6Addr;

/// In small letters, and without the usual port of the scheme (RFC 3986, section 6.2.3).
pub fn comparable(scheme: &str, authority: &str) -> String {
    let mut comparable = authority.to_ascii_lowercase();
    let usual = usual_port(scheme).filter(|usual| comparable.ends_with(usual));
    comparable.truncate(comparable.len() - usual.map_or(0, str::len));
    comparable
}

/// The same, where every reader takes it for one host: `None` for a host that is empty, ends in a dot or has other characters than
/// letters, digits, `-`, `_` and single dots, for a user's name, for a port in another form, and for what may be the usual port of a
/// scheme that is not known.
pub fn plain(scheme: &str, authority: &str) -> Option<String> {
    let comparable = comparable(scheme, authority);
    let (host, port) = match comparable.rsplit_once(':') {
        Some((host, port)) if !comparable.ends_with(']') => (host, Some(port)),
        _ => (comparable.as_str(), None),
    };
    let may_be_usual = |port: &str| usual_port(scheme).is_none() && ["80", "443"].contains(&port);
    let is_only = comparable.len() == authority.len();
    if !port.is_none_or(|port| is_only && is_port(port) && !may_be_usual(port)) {
        return None;
    }
    let host = plain_host(host)?;
    Some(port.map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

/// The form that this host and port have for both schemes: without a port that is the usual one of either.
pub fn portable(authority: &str) -> Option<String> {
    plain("http", &plain("https", authority)?)
}

/// Whether this may stand in what [`plain`] gives.
pub fn is_plain_part(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.:[]".contains(&byte))
}

fn usual_port(scheme: &str) -> Option<&'static str> {
    match scheme {
        "https" => Some(":443"),
        "http" => Some(":80"),
        _ => None,
    }
}

fn is_port(port: &str) -> bool {
    let plain = !port.starts_with('0') && port.bytes().all(|byte| byte.is_ascii_digit());
    plain && port.parse::<u16>().is_ok()
}

fn plain_host(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let named = host.split('.').all(|label| !label.is_empty() && label.bytes().all(plain));
    named.then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_has_one_form() {
        for (scheme, authority, expected) in [
            ("https", "shop.example", "shop.example"),
            ("https", "SHOP.Example:443", "shop.example"),
            ("http", "shop.example:80", "shop.example"),
            ("", "Shop_1.example", "shop_1.example"),
            ("https", "shop.example:8443", "shop.example:8443"),
            ("https", "shop.example:80", "shop.example:80"),
            ("", "shop.example:8443", "shop.example:8443"),
            ("http", "192.0.2.1:80", "192.0.2.1"),
            ("https", "[2001:DB8:0::1]:443", "[2001:db8::1]"),
            ("https", "[::1]:8443", "[::1]:8443"),
        ] {
            assert_eq!(plain(scheme, authority).as_deref(), Some(expected), "{scheme} {authority}");
        }
    }

    #[test]
    fn a_portable_form_has_no_usual_port() {
        for (authority, expected) in [
            ("Shop.example", Some("shop.example")),
            ("shop.example:443", Some("shop.example")),
            ("shop.example:80", Some("shop.example")),
            ("shop.example:8443", Some("shop.example:8443")),
            ("[2001:DB8:0::1]:80", Some("[2001:db8::1]")),
            ("shop.example:80:443", None),
            ("shop.example:443:80", None),
            ("shop.example.", None),
        ] {
            let form = portable(authority);
            assert_eq!(form.as_deref(), expected, "{authority}");
            assert!(form.is_none_or(|form| is_plain_part(&form) && portable(&form) == Some(form)), "{authority}");
        }
        assert!(!["Shop", "shop/", "ü", "user@"].iter().any(|part| is_plain_part(part)));
    }

    #[test]
    fn what_could_be_another_host_has_none() {
        for authority in [
            "",
            ":443",
            ".",
            "shop.example.",
            "shop.example.:443",
            ".shop.example",
            "shop..example",
            "user@shop.example",
            "shop.example:",
            "shop.example:0443",
            "shop.example:65536",
            "shop.example:0",
            "shop.example:443:443",
            "shop.example:+1",
            "sh%6fp.example",
            "shop.example/pay",
            "shop.example, other",
            "läden.example",
            "::1",
            "[::1",
            "[::1]x",
            "[::1%25eth0]",
            "[shop.example]",
        ] {
            assert_eq!(plain("https", authority), None, "{authority}");
        }
        for authority in ["shop.example:443", "shop.example:80"] {
            assert_eq!(plain("", authority), None, "{authority}: usual for whom?");
        }
    }
}
