//! The verdict: what a relying party is told, and for how long it holds.

mod bound;
pub mod ear;
mod freshness;
mod reported;
mod shared;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The words in which a verdict speaks; whoever states verdicts to others needs no more of the appraisal.
pub use crate::appraisal::{PlayDialog, PolicyRevision, Reason, Remedy, Tier, TrustVector};
pub use bound::Bound;
pub use freshness::Freshness;
pub use reported::Reported;

use crate::appraisal::{Appraisal, Decisions, Stance};
use crate::crypto::digest::Digest;
use crate::evidence::claims::Claims;
use crate::ids::{AppName, InstanceId};
use crate::time::Timestamp;

/// What a relying party should do, the kindest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Serve the request.
    Allow,
    /// Ask for more before serving it: a fresh assertion, another factor.
    StepUp,
    /// Do not serve it.
    Deny,
}

impl Decision {
    /// The name in answers and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::StepUp => "step_up",
            Self::Deny => "deny",
        }
    }
}

impl From<Stance> for Decision {
    fn from(stance: Stance) -> Self {
        match stance {
            Stance::Allow => Self::Allow,
            Stance::StepUp => Self::StepUp,
            Stance::Deny => Self::Deny,
        }
    }
}

/// How far a proof may lie in the future: clocks are set back a little now and then.
pub const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// The attestation result as it is stated to relying parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What to do.
    pub decision: Decision,
    /// How far the instance is trusted.
    pub tier: Tier,
    /// The worth, aspect by aspect.
    pub vector: TrustVector,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What was found by rules that only report.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub reported: Box<[Reported]>,
    /// The verified claims, when there are any; its copies share them.
    #[serde(default, with = "shared")]
    pub claims: Option<Arc<Claims>>,
    /// The app.
    pub app: AppName,
    /// The instance, when it is known. Relying parties see a pseudonym of it.
    pub instance: Option<InstanceId>,
    /// SHA-256 of the caller's session that the verdict is bound to, where no instance is known: few verdicts have one.
    #[serde(default)]
    pub session: Option<Box<Digest>>,
    /// What the client had in common with the proof.
    #[serde(default)]
    pub bound: Bound,
    /// The policy it was appraised under.
    pub policy: PolicyRevision,
    /// When the proof behind it was given.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How long the answer may be reused.
    pub freshness: Freshness,
}

/// What a verdict is about and how long it holds.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The app.
    pub app: AppName,
    /// The policy that applies.
    pub policy: PolicyRevision,
    /// What it has done at each tier.
    pub decisions: Decisions,
    /// When the proof was given.
    pub issued_at: Timestamp,
    /// How long after that it holds.
    pub lifetime: Duration,
    /// When it ends at the latest, whatever its lifetime: what it rests on counts no longer.
    pub until: Option<Timestamp>,
    /// How long an answer may be reused at most.
    pub freshness: Freshness,
}

/// Whom a verdict on verified claims is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An instance, known by its key.
    Instance(InstanceId),
    /// A session of the caller's, by its SHA-256: the evidence knows no key.
    Session(Digest),
}

/// What decides for which rules a session belongs to the share: so little of its digest that many sessions have the same, and a
/// record of it tells nobody which one it was.
pub type SessionShare = [u8; 2];

impl Subject {
    /// The bytes by which rules are rolled out to it, always the same.
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Instance(InstanceId(id)) => id,
            Self::Session(digest) => digest.split_at(size_of::<SessionShare>()).0,
        }
    }

    /// The share of a session; `None` for an instance, which is known by its id.
    pub const fn session_share(&self) -> Option<SessionShare> {
        match self {
            Self::Instance(_) => None,
            Self::Session([first, second, ..]) => Some([*first, *second]),
        }
    }

    /// Some session with this share: rules that are rolled out treat all of them alike.
    pub const fn sharing([first, second]: SessionShare) -> Self {
        let mut digest = [0; 32];
        [digest[0], digest[1]] = [first, second];
        Self::Session(digest)
    }
}

impl Frame {
    fn expires_at(&self) -> Timestamp {
        let end = self.issued_at.plus(self.lifetime);
        self.until.map_or(end, |until| until.min(end))
    }
}

