//! The verbs, written once over a [`Ledger`]: what is checked, in which order, and what is then written.

mod changes;
mod decodings;
mod status_list;
mod tokens;

pub(super) use changes::{announce, declare, found, newcomer};
pub(super) use decodings::{begin_decoding, keep_decoded, withdraw_decoding};
pub(super) use status_list::{confirm_status_list, keep_status_list};
pub(super) use tokens::{add_signing_key, consume, is_consumed};

use super::ledger::{ChangeLedger, Enrolled, Horizon, Ledger, Progress, RecordLedger, Statements};
use super::{Advance, AdvanceOutcome, Binds, EnrolOutcome, Enrolment, NamedCall, News};
use super::{Purged, RecordedAppraisal, RedeemOutcome, Redemption, Spend, StoreFault, Tells};
use crate::crypto::secret::Secret;
use crate::ids::Position;
use crate::time::Timestamp;
use crate::verdict::{CLOCK_SKEW, Verdict};

/// Spends the challenge and adds the instance.
pub(super) fn enrol(
    ledger: &mut (impl Ledger + RecordLedger + Statements),
    enrolment: &Enrolment,
) -> Result<EnrolOutcome, StoreFault> {
    if let Some(outcome) = known_enrolment(ledger, enrolment)? {
        return Ok(outcome);
    }
    if changes::is_newcomer_overtaken(ledger, &enrolment.instance, enrolment.seen)? {
        return Ok(EnrolOutcome::Overtaken);
    }
    ledger.spend(&enrolment.challenge)?;
    ledger.add(enrolment)?;
    record(ledger, &enrolment.verdict, enrolment.instance.enrolled_at)?;
    keep(ledger, enrolment.call, &enrolment.verdict, enrolment.instance.enrolled_at)?;
    Ok(EnrolOutcome::Enrolled)
}

/// Spends the challenge, marks the sign count and keeps the proof; everybody is told of one that is worth more or less than the
/// proof before, or says something else.
pub(super) fn advance(
    ledger: &mut (impl Ledger + RecordLedger + ChangeLedger + Statements),
    advance: &Advance,
) -> Result<AdvanceOutcome, StoreFault> {
    if let Some(outcome) = known_call(ledger, advance)? {
        return Ok(outcome);
    }
    let Some(progress) = ledger.progress(&advance.instance)? else {
        return Ok(AdvanceOutcome::UnknownInstance);
    };
    match standing(ledger, &advance.challenge)? {
        Standing::Expired => return Ok(AdvanceOutcome::ChallengeExpired),
        Standing::Spent => return Ok(AdvanceOutcome::ChallengeSpent),
        Standing::Open => {}
    }
    match progress.counts.advance(advance.sign_count, advance.mode) {
        Err(refusal) => Ok(AdvanceOutcome::SignCount(refusal)),
        Ok(_) if is_overtaken(&progress, advance) => Ok(AdvanceOutcome::Overtaken),
        Ok(_) if changes::is_overtaken(ledger, &advance.instance, advance.seen)? => Ok(AdvanceOutcome::Overtaken),
        Ok(counts) => {
            let is_late = is_late(&progress, advance);
            let tier = if is_late { progress.tier } else { Some(advance.verdict.tier) };
            let changes_tier = tier != progress.tier;
            if advance.claims.is_some() || changes_tier {
                record(ledger, &advance.verdict, advance.proven_at)?;
            }
            if changes_tier || advance.tells == Tells::Claims {
                tell(ledger, advance)?;
            }
            let claims_at = advance.claims.as_ref().map_or(progress.claims_at, |_| advance.sign_count);
            let proven_at = latest(progress.proven_at, advance.proven_at);
            let bound = match advance.binds {
                Binds::Anew(bound) if !is_late => bound,
                _ => progress.bound,
            };
            write_proof(ledger, advance, Progress { counts, proven_at, claims_at, bound, tier })
        }
    }
}

/// Tells that the instance is worth something else, in place of what was told of it before.
fn tell(ledger: &mut impl ChangeLedger, advance: &Advance) -> Result<Position, StoreFault> {
    let (app, instance) = (advance.verdict.app.clone(), advance.instance);
    ledger.forget_reappraisals(&app, &instance)?;
    ledger.append(advance.proven_at, &News::Reappraisal { app, instance })
}

/// Spends the challenge.
pub(super) fn redeem(
    ledger: &mut (impl Ledger + RecordLedger),
    redemption: &Redemption,
) -> Result<RedeemOutcome, StoreFault> {
    match first_answer(ledger, redemption.call, redemption.now)? {
        First::Same(verdict) => return Ok(RedeemOutcome::Repeated(verdict)),
        First::Other => return Ok(RedeemOutcome::CallNameTaken),
        First::None => {}
    }
    match standing(ledger, &redemption.challenge)? {
        Standing::Expired => return Ok(RedeemOutcome::ChallengeExpired),
        Standing::Spent => return Ok(RedeemOutcome::ChallengeSpent),
        Standing::Open => {}
    }
    ledger.spend(&redemption.challenge)?;
    record(ledger, &redemption.verdict, redemption.now)?;
    keep(ledger, redemption.call, &redemption.verdict, redemption.now)?;
    Ok(RedeemOutcome::Redeemed)
}

