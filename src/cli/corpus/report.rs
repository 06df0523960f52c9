//! The report of a run: a row per case, and whether the row is as it should be.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::case::{Case, CaseFault, Expected};
use super::judgement::Judgement;
use crate::cli::screen::plain;

/// All rows of a run, and their sums.
#[derive(Debug, Serialize)]
pub struct Report {
    /// How many rows there are.
    pub cases: usize,
    /// How many of them are not as they should be.
    pub differences: usize,
    /// How many of them are of a kind that this program cannot judge.
    pub unsupported: usize,
    /// A row per case, by the path of its file.
    pub rows: Vec<Row>,
}

/// One case.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The case's name; where the case cannot be read, that of its file.
    pub id: String,
    /// The kind of evidence; absent where the case cannot be read.
    pub kind: Option<String>,
    /// The case's file.
    pub file: String,
    /// How this program and the case stand to each other.
    pub standing: Standing,
    /// What has to come out.
    pub expected: Option<Outcome>,
    /// What did come out.
    pub actual: Option<Outcome>,
    /// This program's code for its refusal.
    pub code: Option<String>,
    /// This program's reason for its refusal, or why the case cannot be read.
    pub detail: Option<String>,
    /// Facts of accepted evidence that are not as the case states them.
    pub facts: Vec<FactDifference>,
}

/// How this program and a case stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Outcome, reason and facts are right.
    Agrees,
    /// Outcome, reason or a fact is wrong.
    Differs,
    /// This program cannot judge evidence of this kind.
    Unsupported,
    /// The case itself cannot be read.
    Unreadable,
}

/// Accepted, or refused for a reason, in the corpus's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Whether the evidence is accepted.
    pub accept: bool,
    /// The reason of a refusal.
    pub reason: Option<String>,
    /// Other reasons that are as right.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reason_any: Vec<String>,
}

/// A fact that is not as the case states it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FactDifference {
    /// The corpus's name of the fact.
    pub name: String,
    /// What the case states.
    pub expected: Value,
    /// What this program found.
    pub actual: Value,
}

impl Report {
    pub(super) fn new(rows: Vec<Row>) -> Self {
        let count = |wanted: fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count();
        let differences = count(Row::is_difference);
        let unsupported = count(|row| row.standing == Standing::Unsupported);
        Self { cases: rows.len(), differences, unsupported, rows }
    }

    /// Whether nothing differs from what the cases state.
    pub fn agrees(&self) -> bool {
        self.differences == 0
    }

    /// The rows that are not as they should be.
    pub fn differing(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_difference())
    }
}

impl Row {
    /// Whether something is wrong with the program or with the case.
    pub fn is_difference(&self) -> bool {
        matches!(self.standing, Standing::Differs | Standing::Unreadable)
    }

    pub(super) fn unsupported(path: &Path, case: &Case) -> Self {
        Self::new(path, Some(case), Standing::Unsupported)
    }

    pub(super) fn unreadable(path: &Path, case: Option<&Case>, fault: &CaseFault) -> Self {
        let detail = Some(plain(&fault.to_string()));
        Self { detail, ..Self::new(path, case, Standing::Unreadable) }
    }

    pub(super) fn judged(path: &Path, case: &Case, judgement: &Judgement) -> Self {
        let facts = fact_differences(&case.expect, judgement);
        let agrees = facts.is_empty() && is_right(&case.expect, judgement);
        let row = Self::new(path, Some(case), if agrees { Standing::Agrees } else { Standing::Differs });
        let (code, detail) = match judgement {
            Judgement::Accepted(_) => (None, None),
            Judgement::Refused { code, text, .. } => (Some(code.to_string()), Some(text.clone())),
        };
        Self { actual: Some(judgement.into()), code, detail, facts, ..row }
    }

    fn new(path: &Path, case: Option<&Case>, standing: Standing) -> Self {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let id = case.map(|case| case.id.clone()).or(stem).unwrap_or_default();
        Self {
            id: plain(&id),
            kind: case.map(|case| plain(&case.kind)),
            file: plain(&path.display().to_string()),
            standing,
            expected: case.map(|case| Outcome::from(&case.expect)),
            actual: None,
            code: None,
            detail: None,
            facts: Vec::new(),
        }
    }
}

fn is_right(expected: &Expected, judgement: &Judgement) -> bool {
    match judgement {
        Judgement::Accepted(_) => expected.accept,
        Judgement::Refused { reason, .. } => {
            expected.reason.iter().chain(&expected.reason_any).any(|right| right == reason)
        }
    }
}

/// Facts that both the case states and this program finds, and that are not equal.
fn fact_differences(expected: &Expected, judgement: &Judgement) -> Vec<FactDifference> {
    let Judgement::Accepted(found) = judgement else { return Vec::new() };
    let differs = |(name, actual): &(&'static str, Value)| {
        let expected = expected.facts.get(*name).filter(|expected| *expected != actual)?;
        Some(FactDifference { name: (*name).to_owned(), expected: expected.clone(), actual: actual.clone() })
    };
    found.iter().filter_map(differs).collect()
}

impl From<&Expected> for Outcome {
    fn from(expected: &Expected) -> Self {
        let Expected { accept, reason, reason_any, .. } = expected;
        Self { accept: *accept, reason: reason.clone(), reason_any: reason_any.clone() }
    }
}

impl From<&Judgement> for Outcome {
    fn from(judgement: &Judgement) -> Self {
        match judgement {
            Judgement::Accepted(_) => Self { accept: true, reason: None, reason_any: Vec::new() },
            Judgement::Refused { reason, .. } => {
                Self { accept: false, reason: Some((*reason).to_owned()), reason_any: Vec::new() }
            }
        }
    }
}
