//! Tokens that are bound to a key or a certificate, and what proves it.

use std::time::Duration;

use bonafide::crypto::es256::Es256Key;
use bonafide::verdict::Freshness;
use bonafide::verifier::{RequestContext, TokenKind, TokenRequest};
use serde_json::{Value, json};

use crate::bench::{Bench, EAR, START, assert_allowed, assert_refused, dpop, jwk, jws, request};

/// A phone's key and a token that is bound to it.
async fn bound(bench: &Bench) -> (Es256Key, String) {
    let key = Es256Key::generate().expect("a key");
    let token = bench.token(&jwk(&key), EAR).await;
    (key, token)
}

/// What makes a bad proof of a good one.
type Change = fn(&mut Value, &mut Value);

const FAULTS: &[(&str, &str, Change)] = &[
    ("dpop_malformed", "a plain JWT", |header, _| header["typ"] = json!("JWT")),
    ("dpop_malformed", "an attestation", |header, _| header["typ"] = json!("eat+jwt")),
    ("dpop_malformed", "no algorithm", |header, _| header["alg"] = json!("none")),
    ("dpop_malformed", "HMAC", |header, _| header["alg"] = json!("HS256")),
    ("dpop_malformed", "an algorithm of other keys", |header, _| header["alg"] = json!("EdDSA")),
    ("dpop_malformed", "no key", |header, _| header["jwk"] = Value::Null),
    ("dpop_malformed", "a private key", |header, _| header["jwk"]["d"] = json!("AA")),
    ("dpop_malformed", "an address of keys", |header, _| header["jku"] = json!("https://evil")),
    ("dpop_malformed", "an extension", |header, _| header["crit"] = json!(["b64"])),
    ("dpop_malformed", "no name", |_, payload| payload["jti"] = json!("")),
    ("dpop_malformed", "a long name", |_, payload| payload["jti"] = json!("x".repeat(257))),
    ("dpop_malformed", "no time", |_, payload| payload["iat"] = Value::Null),
    ("dpop_malformed", "a negative time", |_, payload| payload["iat"] = json!(-1)),
    ("dpop_malformed", "a time beyond time", |_, payload| payload["iat"] = json!(i64::MAX)),
    ("dpop_malformed", "no method", |_, payload| payload["htm"] = Value::Null),
    ("dpop_method", "another method", |_, payload| payload["htm"] = json!("GET")),
    ("dpop_method", "the method in another case", |_, payload| payload["htm"] = json!("post")),
    ("dpop_target", "another host", |_, payload| payload["htu"] = json!("https://api.example.org/pay")),
    ("dpop_target", "another path", |_, payload| payload["htu"] = json!("https://api.example.com/pay/all")),
    ("dpop_target", "another scheme", |_, payload| payload["htu"] = json!("http://api.example.com/pay")),
    ("dpop_target", "no URL", |_, payload| payload["htu"] = json!("/pay")),
    ("dpop_expired", "old", |_, payload| payload["iat"] = json!(START.as_secs() - 301)),
    ("dpop_expired", "from the future", |_, payload| payload["iat"] = json!(START.as_secs() + 301)),
    ("dpop_token", "no token", |_, payload| payload["ath"] = Value::Null),
    ("dpop_token", "another token", |_, payload| payload["ath"] = json!("AAAA")),
];

#[tokio::test]
async fn f15_every_fault_of_a_proof_ends_in_its_own_reason() {
    let bench = Bench::new().await;
    let (key, token) = bound(&bench).await;
    for (code, title, change) in FAULTS {
        let (mut header, mut payload) = dpop(&key, &token, START);
        change(&mut header, &mut payload);
        let proof = jws(&header, &payload, &key);
        let verdict = bench.worth_with(&token, request(&proof)).await;
        assert_eq!(verdict.reasons[0].code, *code, "{title}");
        assert_refused(&verdict, code);
    }
    let (header, payload) = dpop(&key, &token, START);
    let proof = jws(&header, &payload, &key);
    assert_allowed(&bench.worth_with(&token, request(&proof)).await);
}