/// The later of both times, unless the kept one lies so far in the future that a clock was wrong then.
fn latest(kept: Timestamp, now: Timestamp) -> Timestamp {
    if kept > now.plus(CLOCK_SKEW) { now } else { kept.max(now) }
}

/// Whether the proof was weighed with claims or a binding that are no longer kept, or would put older claims in place of newer
/// ones.
fn is_overtaken(progress: &Progress, advance: &Advance) -> bool {
    let rebound = matches!(advance.binds, Binds::AsBefore(bound) if bound != progress.bound);
    rebound || progress.claims_at != advance.claims_at || (is_late(progress, advance) && advance.claims.is_some())
}

/// Whether a newer proof was kept before this one.
fn is_late(progress: &Progress, advance: &Advance) -> bool {
    advance.sign_count < progress.counts.highest()
}

/// The secret, made when there is none.
pub(super) fn secret(ledger: &mut impl Ledger) -> Result<Secret, StoreFault> {
    if let Some(secret) = ledger.secret()? {
        return Ok(secret);
    }
    let secret = Secret::generate().map_err(|fault| StoreFault::Backend(fault.to_string()))?;
    ledger.keep_secret(&secret)?;
    Ok(secret)
}

/// Forgets what no longer matters at `now`.
pub(super) fn purge(ledger: &mut impl Ledger, now: Timestamp) -> Result<Purged, StoreFault> {
    ledger.forget(&Horizon::at(now))
}

fn known_enrolment(ledger: &impl Ledger, enrolment: &Enrolment) -> Result<Option<EnrolOutcome>, StoreFault> {
    match first_answer(ledger, enrolment.call, enrolment.instance.enrolled_at)? {
        First::Same(verdict) => return Ok(Some(EnrolOutcome::AlreadyEnrolled(verdict))),
        First::Other => return Ok(Some(EnrolOutcome::CallNameTaken)),
        First::None => {}
    }
    if let Some(first) = ledger.enrolled(&enrolment.instance.id)? {
        return Ok(Some(enrolled_again(first, enrolment)));
    }
    Ok(match standing(ledger, &enrolment.challenge)? {
        Standing::Expired => Some(EnrolOutcome::ChallengeExpired),
        Standing::Spent => Some(EnrolOutcome::ChallengeSpent),
        Standing::Open => None,
    })
}

fn enrolled_again(first: Enrolled, enrolment: &Enrolment) -> EnrolOutcome {
    if first.account != enrolment.instance.account {
        EnrolOutcome::OtherAccount
    } else if first.evidence != enrolment.evidence {
        EnrolOutcome::OtherEvidence
    } else {
        EnrolOutcome::AlreadyEnrolled(Box::new(first.verdict))
    }
}

fn known_call(ledger: &impl Ledger, advance: &Advance) -> Result<Option<AdvanceOutcome>, StoreFault> {
    Ok(match first_answer(ledger, advance.call, advance.proven_at)? {
        First::Same(verdict) => Some(AdvanceOutcome::Repeated(verdict)),
        First::Other => Some(AdvanceOutcome::CallNameTaken),
        First::None => None,
    })
}

fn write_proof(ledger: &mut impl Ledger, advance: &Advance, progress: Progress) -> Result<AdvanceOutcome, StoreFault> {
    ledger.spend(&advance.challenge)?;
    ledger.set_progress(&advance.instance, progress)?;
    if let Some(claims) = &advance.claims {
        ledger.set_claims(&advance.instance, claims)?;
    }
    keep(ledger, advance.call, &advance.verdict, advance.proven_at)?;
    Ok(AdvanceOutcome::Advanced)
}

/// What a call's name stands for.
enum First {
    /// Nothing, or the call has no name.
    None,
    /// The same call, answered like this.
    Same(Box<Verdict>),
    /// Another call.
    Other,
}

fn first_answer(ledger: &impl Ledger, call: Option<NamedCall>, now: Timestamp) -> Result<First, StoreFault> {
    let Some(call) = call else { return Ok(First::None) };
    Ok(match ledger.answer(&call.id)?.and_then(|kept| kept.at(now)) {
        None => First::None,
        Some(first) if first.request == call.request => First::Same(Box::new(first.verdict)),
        Some(_) => First::Other,
    })
}

fn keep(ledger: &mut impl Ledger, call: Option<NamedCall>, verdict: &Verdict, at: Timestamp) -> Result<(), StoreFault> {
    call.map_or(Ok(()), |call| ledger.keep_answer(&call, verdict, at))
}

/// Records the appraisal that a verdict rests on.
fn record(ledger: &mut impl RecordLedger, verdict: &Verdict, at: Timestamp) -> Result<(), StoreFault> {
    RecordedAppraisal::of(verdict, at).map_or(Ok(()), |appraisal| ledger.record(&appraisal))
}

/// Whether a challenge can be spent.
enum Standing {
    Open,
    Spent,
    /// Whether it was spent may have been forgotten.
    Expired,
}

fn standing(ledger: &impl Ledger, challenge: &Spend) -> Result<Standing, StoreFault> {
    if challenge.expires_at <= ledger.purged_until() {
        return Ok(Standing::Expired);
    }
    Ok(if ledger.is_spent(challenge)? { Standing::Spent } else { Standing::Open })
}
