//! Tokens that a vendor decodes, and what they cost.

use std::sync::Arc;

use super::{TODAY, at, challenge, decoding, redemption};
use crate::ids::AppName;
use crate::store::{DECODED_LIMIT, DecodedOutcome, Decoding, DecodingOutcome, RedeemOutcome, Store, WithdrawOutcome};

behaviours!(
    c08_a_token_is_decoded_once,
    c08_a_lost_answer_is_not_asked_for_again,
    c08_another_call_with_the_token_is_told_so,
    c08_only_the_first_answer_is_kept,
    answers_of_any_size_up_to_the_limit_are_kept,
    c17_known_tokens_cost_nothing,
    c17_a_quota_that_is_spent_begins_nothing,
    c17_a_spent_challenge_begins_nothing,
    c17_a_challenge_carries_a_few_tokens,
    quotas_are_of_one_app_and_one_day,
    a_withdrawn_token_is_new_again,
    only_what_was_begun_and_not_decoded_is_withdrawn,
    a_token_counts_for_as_long_as_it_is_remembered,
    a_token_withdrawn_after_its_quota_was_forgotten_leaves_none,
);

async fn begun(store: &Arc<dyn Store>, decoding: Decoding, used: u32) {
    assert_eq!(store.begin_decoding(decoding).await, Ok(DecodingOutcome::Begun { used }));
}

async fn used(store: &Arc<dyn Store>, app: &str, day: u32) -> u32 {
    let app: AppName = app.parse().expect("a name");
    store.quota_used(app, day).await.expect("an answer")
}

const UNDECIDED: DecodingOutcome =
    DecodingOutcome::Undecided { since: crate::time::Timestamp::from_millis(1_700_000_010_000) };

async fn c08_a_token_is_decoded_once(store: Arc<dyn Store>) {
    begun(&store, decoding(1, 1), 1).await;
    assert_eq!(store.keep_decoded([1; 32], b"{}".to_vec()).await, Ok(DecodedOutcome::Kept));
    for now in [at(0), at(20), at(99)] {
        let again = store.begin_decoding(Decoding { now, ..decoding(1, 1) }).await;
        assert_eq!(again, Ok(DecodingOutcome::Decoded(b"{}".to_vec())));
    }
    begun(&store, decoding(2, 1), 2).await;
}

async fn c08_a_lost_answer_is_not_asked_for_again(store: Arc<dyn Store>) {
    begun(&store, decoding(1, 1), 1).await;
    for now in [at(10), at(99)] {
        assert_eq!(store.begin_decoding(Decoding { now, ..decoding(1, 1) }).await, Ok(UNDECIDED));
    }
}

async fn c08_another_call_with_the_token_is_told_so(store: Arc<dyn Store>) {
    begun(&store, decoding(1, 1), 1).await;
    assert_eq!(store.begin_decoding(decoding(1, 2)).await, Ok(DecodingOutcome::OtherRequest));
    assert_eq!(store.keep_decoded([1; 32], b"{}".to_vec()).await, Ok(DecodedOutcome::Kept));
    assert_eq!(store.begin_decoding(decoding(1, 2)).await, Ok(DecodingOutcome::OtherRequest));
}

async fn c08_only_the_first_answer_is_kept(store: Arc<dyn Store>) {
    assert_eq!(store.keep_decoded([1; 32], b"early".to_vec()).await, Ok(DecodedOutcome::Unknown));
    begun(&store, decoding(1, 1), 1).await;
    assert_eq!(store.keep_decoded([1; 32], b"first".to_vec()).await, Ok(DecodedOutcome::Kept));
    assert_eq!(store.keep_decoded([1; 32], b"second".to_vec()).await, Ok(DecodedOutcome::KeptBefore));
    assert_eq!(store.begin_decoding(decoding(1, 1)).await, Ok(DecodingOutcome::Decoded(b"first".to_vec())));
}

async fn answers_of_any_size_up_to_the_limit_are_kept(store: Arc<dyn Store>) {
    for (token, size, outcome) in [
        (1, 0, DecodedOutcome::Kept),
        (2, DECODED_LIMIT, DecodedOutcome::Kept),
        (3, DECODED_LIMIT + 1, DecodedOutcome::TooLong),
    ] {
        begun(&store, decoding(token, 1), token.into()).await;
        assert_eq!(store.keep_decoded([token; 32], vec![7; size]).await, Ok(outcome));
        let expected =
            if outcome == DecodedOutcome::Kept { DecodingOutcome::Decoded(vec![7; size]) } else { UNDECIDED };
        assert_eq!(store.begin_decoding(decoding(token, 1)).await, Ok(expected));
    }
}

async fn c17_known_tokens_cost_nothing(store: Arc<dyn Store>) {
    assert_eq!(used(&store, "shop", TODAY).await, 0);
    begun(&store, decoding(1, 1), 1).await;
    for request in [1, 2] {
        store.begin_decoding(decoding(1, request)).await.expect("an answer");
    }
    assert_eq!(used(&store, "shop", TODAY).await, 1);
}

async fn c17_a_quota_that_is_spent_begins_nothing(store: Arc<dyn Store>) {
    let limited = |token| Decoding { limit: 2, ..decoding(token, 1) };
    begun(&store, limited(1), 1).await;
    begun(&store, limited(2), 2).await;
    assert_eq!(store.begin_decoding(limited(3)).await, Ok(DecodingOutcome::QuotaSpent { used: 2 }));
    assert_eq!(store.begin_decoding(limited(2)).await, Ok(UNDECIDED), "a known token is told first");
    let lower = Decoding { limit: 0, ..decoding(3, 1) };
    assert_eq!(store.begin_decoding(lower).await, Ok(DecodingOutcome::QuotaSpent { used: 2 }));
    begun(&store, decoding(3, 1), 3).await;
}

