//! Everything that can be wrong with a token ends in a reason of its own.

use std::time::Duration;

use aws_lc_rs::hmac;
use bonafide::crypto::es256::Es256Key;
use bonafide::verifier::{CheckCall, CheckSubject, Role};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::bench::{Bench, EAR, assert_allowed, assert_refused, caller, dpop, jws, name, part};

/// What makes a bad token of a good one.
type Change = fn(&Bench, &str) -> String;

fn payload(bench: &Bench, token: &str, member: &str, value: Value) -> String {
    bench.forged(token, |_, payload| payload[member] = value)
}

fn header(bench: &Bench, token: &str, member: &str, value: Value) -> String {
    bench.forged(token, |header, _| header[member] = value)
}

fn without(token: &str, signature: &[u8], alg: &str) -> String {
    let mut header = part(token, 0);
    header["alg"] = json!(alg);
    let signed = [header.to_string(), part(token, 1).to_string()].map(|part| BASE64URL_NOPAD.encode(part.as_bytes()));
    format!("{}.{}", signed.join("."), BASE64URL_NOPAD.encode(signature))
}

const FAULTS: &[(&str, &str, Change)] = &[
    ("token_malformed", "a word", |_, _| "token".into()),
    ("token_malformed", "a part more", |_, token| format!("{token}.e30")),
    ("token_malformed", "padded", |_, token| format!("{token}=")),
    ("token_malformed", "blanks around", |_, token| format!(" {token}")),
    ("token_malformed", "too long", |_, token| format!("{token}{}", "A".repeat(8192))),
    ("token_malformed", "a key of its own", |bench, token| header(bench, token, "jwk", json!({}))),
    ("token_malformed", "an address of keys", |bench, token| header(bench, token, "jku", json!("https://evil"))),
    ("token_malformed", "a chain", |bench, token| header(bench, token, "x5u", json!("https://evil"))),
    ("token_malformed", "an extension", |bench, token| header(bench, token, "crit", json!(["exp"]))),
    ("token_malformed", "an unknown member", |bench, token| header(bench, token, "cty", json!("JWT"))),
    ("token_malformed", "no key", |bench, token| {
        bench.forged(token, |header, _| drop(header.as_object_mut().and_then(|header| header.remove("kid"))))
    }),
    ("token_malformed", "no algorithm", |bench, token| header(bench, token, "alg", Value::Null)),
    ("token_malformed", "other claims", |bench, token| payload(bench, token, "admin", json!(true))),
    ("token_malformed", "several audiences", |bench, token| payload(bench, token, "aud", json!(["shop", "x"]))),
    ("token_malformed", "another profile", |bench, token| payload(bench, token, "eat_profile", json!("tag:x"))),
    ("token_algorithm", "none", |_, token| without(token, b"", "none")),
    ("token_algorithm", "None", |_, token| without(token, b"", "None")),
    ("token_algorithm", "HMAC with the public key", |bench, token| {
        let unsigned = without(token, b"", "HS256");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bench.key.public().spki());
        let tag = hmac::sign(&key, unsigned.trim_end_matches('.').as_bytes());
        without(token, tag.as_ref(), "HS256")
    }),
    ("token_algorithm", "EdDSA", |bench, token| header(bench, token, "alg", json!("EdDSA"))),
    ("token_type", "a plain JWT", |bench, token| header(bench, token, "typ", json!("JWT"))),
    ("token_type", "a client attestation", |bench, token| {
        header(bench, token, "typ", json!("oauth-client-attestation+jwt"))
    }),
    ("token_type", "a DPoP proof", |bench, token| {
        let (header, payload) = dpop(&bench.key, token, crate::bench::START);
        jws(&header, &payload, &bench.key)
    }),
    ("token_key_unknown", "another key's name", |bench, token| {
        header(bench, token, "kid", json!(BASE64URL_NOPAD.encode(&[7; 32])))
    }),
    ("token_key_unknown", "a path", |bench, token| header(bench, token, "kid", json!("../../dev/null"))),
    ("token_signature", "another key", |_, token| {
        jws(&part(token, 0), &part(token, 1), &Es256Key::generate().expect("a key"))
    }),
    ("token_signature", "changed claims", |bench, token| {
        let other = bench.forged(token, |_, payload| {
            payload["submods"]["shop"]["ear_verifier_claims"]["decision"] = json!("step_up");
        });
        let signature = token.rsplit('.').next().expect("a part");
        format!("{}.{signature}", other.rsplit_once('.').expect("parts").0)
    }),
    ("token_signature", "none", |_, token| format!("{}.", token.rsplit_once('.').expect("parts").0)),
    ("token_signature", "zeros", |_, token| without(token, &[0; 64], "ES256")),
    ("token_issuer", "another issuer", |bench, token| payload(bench, token, "iss", json!("https://other.example"))),
    ("token_issuer", "a slash more", |bench, token| {
        payload(bench, token, "iss", json!(format!("{}/", crate::bench::ISSUER)))
    }),
    ("token_audience", "another party", |bench, token| payload(bench, token, "aud", json!("orders"))),
    ("token_expired", "now", |bench, token| payload(bench, token, "exp", json!(crate::bench::START.as_secs()))),
    ("token_not_yet_valid", "from the future", |bench, token| {
        bench.forged(token, |_, payload| {
            let later = json!(crate::bench::START.as_secs() + 61);
            (payload["iat"], payload["nbf"]) = (later.clone(), later);
        })
    }),
];