#[tokio::test]
async fn f15_a_bound_token_is_worth_nothing_without_its_key() {
    let bench = Bench::new().await;
    let (key, token) = bound(&bench).await;
    assert_refused(&bench.worth(&token).await, "token_binding_missing");
    let thief = Es256Key::generate().expect("a key");
    let (header, payload) = dpop(&thief, &token, START);
    let proof = jws(&header, &payload, &thief);
    assert_refused(&bench.worth_with(&token, request(&proof)).await, "token_binding_mismatch");
    let (header, payload) = dpop(&key, &token, START);
    let proof = jws(&header, &payload, &thief);
    assert_refused(&bench.worth_with(&token, request(&proof)).await, "dpop_signature");
    assert_refused(&bench.worth_with(&token, request(&token)).await, "dpop_malformed");
    let long = "A".repeat(9000);
    assert_refused(&bench.worth_with(&token, request(&long)).await, "dpop_malformed");
    let proof = jws(&header, &payload, &key);
    let unknown = RequestContext { method: "", ..request(&proof) };
    assert_refused(&bench.worth_with(&token, unknown).await, "dpop_method");
    let unknown = RequestContext { scheme: "", authority: "", ..request(&proof) };
    assert_refused(&bench.worth_with(&token, unknown).await, "dpop_target");
}

#[tokio::test]
async fn f15_a_proof_counts_once_while_it_counts() {
    let bench = Bench::new().await;
    let (key, token) = bound(&bench).await;
    let (header, mut payload) = dpop(&key, &token, START.plus(Duration::from_secs(200)));
    let proof = jws(&header, &payload, &key);
    let first = bench.worth_with(&token, request(&proof)).await;
    assert_allowed(&first);
    assert_eq!(first.freshness, Freshness::NEVER, "an answer is good for its own request");
    assert_refused(&bench.worth_with(&token, request(&proof)).await, "dpop_replayed");
    let replica = bench.replica().await;
    bench.later(Duration::from_secs(299));
    bench.verifier.purge().await.expect("purges");
    let (shop, gateway) = (crate::bench::name("shop"), crate::bench::caller(bonafide::verifier::Role::Gateway));
    let call = bonafide::verifier::CheckCall::of(&shop, bonafide::verifier::CheckSubject::Token(&token));
    let again = replica.check(&gateway, &bonafide::verifier::CheckCall { context: request(&proof), ..call }).await;
    assert_refused(&again.expect("a verdict").verdict, "dpop_replayed");
    payload["jti"] = json!("two");
    let second = jws(&header, &payload, &key);
    assert_allowed(&bench.worth_with(&token, request(&second)).await);
}

#[tokio::test]
async fn f15_a_token_bound_to_a_certificate_needs_its_connection() {
    let bench = Bench::new().await;
    let certified = TokenRequest {
        kind: TokenKind::Ear { audience: None, single_use: false, client_certificate: Some([7; 32]) },
        lifetime: None,
    };
    let token = bench.token(&Value::Null, certified).await;
    assert_refused(&bench.worth(&token).await, "client_certificate_missing");
    let with = |digest| RequestContext { client_certificate: Some(digest), ..RequestContext::default() };
    assert_refused(&bench.worth_with(&token, with([8; 32])).await, "client_certificate_mismatch");
    for _ in 0..2 {
        assert_allowed(&bench.worth_with(&token, with([7; 32])).await);
    }
}

#[tokio::test]
async fn f15_every_binding_of_a_token_has_to_be_proved() {
    let bench = Bench::new().await;
    let key = Es256Key::generate().expect("a key");
    let certified = TokenRequest {
        kind: TokenKind::Ear { audience: None, single_use: false, client_certificate: Some([7; 32]) },
        lifetime: None,
    };
    let token = bench.token(&jwk(&key), certified).await;
    let (header, payload) = dpop(&key, &token, START);
    let proof = jws(&header, &payload, &key);
    assert_refused(&bench.worth_with(&token, request(&proof)).await, "client_certificate_missing");
    let certificate = RequestContext { client_certificate: Some([7; 32]), ..RequestContext::default() };
    assert_refused(&bench.worth_with(&token, certificate).await, "token_binding_missing");
    let both = RequestContext { client_certificate: Some([7; 32]), ..request(&proof) };
    assert_allowed(&bench.worth_with(&token, both).await);
}
