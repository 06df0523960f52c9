//! What comes of asking for the status list.

use std::fmt;
use std::time::Duration;

/// The name that a source gave to the version of a list (RFC 9110 section 8.8.3), as sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityTag(String);

impl EntityTag {
    /// The longest tag that is kept, in bytes.
    pub const LIMIT: usize = 256;

    /// Reads a tag: a quoted text of visible ASCII, perhaps with `W/` before it; `None` for everything else.
    pub fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix("W/").unwrap_or(text).strip_prefix('"')?.strip_suffix('"')?;
        let plain = inner.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
        (plain && text.len() <= Self::LIMIT).then(|| Self(text.to_owned()))
    }

    /// The tag as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A source's answer.
#[derive(Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The list that the asker has is the current one.
    Unchanged {
        /// How long the source need not be asked again.
        fresh_for: Duration,
        /// How long ago this became known: an answer may have waited in a cache.
        age: Duration,
    },
    /// A list, not read yet.
    New {
        /// The bytes, at most [`crate::endorsement::status_list::LIST_LIMIT`].
        body: Vec<u8>,
        /// How long the source need not be asked again.
        fresh_for: Duration,
        /// How long ago this list was the current one: an answer may have waited in a cache, a file on a disk.
        age: Duration,
        /// The list's tag, if it has one.
        tag: Option<EntityTag>,
    },
}

impl fmt::Debug for Fetched {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unchanged { fresh_for, age } => write!(out, "Unchanged({fresh_for:?}, {age:?})"),
            Self::New { body, fresh_for, age, .. } => write!(out, "New({} bytes, {fresh_for:?}, {age:?})", body.len()),
        }
    }
}

/// Why an upstream gave nothing that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamFault {
    /// No connection came about: nothing was sent.
    #[error("no connection")]
    NotConnected,
    /// The answer did not come, or not to its end, in time.
    #[error("no whole answer in time")]
    TimedOut,
    /// The connection ended in the middle of an answer, or what came is not HTTP.
    #[error("the answer ended early or is not HTTP")]
    Cut,
    /// The answer has another status than those that mean something here; redirects are not followed.
    #[error("the answer has status {0}")]
    Status(u16),
    /// The body is longer than its limit; the rest of it was not read.
    #[error("the answer is too long")]
    TooLarge,
    /// The body is not what this upstream gives.
    #[error("the answer is of another form")]
    Form,
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    File(std::io::ErrorKind),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_quoted_and_bounded() {
        for good in [r#""a-1""#, r#"W/"a""#, r#""""#] {
            assert_eq!(EntityTag::parse(good).expect("a tag").as_str(), good);
        }
        for bad in ["", "a", "\"", "\"a\"b\"", "\"a b\"", "\"a\r\n\"", &format!("\"{}\"", "a".repeat(255))] {
            assert_eq!(EntityTag::parse(bad), None, "{bad:?}");
        }
    }
}
