//! What an expression becomes: conditions over terms, weighed in the logic of four values that Belnap described.

use std::cmp::Ordering;

use super::schema::{Absence, Facts, Slot, Value};
use super::version::Version;

/// What is known, or why it is not.
type Found<T> = Result<T, Absence>;

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
    /// Whether it holds, unless an absent fact decides.
    pub(super) fn truth(&self, facts: &impl Facts) -> Found<bool> {
        match self {
            Self::Plain(term) => term.value(facts)?.as_bool().ok_or(Absence::Unknown),
            Self::Has(slot) => facts.presence(*slot).ok_or(Absence::Unknown),
            Self::Not(condition) => condition.truth(facts).map(|truth| !truth),
            Self::All(conditions) => settle(false, conditions.iter().map(|condition| condition.truth(facts))),
            Self::Any(conditions) => settle(true, conditions.iter().map(|condition| condition.truth(facts))),
            Self::Compare(comparison, terms) => {
                let (left, right) = both(terms, facts)?;
                Ok(comparison.takes(order(left, right)?))
            }
            Self::Among(term, others) => {
                let value = term.value(facts)?;
                let equal = |other: &Term| Ok(order(value, other.value(facts)?)?.is_eq());
                settle(true, others.iter().map(equal))
            }
            Self::Within(terms) => match both(terms, facts)? {
                (Value::Text(text), Value::Texts(texts)) => Ok(texts.has(text)),
                _ => Err(Absence::Unknown),
            },
            Self::Search(search, terms) => match both(terms, facts)? {
                (Value::Text(text), Value::Text(part)) => Ok(search.finds(text, part)),
                _ => Err(Absence::Unknown),
            },
        }
    }
}

/// `by` as soon as one truth is `by`; otherwise its opposite, when all are known. It is `by` as well where one is unknown and another
/// was not sent: the one may be `by`, and the other leaves no way to the opposite.
fn settle(by: bool, truths: impl Iterator<Item = Found<bool>>) -> Found<bool> {
    let mut rest = Ok(!by);
    for truth in truths {
        rest = match (rest, truth) {
            (Ok(_), truth) => truth,
            (Err(_), Ok(truth)) if truth != by => rest,
            (Err(one), Err(other)) if one == other => rest,
            _ => Ok(by),
        };
        if rest == Ok(by) {
            break;
        }
    }
    rest
}

/// Both values. One that was not sent leaves the other without a meaning, known or not.
fn both<'a>(terms: &'a [Term; 2], facts: &'a impl Facts) -> Found<(Value<'a>, Value<'a>)> {
    let [left, right] = terms;
    match (left.value(facts), right.value(facts)) {
        (_, Err(Absence::Unsent)) => Err(Absence::Unsent),
        (left, right) => Ok((left?, right?)),
    }
}

/// What comes of a choice that is open. A branch that was not sent adds nothing to the other.
fn either<'a>(yes: Found<Value<'a>>, no: Found<Value<'a>>) -> Found<Value<'a>> {
    match (yes, no) {
        (Err(Absence::Unsent), other) | (other, Err(Absence::Unsent)) => other,
        _ => Err(Absence::Unknown),
    }
}

/// Texts compare by code points, as in CEL. Unknown for values of different kinds, and for lists.
fn order(left: Value<'_>, right: Value<'_>) -> Found<Ordering> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Ok(left.cmp(&right)),
        (Value::Int(left), Value::Int(right)) => Ok(left.cmp(&right)),
        (Value::Text(left), Value::Text(right)) => Ok(left.cmp(right)),
        (Value::Version(left), Value::Version(right)) => Ok(left.cmp(&right)),
        _ => Err(Absence::Unknown),
    }
}

impl Term {
    /// Its value, unless an absent fact decides.
    pub(super) fn value<'a>(&'a self, facts: &'a impl Facts) -> Found<Value<'a>> {
        match self {
            Self::Bool(value) => Ok(Value::Bool(*value)),
            Self::Int(value) => Ok(Value::Int(*value)),
            Self::Text(value) => Ok(Value::Text(value)),
            Self::Version(value) => Ok(Value::Version(*value)),
            Self::Fact(slot) => facts.value(*slot).ok_or_else(|| facts.absence(*slot)),
            Self::Condition(condition) => condition.truth(facts).map(Value::Bool),
            Self::If(parts) => {
                let (condition, yes, no) = &**parts;
                match condition.truth(facts) {
                    Ok(true) => yes.value(facts),
                    Ok(false) => no.value(facts),
                    Err(Absence::Unknown) => either(yes.value(facts), no.value(facts)),
                    Err(Absence::Unsent) => Err(Absence::Unsent),
                }
            }
            Self::Size(term) => size(term.value(facts)?).map(Value::Int).ok_or(Absence::Unknown),
            Self::VersionOf(term) => match term.value(facts)? {
                Value::Text(text) => text.parse().map(Value::Version).map_err(|_| Absence::Unknown),
                _ => Err(Absence::Unknown),
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
