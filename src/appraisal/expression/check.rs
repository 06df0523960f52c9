//! Types: which terms may meet, and what comes of it.

use std::ops::Range;

use super::fault::ExpressionFault;
use super::schema::Kind;
use super::term::{Comparison, Condition, Term};
use crate::wire::authority;

/// A term with its kind, and where it stands.
pub(super) struct Typed {
    pub(super) term: Term,
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

impl Typed {
    /// A condition as a term.
    pub(super) fn condition(condition: Condition, span: Range<usize>) -> Self {
        Self { term: Term::Condition(Box::new(condition)), kind: Kind::Bool, span }
    }

    /// The condition that this term is.
    pub(super) fn into_condition(self) -> Result<Condition, ExpressionFault> {
        match (self.kind, self.term) {
            (Kind::Bool, Term::Condition(condition)) => Ok(*condition),
            (Kind::Bool, term) => Ok(Condition::Plain(term)),
            (kind, _) => Err(unfit(self.span, "true or false is needed here", kind)),
        }
    }

    /// The term, which has to be text.
    pub(super) fn into_text(self) -> Result<Term, ExpressionFault> {
        match family(self.kind) {
            Kind::Text => Ok(self.term),
            _ => Err(unfit(self.span, "text is needed here", self.kind)),
        }
    }
}

fn unfit(span: Range<usize>, needed: &str, kind: Kind) -> ExpressionFault {
    ExpressionFault::new(span, format!("{needed}, and this is {}", noun(kind)))
}

const fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "true or false",
        Kind::Int => "a number",
        Kind::Text | Kind::Choice(_) | Kind::Authority => "text",
        Kind::TextList | Kind::ChoiceList(_) => "a list",
        Kind::Version => "a version",
    }
}

/// The kind without what values are left.
const fn family(kind: Kind) -> Kind {
    match kind {
        Kind::Choice(_) | Kind::Authority => Kind::Text,
        Kind::ChoiceList(_) => Kind::TextList,
        kind => kind,
    }
}

const fn choices(kind: Kind) -> Option<&'static [&'static str]> {
    match kind {
        Kind::Choice(values) | Kind::ChoiceList(values) => Some(values),
        _ => None,
    }
}

/// `left < right` and the like.
pub(super) fn compare(comparison: Comparison, left: Typed, right: Typed) -> Result<Typed, ExpressionFault> {
    let span = left.span.start..right.span.end;
    meet(&left, &right)?;
    if matches!(family(left.kind), Kind::TextList) {
        return Err(ExpressionFault::new(span, "lists cannot be compared").hint("ask for an element with `in`"));
    }
    let unordered = left.kind == Kind::Bool || choices(left.kind).or(choices(right.kind)).is_some();
    if comparison.orders() && unordered {
        return Err(ExpressionFault::new(span, "these values have no order").hint("use `==`, `!=` or `in`"));
    }
    Ok(Typed::condition(Condition::Compare(comparison, Box::new([left.term, right.term])), span))
}

/// `term in [elements]`.
pub(super) fn among(term: Typed, elements: Vec<Typed>, end: usize) -> Result<Typed, ExpressionFault> {
    let span = term.span.start..end;
    if matches!(family(term.kind), Kind::TextList) {
        return Err(unfit(term.span, "a single value is needed here", term.kind));
    }
    elements.iter().try_for_each(|element| meet(&term, element))?;
    let elements = elements.into_iter().map(|element| element.term).collect();
    Ok(Typed::condition(Condition::Among(term.term, elements), span))
}

/// `term in list`.
pub(super) fn within(term: Typed, list: Typed) -> Result<Typed, ExpressionFault> {
    let span = term.span.start..list.span.end;
    match family(list.kind) {
        Kind::TextList => {}
        Kind::Text => return Err(unfit(list.span, "a list is needed here", list.kind).hint("use `contains`")),
        _ => return Err(unfit(list.span, "a list is needed here", list.kind)),
    }
    only_values(list.kind, &term)?;
    Ok(Typed::condition(Condition::Within(Box::new([term.into_text()?, list.term])), span))
}

/// `condition ? yes : no`.
pub(super) fn either(condition: Typed, yes: Typed, no: Typed) -> Result<Typed, ExpressionFault> {
    let span = condition.span.start..no.span.end;
    let kind = if yes.kind == no.kind { yes.kind } else { family(yes.kind) };
    if family(yes.kind) != family(no.kind) {
        let message = format!("one branch is {}, the other {}", noun(yes.kind), noun(no.kind));
        return Err(ExpressionFault::new(yes.span.start..no.span.end, message));
    }
    Ok(Typed { term: Term::If(Box::new((condition.into_condition()?, yes.term, no.term))), kind, span })
}

/// Whether two terms can be equal.
fn meet(left: &Typed, right: &Typed) -> Result<(), ExpressionFault> {
    let families = (family(left.kind), family(right.kind));
    if families.0 == families.1 {
        return only_values(left.kind, right).and_then(|()| only_values(right.kind, left));
    }
    let message = format!("{} cannot be compared with {}", noun(left.kind), noun(right.kind));
    let fault = ExpressionFault::new(left.span.start..right.span.end, message);
    Err(match families {
        (Kind::Version, Kind::Text) | (Kind::Text, Kind::Version) => fault.hint("write version(\"3.2\")"),
        (Kind::TextList, _) | (_, Kind::TextList) => fault.hint("ask for an element with `in`"),
        _ => fault,
    })
}

/// A text that is written down has to be one that a fact of this kind has.
fn only_values(kind: Kind, other: &Typed) -> Result<(), ExpressionFault> {
    let Term::Text(text) = &other.term else { return Ok(()) };
    match kind {
        Kind::Choice(values) | Kind::ChoiceList(values) => only_choices(values, text, &other.span),
        Kind::Authority => only_authority(text, &other.span),
        _ => Ok(()),
    }
}

fn only_choices(values: &'static [&'static str], text: &str, span: &Range<usize>) -> Result<(), ExpressionFault> {
    if values.contains(&text) {
        return Ok(());
    }
    let all = values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ");
    let fault = ExpressionFault::new(span.clone(), format!("{text:?} is none of the values {all}"));
    Err(fault.suggest(text, values.iter().copied()))
}

fn only_authority(text: &str, span: &Range<usize>) -> Result<(), ExpressionFault> {
    let portable = authority::portable(text);
    if portable.as_deref() == Some(text) {
        return Ok(());
    }
    let message = format!("{text:?} is no host in small letters, with its port unless that is 80 or 443");
    let fault = ExpressionFault::new(span.clone(), message);
    Err(portable.into_iter().fold(fault, |fault, portable| fault.hint(format!("write {portable:?}"))))
}

/// What is looked for in a text has to be what a fact of this kind may have in it.
pub(super) fn only_parts(kind: Kind, part: &Typed) -> Result<(), ExpressionFault> {
    let (Kind::Authority, Term::Text(text)) = (kind, &part.term) else { return Ok(()) };
    if authority::is_plain_part(text) {
        return Ok(());
    }
    let fault = ExpressionFault::new(part.span.clone(), format!("{text:?} is in no host and port in small letters"));
    let small = Some(text.to_ascii_lowercase()).filter(|small| authority::is_plain_part(small));
    Err(small.into_iter().fold(fault, |fault, small| fault.hint(format!("write {small:?}"))))
}
