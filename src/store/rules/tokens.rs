//! One newest key, and one use of each thing.

use crate::store::ledger::TokenLedger;
use crate::store::{AddKeyOutcome, ConsumeOutcome, NewKey, StoreFault, Use};

/// Adds a key, unless another one was added since the caller looked.
pub(in crate::store) fn add_signing_key(
    ledger: &mut impl TokenLedger,
    new: &NewKey,
) -> Result<AddKeyOutcome, StoreFault> {
    if ledger.newest_key()? != new.after {
        return Ok(AddKeyOutcome::Overtaken);
    }
    ledger.add_key(&new.key)?;
    Ok(AddKeyOutcome::Added)
}

/// Marks first uses, when they all are.
pub(in crate::store) fn consume(ledger: &mut impl TokenLedger, uses: &[Use]) -> Result<ConsumeOutcome, StoreFault> {
    for once in uses {
        if is_consumed(ledger, once)? {
            return Ok(ConsumeOutcome::AlreadyConsumed(*once));
        }
    }
    uses.iter().try_for_each(|once| ledger.mark_consumed(once))?;
    Ok(ConsumeOutcome::Consumed)
}

/// Whether there was a use, or may have been one that is forgotten.
pub(in crate::store) fn is_consumed(ledger: &impl TokenLedger, once: &Use) -> Result<bool, StoreFault> {
    Ok(once.expires_at <= ledger.consumed_until(once.kind)? || ledger.was_consumed(once)?)
}
