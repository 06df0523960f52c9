//! What the demo prints: one line a step.

use std::io;

use crate::cli::screen::{self, BAD, FAINT, GOOD, STRONG, styled};
use crate::grpc::proto::{Decision, Verdict};

/// Prints steps, and remembers whether each was as it must be.
pub(super) struct Narration {
    as_expected: bool,
}

impl Narration {
    pub(super) const fn new() -> Self {
        Self { as_expected: true }
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
        self.expect(step, as_expected, &told(verdict))
    }

    /// A step that must end in this decision for this reason; every further reason has a line of its own.
    pub(super) fn expect_reasons(&mut self, step: &str, verdict: &Verdict, code: &str) -> io::Result<()> {
        let mut reasons = verdict.reasons.clone();
        let further = reasons.split_off(reasons.len().min(1));
        let as_expected =
            verdict.decision() == Decision::Deny && verdict.reasons.iter().any(|reason| reason.code == code);
        self.expect(step, as_expected, &told(&Verdict { reasons, ..verdict.clone() }))?;
        further.iter().for_each(|reason| self.note("", &format!("     {} ({})", reason.code, reason.text)));
        Ok(())
    }

    fn line(&self, text: &str) {
        // A reader that has gone away ends the demo at its next judged step.
        drop(screen::print(text));
    }
}

/// A verdict in a line.
fn told(verdict: &Verdict) -> String {
    let decision = match verdict.decision() {
        Decision::Allow => styled(GOOD, "allow"),
        Decision::StepUp => styled(STRONG, "step-up"),
        Decision::Deny | Decision::Unspecified => styled(BAD, "deny"),
    };
    let reasons: Vec<_> = verdict.reasons.iter().map(|reason| format!("{} ({})", reason.code, reason.text)).collect();
    format!("{decision} {}", reasons.join("; "))
}
