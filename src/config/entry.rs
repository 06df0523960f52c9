//! Entries: the values of the document, read as what they should be.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use data_encoding::HEXLOWER_PERMISSIVE;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ledger::Ledger;
use super::units;
use crate::appraisal::expression::ExpressionFault;
use crate::crypto::digest::Digest;
use crate::wire::nearest::nearest;

/// One value. Reading it notes a fault and gives `None` when it is something else.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    value: &'a Spanned<DeValue<'a>>,
    ledger: &'a Ledger<'a>,
}

impl<'a> Entry<'a> {
    /// The value.
    pub(super) const fn new(value: &'a Spanned<DeValue<'a>>, ledger: &'a Ledger<'a>) -> Self {
        Self { value, ledger }
    }

    /// Where the value stands.
    pub(super) fn span(self) -> Range<usize> {
        self.value.span()
    }

    /// Notes that the value is wrong.
    pub(super) fn refuse<T>(self, message: impl Into<String>) -> Option<T> {
        self.refuse_with(message, None)
    }

    /// Notes that the value is wrong, and what to do about it.
    pub(super) fn refuse_with<T>(self, message: impl Into<String>, hint: Option<String>) -> Option<T> {
        self.ledger.refuse(self.span(), message.into(), hint);
        None
    }

    /// Keeps the value out of everything that is shown.
    pub(super) fn conceal(self) {
        self.ledger.conceal(self.span());
    }

    /// The line the value stands on.
    pub(super) fn line(self) -> usize {
        self.ledger.line(&self.span())
    }

