//! The tree that is shown: names, values, and parts below them.

use std::fmt::Display;

use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::cli::screen::plain;
use crate::crypto::digest::sha256;

/// The longest text that is shown whole, in characters.
const TEXT_LIMIT: usize = 512;
/// The longest byte string that is shown whole, in bytes.
const BYTES_LIMIT: usize = 80;
/// How many bytes of a longer one are shown.
const BYTES_SHOWN: usize = 16;

/// A name, perhaps a value, perhaps parts. Nothing in it can act on a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Node {
    /// What it is.
    pub(super) name: String,
    /// Its value for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
    /// What stands below it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<Self>,
}

impl Node {
    /// A node that has parts only.
    pub(super) fn group(name: impl Display, parts: Vec<Self>) -> Self {
        Self { name: shown(&name.to_string()), value: None, parts }
    }

    /// A node with a value.
    pub(super) fn new(name: impl Display, value: impl Display) -> Self {
        Self { name: shown(&name.to_string()), value: Some(shown(&value.to_string())), parts: Vec::new() }
    }

    /// A node with bytes.
    pub(super) fn bytes(name: impl Display, bytes: &[u8]) -> Self {
        Self::new(name, preview(bytes))
    }

    /// Says from where on nothing can be read, and why.
    pub(super) fn stop(at: usize, why: impl Display) -> Self {
        Self::new("not readable", format!("from byte {at} on: {why}"))
    }

    /// The same node with these parts.
    pub(super) fn with(self, parts: Vec<Self>) -> Self {
        Self { parts, ..self }
    }
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(TEXT_LIMIT) {
        None => plain(text),
        Some((end, _)) => format!("{}… ({} bytes)", plain(text.get(..end).unwrap_or_default()), text.len()),
    }
}

/// Short bytes whole, longer ones by their beginning, length and digest.
pub(super) fn preview(bytes: &[u8]) -> String {
    match bytes.get(..BYTES_SHOWN) {
        Some(start) if bytes.len() > BYTES_LIMIT => format!("{}… ({})", HEXLOWER.encode(start), measured(bytes)),
        _ if bytes.is_empty() => "(empty)".to_owned(),
        _ => HEXLOWER.encode(bytes),
    }
}

/// Length and digest.
pub(super) fn measured(bytes: &[u8]) -> String {
    format!("{} bytes, SHA-256 {}", bytes.len(), HEXLOWER.encode(&sha256(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f12_names_and_values_cannot_act_on_a_terminal_and_are_bounded() {
        let node = Node::new("a\u{1b}[31m", "b\u{9d}0;title\u{7}".to_owned() + &"x".repeat(100_000));
        assert_eq!(node.name, "a\\u{1b}[31m");
        assert!(node.value.as_deref().is_some_and(|value| value.starts_with("b\\u{9d}0;title\\u{7}x")));
        assert!(node.value.is_some_and(|value| value.len() < 1000));
    }
}
