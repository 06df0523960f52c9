//! One status list: the latest.

use crate::store::ledger::StatusListLedger;
use crate::store::{ConfirmOutcome, Confirmation, KeptStatusList, STATUS_LIST_LIMIT, StatusListOutcome, StoreFault};
use crate::time::Timestamp;
use crate::verdict::CLOCK_SKEW;

/// Keeps the list, unless the kept one is newer. One of a time that has not come at `now` is not: a clock was wrong then.
pub(in crate::store) fn keep_status_list(
    ledger: &mut impl StatusListLedger,
    list: &KeptStatusList,
    now: Timestamp,
) -> Result<StatusListOutcome, StoreFault> {
    if list.body.len() > STATUS_LIST_LIMIT {
        return Ok(StatusListOutcome::TooLong);
    }
    let newer = |kept: &Timestamp| *kept > list.fetched_at && *kept <= now.plus(CLOCK_SKEW);
    if ledger.status_list_fetched_at()?.as_ref().is_some_and(newer) {
        return Ok(StatusListOutcome::Older);
    }
    ledger.set_status_list(list)?;
    Ok(StatusListOutcome::Kept)
}

/// Gives the kept list its new times, if it is the one that was confirmed.
pub(in crate::store) fn confirm_status_list(
    ledger: &mut impl StatusListLedger,
    confirmation: &Confirmation,
) -> Result<ConfirmOutcome, StoreFault> {
    match ledger.status_list_fetched_at()? {
        None => Ok(ConfirmOutcome::NoList),
        Some(kept) if kept != confirmation.of => Ok(ConfirmOutcome::OtherList),
        Some(_) => ledger.set_status_list_times(confirmation).map(|()| ConfirmOutcome::Confirmed),
    }
}
