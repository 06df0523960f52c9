//! What an expression becomes: conditions over terms, weighed in the logic of three values that Kleene described.

use std::cmp::Ordering;

use super::schema::{Facts, Slot, Value};
use super::version::Version;

/// What is true or false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// A term that is true or false.
    Plain(Term),
    Has(Slot),
    Not(Box<Condition>),
    All(Box<[Condition]>),
    Any(Box<[Condition]>),
    Compare(Comparison, Box<[Term; 2]>),
    /// The first is equal to one of the others.
    Among(Term, Box<[Term]>),
    /// The first is in the list that the second is.
    Within(Box<[Term; 2]>),
    Search(Search, Box<[Term; 2]>),
}

/// What has a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Bool(bool),
    Int(i64),
    Text(Box<str>),
    Version(Version),
    Fact(Slot),
    Condition(Box<Condition>),
    If(Box<(Condition, Term, Term)>),
    Size(Box<Term>),
    VersionOf(Box<Term>),
}

/// How two values of one kind are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// How a text is looked for in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    Start,
    End,
    Anywhere,
}

impl Condition {
    /// `None` when an absent fact decides.
    pub(super) fn truth(&self, facts: &impl Facts) -> Option<bool> {
        match self {
            Self::Plain(term) => term.value(facts)?.as_bool(),
            Self::Has(slot) => facts.presence(*slot),
            Self::Not(condition) => condition.truth(facts).map(|truth| !truth),
            Self::All(conditions) => settle(false, conditions.iter().map(|condition| condition.truth(facts))),
            Self::Any(conditions) => settle(true, conditions.iter().map(|condition| condition.truth(facts))),
            Self::Compare(comparison, terms) => {
                let (left, right) = both(terms, facts)?;
                Some(comparison.takes(order(left, right)?))
            }
            Self::Among(term, others) => {
                let value = term.value(facts)?;
                let equal = |other: &Term| Some(order(value, other.value(facts)?)?.is_eq());
                settle(true, others.iter().map(equal))
            }
            Self::Within(terms) => match both(terms, facts)? {
                (Value::Text(text), Value::Texts(texts)) => Some(texts.has(text)),
                _ => None,
            },
            Self::Search(search, terms) => match both(terms, facts)? {
                (Value::Text(text), Value::Text(part)) => Some(search.finds(text, part)),
                _ => None,
            },
        }
    }
}

/// `by` as soon as one truth is `by`; otherwise its opposite, when all are known.
fn settle(by: bool, truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut rest = Some(!by);
    for truth in truths {
        match truth {
            Some(truth) if truth == by => return Some(by),
            Some(_) => {}
            None => rest = None,
        }
    }
    rest
}

fn both<'a>(terms: &'a [Term; 2], facts: &'a impl Facts) -> Option<(Value<'a>, Value<'a>)> {
    let [left, right] = terms;
    Some((left.value(facts)?, right.value(facts)?))
}

/// Texts compare by code points, as in CEL. `None` for values of different kinds, and for lists.
fn order(left: Value<'_>, right: Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(&right)),
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(&right)),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::Version(left), Value::Version(right)) => Some(left.cmp(&right)),
        _ => None,
    }
}

impl Term {
    /// `None` when an absent fact decides.
    pub(super) fn value<'a>(&'a self, facts: &'a impl Facts) -> Option<Value<'a>> {
        match self {
            Self::Bool(value) => Some(Value::Bool(*value)),
            Self::Int(value) => Some(Value::Int(*value)),
            Self::Text(value) => Some(Value::Text(value)),
            Self::Version(value) => Some(Value::Version(*value)),
            Self::Fact(slot) => facts.value(*slot),
            Self::Condition(condition) => condition.truth(facts).map(Value::Bool),
            Self::If(parts) => {
                let (condition, yes, no) = &**parts;
                if condition.truth(facts)? { yes.value(facts) } else { no.value(facts) }
            }
            Self::Size(term) => size(term.value(facts)?).map(Value::Int),
            Self::VersionOf(term) => match term.value(facts)? {
                Value::Text(text) => text.parse().ok().map(Value::Version),
                _ => None,
            },
        }
    }
}

/// The characters of a text, or the elements of a list.
fn size(value: Value<'_>) -> Option<i64> {
    match value {
        Value::Text(text) => i64::try_from(text.chars().count()).ok(),
        Value::Texts(texts) => i64::try_from(texts.count()).ok(),
        _ => None,
    }
}

impl Value<'_> {
    const fn as_bool(self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(value),
            _ => None,
        }
    }
}

impl Comparison {
    /// By its sign.
    pub(super) fn of(sign: &str) -> Option<Self> {
        match sign {
            "==" => Some(Self::Equal),
            "!=" => Some(Self::NotEqual),
            "<" => Some(Self::Below),
            "<=" => Some(Self::AtMost),
            ">" => Some(Self::Above),
            ">=" => Some(Self::AtLeast),
            _ => None,
        }
    }

    /// Whether it asks which one is greater.
    pub(super) const fn orders(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    const fn takes(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Below => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Above => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

impl Search {
    fn finds(self, text: &str, part: &str) -> bool {
        match self {
            Self::Start => text.starts_with(part),
            Self::End => text.ends_with(part),
            Self::Anywhere => text.contains(part),
        }
    }
}