impl Verdict {
    /// The verdict on verified claims.
    pub fn on(subject: Subject, claims: impl Into<Arc<Claims>>, appraisal: Appraisal, frame: Frame) -> Self {
        let tier = appraisal.tier();
        let expires_at = frame.expires_at();
        let (instance, session) = match subject {
            Subject::Instance(id) => (Some(id), None),
            Subject::Session(digest) => (None, Some(Box::new(digest))),
        };
        let decision = |vector: &TrustVector| decided(&appraisal, vector, &frame.decisions);
        let vector = appraisal.vector;
        let (decision, reported) = (
            decision(&vector),
            reports(&appraisal.reported, &appraisal.reported_worths, |worth| decision(&vector.worse(worth))).collect(),
        );
        Self {
            decision,
            tier,
            vector,
            reasons: appraisal.reasons,
            reported,
            claims: Some(claims.into()),
            app: frame.app,
            instance,
            session,
            bound: Bound::default(),
            policy: frame.policy,
            issued_at: frame.issued_at,
            expires_at,
            freshness: frame.freshness.within(expires_at.since(frame.issued_at)),
        }
    }

    /// The same verdict, bound to this.
    #[must_use]
    pub fn bound_to(self, bound: Bound) -> Self {
        Self { bound, ..self }
    }

    /// The same verdict with what was found about one request beside it, and what is done at its tier. It is no better than
    /// before, and not to be used again.
    #[must_use]
    pub fn lowered(self, found: Appraisal, decisions: &Decisions) -> Self {
        let (tier, decision) = lower((self.tier, self.decision), found.tier(), decisions);
        let reported = reports(&found.reported, &found.reported_worths, |worth| {
            lower((tier, decision), worth.tier(), decisions).1
        });
        let reported = self.reported.into_iter().chain(reported).collect();
        let vector = self.vector.worse(&found.vector);
        let reasons = [self.reasons.as_slice(), &found.reasons].concat();
        let freshness = if found.reasons.is_empty() { self.freshness } else { Freshness::NEVER };
        Self { decision, tier, vector, reasons, reported, freshness, ..self }
    }

    /// Whom it is about; `None` for a refusal, which is about nobody.
    pub fn subject(&self) -> Option<Subject> {
        self.instance.map(Subject::Instance).or_else(|| self.session.as_deref().copied().map(Subject::Session))
    }

    /// Whether the verdict holds at `now`. One from the future does not: it was given while a clock was wrong, and would hold
    /// until that time has come.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.issued_at <= now.plus(CLOCK_SKEW)
    }

    /// The refusal of evidence that did not verify, or of a call that proves nothing. It holds for no time at all.
    pub fn refusal(vector: TrustVector, reasons: Vec<Reason>, frame: Frame) -> Self {
        Self {
            decision: Decision::Deny,
            tier: vector.tier(),
            vector,
            reasons,
            reported: Box::default(),
            claims: None,
            app: frame.app,
            instance: None,
            session: None,
            bound: Bound::default(),
            policy: frame.policy,
            issued_at: frame.issued_at,
            expires_at: frame.issued_at,
            freshness: Freshness::NEVER,
        }
    }
}

/// Tier and decision where a request is worth `found` beside its verdict.
fn lower((tier, decision): (Tier, Decision), found: Tier, decisions: &Decisions) -> (Tier, Decision) {
    match found {
        Tier::None | Tier::Affirming => (tier, decision),
        // A doubt about what nothing is known of leaves it unknown.
        Tier::Warning if tier == Tier::None => {
            (Tier::None, decision.max(Decision::StepUp).max(decisions.at(Tier::Warning).into()))
        }
        lower => (tier.max(lower), decision.max(decisions.at(lower).into())),
    }
}

/// What is done where the appraisal comes to this vector. A doubt about what nothing is known of is worth no less than one about
/// what is known, and no more than nothing.
fn decided(appraisal: &Appraisal, vector: &TrustVector, decisions: &Decisions) -> Decision {
    if appraisal.is_barred {
        return Decision::Deny;
    }
    let [as_known, as_found] =
        [appraisal.tier_of(vector), vector.tier()].map(|tier| Decision::from(decisions.at(tier)));
    as_known.max(as_found)
}

