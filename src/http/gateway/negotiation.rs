//! What a client says of the answers it can use: `Accept` and `If-None-Match` (RFC 9110, sections 12.5.1 and 13.1.2).

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, AsHeaderName, IF_NONE_MATCH};

/// Whether the client names this media type, and likes it no less than the usual one.
pub(super) fn prefers(headers: &HeaderMap, media_type: &str, usual: &str) -> bool {
    let ranges: Vec<_> = items(headers, ACCEPT).map(weighed).collect();
    let weight = |of: &str| {
        let named = ranges.iter().filter(|(range, _)| range.eq_ignore_ascii_case(of));
        named.map(|(_, weight)| *weight).max()
    };
    let group = usual.split_once('/').map(|(group, _)| format!("{group}/*"));
    let usual = weight(usual).or_else(|| weight(&group?)).or_else(|| weight("*/*")).unwrap_or(0);
    weight(media_type).is_some_and(|weight| weight > 0 && weight >= usual)
}

/// Whether the client has what this entity tag stands for; weak tags compare like strong ones.
pub(super) fn has(headers: &HeaderMap, tag: &str) -> bool {
    items(headers, IF_NONE_MATCH).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The items of a list, in all fields of the name.
fn items(headers: &HeaderMap, name: impl AsHeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| parts(value, ',')).filter(|item| !item.is_empty())
}

/// What stands between the separators that are in no quoted text.
fn parts(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let parts = text.split(move |char| {
        is_quoted ^= char == '"';
        char == separator && !is_quoted
    });
    parts.map(|part| part.trim_matches([' ', '\t']))
}

/// A media range with its weight in thousandths; one that is no weight is none.
fn weighed(item: &str) -> (&str, u16) {
    let mut parts = parts(item, ';');
    let range = parts.next().unwrap_or_default();
    let weight = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.eq_ignore_ascii_case("q").then(|| thousandths(value).unwrap_or(0))
    });
    (range, weight.unwrap_or(1000))
}

/// `0`, `1`, or these with up to three decimals, at most one.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let sound =
        ["0", "1"].contains(&whole) && decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let number = format!("{whole}{decimals:0<3}").parse().ok();
    number.filter(|number| sound && *number <= 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNED: &str = "application/token-introspection+jwt";

    fn headers(name: &'static str, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    fn signed(accept: &[&str]) -> bool {
        prefers(&headers("accept", accept), SIGNED, "application/json")
    }

    #[test]
    fn what_is_named_and_liked_no_less_is_preferred() {
        for accept in [
            SIGNED,
            "Application/Token-Introspection+JWT",
            "application/json, application/token-introspection+jwt",
            "application/token-introspection+jwt;q=0.001",
            "application/json;q=0.5,application/token-introspection+jwt; Q=0.5",
            "application/token-introspection+jwt;q=0.3, application/*;q=0.2, */*",
            "application/token-introspection+jwt;x=\"a;q=0\"",
        ] {
            assert!(signed(&[accept]), "{accept}");
        }
        assert!(signed(&["text/html", SIGNED]), "in a second field");
    }

    #[test]
    fn what_is_refused_or_liked_less_or_not_named_is_not() {
        for accept in [
            "",
            "*/*",
            "application/*",
            "application/json",
            "application/token-introspection+jwt;q=0",
            "application/token-introspection+jwt;q=0.000",
            "application/token-introspection+jwt;q=1.5",
            "application/token-introspection+jwt;q=high",
            "application/json, application/token-introspection+jwt;q=0.9",
            "*/*, application/token-introspection+jwt;q=0.9",
            "application/token-introspection+jwt-not",
            "x-application/token-introspection+jwt",
            "text/plain;x=\"a, application/token-introspection+jwt, b\"",
        ] {
            assert!(!signed(&[accept]), "{accept}");
        }
        assert!(!signed(&[]));
    }

    #[test]
    fn weights_are_those_of_the_specification() {
        let read = ["0", "1", "0.", "0.5", "0.25", "0.125", "1.000", "1.001", "0.1234", "2", "", ".5", "+1", "0.-1"];
        let weights = [Some(0), Some(1000), Some(0), Some(500), Some(250), Some(125), Some(1000)];
        assert_eq!(read.map(thousandths)[..7], weights);
        assert_eq!(read.map(thousandths)[7..], [None; 7]);
    }

    #[test]
    fn a_tag_is_known_again_weak_or_strong() {
        for known in ["\"a\"", "W/\"a\"", "*", "\"x\", \"a\"", "\"x\",W/\"a\"", "\"x,\"\t, \"a\""] {
            assert!(has(&headers("if-none-match", &[known]), "\"a\""), "{known}");
        }
        assert!(has(&headers("if-none-match", &["\"x\"", "\"a\""]), "\"a\""));
        for other in ["", "a", "\"b\"", "w/\"a\"", "W/a", "W/", "\"A\""] {
            assert!(!has(&headers("if-none-match", &[other]), "\"a\""), "{other}");
        }
    }
}
