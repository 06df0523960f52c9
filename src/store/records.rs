//! What can be read of a store in bulk, a page at a time: the claims of all instances, and the appraisals of the last days.

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::appraisal::{PolicyRevision, Tier};
use crate::evidence::claims::Claims;
use crate::ids::{AppName, InstanceId};
use crate::time::Timestamp;
use crate::verdict::{Decision, SessionShare, Subject, Verdict};

/// Reads what a store keeps, page by page. A page that is shorter than asked for is the last one.
pub trait Records: Send + Sync {
    /// The claims of at most `limit` instances, in the order of their ids, after this one.
    fn claims_after(&self, after: Option<InstanceId>, limit: u32) -> Answer<'_, Vec<KeptClaims>>;

    /// At most `limit` recorded appraisals, the newest first, before the one with this number.
    fn appraisals_before(&self, before: Option<i64>, limit: u32) -> Answer<'_, Vec<NumberedAppraisal>>;
}

/// What is known about an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptClaims {
    /// The instance.
    pub instance: InstanceId,
    /// Its app.
    pub app: AppName,
    /// The claims.
    pub claims: Claims,
}

/// Claims as they were appraised when a verdict was stated. Neither account nor session nor key is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedAppraisal {
    /// When.
    pub at: Timestamp,
    /// The app.
    pub app: AppName,
    /// The instance, by which rules are rolled out; `None` where no key is known.
    pub instance: Option<InstanceId>,
    /// The same for a session, which this does not tell; `None` in records that are older than it.
    #[serde(default)]
    pub share: Option<SessionShare>,
    /// What was appraised.
    pub claims: Claims,
    /// What came out.
    pub tier: Tier,
    /// What relying parties were told to do.
    pub decision: Decision,
    /// The policy it was appraised under.
    pub policy: PolicyRevision,
    /// The codes of all reasons.
    pub reasons: Vec<String>,
}

/// A recorded appraisal with its place in the record: later ones have greater numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedAppraisal {
    /// The number.
    pub number: i64,
    /// The appraisal.
    pub appraisal: RecordedAppraisal,
}

impl NumberedAppraisal {
    /// Whom it is about, to rules that are rolled out. Of a session whose share was not recorded, one is drawn.
    pub const fn subject(&self) -> Subject {
        match (self.appraisal.instance, self.appraisal.share) {
            (Some(instance), _) => Subject::Instance(instance),
            (None, Some(share)) => Subject::sharing(share),
            (None, None) => {
                let [.., first, second] = self.number.to_be_bytes();
                Subject::sharing([first, second])
            }
        }
    }
}

impl RecordedAppraisal {
    /// What is recorded of a verdict that is stated at this time; `None` for one that rests on no claims.
    pub(super) fn of(verdict: &Verdict, at: Timestamp) -> Option<Self> {
        Some(Self {
            at,
            app: verdict.app.clone(),
            instance: verdict.instance,
            share: verdict.subject().and_then(|subject| subject.session_share()),
            claims: Claims::clone(verdict.claims.as_deref()?),
            tier: verdict.tier,
            decision: verdict.decision,
            policy: verdict.policy,
            reasons: verdict.reasons.iter().map(|reason| reason.code.clone().into_owned()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::suite::{at, verdict};

    #[test]
    fn a_record_holds_two_bytes_of_a_session_and_older_ones_are_spread_over_all_shares() {
        let session = Box::new(std::array::from_fn(|at| u8::try_from(at).unwrap_or(0)));
        let stated = Verdict { session: Some(session), ..verdict(1) };
        let appraisal = RecordedAppraisal::of(&stated, at(1)).expect("a record");
        assert_eq!(appraisal.share, Some([0, 1]));
        let mut written = serde_json::to_value(&appraisal).expect("JSON");
        assert!(!written.to_string().contains("session"), "{written}");
        written.as_object_mut().and_then(|members| members.remove("share")).expect("a share");
        let older: RecordedAppraisal = serde_json::from_value(written).expect("is read");
        let drawn = |number| NumberedAppraisal { number, appraisal: older.clone() }.subject();
        assert_eq!([drawn(1), drawn(0x0002_0304)], [[0, 1], [3, 4]].map(Subject::sharing));
    }
}
