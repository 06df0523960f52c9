//! Conditions in three words: a claim, a comparison, and a value. Each is an expression, and nothing else is ever weighed.

use super::entry::Entry;
use super::section::Section;
use crate::appraisal::expression::Kind;
use crate::appraisal::{Condition, FactNames};
use crate::wire::nearest::nearest;

/// The most values to choose from.
const VALUES: usize = 64;

/// How a claim is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Equals,
    NotEquals,
    Below,
    Above,
    In,
    NotIn,
    Present,
    Absent,
    Prefix,
    Contains,
    Lacks,
}

static COMPARISONS: [(&str, Is); 11] = [
    ("equals", Is::Equals),
    ("not-equals", Is::NotEquals),
    ("below", Is::Below),
    ("above", Is::Above),
    ("in", Is::In),
    ("not-in", Is::NotIn),
    ("present", Is::Present),
    ("absent", Is::Absent),
    ("matches-prefix", Is::Prefix),
    ("contains", Is::Contains),
    ("lacks", Is::Lacks),
];

/// What is so of all evidence of a format, so that a claim is missed in evidence of its own format alone.
static SECTIONS: [(&str, &str); 3] = [
    ("app_attest.", "app_attest.app_id != \"\""),
    ("key_attestation.", "key_attestation.keymint_version >= 0"),
    ("play_integrity.", "play_integrity.kind in [\"classic\", \"standard\"]"),
];

/// Reads `claim`, `is` and `value`. The outer `None` is said of a row without a claim.
pub(super) fn read<'a>(section: &mut Section<'a>) -> Option<Option<(Entry<'a>, Condition)>> {
    let claim = section.entry("claim")?;
    let is = section.required("is").and_then(|entry| Some((entry, entry.one_of(&COMPARISONS)?)));
    let value = section.entry("value");
    Some(read_row(section, claim, is?, value))
}

fn read_row<'a>(
    section: &Section<'a>,
    claim: Entry<'a>,
    (entry, is): (Entry<'a>, Is),
    value: Option<Entry<'a>>,
) -> Option<(Entry<'a>, Condition)> {
    let name = claim.text()?;
    let kind = FactNames::kind(name).or_else(|| unknown(claim, name))?;
    if !is.fits(kind) {
        return entry.refuse(format!("{name} is {}, which cannot be compared in this way", noun(kind)));
    }
    let written = match (is.wants_value(), value) {
        (false, None) => String::new(),
        (false, Some(value)) => return value.refuse("whether a claim is there needs no value"),
        (true, None) => {
            section.miss("\"value\" is missing".to_owned());
            return None;
        }
        (true, Some(value)) => literals(value, is, kind)?,
    };
    let condition =
        is.written(name, &written).parse().map_err(|fault: crate::appraisal::expression::ExpressionFault| {
            value.unwrap_or(entry).refuse_with::<()>(fault.message, fault.hint)
        });
    Some((claim, condition.ok()?))
}

fn unknown<T>(claim: Entry<'_>, name: &str) -> Option<T> {
    let meant = nearest(name, FactNames::all().map(|(known, _)| known));
    claim.refuse_with(format!("no claim is named {name:?}"), meant.map(|meant| format!("did you mean {meant:?}?")))
}

impl Is {
    const fn wants_value(self) -> bool {
        !matches!(self, Self::Present | Self::Absent)
    }

    fn fits(self, kind: Kind) -> bool {
        let list = matches!(kind, Kind::TextList | Kind::ChoiceList(_));
        match self {
            Self::Present | Self::Absent => true,
            Self::Equals | Self::NotEquals => !list,
            Self::In | Self::NotIn => !list && kind != Kind::Bool,
            Self::Below | Self::Above => matches!(kind, Kind::Int | Kind::Version),
            Self::Prefix => matches!(kind, Kind::Text | Kind::Authority),
            Self::Contains | Self::Lacks => list,
        }
    }

    /// The expression.
    fn written(self, claim: &str, value: &str) -> String {
        match self {
            Self::Equals => format!("{claim} == {value}"),
            Self::NotEquals => format!("{claim} != {value}"),
            Self::Below => format!("{claim} < {value}"),
            Self::Above => format!("{claim} > {value}"),
            Self::In => format!("{claim} in {value}"),
            Self::NotIn => format!("!({claim} in {value})"),
            Self::Present => format!("has({claim})"),
            Self::Absent => match SECTIONS.iter().find(|(section, _)| claim.starts_with(section)) {
                Some((_, so)) => format!("!has({claim}) && {so}"),
                None => format!("!has({claim})"),
            },
            Self::Prefix => format!("{claim}.startsWith({value})"),
            Self::Contains => format!("{value} in {claim}"),
            Self::Lacks => format!("!({value} in {claim})"),
        }
    }
}

const fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "true or false",
        Kind::Int => "a number",
        Kind::Text => "text",
        Kind::Authority => "an authority",
        Kind::Choice(_) => "a word",
        Kind::TextList | Kind::ChoiceList(_) => "a list",
        Kind::Version => "a version",
    }
}

/// The value, or all of them, as an expression has them.
fn literals(value: Entry<'_>, is: Is, kind: Kind) -> Option<String> {
    if !matches!(is, Is::In | Is::NotIn) {
        return literal(value, kind);
    }
    value.expect_items("value");
    let items = value.items()?;
    if items.len() > VALUES {
        return value.refuse(format!("expected {VALUES} values at most"));
    }
    let read: Vec<_> = items.iter().filter_map(|item| literal(*item, kind)).collect();
    (!read.is_empty() && read.len() == items.len()).then(|| format!("[{}]", read.join(", ")))
}

fn literal(value: Entry<'_>, kind: Kind) -> Option<String> {
    match kind {
        Kind::Bool => value.flag().map(|flag| flag.to_string()),
        Kind::Int => value.integer(0..=u32::MAX).map(|number| number.to_string()),
        Kind::Version => Some(format!("version({})", quoted(value.text()?))),
        Kind::Text | Kind::Choice(_) | Kind::Authority | Kind::TextList | Kind::ChoiceList(_) => {
            Some(quoted(value.text()?))
        }
    }
}

/// A text between quotes.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|char| match char {
        '"' | '\\' => format!("\\{char}"),
        char if char.is_control() => format!("\\U{:08x}", u32::from(char)),
        char => char.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
