//! Words, alone and in lists.

use std::collections::BTreeSet;
use std::fmt::Debug;

use crate::appraisal::expression::{Texts, Value};
use crate::evidence::claims::play_integrity::{AccessRisk, DeviceLabel, LocationRisk};
use crate::evidence::claims::{Package, ReportedSignal};

/// Something that is one word.
pub(super) trait Word: Debug {
    fn word(&self) -> &str;
}

impl Word for Package {
    fn word(&self) -> &str {
        &self.name
    }
}

impl Word for DeviceLabel {
    fn word(&self) -> &str {
        self.name()
    }
}

impl Word for AccessRisk {
    fn word(&self) -> &str {
        self.name()
    }
}

impl Word for LocationRisk {
    fn word(&self) -> &str {
        self.name()
    }
}

impl<W: Word> Texts for Vec<W> {
    fn has(&self, text: &str) -> bool {
        self.iter().any(|own| own.word() == text)
    }

    fn count(&self) -> usize {
        self.len()
    }
}

impl Texts for BTreeSet<ReportedSignal> {
    fn has(&self, text: &str) -> bool {
        self.iter().any(|own| own.name() == text)
    }

    fn count(&self) -> usize {
        self.len()
    }
}

/// A list; one without elements says nothing.
pub(super) fn several<W: Word>(words: &Vec<W>) -> Option<Value<'_>> {
    (!words.is_empty()).then_some(Value::Texts(words))
}

/// Any text; an empty one says nothing.
pub(super) fn text(text: &str) -> Option<Value<'_>> {
    (!text.is_empty()).then_some(Value::Text(text))
}

/// A word, if it is one of those that say something.
pub(super) fn word<'a>(telling: &[&str], word: &'a str) -> Option<Value<'a>> {
    telling.contains(&word).then_some(Value::Text(word))
}

/// A number.
pub(super) fn number(number: impl TryInto<i64>) -> Option<Value<'static>> {
    number.try_into().ok().map(Value::Int)
}
