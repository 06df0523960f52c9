//! What is signed, for whom, and what is not.

use std::time::Duration;

use bonafide::crypto::digest::sha256;
use bonafide::crypto::es256::Es256Key;
use bonafide::crypto::jose::verify_jws;
use bonafide::crypto::jwk::PublicJwk;
use bonafide::verdict::Decision;
use bonafide::verifier::{CallFault, Caller, TokenKind, TokenRequest};
use serde_json::{Value, json};

use crate::bench::{Bench, EAR, ISSUER, START, assert_refused, jwk, name, part, shop};

#[tokio::test]
async fn a_token_says_what_the_verdict_says_and_nothing_of_the_device() {
    let bench = Bench::new().await;
    let key = Es256Key::generate().expect("a key");
    let (verdict, data) = bench.enrolled(&jwk(&key), Some(EAR)).await;
    let signed =
        bench.verifier.signed(&shop(), &EAR, (&data, None), &verdict).await.expect("an answer").expect("a token");
    assert!(verify_jws(signed.token.as_bytes(), bench.key.public()).is_ok());
    assert_eq!(signed.expires_at, START.plus(Duration::from_secs(300)));
    let kid = signed.key_id.to_string();
    assert_eq!(part(&signed.token, 0), json!({ "alg": "ES256", "kid": kid, "typ": "eat+jwt" }));
    let payload = part(&signed.token, 1);
    let names: Vec<_> = payload.as_object().expect("an object").keys().map(String::as_str).collect();
    let expected = [
        "aud",
        "bonafide",
        "cnf",
        "ear_verifier_id",
        "eat_profile",
        "exp",
        "iat",
        "iss",
        "jti",
        "nbf",
        "sub",
        "submods",
    ];
    assert_eq!(names, expected);
    assert_eq!((&payload["iss"], &payload["aud"]), (&json!(ISSUER), &json!("shop")));
    assert_eq!(payload["sub"], bench.verifier.pseudonym(&shop(), verdict.instance.expect("an instance")));
    assert_eq!(payload["cnf"], json!({ "jkt": PublicJwk::P256(*key.public()).thumbprint().to_string() }));
    let submodule = &payload["submods"]["shop"];
    assert_eq!(submodule["ear_status"], "affirming");
    let vector = json!({ "executables": 2, "hardware": 2, "instance-identity": 2, "storage-opaque": 2 });
    assert_eq!(submodule["ear_trustworthiness_vector"], vector);
    assert_eq!(submodule["ear_verifier_claims"], json!({ "decision": "allow", "reasons": ["lab_anchor"] }));
    let text = payload.to_string();
    for private in ["com.example", "serial", "receipt", "evidence"] {
        assert!(!text.contains(private), "{private} in {text}");
    }
}

#[tokio::test]
async fn no_two_tokens_for_many_uses_have_one_name() {
    let bench = Bench::new().await;
    let enrolled = bench.enrolled(&Value::Null, None).await;
    let (one, two) = (bench.sign(&EAR, &enrolled).await, bench.sign(&EAR, &enrolled).await);
    assert_ne!(part(&one.token, 1)["jti"], part(&two.token, 1)["jti"]);
}

#[tokio::test]
async fn a_token_never_outlives_the_verdict_nor_the_configured_time() {
    let bench = Bench::new().await;
    let enrolled = bench.enrolled(&Value::Null, None).await;
    for (asked, given) in [(None, 300), (Some(60), 60), (Some(900), 300)] {
        let request = TokenRequest { lifetime: asked.map(Duration::from_secs), ..EAR };
        let end = START.plus(Duration::from_secs(given));
        assert_eq!(bench.sign(&request, &enrolled).await.expires_at, end);
    }
    bench.later(Duration::from_secs(500));
    assert_eq!(bench.sign(&EAR, &enrolled).await.expires_at, enrolled.0.expires_at);
    bench.later(Duration::from_millis(100_000));
    let (verdict, data) = enrolled;
    assert_eq!(bench.verifier.signed(&shop(), &EAR, (&data, None), &verdict).await, Ok(None), "the verdict has ended");
}

#[tokio::test]
async fn a_denied_device_gets_no_token() {
    let bench = Bench::new().await;
    let (verdict, _) = bench.enrolled(&Value::Null, None).await;
    assert_eq!(verdict.decision, Decision::Allow);
    let (refused, data) = bench.enrolled(&Value::Null, Some(EAR)).await;
    assert_refused(&refused, "key_enrolled_before");
    assert_eq!(bench.verifier.signed(&shop(), &EAR, (&data, None), &refused).await, Ok(None));
}

