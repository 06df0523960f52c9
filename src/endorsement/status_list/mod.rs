//! The status list: which certificates above attested keys Google no longer vouches for.
//!
//! Every entry refuses, whatever its status says; a serial is matched as the number it is. Only TLS protects the list on its
//! way, so that a list which is empty, cut or of another shape is no list at all.

mod kept;
mod read;

use std::collections::HashMap;

pub use kept::{AHEAD_LIMIT, KeptList};

use crate::crypto::digest::{Digest, sha256};
use crate::crypto::serial::{Serial, SerialMalformed};

/// The largest list, in bytes.
pub const LIST_LIMIT: usize = 16 << 20;
/// At most one entry of this many may have a key that is no serial number.
pub const ENTRIES_PER_UNREADABLE: usize = 10;
/// How much of a status or a reason is kept, in characters.
pub const WORD_LIMIT: usize = 64;

/// A status list, as it was published.
#[derive(Clone, PartialEq, Eq)]
pub struct StatusList {
    /// By serial, each once, under its worst status.
    entries: Box<[Entry]>,
    words: Box<[Box<str>]>,
    published: usize,
    unreadable: usize,
    digest: Digest,
}

/// A number that some entry's key stands for, and where its words are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    serial: Serial,
    status: u32,
    reason: Option<u32>,
}

/// What the list says about a certificate. No variant is a good one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Neither of the others: a status of later days. It refuses as well.
    Unrecognised(Box<str>),
    /// `SUSPENDED`: perhaps for a while.
    Suspended,
    /// `REVOKED`: for good.
    Revoked,
}

/// An entry that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The status.
    pub status: Status,
    /// The reason, where the list gives one, for example `KEY_COMPROMISE`.
    pub reason: Option<Box<str>>,
}

/// Why bytes are not a status list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListFault {
    /// Longer than [`LIST_LIMIT`].
    #[error("the list is longer than {LIST_LIMIT} bytes")]
    TooLarge,
    /// Not a JSON object with the object `entries`, whose members have a status each.
    #[error("the list is not of its form, line {line}, column {column}")]
    Malformed {
        /// Where reading ended.
        line: usize,
        /// Where reading ended.
        column: usize,
    },
    /// A key stands in the list twice.
    #[error("the list has a key twice")]
    DuplicateKey,
    /// There is no entry. The genuine list is never empty, and an empty one is what an attacker on the way would give.
    #[error("the list has no entry")]
    Empty,
    /// Too many keys are no serial numbers: see [`ENTRIES_PER_UNREADABLE`].
    #[error("{unreadable} of the list's {published} keys are no serial numbers")]
    Unreadable {
        /// How many keys could not be read.
        unreadable: usize,
        /// How many entries there are.
        published: usize,
    },
}

/// A list is so much shorter than the one before it that it is more likely cut than cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the list shrank from {from} to {to} entries")]
pub struct Shrunk {
    /// The entries of the older list.
    pub from: usize,
    /// The entries of the newer list.
    pub to: usize,
}

impl StatusList {
    /// Reads a list (`https://android.googleapis.com/attestation/status`), to its last byte.
    ///
    /// Members that are not known are passed over. A key of digits alone stands for two numbers, because real lists hold both
    /// hex and decimal. The key `1` counts as unreadable: it is the serial of every key that Android's Keystore makes.
    pub fn parse(bytes: &[u8]) -> Result<Self, ListFault> {
        if bytes.len() > LIST_LIMIT {
            return Err(ListFault::TooLarge);
        }
        let mut index = Index::default();
        let duplicate = read::entries(bytes, |key, entry| index.take_in(key, entry))?;
        if duplicate {
            return Err(ListFault::DuplicateKey);
        }
        index.list(sha256(bytes))
    }

    /// The worst that the list says about any of these certificates; `None` when none of them is on it.
    ///
    /// The order does not matter, and the leaf's serial may be among them.
    pub fn listed(&self, serials: &[Serial]) -> Option<Listed> {
        serials.iter().filter_map(|serial| self.of(serial)).max_by(|left, right| left.status.cmp(&right.status))
    }

    /// The same for serials in hex, as claims and stores hold them. Errors when one is no serial number: it can be looked for by
    /// nobody, and what carries it should not be believed.
    pub fn listed_hex(&self, serials: &[String]) -> Result<Option<Listed>, SerialMalformed> {
        let serials = serials.iter().map(|serial| serial.parse()).collect::<Result<Vec<Serial>, _>>()?;
        Ok(self.listed(&serials))
    }

