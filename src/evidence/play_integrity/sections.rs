//! Objects of the payload, read member by member: each of its one type, and the ones that are not known noted.

use super::rejection::Rejection;
use crate::wire::json::{Json, Members};

/// The longest text, in bytes; request hashes have up to 500.
const TEXT_LIMIT: usize = 512;
/// The longest list.
const LIST_LIMIT: usize = 32;
/// How many members that are not known are noted, and how many bytes of each name.
const UNKNOWN_LIMIT: (usize, usize) = (16, 64);

/// An object that is being read.
pub(super) struct Section {
    path: String,
    members: Members,
}

impl Section {
    /// Opens the outermost object.
    pub(super) fn outermost(value: Json) -> Result<Self, Rejection> {
        Self::open(String::new(), "the payload", value)
    }

    fn open(path: String, member: &'static str, value: Json) -> Result<Self, Rejection> {
        match value {
            Json::Object(members) => Ok(Self { path, members }),
            _ => Err(Rejection::Structure { member, wanted: "an object" }),
        }
    }

    /// The object below this one; `None` where it is absent.
    pub(super) fn section(&mut self, member: &'static str) -> Result<Option<Self>, Rejection> {
        let path = format!("{}{member}.", self.path);
        self.members.take(member).map(|value| Self::open(path, member, value)).transpose()
    }

    /// A text.
    pub(super) fn text(&mut self, member: &'static str) -> Result<Option<String>, Rejection> {
        self.members.take(member).map(|value| text(member, value)).transpose()
    }

    /// A word of one of Google's vocabularies.
    pub(super) fn word<W: From<String>>(&mut self, member: &'static str) -> Result<Option<W>, Rejection> {
        Ok(self.text(member)?.map(W::from))
    }

    /// A list of texts or words; `None` where it is absent.
    pub(super) fn list<W: From<String>>(&mut self, member: &'static str) -> Result<Option<Vec<W>>, Rejection> {
        let items = match self.members.take(member) {
            None => return Ok(None),
            Some(Json::List(items)) if items.len() <= LIST_LIMIT => items,
            Some(_) => return Err(Rejection::Structure { member, wanted: "a list of at most 32 texts" }),
        };
        items.into_iter().map(|item| text(member, item).map(W::from)).collect::<Result<_, _>>().map(Some)
    }

    /// An integer of 64 bits, which is a text of digits; never a number, never negative here.
    pub(super) fn long(&mut self, member: &'static str) -> Result<Option<u64>, Rejection> {
        let refused = Rejection::Structure { member, wanted: "digits of an integer of 64 bits in a text" };
        match self.members.take(member) {
            None => Ok(None),
            Some(Json::Text(digits)) => long(&digits).map(Some).ok_or(refused),
            Some(_) => Err(refused),
        }
    }

    /// An integer of 32 bits, which is a number; never negative here.
    pub(super) fn int(&mut self, member: &'static str) -> Result<Option<u32>, Rejection> {
        let refused = Rejection::Structure { member, wanted: "a number of 32 bits" };
        match self.members.take(member) {
            None => Ok(None),
            Some(Json::Integer(value)) => {
                i32::try_from(value).ok().and_then(|value| u32::try_from(value).ok()).map(Some).ok_or(refused)
            }
            Some(_) => Err(refused),
        }
    }

    /// A yes or no.
    pub(super) fn flag(&mut self, member: &'static str) -> Result<Option<bool>, Rejection> {
        match self.members.take(member) {
            None => Ok(None),
            Some(Json::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(Rejection::Structure { member, wanted: "true or false" }),
        }
    }

    /// Notes what has not been read.
    pub(super) fn close(self, unknown: &mut Vec<String>) {
        let (count, length) = UNKNOWN_LIMIT;
        let bounded = |name: &str| format!("{}{}", self.path, name.chars().take(length).collect::<String>());
        unknown.extend(self.members.names().map(bounded));
        unknown.truncate(count);
    }
}

fn text(member: &'static str, value: Json) -> Result<String, Rejection> {
    match value {
        Json::Text(text) if text.len() <= TEXT_LIMIT => Ok(text),
        _ => Err(Rejection::Structure { member, wanted: "a text of at most 512 bytes" }),
    }
}

/// Digits without sign and without leading zeros, up to 2^63 - 1.
fn long(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits == "0" || !digits.starts_with('0');
    let value: i64 = digits.parse().ok().filter(|_| plain && canonical)?;
    u64::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json;

    fn section(text: &str) -> Section {
        Section::outermost(json::read(text.as_bytes()).expect(text)).expect(text)
    }

    #[test]
    fn c13_integers_of_64_bits_are_digits_in_a_text_and_nothing_else() {
        for (value, expected) in
            [(r#""0""#, 0), (r#""1675655009345""#, 1_675_655_009_345), (r#""9223372036854775807""#, i64::MAX as u64)]
        {
            assert_eq!(section(&format!(r#"{{"a":{value}}}"#)).long("a"), Ok(Some(expected)), "{value}");
        }
        for bad in [
            "1675655009345",
            "1e3",
            "null",
            "true",
            "[]",
            r#""""#,
            r#""-1""#,
            r#""+1""#,
            r#""01""#,
            r#"" 1""#,
            r#""1 ""#,
            r#""1.0""#,
            r#""1e3""#,
            r#""0x1""#,
            r#""१""#,
            r#""9223372036854775808""#,
            r#""18446744073709551616""#,
        ] {
            assert!(section(&format!(r#"{{"a":{bad}}}"#)).long("a").is_err(), "{bad}");
        }
    }

    #[test]
    fn integers_of_32_bits_are_numbers_and_nothing_else() {
        assert_eq!(section(r#"{"a":2147483647}"#).int("a"), Ok(Some(2_147_483_647)));
        for bad in ["2147483648", "-1", "33.0", "3e1", r#""33""#, "null"] {
            assert!(section(&format!(r#"{{"a":{bad}}}"#)).int("a").is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_not_known_is_noted_up_to_a_limit() {
        let members: Vec<String> = (0..40).map(|at| format!(r#""{}{at}":null"#, "x".repeat(100))).collect();
        let mut unknown = Vec::new();
        section(&format!("{{{}}}", members.join(","))).close(&mut unknown);
        assert_eq!(unknown, vec!["x".repeat(64); 16]);
    }
}
