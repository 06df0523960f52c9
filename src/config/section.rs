//! Sections: the tables of the document. A section knows which keys it was asked for, and refuses all others.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeTable;

use super::entry::Entry;
use super::ledger::Ledger;
use crate::wire::nearest::nearest;

/// One table, or the place where it is missing.
pub(super) struct Section<'a> {
    title: String,
    span: Range<usize>,
    table: Option<&'a DeTable<'a>>,
    asked: BTreeSet<&'static str>,
    ledger: &'a Ledger<'a>,
}

impl<'a> Section<'a> {
    /// The document itself.
    pub(super) fn root(table: &'a DeTable<'a>, ledger: &'a Ledger<'a>) -> Self {
        Self { title: String::new(), span: 0..0, table: Some(table), asked: BTreeSet::new(), ledger }
    }

    /// Whether the table stands in the document.
    pub(super) const fn is_present(&self) -> bool {
        self.table.is_some()
    }

    /// The entry with this key, if there is one.
    pub(super) fn entry(&mut self, key: &'static str) -> Option<Entry<'a>> {
        self.asked.insert(key);
        self.table?.get(key).map(|value| Entry::new(value, self.ledger))
    }

    /// The entry with this key, which has to be there.
    pub(super) fn required(&mut self, key: &'static str) -> Option<Entry<'a>> {
        let entry = self.entry(key);
        if entry.is_none() {
            self.miss(format!("{key:?} is missing"));
        }
        entry
    }

    /// Reads the entry with this key. The default stands in when there is none, and after a fault.
    pub(super) fn read<T>(&mut self, key: &'static str, read: impl FnOnce(Entry<'a>) -> Option<T>, default: T) -> T {
        self.entry(key).and_then(read).unwrap_or(default)
    }

    /// Reads a duration within the range.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        range: RangeInclusive<Duration>,
        default: Duration,
    ) -> Duration {
        self.read(key, |entry| entry.duration(range), default)
    }

    /// The table with this key, there or not.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        let title = if self.title.is_empty() { key.to_owned() } else { format!("{}.{key}", self.title) };
        let entry = self.entry(key);
        let span = entry.map_or_else(|| self.span.clone(), |entry| entry.span());
        Self { title, span, table: entry.and_then(Entry::table), asked: BTreeSet::new(), ledger: self.ledger }
    }

    /// The tables `[[key]]`.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Self> {
        let items = self.entry(key).and_then(|entry| entry.tables(key)).unwrap_or_default();
        items.into_iter().filter_map(|item| self.item(key, item)).collect()
    }

    /// The tables `[[key]]`, of which there has to be one.
    pub(super) fn required_sections(&mut self, key: &'static str) -> Vec<Self> {
        match self.entry(key) {
            None => self.miss(format!("[[{key}]] is missing")),
            Some(entry) => entry.expect_items(&format!("[[{key}]]")),
        }
        self.sections(key)
    }

    fn item(&self, key: &str, item: Entry<'a>) -> Option<Self> {
        let table = Some(item.table()?);
        Some(Self { title: key.to_owned(), span: item.span(), table, asked: BTreeSet::new(), ledger: self.ledger })
    }

    /// The path, seen from the folder of the configuration.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.ledger.resolve(path)
    }

    /// Refuses a key that is often written here by mistake, and never shows its value.
    pub(super) fn forbid(&mut self, key: &'static str, hint: &str) {
        let Some((found, value)) = self.table.and_then(|table| table.get_key_value(key)) else { return };
        self.asked.insert(key);
        self.ledger.conceal(value.span());
        self.ledger.refuse(found.span(), self.unknown(key), Some(hint.to_owned()));
    }

    /// Notes that something is missing here.
    pub(super) fn miss(&self, message: String) {
        let whole = if self.title.is_empty() { message } else { format!("{message} in [{}]", self.title) };
        self.ledger.misplaced(self.span.clone(), whole, None);
    }

    /// Ends the reading: refuses every key that was not asked for.
    pub(super) fn finish(self) {
        for (key, value) in self.table.into_iter().flatten() {
            let name: &str = key.get_ref();
            if !self.asked.contains(name) {
                self.refuse_unknown(name, key.span(), value.span());
            }
        }
    }

    fn refuse_unknown(&self, name: &str, key: Range<usize>, value: Range<usize>) {
        // A value that nobody asked for may be a secret. That of a table starts at its header, before the key.
        if value.start > key.end {
            self.ledger.conceal(value);
        }
        let meant = nearest(name, self.asked.iter().copied());
        let hint = meant.map(|meant| format!("did you mean {meant:?}?"));
        match self.title.as_str() {
            "" => self.ledger.misplaced(key, self.unknown(name), hint),
            _ => self.ledger.refuse(key, self.unknown(name), hint),
        }
    }

    fn unknown(&self, key: &str) -> String {
        match self.title.as_str() {
            "" => format!("unknown key {key:?}"),
            title => format!("unknown key {key:?} in [{title}]"),
        }
    }
}
