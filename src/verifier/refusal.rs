//! What was sent does not hold: every reason, and what that is worth.

use super::app::App;
use super::fault::CallFault;
use crate::appraisal::{Reason, TrustVector};
use crate::store::StoreFault;
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// Something that was sent does not hold.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) vector: TrustVector,
    pub(super) reasons: Vec<Reason>,
}

/// Why a call comes to no verdict on claims.
#[derive(Debug)]
pub(super) enum Setback {
    /// What was sent does not hold, which is an answer.
    Refused(Refusal),
    /// There can be no answer.
    Fault(CallFault),
}

impl Refusal {
    pub(super) fn of(vector: TrustVector, reason: impl Into<Reason>) -> Self {
        Self { vector, reasons: vec![reason.into()] }
    }

    /// The refusal of what says nothing about the device.
    pub(super) fn silent(reason: impl Into<Reason>) -> Self {
        Self::of(TrustVector::SILENT, reason)
    }

    /// The refusal of evidence that did not verify.
    pub(super) fn unverified(reason: impl Into<Reason>) -> Self {
        Self::of(TrustVector::UNVERIFIED, reason)
    }

    /// The refusal of what was not looked at, because other evidence of the same call is bad already.
    pub(super) const fn unasked() -> Self {
        Self { vector: TrustVector::SILENT, reasons: Vec::new() }
    }

    /// Whether it says of what it refuses no more than that nobody has looked at it.
    pub(super) const fn is_unasked(&self) -> bool {
        self.reasons.is_empty()
    }

    /// This refusal with another one of the same call: every reason of both.
    #[must_use]
    pub(super) fn and(mut self, other: Self) -> Self {
        self.reasons.extend(other.reasons);
        Self { vector: self.vector.worse(&other.vector), reasons: self.reasons }
    }

    /// The refusal as a verdict on this app.
    pub(super) fn stated(self, app: &App, now: Timestamp) -> Verdict {
        Verdict::refusal(self.vector, self.reasons, app.frame(now))
    }
}

impl Setback {
    /// The verdict that refuses; an error where there can be none.
    pub(super) fn stated(self, app: &App, now: Timestamp) -> Result<Verdict, CallFault> {
        match self {
            Self::Refused(refusal) => Ok(refusal.stated(app, now)),
            Self::Fault(fault) => Err(fault),
        }
    }
}

impl From<Refusal> for Setback {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<CallFault> for Setback {
    fn from(fault: CallFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StoreFault> for Setback {
    fn from(fault: StoreFault) -> Self {
        Self::Fault(fault.into())
    }
}
