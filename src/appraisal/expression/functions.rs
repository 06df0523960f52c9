//! Functions: those that there are, and what to say of those that are not.

use std::ops::Range;

use super::check::{Typed, only_parts};
use super::fault::ExpressionFault;
use super::schema::Kind;
use super::term::{Condition, Search, Term};

/// What is called on a value: `value.method(...)`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Search(Search),
    Size,
}

/// What is called with a value: `function(value)`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Has,
    Size,
    Version,
}

const METHODS: [(&str, Method); 4] = [
    ("startsWith", Method::Search(Search::Start)),
    ("endsWith", Method::Search(Search::End)),
    ("contains", Method::Search(Search::Anywhere)),
    ("size", Method::Size),
];

const FUNCTIONS: [(&str, Function); 3] =
    [("has", Function::Has), ("size", Function::Size), ("version", Function::Version)];

/// CEL's macros that walk through lists.
const LOOPS: [&str; 6] = ["all", "exists", "exists_one", "existsOne", "filter", "map"];

impl Method {
    /// By its name, which stands at `span`.
    pub(super) fn named(name: &str, span: Range<usize>) -> Result<Self, ExpressionFault> {
        find(&METHODS, name).ok_or_else(|| match find(&FUNCTIONS, name) {
            Some(_) => ExpressionFault::new(span, format!("{name} is no method")).hint(format!("write {name}(...)")),
            None => missing(name, span, METHODS.iter().map(|(name, _)| *name)),
        })
    }
}

impl Function {
    /// By its name, which stands at `span`.
    pub(super) fn named(name: &str, span: Range<usize>) -> Result<Self, ExpressionFault> {
        find(&FUNCTIONS, name).ok_or_else(|| match find(&METHODS, name) {
            Some(_) => {
                ExpressionFault::new(span, format!("{name} is a method")).hint(format!("write text.{name}(...)"))
            }
            None => missing(name, span, FUNCTIONS.iter().map(|(name, _)| *name)),
        })
    }
}

fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(own, _)| *own == name).map(|(_, found)| *found)
}

fn missing(name: &str, span: Range<usize>, names: impl Iterator<Item = &'static str>) -> ExpressionFault {
    let fault = ExpressionFault::new(span, format!("there is no function {name:?}"));
    match name {
        "matches" => fault.hint("use startsWith, endsWith and contains"),
        _ if LOOPS.contains(&name) => fault.hint("nothing repeats here; ask a list with `in`"),
        _ => fault.suggest(name, names),
    }
}

/// `text.startsWith(part)` and the like.
pub(super) fn search(search: Search, text: Typed, part: Typed, end: usize) -> Result<Typed, ExpressionFault> {
    let span = text.span.start..end;
    only_parts(text.kind, &part)?;
    let terms = Box::new([text.into_text()?, part.into_text()?]);
    Ok(Typed::condition(Condition::Search(search, terms), span))
}

/// `size(of)` and `of.size()`.
pub(super) fn size(of: Typed, span: Range<usize>) -> Result<Typed, ExpressionFault> {
    let term = match of.kind {
        Kind::TextList | Kind::ChoiceList(_) => of.term,
        _ => of.into_text()?,
    };
    Ok(Typed { term: Term::Size(Box::new(term)), kind: Kind::Int, span })
}

/// `version(of)`; a version that is written down is read at once.
pub(super) fn version(of: Typed, span: Range<usize>) -> Result<Typed, ExpressionFault> {
    let inner = of.span.clone();
    let term = match of.into_text()? {
        Term::Text(text) => {
            Term::Version(text.parse().map_err(|fault| ExpressionFault::new(inner, format!("{fault}")))?)
        }
        term => Term::VersionOf(Box::new(term)),
    };
    Ok(Typed { term, kind: Kind::Version, span })
}
