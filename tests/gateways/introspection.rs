//! Introspection, the keys of tokens, and where things are.

use std::time::Duration;

use bonafide::grpc::proto::TokenRequest;
use data_encoding::BASE64URL_NOPAD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::{Value, json};

use crate::client::{Said, get, head, send};
use crate::stage::{ISSUER, KEY, PARTNER_KEY, Stage, ear};

const SIGNED: &str = "accept: application/token-introspection+jwt";

async fn asked(stage: &Stage, key: &str, form: &str, more: &[&str]) -> Said {
    let (key, length) = (format!("authorization: Bearer {key}"), format!("content-length: {}", form.len()));
    let media_type = "content-type: application/x-www-form-urlencoded";
    let lines: Vec<&str> = [key.as_str(), &length, media_type].into_iter().chain(more.iter().copied()).collect();
    send(stage.gateway(), &(head("POST", "/introspect", &lines) + form)).await
}

fn part(token: &str, at: usize) -> Value {
    let bytes = BASE64URL_NOPAD.decode(token.split('.').nth(at).expect("a part").as_bytes()).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[tokio::test]
async fn a_token_that_counts_is_told_to_its_relying_party() {
    let stage = Stage::set().await;
    let said = asked(&stage, KEY, &format!("token={}&token_type_hint=access_token", stage.token), &[]).await;
    assert_eq!((said.status, said.header("cache-control")), (200, Some("no-store")), "{said:?}");
    let (told, claims) = (said.json(), part(&stage.token, 1));
    for name in ["iss", "aud", "sub", "jti", "iat", "exp"] {
        assert_eq!(told[name], claims[name], "{name}: {told}");
    }
    assert_eq!(
        (&told["active"], &told["token_type"], &told["sub"]),
        (&json!(true), &json!("Bearer"), &json!(stage.instance))
    );
    assert_eq!((&told["decision"], &told["app"], told.get("cnf")), (&json!("allow"), &json!("shop"), None));
}

#[tokio::test]
async fn a_token_for_one_use_is_told_to_be_one() {
    let mut stage = Stage::set().await;
    let once = stage.token_as(None, None, TokenRequest { single_use: true, ..ear() }).await;
    for _ in 0..2 {
        let told = asked(&stage, KEY, &format!("token={once}"), &[]).await.json();
        assert_eq!((&told["active"], &told["jti"]), (&json!(true), &part(&once, 1)["jti"]), "nothing is spent");
        assert_eq!(told["single_use_until"], part(&once, 1)["bonafide"]["single_use_until"], "{told}");
        assert!(told["single_use_until"].as_u64() > told["exp"].as_u64(), "{told}");
    }
    let usual = asked(&stage, KEY, &format!("token={}", stage.token), &[]).await.json();
    assert_eq!(usual.get("single_use_until"), None);
}

#[tokio::test]
async fn of_every_other_token_nothing_is_told() {
    let stage = Stage::set().await;
    let form = format!("token={}", stage.token);
    let inactive = json!({ "active": false });
    assert_eq!(asked(&stage, PARTNER_KEY, &form, &[]).await.json(), inactive, "another party's");
    for unknown in ["token=", "token=x", "token=eyJhbGciOiJub25lIn0.e30.", &form[..form.len() - 2]] {
        assert_eq!(asked(&stage, KEY, unknown, &[]).await.json(), inactive, "{unknown}");
    }
    stage.service.later(Duration::from_secs(301));
    assert_eq!(asked(&stage, KEY, &form, &[]).await.json(), inactive, "expired");
}

#[tokio::test]
async fn who_is_not_known_is_told_nothing_and_what_is_no_question_is_an_error() {
    let stage = Stage::set().await;
    let form = format!("token={}", stage.token);
    let said = asked(&stage, "made-up", &form, &[]).await;
    assert_eq!((said.status, said.header("www-authenticate")), (401, Some("Bearer realm=\"bonafide\"")));
    let second = format!("authorization: Bearer {KEY}");
    assert_eq!(asked(&stage, KEY, &form, &[&second]).await.status, 401);
    for wrong in ["", "tokn=x", "token=a&token=b"] {
        let said = asked(&stage, KEY, wrong, &[]).await;
        assert_eq!((said.status, &said.json()["error"]), (400, &json!("invalid_request")), "{wrong}");
    }
    let long = format!("token={}", "x".repeat(40_000));
    assert!([400, 413].contains(&asked(&stage, KEY, &long, &[]).await.status));
    assert_eq!(get(stage.gateway(), "/introspect?token=x", &[]).await.status, 405);
}

#[tokio::test]
async fn a_signed_answer_verifies_under_the_published_keys() {
    let stage = Stage::set().await;
    let said = asked(&stage, KEY, &format!("token={}", stage.token), &[SIGNED]).await;
    assert_eq!(said.header("content-type"), Some("application/token-introspection+jwt"), "{said:?}");
    let (header, payload) = (part(&said.body, 0), part(&said.body, 1));
    assert_eq!(header["typ"], "token-introspection+jwt");
    assert_eq!((&payload["iss"], &payload["aud"]), (&json!(ISSUER), &json!("shop")));
    assert_eq!(payload["token_introspection"]["active"], true);
    assert!(payload.get("sub").is_none() && payload.get("exp").is_none(), "RFC 9701, section 5: {payload}");
    let keys = get(stage.gateway(), "/.well-known/jwks.json", &[]).await.json();
    let mut keys = keys["keys"].as_array().expect("keys").iter();
    let key = keys.find(|key| key["kid"] == header["kid"]).expect("the key that signed");
    let coordinate = |name: &str| BASE64URL_NOPAD.decode(key[name].as_str().expect("text").as_bytes()).expect("bytes");
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let (signed, signature) = said.body.rsplit_once('.').expect("a signature");
    let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url");
    let key = VerifyingKey::from_sec1_bytes(&point).expect("a key");
    key.verify(signed.as_bytes(), &Signature::from_slice(&signature).expect("64 bytes")).expect("genuine");
    let refused = asked(&stage, KEY, &format!("token={}", stage.token), &[&format!("{SIGNED};q=0")]).await;
    assert_eq!(refused.header("content-type"), Some("application/json"), "{refused:?}");
    let inactive = asked(&stage, PARTNER_KEY, &format!("token={}", stage.token), &[SIGNED]).await;
    assert_eq!(part(&inactive.body, 1)["token_introspection"], json!({ "active": false }));
}

#[tokio::test]
async fn keys_and_configuration_can_be_kept_for_a_while() {
    let stage = Stage::set().await;
    for path in ["/.well-known/jwks.json", "/.well-known/bonafide-configuration"] {
        let said = get(stage.gateway(), path, &[]).await;
        assert_eq!((said.status, said.header("cache-control")), (200, Some("public, max-age=300")), "{said:?}");
        let tag = said.header("etag").expect("a tag");
        let again = get(stage.gateway(), path, &[&format!("if-none-match: \"x\", {tag}")]).await;
        assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", Some(tag)));
        let weak = get(stage.gateway(), path, &[&format!("if-none-match: W/{tag}")]).await;
        assert_eq!((weak.status, weak.body.as_str()), (304, ""), "as a proxy has it that compresses");
        assert!(!said.body.contains("\"d\""), "a private member");
    }
    let told = get(stage.gateway(), "/.well-known/bonafide-configuration", &[]).await.json();
    assert_eq!(
        (&told["issuer"], &told["jwks_uri"]),
        (&json!(ISSUER), &json!(format!("{ISSUER}/.well-known/jwks.json")))
    );
}
