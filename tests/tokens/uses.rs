//! Tokens that count once.

use std::sync::Arc;
use std::time::Duration;

use bonafide::verdict::{Decision, Freshness};
use bonafide::verifier::{AssertCall, AssertProof, Purpose, Signer, TokenKind, TokenRequest};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use crate::bench::{Bench, EAR, SINGLE_USE, START, assert_allowed, assert_refused, name, part, shop};

#[tokio::test]
async fn f15_a_single_use_token_counts_until_it_is_consumed() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, SINGLE_USE).await;
    for _ in 0..2 {
        let looked_at = bench.worth(&token).await;
        assert_allowed(&looked_at);
        assert_eq!(looked_at.freshness, Freshness::NEVER);
    }
    assert_allowed(&bench.consumed(&token).await);
    assert_refused(&bench.consumed(&token).await, "token_consumed");
    assert_refused(&bench.worth(&token).await, "token_consumed");
}

#[tokio::test]
async fn f15_of_a_hundred_who_consume_a_token_one_is_told_that_it_counts() {
    let bench = Arc::new(Bench::new().await);
    let token = bench.token(&Value::Null, SINGLE_USE).await;
    let calls = (0..100).map(|_| {
        let (bench, token) = (Arc::clone(&bench), token.clone());
        tokio::spawn(async move { bench.consumed(&token).await.decision })
    });
    let mut allowed = 0;
    for call in calls.collect::<Vec<_>>() {
        allowed += usize::from(call.await.expect("no panic") == Decision::Allow);
    }
    assert_eq!(allowed, 1);
}

#[tokio::test]
async fn e14_another_form_of_the_signature_is_the_same_token() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, SINGLE_USE).await;
    assert_allowed(&bench.consumed(&token).await);
    let (signed, signature) = token.rsplit_once('.').expect("parts");
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url");
    let signature = p256::ecdsa::Signature::from_slice(&signature).expect("a signature");
    let (r, s) = signature.split_scalars();
    let other = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).expect("a signature");
    let other = format!("{signed}.{}", BASE64URL_NOPAD.encode(&other.to_bytes()));
    assert_ne!(other, token);
    assert_refused(&bench.consumed(&other).await, "token_consumed");
}

#[tokio::test]
async fn f15_a_repeated_proof_is_one_use() {
    let bench = Bench::new().await;
    let data = bench.client_data(Purpose::Attest, &Value::Null);
    let attested = bench.phone.attest(&data).expect("attests");
    let brief = TokenRequest { lifetime: Some(Duration::from_secs(10)), ..SINGLE_USE };
    let first = bench.attested((&data, &attested), brief).await;
    assert_eq!(part(&first, 1)["bonafide"]["single_use_until"], START.as_secs() + 300 + 60 + 3600);
    assert_allowed(&bench.consumed(&first).await);
    bench.later(Duration::from_secs(299));
    bench.verifier.purge().await.expect("purges");
    let second = bench.attested((&data, &attested), SINGLE_USE).await;
    assert_refused(&bench.worth(&second).await, "token_consumed");
    assert_refused(&bench.consumed(&second).await, "token_consumed");
    bench.later(Duration::from_secs(290));
    bench.verifier.purge().await.expect("purges");
    assert_refused(&bench.consumed(&second).await, "token_consumed");
    assert_refused(&bench.worth(&first).await, "token_expired");
}

#[tokio::test]
async fn f15_a_named_call_that_is_repeated_is_one_use() {
    let mut bench = Bench::new().await;
    let (enrolled, _) = bench.enrolled(&Value::Null, None).await;
    let pseudonym = bench.verifier.pseudonym(&shop(), enrolled.instance.expect("an instance"));
    let data = bench.client_data(Purpose::Assert, &Value::Null);
    let assertion = bench.phone.assert(&data).expect("signs");
    let app = name("shop");
    let call = AssertCall {
        app: &app,
        signer: Signer::Pseudonym(&pseudonym),
        client_data: &data,
        proof: AssertProof::AppAttest(&assertion),
        session: b"",
        idempotency_key: "call 1",
        context: None,
        token: Some(SINGLE_USE),
    };
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let verdict = bench.verifier.assert(&shop(), call).await.expect("a verdict");
        tokens.push(bench.sign(&SINGLE_USE, &(verdict, data.clone())).await.token);
        bench.later(Duration::from_secs(30));
    }
    assert_eq!(part(&tokens[0], 1)["jti"], part(&tokens[1], 1)["jti"]);
    assert!(part(&tokens[0], 1)["exp"].as_u64() < part(&tokens[1], 1)["exp"].as_u64(), "a token of its own");
    assert_allowed(&bench.consumed(&tokens[1]).await);
    for token in &tokens {
        assert_refused(&bench.consumed(token).await, "token_consumed");
    }
}

#[tokio::test]
async fn another_party_and_another_proof_have_a_use_of_their_own() {
    let mut bench = Bench::new().await;
    let enrolled = bench.enrolled(&Value::Null, Some(SINGLE_USE)).await;
    let token = bench.sign(&SINGLE_USE, &enrolled).await.token;
    assert_allowed(&bench.consumed(&token).await);
    let orders = name("orders");
    let kind = TokenKind::Ear { audience: Some(&orders), single_use: true, client_certificate: None };
    let theirs = bench.sign(&TokenRequest { kind, lifetime: None }, &enrolled).await.token;
    assert_ne!(part(&theirs, 1)["jti"], part(&token, 1)["jti"]);
    let pseudonym = bench.verifier.pseudonym(&shop(), enrolled.0.instance.expect("an instance"));
    let asserted = bench.asserted(&pseudonym, &Value::Null, Some(SINGLE_USE)).await.expect("a verdict");
    assert_allowed(&bench.consumed(&bench.sign(&SINGLE_USE, &asserted).await.token).await);
}

#[tokio::test]
async fn an_ordinary_token_cannot_be_consumed() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    assert_refused(&bench.consumed(&token).await, "token_not_single_use");
    assert_allowed(&bench.worth(&token).await);
}