#[tokio::test]
async fn f15_every_fault_of_a_token_ends_in_its_own_reason() {
    let bench = Bench::new().await;
    let good = bench.token(&Value::Null, EAR).await;
    for (code, title, change) in FAULTS {
        let bad = change(&bench, &good);
        assert_ne!(bad, good, "{title}");
        let verdict = bench.worth(&bad).await;
        assert_eq!(verdict.reasons.iter().map(|reason| reason.code.as_ref()).collect::<Vec<_>>(), [*code], "{title}");
        assert_refused(&verdict, code);
    }
    assert_allowed(&bench.worth(&good).await);
}

#[tokio::test]
async fn f15_a_token_counts_for_its_own_party_and_app() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    let mut stranger = caller(Role::Gateway);
    stranger.relying_party = name("orders");
    let (shop, bank) = (name("shop"), name("bank"));
    let verdict = bench.verifier.check(&stranger, &CheckCall::of(&shop, CheckSubject::Token(&token))).await;
    assert_refused(&verdict.expect("a verdict").verdict, "token_audience");
    assert_refused(&bench.check(CheckCall::of(&bank, CheckSubject::Token(&token))).await, "token_app");
    assert_allowed(&bench.worth(&token).await);
}

#[tokio::test]
async fn f15_a_token_ends_although_it_is_known() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    bench.later(Duration::from_millis(299_999));
    assert_allowed(&bench.worth(&token).await);
    bench.later(Duration::from_millis(1));
    assert_refused(&bench.worth(&token).await, "token_expired");
}

#[tokio::test]
async fn e14_a_token_has_one_form() {
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    let (rest, last) = token.split_at(token.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).expect("a letter");
    for other in (at & !15)..(at | 15) + 1 {
        if other != at {
            let changed = format!("{rest}{}", &alphabet[other..=other]);
            assert_refused(&bench.worth(&changed).await, "token_malformed");
        }
    }
    for (from, to) in [("-", "+"), ("_", "/")] {
        let changed = token.replacen(from, to, 1);
        if changed != token {
            assert_refused(&bench.worth(&changed).await, "token_malformed");
        }
    }
}

#[tokio::test]
async fn without_a_section_tokens_are_not_supported() {
    use bonafide::verifier::{Upstreams, Verifier, VerifierConfig};
    let bench = Bench::new().await;
    let token = bench.token(&Value::Null, EAR).await;
    let lab = bonafide::lab::app_attest::AppAttestLab::new(crate::bench::START).expect("a laboratory");
    let config = VerifierConfig::of(crate::bench::apps(&lab));
    let store = std::sync::Arc::clone(&bench.store);
    let clock = std::sync::Arc::clone(&bench.clock);
    let verifier = Verifier::build(config, store, clock, Upstreams::default()).await.expect("builds");
    assert!(verifier.jwks().is_none() && verifier.issuer().is_none());
    let (shop, gateway) = (name("shop"), caller(Role::Gateway));
    let verdict =
        verifier.check(&gateway, &CheckCall::of(&shop, CheckSubject::Token(&token))).await.expect("a verdict");
    assert_refused(&verdict.verdict, "token_unsupported");
}
