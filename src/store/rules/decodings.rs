//! One token, one decoding.

use super::{Standing, standing};
use crate::crypto::digest::Digest;
use crate::store::ledger::{DecodingLedger, Ledger};
use crate::store::{
    DECODED_LIMIT, DecodedOutcome, Decoding, DecodingOutcome, StoreFault, TOKENS_PER_CHALLENGE, WithdrawOutcome,
};

/// Remembers a new token and counts it, if its challenge is open and has not carried too many. A token is known for as long as it
/// is remembered, and what is known costs nothing.
pub(in crate::store) fn begin_decoding(
    ledger: &mut (impl DecodingLedger + Ledger),
    decoding: &Decoding,
) -> Result<DecodingOutcome, StoreFault> {
    if let Some(begun) = ledger.decoding(&decoding.token)? {
        return Ok(match begun.decoded {
            _ if begun.request != decoding.request => DecodingOutcome::OtherRequest,
            Some(decoded) => DecodingOutcome::Decoded(decoded),
            None => DecodingOutcome::Undecided { since: begun.begun_at },
        });
    }
    if !matches!(standing(ledger, &decoding.challenge)?, Standing::Open) {
        return Ok(DecodingOutcome::ChallengeSpent);
    }
    if ledger.begun_for(&decoding.challenge)? >= TOKENS_PER_CHALLENGE {
        return Ok(DecodingOutcome::TooMany);
    }
    let used = ledger.quota_used(&decoding.app, decoding.day)?;
    if used >= decoding.limit {
        return Ok(DecodingOutcome::QuotaSpent { used });
    }
    ledger.add_decoding(decoding)?;
    ledger.set_quota_used(&decoding.app, decoding.day, used + 1)?;
    Ok(DecodingOutcome::Begun { used: used + 1 })
}

/// Keeps the vendor's first answer.
pub(in crate::store) fn keep_decoded(
    ledger: &mut impl DecodingLedger,
    token: &Digest,
    decoded: &[u8],
) -> Result<DecodedOutcome, StoreFault> {
    if decoded.len() > DECODED_LIMIT {
        return Ok(DecodedOutcome::TooLong);
    }
    match ledger.decoding(token)?.map(|begun| begun.decoded) {
        None => Ok(DecodedOutcome::Unknown),
        Some(Some(_)) => Ok(DecodedOutcome::KeptBefore),
        Some(None) => ledger.set_decoded(token, decoded).map(|()| DecodedOutcome::Kept),
    }
}

/// Forgets a token that surely has not reached the vendor.
pub(in crate::store) fn withdraw_decoding(
    ledger: &mut impl DecodingLedger,
    token: &Digest,
) -> Result<WithdrawOutcome, StoreFault> {
    let Some(begun) = ledger.decoding(token)? else { return Ok(WithdrawOutcome::Unknown) };
    if begun.decoded.is_some() {
        return Ok(WithdrawOutcome::Decoded);
    }
    let used = ledger.quota_used(&begun.app, begun.day)?;
    ledger.remove_decoding(token)?;
    if let Some(used) = used.checked_sub(1) {
        ledger.set_quota_used(&begun.app, begun.day, used)?;
    }
    Ok(WithdrawOutcome::Withdrawn)
}
