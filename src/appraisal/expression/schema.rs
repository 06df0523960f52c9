//! What expressions are about: named facts of known kinds, and where their values come from.

use std::collections::BTreeSet;
use std::fmt;

use super::version::Version;

/// The number under which a schema and the facts know one fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u16);

/// What values a fact has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// Any text.
    Text,
    /// One of these texts, which have no order.
    Choice(&'static [&'static str]),
    /// Host and port of a request, in the form in which they are compared.
    Authority,
    /// Any number of texts.
    TextList,
    /// Any number of these texts.
    ChoiceList(&'static [&'static str]),
    /// Numbers with dots between them.
    Version,
}

/// The facts that there are.
pub trait Schema {
    /// The slot and kind of a fact, by its name with dots.
    fn fact(&self, name: &str) -> Option<(Slot, Kind)>;

    /// The names of all facts, to suggest one.
    fn names(&self) -> impl Iterator<Item = &str>;
}

/// The facts of one case.
pub trait Facts {
    /// The value of a fact; `None` when it is absent.
    fn value(&self, slot: Slot) -> Option<Value<'_>>;

    /// Whether there is a value; `None` when that is not known either.
    fn presence(&self, slot: Slot) -> Option<bool> {
        Some(self.value(slot).is_some())
    }

    /// Why a fact has no value.
    fn absence(&self, _slot: Slot) -> Absence {
        Absence::Unknown
    }
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It may be anything: it is only not known here.
    Unknown,
    /// It is nothing: what would state it was not sent.
    Unsent,
}

/// The value of a fact.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Of [`Kind::Bool`].
    Bool(bool),
    /// Of [`Kind::Int`].
    Int(i64),
    /// Of [`Kind::Text`], [`Kind::Choice`] and [`Kind::Authority`].
    Text(&'a str),
    /// Of [`Kind::TextList`] and [`Kind::ChoiceList`].
    Texts(&'a dyn Texts),
    /// Of [`Kind::Version`].
    Version(Version),
}

/// Several texts in any form.
pub trait Texts: fmt::Debug {
    /// Whether this text is among them.
    fn has(&self, text: &str) -> bool;

    /// How many there are.
    fn count(&self) -> usize;
}

impl Texts for Vec<String> {
    fn has(&self, text: &str) -> bool {
        self.iter().any(|own| own == text)
    }

    fn count(&self) -> usize {
        self.len()
    }
}

impl Texts for BTreeSet<String> {
    fn has(&self, text: &str) -> bool {
        self.contains(text)
    }

    fn count(&self) -> usize {
        self.len()
    }
}

/// Whether an expression holds: whether it may, and whether it may not, with all that the unknown facts could be. What was not sent
/// makes it neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It may hold, and nothing that is unknown would deny it.
    True,
    /// It may be denied, and nothing that is unknown would make it hold.
    False,
    /// It may be either.
    Unknown,
    /// It is neither, whatever is unknown.
    Unsent,
}

impl From<Result<bool, Absence>> for Truth {
    fn from(truth: Result<bool, Absence>) -> Self {
        match truth {
            Ok(true) => Self::True,
            Ok(false) => Self::False,
            Err(Absence::Unknown) => Self::Unknown,
            Err(Absence::Unsent) => Self::Unsent,
        }
    }
}
