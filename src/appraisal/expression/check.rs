//! Types: which terms may meet, and what comes of it.

use std::ops::Range;

use super::fault::ExpressionFault;
use super::schema::Kind;
use super::term::{Comparison, Condition, Term};

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
        Kind::Text | Kind::Choice(_) => "text",
        Kind::TextList | Kind::ChoiceList(_) => "a list",
        Kind::Version => "a version",
    }
}

/// The kind without what values are left.
const fn family(kind: Kind) -> Kind {
    match kind {
        Kind::Choice(_) => Kind::Text,
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
    only_choices(list.kind, &term)?;
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
        return only_choices(left.kind, right).and_then(|()| only_choices(right.kind, left));
    }
    let message = format!("{} cannot be compared with {}", noun(left.kind), noun(right.kind));
    let fault = ExpressionFault::new(left.span.start..right.span.end, message);
    Err(match families {
        (Kind::Version, Kind::Text) | (Kind::Text, Kind::Version) => fault.hint("write version(\"3.2\")"),
        (Kind::TextList, _) | (_, Kind::TextList) => fault.hint("ask for an element with `in`"),
        _ => fault,
    })
}

/// A text that is written down has to be among the choices.
fn only_choices(kind: Kind, other: &Typed) -> Result<(), ExpressionFault> {
    let (Some(values), Term::Text(text)) = (choices(kind), &other.term) else {
        return Ok(());
    };
    if values.contains(&&**text) {
        return Ok(());
    }
    let all = values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ");
    let fault = ExpressionFault::new(other.span.clone(), format!("{text:?} is none of the values {all}"));
    Err(fault.suggest(text, values.iter().copied()))
}
