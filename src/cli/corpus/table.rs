//! The report for people: a line per difference, then a table by kind.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::report::{FactDifference, Outcome, Report, Row, Standing};
use crate::cli::screen::{BAD, FAINT, GOOD, STRONG, plain, styled};

/// The columns of the table, after the kind.
const COLUMNS: [&str; 6] = ["cases", "accepted", "refused", "right reason", "wrong", "unsupported"];

/// The whole report.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for row in report.differing() {
        _ = writeln!(text, "{}", difference(row));
    }
    text + &table(report) + &conclusion(report)
}

fn difference(row: &Row) -> String {
    let name = styled(BAD, &row.id);
    match (&row.expected, &row.actual) {
        (Some(expected), Some(actual)) if row.facts.is_empty() => {
            let (expected, actual) = (wanted(expected), came_out(actual, row));
            format!("{name}: expected {expected}, is {actual}")
        }
        (Some(_), Some(_)) => format!("{name}: {}", row.facts.iter().map(fact).collect::<Vec<_>>().join("; ")),
        _ => format!("{}: {}", styled(BAD, &row.file), row.detail.as_deref().unwrap_or("cannot be read")),
    }
}

fn wanted(outcome: &Outcome) -> String {
    let reasons: Vec<_> = outcome.reason.iter().chain(&outcome.reason_any).map(|reason| plain(reason)).collect();
    if outcome.accept { "accepted".to_owned() } else { format!("refused ({})", reasons.join(" or ")) }
}

fn came_out(outcome: &Outcome, row: &Row) -> String {
    match (&outcome.reason, &row.code, &row.detail) {
        (Some(reason), Some(code), Some(detail)) => format!("refused ({reason}; {code}: {detail})"),
        _ => "accepted".to_owned(),
    }
}

fn fact(difference: &FactDifference) -> String {
    let FactDifference { name, expected, actual } = difference;
    plain(&format!("{name} is {actual}, expected {expected}"))
}

#[derive(Default)]
struct Sums([usize; 6]);

impl Sums {
    fn add(&mut self, row: &Row) {
        let accepted = row.actual.as_ref().map(|outcome| outcome.accept);
        let agrees = row.standing == Standing::Agrees;
        let counts = [
            true,
            accepted == Some(true),
            accepted == Some(false),
            accepted == Some(false) && agrees,
            row.is_difference(),
            row.standing == Standing::Unsupported,
        ];
        self.0.iter_mut().zip(counts).for_each(|(sum, counts)| *sum += usize::from(counts));
    }
}

fn table(report: &Report) -> String {
    let mut kinds: BTreeMap<&str, Sums> = BTreeMap::new();
    for row in &report.rows {
        kinds.entry(row.kind.as_deref().unwrap_or("(unreadable)")).or_default().add(row);
    }
    let width = kinds.keys().map(|kind| kind.chars().count()).max().unwrap_or(0).max("kind".len());
    let heading: String = COLUMNS.iter().map(|column| format!("  {column}")).collect();
    let mut text = format!("{}\n", styled(STRONG, format!("{:width$}{heading}", "kind")));
    for (kind, Sums(sums)) in &kinds {
        let cells: String =
            COLUMNS.iter().zip(sums).map(|(column, sum)| format!("  {sum:>0$}", column.len())).collect();
        _ = writeln!(text, "{kind:width$}{cells}");
    }
    text
}

fn conclusion(report: &Report) -> String {
    let judged = report.cases - report.unsupported;
    let verdict = match report.differences {
        0 => styled(GOOD, format!("no difference in {judged} cases")),
        1 => styled(BAD, format!("1 difference in {judged} cases")),
        many => styled(BAD, format!("{many} differences in {judged} cases")),
    };
    match report.unsupported {
        0 => format!("{verdict}\n"),
        some => format!(
            "{verdict}\n{}\n",
            styled(FAINT, format!("{some} cases of kinds that are not supported were not judged"))
        ),
    }
}
