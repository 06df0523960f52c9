//! The header fields of a client's request, and this service's names among them.

use super::reasons::CREDENTIAL_AMBIGUOUS;
use crate::verdict::Reason;

/// The token that a client shows.
pub const TOKEN: &str = "bonafide-token";
/// The instance that something in front of the gateway has made sure of.
pub const INSTANCE: &str = "bonafide-instance";
/// A signature by the instance over this very request.
pub const ASSERTION: &str = "bonafide-assertion";
/// The key by which a proxy of HTTP shows who it is.
pub const CALLER_KEY: &str = "bonafide-caller-key";
/// A fresh challenge, for a client that has to prove itself again.
pub const CHALLENGE: &str = "bonafide-challenge";
/// The body for the client in one line, for proxies that pass no body on.
pub const PROBLEM: &str = "bonafide-problem";
/// A proof of possession (RFC 9449).
pub(super) const DPOP: &str = "dpop";
/// Every name of this service starts so; what clients send under such a name goes no further.
const OWN: &str = "bonafide-";

/// The header fields of a request, as the proxy passed them on.
#[derive(Clone, Debug, Default)]
pub struct Fields<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a, N: AsRef<[u8]> + ?Sized> FromIterator<(&'a N, &'a [u8])> for Fields<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a N, &'a [u8])>>(fields: I) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.as_ref(), value)).collect())
    }
}

impl<'a> From<Vec<(&'a [u8], &'a [u8])>> for Fields<'a> {
    fn from(fields: Vec<(&'a [u8], &'a [u8])>) -> Self {
        Self(fields)
    }
}

impl<'a> Fields<'a> {
    /// The values under a name in lower case.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter(move |(each, _)| each.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| *value)
    }

    /// The value of a field that counts once: visible ASCII without a comma, at most `limit` bytes. Proxies join several by
    /// commas, or pass on one of them.
    pub(super) fn single(&self, name: &str, limit: usize) -> Result<Option<&'a str>, Reason> {
        let mut values = self.all(name);
        let Some(value) = values.next() else { return Ok(None) };
        let sound = values.next().is_none() && !value.is_empty() && value.len() <= limit && is_plain(value);
        match str::from_utf8(value) {
            Ok(text) if sound => Ok(Some(text)),
            _ => Err(CREDENTIAL_AMBIGUOUS),
        }
    }

    /// The names as they stand there that an upstream may take for this service's own. One that is no text is in disguise.
    pub(super) fn namesakes(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(|(name, _)| is_own(name)).filter_map(|(name, _)| str::from_utf8(name).ok())
    }

    /// Whether a name stands there that is another once all its marks are hyphens, as CGI and its heirs write them.
    pub fn has_alias(&self, of: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|(name, _)| has_mark(name) && of(&spelled_plainly(name)))
    }

    /// Whether a name of this service is spelled so that a proxy which removes the plain spelling would pass it on.
    pub(super) fn has_disguise(&self) -> bool {
        self.0.iter().any(|(name, _)| is_own(name) && has_mark(name))
    }
}

/// Whether all of it is visible ASCII without a comma. Tokens are long: whole chunks are looked at, which a processor does at once.
fn is_plain(value: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_graphic() & (*byte != b',');
    value.chunks(64).all(|chunk| chunk.iter().fold(true, |sound, byte| sound & plain(byte)))
}

/// Whatever neither letter nor digit nor hyphen is.
const fn is_mark(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && byte != b'-'
}

const fn plain(byte: u8) -> u8 {
    if is_mark(byte) { b'-' } else { byte.to_ascii_lowercase() }
}

fn has_mark(name: &[u8]) -> bool {
    name.iter().any(|byte| is_mark(*byte))
}

fn spelled_plainly(name: &[u8]) -> String {
    name.iter().map(|byte| char::from(plain(*byte))).collect()
}

/// Whether a name, spelled plainly, starts as those of this service do. Asked of every field of every request.
fn is_own(name: &[u8]) -> bool {
    name.len() >= OWN.len() && name.iter().zip(OWN.bytes()).all(|(its, own)| plain(*its) == own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields<'a>(fields: &[(&'a str, &'a str)]) -> Fields<'a> {
        fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect()
    }

    #[test]
    fn f04_what_counts_once_stands_there_once() {
        assert_eq!(fields(&[]).single(TOKEN, 9), Ok(None));
        assert_eq!(fields(&[("Bonafide-Token", "abc")]).single(TOKEN, 9), Ok(Some("abc")));
        for twice in [
            &[("bonafide-token", "a"), ("bonafide-token", "b")][..],
            &[("bonafide-token", "a"), ("Bonafide-TOKEN", "a")],
            &[("bonafide-token", "a,b")],
            &[("bonafide-token", "a, b")],
            &[("bonafide-token", "a b")],
            &[("bonafide-token", "")],
            &[("bonafide-token", "\u{e9}")],
            &[("bonafide-token", "0123456789")],
        ] {
            assert_eq!(fields(twice).single(TOKEN, 9), Err(CREDENTIAL_AMBIGUOUS), "{twice:?}");
        }
    }

    #[test]
    fn f01_every_spelling_of_an_own_name_is_found() {
        let all = fields(&[
            ("host", "x"),
            ("bonafide-verdict", "allow"),
            ("Bonafide-Verdict-Tier", "x"),
            ("bonafide_verdict", "allow"),
            ("bonafide.verdict", "allow"),
            ("xbonafide-verdict", "x"),
        ]);
        let found: Vec<_> = all.namesakes().collect();
        assert_eq!(found, ["bonafide-verdict", "Bonafide-Verdict-Tier", "bonafide_verdict", "bonafide.verdict"]);
        assert!(all.has_disguise() && !fields(&[("bonafide-token", "x"), ("x_y", "z")]).has_disguise());
    }
}