/// What was only reported, with what would have been decided if it had counted.
fn reports(
    found: &[Reason],
    worths: &[TrustVector],
    would: impl Fn(&TrustVector) -> Decision,
) -> impl Iterator<Item = Reported> {
    found.iter().zip(worths).map(move |(reason, worth)| Reported { code: reason.code.clone(), would: would(worth) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appraisal::{Restraint, Worth};

    #[test]
    fn d05_a_verdict_holds_from_its_proof_to_its_end() {
        let frame = frame(CLOCK_SKEW);
        let (start, end) = (frame.issued_at, frame.issued_at.plus(frame.lifetime));
        let reason = Reason::new("a_reason", "a reason", crate::appraisal::Remedy::None);
        let verdict = Verdict { expires_at: end, ..Verdict::refusal(TrustVector::SILENT, vec![reason], frame) };
        let millis = Duration::from_millis;
        let moments = [start.minus(CLOCK_SKEW + millis(1)), start.minus(CLOCK_SKEW), start, end.minus(millis(1)), end];
        assert_eq!(moments.map(|now| verdict.holds_at(now)), [false, true, true, true, false]);
    }

    #[test]
    fn sessions_of_one_share_are_one_to_rules() {
        let session = Subject::Session([9; 32]);
        let share = session.session_share().expect("a share");
        assert_eq!((Subject::sharing(share).as_bytes(), session.as_bytes()), (&[9, 9][..], &[9, 9][..]));
        let instance = Subject::Instance(InstanceId([9; 16]));
        assert_eq!((instance.session_share(), instance.as_bytes()), (None, &[9; 16][..]));
    }

    fn frame(lifetime: Duration) -> Frame {
        Frame {
            app: "shop".parse().expect("a name"),
            policy: crate::appraisal::Policy::default().revision(),
            decisions: Decisions::CAREFUL,
            issued_at: Timestamp::EPOCH.plus(10 * CLOCK_SKEW),
            lifetime,
            until: None,
            freshness: Freshness::NEVER,
        }
    }

    fn found(worth: Worth, reported: &[&'static str]) -> Appraisal {
        let reason = |code| Reason::new(code, "found", crate::appraisal::Remedy::None);
        let mut appraisal = Appraisal::NOTHING;
        let doubt = TrustVector { hardware: Worth::DOUBTFUL, ..TrustVector::SILENT };
        reported.iter().for_each(|code| appraisal.report(reason(code), &doubt));
        if worth != Worth::NO_CLAIM {
            appraisal.add(reason("found"), &TrustVector { configuration: worth, ..TrustVector::SILENT });
        }
        appraisal
    }

    #[test]
    fn every_threshold_decides() {
        let decided = |worth, decisions| {
            let frame = Frame { decisions, ..frame(CLOCK_SKEW) };
            Verdict::on(Subject::Session([0; 32]), Claims::default(), found(worth, &["quiet"]), frame)
        };
        let kind = Decisions { warning: Stance::Allow, none: Restraint::StepUp, contraindicated: Restraint::StepUp };
        let strict = Decisions { warning: Stance::Deny, ..Decisions::CAREFUL };
        use Decision::{Allow, Deny, StepUp};
        for (decisions, expected) in [
            (Decisions::CAREFUL, [Allow, StepUp, Deny, Deny]),
            (kind, [Allow, Allow, StepUp, StepUp]),
            (strict, [Allow, Deny, Deny, Deny]),
        ] {
            let worths = [Worth::AFFIRMED, Worth::DOUBTFUL, Worth::NO_CLAIM, Worth::CONTRAINDICATED];
            assert_eq!(worths.map(|worth| decided(worth, decisions).decision), expected);
        }
        let quiet = |would| Reported { code: "quiet".into(), would };
        assert_eq!(*decided(Worth::AFFIRMED, kind).reported, [quiet(Allow)]);
        assert_eq!(*decided(Worth::AFFIRMED, strict).reported, [quiet(Deny)]);
        assert_eq!(*decided(Worth::CONTRAINDICATED, kind).reported, [quiet(StepUp)], "no worse than it is anyway");
        let barred = Appraisal { is_barred: true, ..found(Worth::CONTRAINDICATED, &[]) };
        let frame_of_kind = Frame { decisions: kind, ..frame(CLOCK_SKEW) };
        let denied = Verdict::on(Subject::Session([0; 32]), Claims::default(), barred, frame_of_kind);
        assert_eq!(denied.decision, Deny, "what speaks against the evidence itself is denied whatever a policy says");
        let refusal = Verdict::refusal(TrustVector::UNVERIFIED, vec![], Frame { decisions: kind, ..frame(CLOCK_SKEW) });
        assert_eq!(refusal.decision, Deny, "what does not verify is denied whatever a policy says");
    }

    #[test]
    fn a_request_makes_no_verdict_better() {
        let subject = Subject::Session([0; 32]);
        let on = |worth| Verdict::on(subject, Claims::default(), found(worth, &["one"]), frame(CLOCK_SKEW));
        let usual = Decisions::CAREFUL;
        let doubted = on(Worth::AFFIRMED).lowered(found(Worth::DOUBTFUL, &["two"]), &usual);
        assert_eq!((doubted.decision, doubted.tier), (Decision::StepUp, Tier::Warning));
        let reported = |code: &'static str| Reported { code: code.into(), would: Decision::StepUp };
        assert_eq!((doubted.reasons.len(), &*doubted.reported), (2, &[reported("one"), reported("two")][..]));
        assert_eq!(doubted.reported[0].stricter_than(doubted.decision), None, "there is a doubt already");
        let strict = Decisions { warning: Stance::Deny, ..usual };
        let would = on(Worth::AFFIRMED).lowered(found(Worth::NO_CLAIM, &["two"]), &strict).reported;
        assert_eq!(would[1].stricter_than(Decision::Allow), Some(Decision::Deny));
        let denied = on(Worth::CONTRAINDICATED).lowered(found(Worth::DOUBTFUL, &[]), &usual);
        assert_eq!((denied.decision, denied.tier), (Decision::Deny, Tier::Contraindicated));
        let lapsed = Verdict { decision: Decision::StepUp, tier: Tier::None, ..on(Worth::AFFIRMED) };
        let kind = Decisions { warning: Stance::Allow, ..usual };
        for (decisions, decision) in [(kind, Decision::StepUp), (usual, Decision::StepUp), (strict, Decision::Deny)] {
            let lowered = lapsed.clone().lowered(found(Worth::DOUBTFUL, &[]), &decisions);
            assert_eq!((lowered.decision, lowered.tier), (decision, Tier::None));
        }
    }

    #[test]
    fn a_doubt_is_no_better_than_nothing() {
        use Decision::{Allow, Deny, StepUp};
        let usual = Decisions::CAREFUL;
        for (warning, none, nothing, doubt) in [
            (Stance::StepUp, Restraint::Deny, Deny, Deny),
            (Stance::Allow, Restraint::Deny, Deny, Deny),
            (Stance::Allow, Restraint::StepUp, StepUp, StepUp),
            (Stance::Deny, Restraint::StepUp, StepUp, Deny),
        ] {
            let frame = || Frame { decisions: Decisions { warning, none, ..usual }, ..frame(CLOCK_SKEW) };
            let on = |worth| {
                let appraisal = Appraisal { knows_nothing: true, ..found(worth, &["quiet"]) };
                let verdict = Verdict::on(Subject::Session([0; 32]), Claims::default(), appraisal, frame());
                (verdict.tier, verdict.decision, verdict.reported[0].would)
            };
            assert_eq!(on(Worth::NO_CLAIM), (Tier::None, nothing, doubt), "{warning:?} {none:?}");
            assert_eq!(on(Worth::DOUBTFUL), (Tier::None, doubt, doubt), "{warning:?} {none:?}");
            assert_eq!(on(Worth::CONTRAINDICATED), (Tier::Contraindicated, Deny, Deny));
        }
        let known =
            Verdict::on(Subject::Session([0; 32]), Claims::default(), found(Worth::DOUBTFUL, &[]), frame(CLOCK_SKEW));
        assert_eq!((known.tier, known.decision), (Tier::Warning, StepUp));
        assert_eq!(Decision::from(usual.at(Tier::Affirming)), Allow);
    }

    #[test]
    fn what_is_found_about_a_request_only_lowers() {
        let frame = frame(CLOCK_SKEW);
        let refusal = Verdict::refusal(TrustVector::SILENT, Vec::new(), frame);
        let (affirmed, doubt, worthless) = (Worth::AFFIRMED, Worth::DOUBTFUL, Worth::CONTRAINDICATED);
        for ((tier, decision), worth, expected) in [
            ((Tier::Affirming, Decision::Allow), affirmed, (Tier::Affirming, Decision::Allow)),
            ((Tier::Affirming, Decision::Allow), doubt, (Tier::Warning, Decision::StepUp)),
            ((Tier::Affirming, Decision::Allow), worthless, (Tier::Contraindicated, Decision::Deny)),
            ((Tier::None, Decision::StepUp), doubt, (Tier::None, Decision::StepUp)),
            ((Tier::None, Decision::Deny), doubt, (Tier::None, Decision::Deny)),
            ((Tier::None, Decision::StepUp), worthless, (Tier::Contraindicated, Decision::Deny)),
            ((Tier::Contraindicated, Decision::Deny), doubt, (Tier::Contraindicated, Decision::Deny)),
        ] {
            let verdict = Verdict { tier, decision, ..refusal.clone() };
            let vector = TrustVector { instance_identity: worth, ..TrustVector::SILENT };
            let reason = Reason::new("a_reason", "a reason", Remedy::None);
            let lowered = verdict.lowered(
                Appraisal { vector, reasons: vec![reason.clone()], ..Appraisal::NOTHING },
                &Decisions::CAREFUL,
            );
            assert_eq!((lowered.tier, lowered.decision), expected, "{tier:?} with {worth:?}");
            assert_eq!((lowered.reasons, lowered.freshness), (vec![reason], Freshness::NEVER));
        }
    }
}
