//! Targets of requests that every reader takes for the same one: others are refused, not guessed at.

/// The longest target, in bytes.
const LIMIT: usize = 8 * 1024;
/// What stands for something else to some readers when it is encoded: the delimiters, and the sign of encoding itself.
const DELIMITERS: &[u8] = b"/\\#?;%";

/// Whether the target of a request, as it stands in the request line, is a plain path, with or without a query.
pub fn is_plain_target(target: &[u8]) -> bool {
    let (path, query) = match target.iter().position(|byte| *byte == b'?') {
        Some(at) => target.split_at(at),
        None => (target, &b""[..]),
    };
    target.len() <= LIMIT && query.iter().all(|byte| is_plain_byte(*byte)) && is_plain_path(path)
}

/// Whether a path is in the normal form of RFC 3986, section 6.2.2: absolute, without dot segments or empty ones, in which nothing
/// is encoded that need not be, and no delimiter is.
pub fn is_plain_path(path: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(b"/") else { return false };
    let mut segments = rest.split(|byte| *byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        let empty = segment.is_empty() && !last;
        if empty || matches!(segment, b"." | b"..") || segment.contains(&b';') || !is_plain_segment(segment) {
            return false;
        }
    }
    true
}

fn is_plain_segment(segment: &[u8]) -> bool {
    if !segment.contains(&b'%') {
        return segment.iter().all(|byte| is_plain_byte(*byte));
    }
    let (mut rest, mut decoded) = (segment.iter(), Vec::with_capacity(segment.len()));
    while let Some(byte) = rest.next() {
        let read = if *byte == b'%' { encoded(&mut rest).filter(|byte| needs_encoding(*byte)) } else { Some(*byte) };
        match read {
            Some(read) if *byte == b'%' || is_plain_byte(read) => decoded.push(read),
            _ => return false,
        }
    }
    // What is no UTF-8 is read as something else by some: an overlong form of a dot, for one.
    std::str::from_utf8(&decoded).is_ok()
}

/// Visible ASCII that no reader takes for the end, or for another letter.
const fn is_plain_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\')
}

/// The byte behind a sign of encoding.
fn encoded<'a>(rest: &mut impl Iterator<Item = &'a u8>) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
    Some(high << 4 | low)
}

/// What may stand encoded: neither a letter, a digit or a mark that needs none (of which "~" was once encoded by habit), nor a
/// delimiter, nor a control character.
fn needs_encoding(byte: u8) -> bool {
    let unreserved = byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !unreserved && !byte.is_ascii_control() && !DELIMITERS.contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: [&str; 18] = [
        "/",
        "/pay",
        "/pay/",
        "/v1/orders/42",
        "/a.b/..c/d..",
        "/.well-known/x",
        "/caf%C3%A9",
        "/a%20b",
        "/a+b,c=d&e",
        "/~user",
        "/%7Euser",
        "/a:b@c",
        "/pay?",
        "/pay?q=%2f..%2f//;&x=%00",
        "/pay?next=/a/../b",
        "/a!b'(c)*",
        "/...",
        "/%5Bx%5D",
    ];

    const AMBIGUOUS: [&str; 54] = [
        "",
        "*",
        "pay",
        "http://shop.example/pay",
        "shop.example:443",
        "//pay",
        "/public//pay",
        "/pay//",
        "/public/../pay",
        "/public/./pay",
        "/..",
        "/.",
        "/pay/..",
        "/pay/.",
        "/public/%2e%2e/pay",
        "/public/%2E%2E/pay",
        "/public/.%2e/pay",
        "/public/%2e./pay",
        "/public/%2e/pay",
        "/public/..%2fpay",
        "/public%2fpay",
        "/public%2Fpay",
        "/public/..%5cpay",
        "/public%5Cpay",
        "/public\\pay",
        "/public/..\\pay",
        "/public/%252e%252e/pay",
        "/public%252fpay",
        "/public/..;/pay",
        "/public/;/pay",
        "/pay;v=1",
        "/public%3bpay",
        "/public/..%3B/pay",
        "/pay%00",
        "/pay%00.png",
        "/pay%0a",
        "/pay%0d%0aX: y",
        "/pay%7f",
        "/pay#x",
        "/pay%23x",
        "/public#/../pay",
        "/pay%3fx",
        "/%70ay",
        "/p%61y",
        "/pay%2d",
        "/pay%",
        "/pay%4",
        "/pay%zz",
        "/%c0%ae%c0%ae/pay",
        "/public%c0%afpay",
        "/pay %20",
        "/pay\u{e9}",
        "/pay\u{2215}x",
        "/pay?x#y",
    ];

    #[test]
    fn f03_targets_that_readers_take_differently_are_refused() {
        PLAIN.iter().for_each(|target| assert!(is_plain_target(target.as_bytes()), "{target}"));
        AMBIGUOUS.iter().for_each(|target| assert!(!is_plain_target(target.as_bytes()), "{target}"));
        let long = format!("/{}", "a".repeat(LIMIT));
        assert!(!is_plain_target(long.as_bytes()) && is_plain_target(&long.as_bytes()[..LIMIT]));
        assert!(!is_plain_target(b"/\0") && !is_plain_target(b"/\xff") && !is_plain_target(b"/a?\n"));
    }

    proptest! {
        #[test]
        fn decoding_a_plain_path_changes_no_segment(target in "/[a-c./%25;\\\\#?]{0,24}") {
            if is_plain_target(target.as_bytes()) {
                let path = target.split('?').next().unwrap_or_default();
                prop_assert!(!path.contains("//") && !path.split('/').any(|segment| [".", ".."].contains(&segment)));
                prop_assert!(!path.contains([';', '\\', '#']));
            }
        }
    }
}