#[tokio::test]
async fn f15_tokens_are_signed_for_the_audiences_that_are_named() {
    let bench = Bench::new().await;
    let (verdict, data) = bench.enrolled(&Value::Null, None).await;
    let towards = |audience| TokenRequest {
        kind: TokenKind::Ear { audience: Some(audience), single_use: false, client_certificate: None },
        lifetime: None,
    };
    let (orders, other) = (name("orders"), name("other"));
    let token = bench.verifier.signed(&shop(), &towards(&orders), (&data, None), &verdict).await.expect("an answer");
    let payload = part(&token.expect("a token").token, 1);
    assert_eq!(payload["aud"], "orders");
    assert_ne!(payload["sub"], bench.verifier.pseudonym(&shop(), verdict.instance.expect("an instance")));
    let at_orders = Caller { relying_party: name("orders"), ..shop() };
    assert_eq!(payload["sub"], bench.verifier.pseudonym(&at_orders, verdict.instance.expect("an instance")));
    let refused = bench.verifier.signed(&shop(), &towards(&other), (&data, None), &verdict).await;
    assert_eq!(refused, Err(CallFault::AudienceNotAllowed));
    let colleague = Caller { name: name("colleague"), ..shop() };
    let refused = bench.verifier.signed(&colleague, &towards(&orders), (&data, None), &verdict).await;
    assert_eq!(refused, Err(CallFault::AudienceNotAllowed), "another caller of the same party");
}

#[tokio::test]
async fn the_key_of_this_call_comes_before_that_of_the_enrolment() {
    let mut bench = Bench::new().await;
    let (first, second) = (sha256(b"one"), sha256(b"two"));
    let text = |digest: &[u8]| json!(data_encoding::BASE64URL_NOPAD.encode(digest));
    let (verdict, _) = bench.enrolled(&text(&first), None).await;
    let pseudonym = bench.verifier.pseudonym(&shop(), verdict.instance.expect("an instance"));
    for (cnf, expected) in [(Value::Null, first), (text(&second), second), (Value::Null, first)] {
        let asserted = bench.asserted(&pseudonym, &cnf, Some(EAR)).await.expect("a verdict");
        let token = bench.sign(&EAR, &asserted).await.token;
        assert_eq!(part(&token, 1)["cnf"]["jkt"], text(&expected));
    }
}

const ATTESTATION: TokenRequest<'static> =
    TokenRequest { kind: TokenKind::ClientAttestation { client_id: "wallet" }, lifetime: None };

#[tokio::test]
async fn a_client_attestation_carries_the_whole_key() {
    let bench = Bench::new().await;
    let key = Es256Key::generate().expect("a key");
    let enrolled = bench.enrolled(&jwk(&key), Some(ATTESTATION)).await;
    let signed = bench.sign(&ATTESTATION, &enrolled).await;
    assert!(verify_jws(signed.token.as_bytes(), bench.key.public()).is_ok());
    assert_eq!(part(&signed.token, 0)["typ"], "oauth-client-attestation+jwt");
    let payload = part(&signed.token, 1);
    assert_eq!((&payload["sub"], &payload["cnf"]["jwk"]), (&json!("wallet"), &jwk(&key)));
    assert_eq!(payload["exp"], START.as_secs() + 300);
    assert_refused(&bench.worth(&signed.token).await, "token_type");
    let (verdict, data) = enrolled;
    let doubtful = bonafide::verdict::Verdict { decision: Decision::StepUp, ..verdict };
    assert_eq!(bench.verifier.signed(&shop(), &ATTESTATION, (&data, None), &doubtful).await, Ok(None));
}

#[tokio::test]
async fn a_client_attestation_without_a_key_is_turned_down_before_anything_is_spent() {
    let mut bench = Bench::new().await;
    let (verdict, _) = bench.enrolled(&jwk(&Es256Key::generate().expect("a key")), None).await;
    let pseudonym = bench.verifier.pseudonym(&shop(), verdict.instance.expect("an instance"));
    let thumbprint = json!(data_encoding::BASE64URL_NOPAD.encode(&[1; 32]));
    for cnf in [Value::Null, thumbprint] {
        let refused = bench.asserted(&pseudonym, &cnf, Some(ATTESTATION)).await;
        assert_eq!(refused.err(), Some(CallFault::ConfirmationMissing));
    }
    let kept = bench.store.instance(verdict.instance.expect("an instance")).await.expect("an answer");
    assert_eq!(kept.expect("an instance").instance.sign_count, 0, "no sign count moved");
}