async fn c17_a_challenge_carries_a_few_tokens(store: Arc<dyn Store>) {
    let with = |token, number| Decoding { challenge: challenge(number), limit: 100, ..decoding(token, 1) };
    for token in 0..4 {
        begun(&store, with(token, 1), u32::from(token) + 1).await;
    }
    assert_eq!(store.begin_decoding(with(9, 1)).await, Ok(DecodingOutcome::TooMany));
    assert_eq!(store.begin_decoding(with(3, 1)).await, Ok(UNDECIDED), "a known token is told first");
    assert_eq!(store.withdraw_decoding(with(0, 1).token).await, Ok(WithdrawOutcome::Withdrawn));
    begun(&store, with(9, 1), 4).await;
    begun(&store, with(10, 2), 5).await;
}

async fn c17_a_spent_challenge_begins_nothing(store: Arc<dyn Store>) {
    let spent = challenge(1);
    let with = |token| Decoding { challenge: spent, ..decoding(token, 1) };
    begun(&store, with(1), 1).await;
    assert_eq!(store.redeem(redemption(spent)).await, Ok(RedeemOutcome::Redeemed));
    assert_eq!(store.begin_decoding(with(2)).await, Ok(DecodingOutcome::ChallengeSpent));
    assert_eq!(store.begin_decoding(with(1)).await, Ok(UNDECIDED), "a known token is told first");
    store.purge(at(10_000)).await.expect("an answer");
    assert_eq!(store.begin_decoding(with(2)).await, Ok(DecodingOutcome::ChallengeSpent), "forgotten and expired");
    assert_eq!(used(&store, "shop", TODAY).await, 1);
}

async fn quotas_are_of_one_app_and_one_day(store: Arc<dyn Store>) {
    let other: AppName = "bank".parse().expect("a name");
    begun(&store, decoding(1, 1), 1).await;
    begun(&store, Decoding { app: other.clone(), ..decoding(2, 1) }, 1).await;
    begun(&store, Decoding { day: TODAY + 1, ..decoding(3, 1) }, 1).await;
    begun(&store, Decoding { day: TODAY + 1, ..decoding(4, 1) }, 2).await;
    let counts = [used(&store, "shop", TODAY).await, used(&store, "bank", TODAY).await];
    assert_eq!((counts, used(&store, "shop", TODAY + 1).await), ([1, 1], 2));
    let replay = Decoding { app: other, ..decoding(1, 2) };
    assert_eq!(store.begin_decoding(replay).await, Ok(DecodingOutcome::OtherRequest), "tokens are of all apps");
}

async fn a_withdrawn_token_is_new_again(store: Arc<dyn Store>) {
    begun(&store, decoding(1, 1), 1).await;
    begun(&store, decoding(2, 1), 2).await;
    assert_eq!(store.withdraw_decoding([1; 32]).await, Ok(WithdrawOutcome::Withdrawn));
    assert_eq!(used(&store, "shop", TODAY).await, 1);
    assert_eq!(store.keep_decoded([1; 32], b"{}".to_vec()).await, Ok(DecodedOutcome::Unknown));
    begun(&store, decoding(1, 2), 2).await;
}

async fn only_what_was_begun_and_not_decoded_is_withdrawn(store: Arc<dyn Store>) {
    assert_eq!(store.withdraw_decoding([1; 32]).await, Ok(WithdrawOutcome::Unknown));
    begun(&store, decoding(1, 1), 1).await;
    assert_eq!(store.keep_decoded([1; 32], b"{}".to_vec()).await, Ok(DecodedOutcome::Kept));
    assert_eq!(store.withdraw_decoding([1; 32]).await, Ok(WithdrawOutcome::Decoded));
    begun(&store, decoding(2, 1), 2).await;
    assert_eq!(store.withdraw_decoding([2; 32]).await, Ok(WithdrawOutcome::Withdrawn));
    assert_eq!(store.withdraw_decoding([2; 32]).await, Ok(WithdrawOutcome::Unknown));
    assert_eq!(used(&store, "shop", TODAY).await, 1);
}

async fn a_token_counts_for_as_long_as_it_is_remembered(store: Arc<dyn Store>) {
    begun(&store, decoding(1, 1), 1).await;
    let late = Decoding { now: at(500), kept_until: at(900), ..decoding(1, 1) };
    assert_eq!(store.begin_decoding(late.clone()).await, Ok(UNDECIDED), "no purge has forgotten it");
    store.purge(at(100)).await.expect("purges");
    begun(&store, late, 2).await;
}

async fn a_token_withdrawn_after_its_quota_was_forgotten_leaves_none(store: Arc<dyn Store>) {
    begun(&store, Decoding { day: TODAY - 9, kept_until: at(9999), ..decoding(1, 1) }, 1).await;
    store.purge(at(0)).await.expect("purges");
    assert_eq!(used(&store, "shop", TODAY - 9).await, 0);
    assert_eq!(store.withdraw_decoding([1; 32]).await, Ok(WithdrawOutcome::Withdrawn));
    assert_eq!(used(&store, "shop", TODAY - 9).await, 0);
    assert_eq!(store.purge(at(0)).await.expect("purges").quotas, 0);
}
