//! Google's quota is spent on evidence that may count, and on no other.

use bonafide::crypto::digest::sha256;
use bonafide::verdict::Decision;
use bonafide::verifier::Purpose;

use crate::bench::{Bench, codes, junk};

async fn enrolled() -> Bench {
    let bench = Bench::with(|_| ()).await;
    let client_data = bench.challenge(Purpose::Attest);
    let token = bench.token("good", &client_data, |_| ());
    let first = bench.attest(&client_data, &bench.chain(&client_data), &token, "").await;
    assert_eq!(first.decision, Decision::Allow, "{:?}", codes(&first));
    bench
}

/// A token alone cannot be enough where a chain is required: Google is not asked about it.
#[tokio::test]
async fn c17_a_token_without_the_chain_that_is_required_costs_nothing() {
    let bench = Bench::with(|_| ()).await;
    let client_data = bench.challenge(Purpose::Attest);
    let verdict = bench.attest(&client_data, &[], &junk("junk"), "").await;
    assert_eq!((verdict.decision, bench.asked()), (Decision::Deny, 0));
    assert!(codes(&verdict).contains(&"key_attestation_absent"), "{:?}", codes(&verdict));
}

/// The signature does not cover the token: one assertion that was seen once could carry any number of them.
#[tokio::test]
async fn c17_an_assertion_that_was_taken_before_costs_nothing() {
    let bench = enrolled().await;
    let client_data = bench.challenge(Purpose::Assert);
    let signature = bench.phone.assert(&sha256(&client_data), 1).expect("signs");
    let taken = bench.replay(&client_data, 1, &signature, &bench.token("fresh", &client_data, |_| ())).await;
    assert_eq!(taken.decision, Decision::Allow, "{:?}", codes(&taken));
    let before = bench.asked();
    for at in 0..5 {
        let verdict = bench.replay(&client_data, 1, &signature, &junk(&at.to_string())).await;
        assert_eq!(verdict.decision, Decision::Deny);
    }
    assert_eq!(bench.asked(), before);
}

/// Likewise the chain: once it has enrolled its key, another token beside it changes nothing.
#[tokio::test]
async fn c17_a_chain_that_has_enrolled_costs_nothing() {
    let bench = Bench::with(|_| ()).await;
    let client_data = bench.challenge(Purpose::Attest);
    let (chain, token) = (bench.chain(&client_data), bench.token("good", &client_data, |_| ()));
    assert_eq!(bench.attest(&client_data, &chain, &token, "").await.decision, Decision::Allow);
    let before = bench.asked();
    for at in 0..5 {
        bench.attest(&client_data, &chain, &junk(&at.to_string()), "").await;
    }
    assert_eq!(bench.asked(), before);
}

/// Nothing is spent for a token that Google refuses: one open challenge must not carry any number of them, least of all out of the
/// reserve, which one genuine chain opens.
#[tokio::test]
async fn c17_one_challenge_opens_a_few_tokens_at_most() {
    let bench = Bench::with(|_| ()).await;
    let client_data = bench.challenge(Purpose::Attest);
    let chain = bench.chain(&client_data);
    for at in 0..50 {
        let verdict = bench.attest(&client_data, &chain, &junk(&at.to_string()), "").await;
        assert_eq!(verdict.decision, Decision::Deny);
    }
    assert!(bench.asked() <= 8, "{} tokens for one challenge", bench.asked());
}
