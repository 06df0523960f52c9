//! The target of a request without query and fragment, in the one form in which targets are compared.

use crate::wire::authority::comparable;

/// Scheme, host with a port that is not the usual one, and path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    scheme: String,
    authority: String,
    path: String,
}

impl Target {
    /// Reads a URL, for example `https://api.example.com/pay?x=1`.
    pub(super) fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        Self::of(scheme, authority, path)
    }

    /// The target of these parts: case of scheme and host, a usual port, an empty path, query and fragment make no difference
    /// (RFC 9449, section 4.3). Paths are compared as they are.
    pub(super) fn of(scheme: &str, authority: &str, path: &str) -> Option<Self> {
        let scheme = scheme.to_ascii_lowercase();
        if !["https", "http"].contains(&scheme.as_str()) {
            return None;
        }
        let authority = comparable(&scheme, authority);
        let plain = |char: char| char.is_ascii_alphanumeric() || "-._:[]~%".contains(char);
        if authority.is_empty() || !authority.chars().all(plain) {
            return None;
        }
        let path = path.split(['?', '#']).next().filter(|path| !path.is_empty()).unwrap_or("/");
        let rooted = path.starts_with('/') && !path.contains('\\');
        rooted.then(|| Self { scheme, authority, path: path.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_target_is_written_in_many_ways() {
        let one = Target::of("https", "api.example.com", "/pay?amount=1");
        for url in [
            "https://api.example.com/pay",
            "HTTPS://API.example.COM:443/pay",
            "https://api.example.com/pay?x=y",
            "https://api.example.com/pay#top",
        ] {
            assert_eq!(Target::parse(url), one, "{url}");
        }
        assert_eq!(Target::parse("http://h:80"), Target::of("http", "h", "/"));
        assert_eq!(Target::parse("http://h?x"), Target::of("http", "h:80", "?y"));
    }

    #[test]
    fn other_targets_are_others() {
        let one = Target::of("https", "api.example.com", "/pay");
        for url in [
            "http://api.example.com/pay",
            "https://api.example.com:8443/pay",
            "https://api.example.com:80/pay",
            "https://api.example.com/Pay",
            "https://api.example.com/pay/",
            "https://api.example.com/%70ay",
            "https://api.example.com.evil/pay",
        ] {
            assert!(Target::parse(url).is_some() && Target::parse(url) != one, "{url}");
        }
        for bad in
            ["", "/pay", "https:///pay", "ftp://h/", "https://user@api.example.com/pay", "https://h\\pay", "//h/"]
        {
            assert_eq!(Target::parse(bad), None, "{bad}");
        }
    }
}
