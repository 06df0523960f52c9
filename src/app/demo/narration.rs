//! What the demo prints: one line a step.

use std::collections::BTreeSet;
use std::io;

use crate::cli::screen::{self, BAD, FAINT, GOOD, STRONG, styled};
use crate::grpc::proto::{Decision, Reason, Verdict};

/// Prints steps, and remembers whether each was as it must be.
pub(super) struct Narration {
    as_expected: bool,
    /// The codes whose texts were told: once is enough.
    explained: BTreeSet<String>,
}

impl Narration {
    pub(super) const fn new() -> Self {
        Self { as_expected: true, explained: BTreeSet::new() }
    }

    /// Whether every step so far was as it must be.
    pub(super) const fn all_as_expected(&self) -> bool {
        self.as_expected
    }

    /// Opens a part of the story.
    pub(super) fn chapter(&self, title: &str) {
        self.line(&format!("\n{}\n", styled(STRONG, title)));
    }

    /// A step that has no outcome to judge.
    pub(super) fn note(&self, step: &str, outcome: &str) {
        self.line(&format!("  {} {step:<42} {outcome}\n", styled(FAINT, "·")));
    }

    /// A step whose outcome must hold.
    pub(super) fn expect(&mut self, step: &str, holds: bool, outcome: &str) -> io::Result<()> {
        let mark = if holds { styled(GOOD, "✓") } else { styled(BAD, "✗") };
        self.as_expected &= holds;
        screen::print(&format!("  {mark} {step:<42} {outcome}\n"))
    }

    /// A step that must end in this decision, with this reason among the verdict's.
    pub(super) fn expect_verdict(
        &mut self,
        step: &str,
        verdict: &Verdict,
        decision: Decision,
        code: &str,
    ) -> io::Result<()> {
        let as_expected = verdict.decision() == decision && verdict.reasons.iter().any(|reason| reason.code == code);
        let told = self.told(verdict.decision(), &verdict.reasons);
        self.expect(step, as_expected, &told)
    }

    /// A step that must end in this decision for this reason; every further reason has a line of its own.
    pub(super) fn expect_reasons(&mut self, step: &str, verdict: &Verdict, code: &str) -> io::Result<()> {
        let first = verdict.reasons.len().min(1);
        let (first, further) = verdict.reasons.split_at(first);
        let as_expected =
            verdict.decision() == Decision::Deny && verdict.reasons.iter().any(|reason| reason.code == code);
        let told = self.told(verdict.decision(), first);
        self.expect(step, as_expected, &told)?;
        for reason in further {
            let told = self.explained(reason);
            self.note("", &format!("     {told}"));
        }
        Ok(())
    }

    /// A verdict in a line.
    fn told(&mut self, decision: Decision, reasons: &[Reason]) -> String {
        let decision = match decision {
            Decision::Allow => styled(GOOD, "allow"),
            Decision::StepUp => styled(STRONG, "step-up"),
            Decision::Deny | Decision::Unspecified => styled(BAD, "deny"),
        };
        let reasons: Vec<_> = reasons.iter().map(|reason| self.explained(reason)).collect();
        format!("{decision} {}", reasons.join("; "))
    }

    /// A reason's code, with its text when it comes for the first time.
    fn explained(&mut self, reason: &Reason) -> String {
        match self.explained.insert(reason.code.clone()) {
            true => format!("{} ({})", reason.code, reason.text),
            false => reason.code.clone(),
        }
    }

    fn line(&self, text: &str) {
        // A reader that has gone away ends the demo at its next judged step.
        drop(screen::print(text));
    }
}

/// The beginning of a text that is long, or none of the reader's business.
pub(super) fn shortened(text: &str) -> String {
    let beginning: String = text.chars().take(24).collect();
    format!("{beginning}…")
}
