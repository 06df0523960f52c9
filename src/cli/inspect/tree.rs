//! The report for people.

use std::fmt::Write;

use super::node::Node;
use super::sheet::{Check, Outcome, Report};
use crate::cli::screen::{BAD, FAINT, GOOD, STRONG, styled};

/// The whole report.
pub(super) fn render(report: &Report) -> String {
    let mut text = format!("{}\n", styled(STRONG, report.headline()));
    branch(&mut text, "", &report.contents);
    if !report.checks.is_empty() {
        _ = writeln!(text, "\n{}", styled(STRONG, "checks"));
    }
    report.checks.iter().for_each(|check| _ = writeln!(text, "  {}", line(check)));
    text
}

fn branch(text: &mut String, indent: &str, nodes: &[Node]) {
    for (at, node) in nodes.iter().enumerate() {
        let (knee, below) = if at + 1 == nodes.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let value = node.value.as_ref().map(|value| format!(": {value}")).unwrap_or_default();
        _ = writeln!(text, "{}{}{value}", styled(FAINT, format_args!("{indent}{knee}")), styled(STRONG, &node.name));
        branch(text, &format!("{indent}{below}"), &node.parts);
    }
}

fn line(check: &Check) -> String {
    let title = check.title;
    match &check.outcome {
        Outcome::Holds => format!("{} {title}", styled(GOOD, "✓")),
        Outcome::Fails { code, reason } => format!("{} {title}: {reason} ({code}){}", styled(BAD, "✗"), hint(code)),
        Outcome::NotChecked { needs } => styled(FAINT, format_args!("· {title}: not checked: needs {needs}")),
    }
}

/// What a reader can do about a check that depends on the clock.
fn hint(code: &str) -> &'static str {
    let dated = code.ends_with("_certificate_expired") || code.ends_with("_certificate_not_yet_valid");
    if dated { "; --at checks at another time" } else { "" }
}