    fn of(&self, serial: &Serial) -> Option<Listed> {
        let at = self.entries.binary_search_by(|entry| entry.serial.cmp(serial)).ok()?;
        let entry = self.entries.get(at)?;
        let word = |word: u32| usize::try_from(word).ok().and_then(|word| self.words.get(word)).cloned();
        Some(Listed {
            status: Status::from(word(entry.status).unwrap_or_default()),
            reason: entry.reason.and_then(word),
        })
    }

    /// Every number that is on the list, each once, for a store that looks for them among the serials it keeps.
    pub fn serials(&self) -> impl Iterator<Item = Serial> {
        self.entries.iter().map(|entry| entry.serial)
    }

    /// How many entries were published.
    pub const fn len(&self) -> usize {
        self.published
    }

    /// Never: a list without entries is not read.
    pub const fn is_empty(&self) -> bool {
        self.published == 0
    }

    /// How many of the published entries have a key that is no serial number, and therefore match nothing.
    pub const fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// SHA-256 of the bytes that were read.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Whether this list may take the place of an older one: it has lost at most `max_shrink_percent` of its entries.
    pub const fn may_follow(&self, older: &Self, max_shrink_percent: u8) -> Result<(), Shrunk> {
        let (from, to) = (older.published, self.published);
        let kept_percent = if max_shrink_percent > 100 { 0 } else { 100 - max_shrink_percent as usize };
        if to.saturating_mul(100) < from.saturating_mul(kept_percent) { Err(Shrunk { from, to }) } else { Ok(()) }
    }
}

impl std::fmt::Debug for StatusList {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (published, unreadable) = (self.published, self.unreadable);
        out.debug_struct("StatusList").field("published", &published).field("unreadable", &unreadable).finish()
    }
}

impl Status {
    /// The status as the list spells it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unrecognised(word) => word,
            Self::Suspended => "SUSPENDED",
            Self::Revoked => "REVOKED",
        }
    }
}

impl From<Box<str>> for Status {
    fn from(word: Box<str>) -> Self {
        match &*word {
            "REVOKED" => Self::Revoked,
            "SUSPENDED" => Self::Suspended,
            _ => Self::Unrecognised(word),
        }
    }
}

/// A list in the making: few words stand in many entries.
#[derive(Default)]
struct Index {
    entries: Vec<Entry>,
    words: HashMap<Box<str>, u32>,
    published: usize,
    unreadable: usize,
}

impl Index {
    fn take_in(&mut self, key: &str, entry: &read::EntryText<'_>) {
        self.published += 1;
        let (status, reason) = (self.word(&entry.status), entry.reason.as_deref().map(|reason| self.word(reason)));
        let hex = Serial::from_hex(key);
        let decimal = Serial::from_decimal(key).filter(|decimal| Some(*decimal) != hex);
        let meant = hex.into_iter().chain(decimal).filter(|serial| *serial != Serial::ONE);
        let before = self.entries.len();
        self.entries.extend(meant.map(|serial| Entry { serial, status, reason }));
        self.unreadable += usize::from(self.entries.len() == before);
    }

    fn word(&mut self, text: &str) -> u32 {
        let end = text.char_indices().nth(WORD_LIMIT).map_or(text.len(), |(at, _)| at);
        let text = text.get(..end).unwrap_or_default();
        let next = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        match self.words.get(text) {
            Some(known) => *known,
            None => *self.words.entry(text.into()).or_insert(next),
        }
    }

    fn list(mut self, digest: Digest) -> Result<StatusList, ListFault> {
        let (published, unreadable) = (self.published, self.unreadable);
        if published == 0 {
            return Err(ListFault::Empty);
        }
        if unreadable.saturating_mul(ENTRIES_PER_UNREADABLE) > published {
            return Err(ListFault::Unreadable { unreadable, published });
        }
        let mut words: Vec<_> = self.words.into_iter().collect();
        words.sort_unstable_by_key(|(_, number)| *number);
        let words: Box<[Box<str>]> = words.into_iter().map(|(word, _)| word).collect();
        let rank = |entry: &Entry| {
            let word = usize::try_from(entry.status).ok().and_then(|word| words.get(word)).map(|word| &**word);
            [Some("REVOKED"), Some("SUSPENDED")].iter().position(|worse| *worse == word).unwrap_or(2)
        };
        self.entries.sort_unstable_by_key(|entry| (entry.serial, rank(entry), *entry));
        self.entries.dedup_by_key(|entry| entry.serial);
        Ok(StatusList { entries: self.entries.into_boxed_slice(), words, published, unreadable, digest })
    }
}

#[cfg(test)]
mod tests;
