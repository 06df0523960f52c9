//! Facts: what is known of an instance and of a request, by the names that rules use. What says nothing is absent: words of a
//! vendor's for "not evaluated", and those that are newer than this program.

mod known;
mod request;
mod table;
mod words;

pub use request::Request;

pub(super) use known::{Known, was_sent};
pub(super) use table::Source;

use super::expression::{Kind, Schema, Slot};
use table::{FACTS, Fact};

/// All facts, as expressions are read against them.
#[derive(Clone, Copy, Debug)]
pub struct FactNames;

impl FactNames {
    /// The name and kind of every fact, in the order of `docs/policy.md`.
    pub fn all() -> impl Iterator<Item = (&'static str, Kind)> {
        FACTS.iter().map(|fact| (fact.name, fact.kind))
    }

    /// What kind of fact has this name.
    pub fn kind(name: &str) -> Option<Kind> {
        Self.fact(name).map(|(_, kind)| kind)
    }
}

impl Schema for FactNames {
    fn fact(&self, name: &str) -> Option<(Slot, Kind)> {
        let at = FACTS.iter().position(|fact| fact.name == name)?;
        Some((Slot(u16::try_from(at).ok()?), FACTS.get(at)?.kind))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        FACTS.iter().map(|fact| fact.name)
    }
}

/// Where the fact in this slot comes from.
pub(super) fn source(slot: Slot) -> Source {
    fact(slot).map_or(Source::Anything, Fact::source)
}

fn fact(slot: Slot) -> Option<&'static Fact> {
    FACTS.get(usize::from(slot.0))
}

#[cfg(test)]
mod tests;
