//! What is reported of an input: the tree, and how each check came out.

use serde::Serialize;

use super::input::Input;
use super::kind::Kind;
use super::node::Node;
use crate::appraisal::Reason;
use crate::cli::screen::plain;

/// The tree and the checks of an input.
#[derive(Debug)]
pub(super) struct Sheet {
    /// What stands in the input.
    pub(super) contents: Vec<Node>,
    /// How its checks came out, in the verifier's order.
    pub(super) checks: Vec<Check>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Check {
    /// What is checked.
    pub(super) title: &'static str,
    /// How it came out.
    #[serde(flatten)]
    pub(super) outcome: Outcome,
}

/// How a check came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(super) enum Outcome {
    /// It holds.
    Holds,
    /// It does not.
    Fails {
        /// The stable code of the rejection.
        code: String,
        /// The reason for people.
        reason: String,
    },
    /// It could not be made.
    NotChecked {
        /// What is missing.
        needs: &'static str,
    },
}

impl Check {
    /// A check that the verifier made.
    pub(super) fn new<T, R>(title: &'static str, result: Result<T, R>) -> Self
    where
        for<'a> Reason: From<&'a R>,
    {
        let outcome = match result.as_ref().map_err(Reason::from) {
            Ok(_) => Outcome::Holds,
            Err(reason) => Outcome::Fails { code: reason.code.into_owned(), reason: reason.text.into_owned() },
        };
        Self { title, outcome }
    }

    /// A check that holds.
    pub(super) const fn holds(title: &'static str) -> Self {
        Self { title, outcome: Outcome::Holds }
    }

    /// A check that could not be made.
    pub(super) const fn missing(title: &'static str, needs: &'static str) -> Self {
        Self { title, outcome: Outcome::NotChecked { needs } }
    }

    /// A check that is made where what it needs is there.
    pub(super) fn given<E, T, R>(
        title: &'static str,
        needs: &'static str,
        expected: Option<E>,
        check: impl FnOnce(E) -> Result<T, R>,
    ) -> Self
    where
        for<'a> Reason: From<&'a R>,
    {
        expected.map_or(Self::missing(title, needs), |expected| Self::new(title, check(expected)))
    }
}

/// The whole report, as it is written in JSON.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    source: String,
    encoding: super::input::Encoding,
    bytes: usize,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    /// What stands in the input.
    pub(super) contents: Vec<Node>,
    /// How its checks came out.
    pub(super) checks: Vec<Check>,
    /// Whether no check failed.
    pub(super) holds: bool,
}

impl Report {
    pub(super) fn new(source: &str, input: &Input, kind: Kind, sheet: Sheet) -> Self {
        let fails = |check: &Check| matches!(check.outcome, Outcome::Fails { .. });
        Self {
            source: plain(source),
            encoding: input.encoding,
            bytes: input.pieces.iter().map(Vec::len).sum(),
            kind,
            case: input.case.as_ref().map(|carried| plain(&carried.case.id)),
            holds: !sheet.checks.iter().any(fails),
            contents: sheet.contents,
            checks: sheet.checks,
        }
    }

    /// What the input is, in one line.
    pub(super) fn headline(&self) -> String {
        let kind = self.kind.name();
        let case = self.case.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
        format!("{kind}, {} bytes, from {}{case}", self.bytes, self.encoding.name())
    }
}