    /// A text.
    pub(super) fn text(self) -> Option<&'a str> {
        self.text_as("a string")
    }

    /// A text that reads as `T`.
    pub(super) fn parsed<T: FromStr<Err: Display>>(self) -> Option<T> {
        match self.text()?.parse::<T>() {
            Ok(value) => Some(value),
            Err(error) => self.refuse(error.to_string()),
        }
    }

    /// An IP address and a port.
    pub(super) fn address(self) -> Option<SocketAddr> {
        const ADDRESS: &str = "an IP address and a port, for example \"127.0.0.1:7443\" or \"[::1]:7443\"";
        let text = self.text_as(ADDRESS)?;
        text.parse().ok().or_else(|| self.refuse(format!("expected {ADDRESS}")))
    }

    /// A duration within the range.
    pub(super) fn duration(self, range: RangeInclusive<Duration>) -> Option<Duration> {
        const DURATION: &str = "a duration such as \"250ms\", \"30s\", \"5m\" or \"2h\"";
        let read = units::duration(self.text_as(DURATION)?);
        let duration = read.or_else(|| self.refuse(format!("expected {DURATION}")))?;
        self.within(duration, range, units::written_duration)
    }

    /// A number of bytes within the range.
    pub(super) fn size(self, range: RangeInclusive<u64>) -> Option<u64> {
        const SIZE: &str = "a size such as \"512KiB\", \"64MiB\" or \"2GiB\"";
        let read = units::size(self.text_as(SIZE)?);
        let size = read.or_else(|| self.refuse(format!("expected {SIZE}")))?;
        self.within(size, range, units::written_size)
    }

    /// A whole number within the range.
    pub(super) fn integer(self, range: RangeInclusive<u32>) -> Option<u32> {
        let expected = format!("expected {} to {}", range.start(), range.end());
        let DeValue::Integer(integer) = self.value.get_ref() else { return self.refuse_kind("an integer") };
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok();
        number.filter(|number| range.contains(number)).or_else(|| self.refuse(expected))
    }

    /// True or false.
    pub(super) fn flag(self) -> Option<bool> {
        let DeValue::Boolean(flag) = self.value.get_ref() else { return self.refuse_kind("true or false") };
        Some(*flag)
    }

    /// Notes what is wrong with an expression, at its own place in the text where the text stands as it is.
    pub(super) fn refuse_part<T>(self, fault: &ExpressionFault) -> Option<T> {
        let start = self.text().and_then(|text| self.ledger.start_of(&self.span(), text));
        let part = |start: usize| start + fault.span.start..start + fault.span.end;
        self.ledger.refuse(start.map_or_else(|| self.span(), part), fault.message.clone(), fault.hint.clone());
        None
    }

    /// One of the named values.
    pub(super) fn one_of<T: Copy>(self, names: &[(&'static str, T)]) -> Option<T> {
        let all = names.iter().map(|(name, _)| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        let expected = format!("one of {all}");
        let text = self.text_as(&expected)?;
        let known = names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        let meant = nearest(text, names.iter().map(|(name, _)| *name));
        let hint = meant.map(|meant| format!("did you mean {meant:?}?"));
        known.or_else(|| self.refuse_with(format!("expected {expected}"), hint))
    }

    /// A SHA-256 value in hexadecimal. What stands there is never shown, since it may be the secret itself.
    pub(super) fn digest(self) -> Option<Digest> {
        self.conceal();
        let decoded = HEXLOWER_PERMISSIVE.decode(self.text()?.as_bytes());
        let digest = decoded.ok().and_then(|bytes| Digest::try_from(bytes).ok());
        digest.or_else(|| self.refuse("expected 64 hexadecimal digits"))
    }

    /// A path, seen from the folder of the configuration.
    pub(super) fn path(self) -> Option<PathBuf> {
        let text = self.text_as("a path")?;
        if text.contains("-----BEGIN") {
            self.conceal();
            return self.refuse("expected the path of a file, not what it holds");
        }
        if text.is_empty() || text.contains('\0') {
            self.refuse("expected a path")
        } else {
            Some(self.ledger.resolve(text))
        }
    }

    /// The items of a list.
    pub(super) fn items(self) -> Option<Vec<Self>> {
        let DeValue::Array(items) = self.value.get_ref() else { return self.refuse_kind("a list") };
        Some(items.iter().map(|item| Self { value: item, ..self }).collect())
    }

    /// The tables `[[key]]`.
    pub(super) fn tables(self, key: &str) -> Option<Vec<Self>> {
        match self.value.get_ref() {
            DeValue::Array(_) => self.items(),
            _ => self.refuse(format!("expected [[{key}]], in double brackets")),
        }
    }

    /// Refuses a list without items.
    pub(super) fn expect_items(self, what: &str) {
        if self.value.get_ref().as_array().is_some_and(|items| items.is_empty()) {
            self.refuse::<()>(format!("expected at least one {what}"));
        }
    }

    /// A table.
    pub(super) fn table(self) -> Option<&'a DeTable<'a>> {
        let DeValue::Table(table) = self.value.get_ref() else { return self.refuse_kind("a table") };
        Some(table)
    }

    /// The entries of a table whose keys are names of the operator's own.
    pub(super) fn named(self) -> Option<Vec<(&'a str, Self)>> {
        let named = |(name, value): (&'a Spanned<_>, &'a _)| -> (&'a str, Self) {
            let name: &'a std::borrow::Cow<'a, str> = name.get_ref();
            (name, Self { value, ..self })
        };
        Some(self.table()?.iter().map(named).collect())
    }

    fn text_as(self, expected: &str) -> Option<&'a str> {
        let DeValue::String(text) = self.value.get_ref() else { return self.refuse_kind(expected) };
        Some(text)
    }

    fn refuse_kind<T>(self, expected: &str) -> Option<T> {
        let found = self.value.get_ref().type_str();
        let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
        self.refuse(format!("expected {expected}, found {article} {found}"))
    }

    fn within<T: PartialOrd + Copy>(self, value: T, range: RangeInclusive<T>, write: fn(T) -> String) -> Option<T> {
        if range.contains(&value) {
            return Some(value);
        }
        self.refuse(format!("expected {} to {}", write(*range.start()), write(*range.end())))
    }
}

/// Refuses every value that stands there a second time.
pub(super) fn refuse_repeats<'a, T: PartialEq + 'a>(found: &[(Entry<'a>, T)], what: &str) {
    for (at, (entry, value)) in found.iter().enumerate() {
        if let Some((first, _)) = found.iter().take(at).find(|(_, earlier)| earlier == value) {
            entry.refuse::<()>(format!("this {what} is taken: it already stands on line {}", first.line()));
        }
    }
}
