//! Decoding.

use std::time::Duration;

use bonafide::clock::Clock;
use bonafide::lab::google::{Decodes, Link};
use serde_json::{Value, json};

use crate::client::{Asking, PACKAGE, payload};

#[track_caller]
fn assert_refused(answer: &(u16, Value), code: u16, status: &str) {
    let error = &answer.1["error"];
    assert_eq!((answer.0, &error["code"], &error["status"]), (code, &json!(code), &json!(status)));
    assert!(error["message"].is_string());
}

#[tokio::test]
async fn a_token_decodes_to_its_payload_once() {
    let asking = Asking::start().await;
    let payload = payload(&asking.clock);
    let token = asking.google.mint(PACKAGE, payload.clone()).expect("a token");
    assert_eq!(token.split('.').count(), 5);
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)));
    assert_eq!(asking.google.decodes(&token), Decodes::default());
    assert_eq!(asking.decode(PACKAGE, &token).await, (200, json!({"tokenPayloadExternal": payload})));
    let emptied = json!({
        "requestDetails": payload["requestDetails"],
        "appIntegrity": {"appRecognitionVerdict": "UNEVALUATED"},
        "deviceIntegrity": {"deviceRecognitionVerdict": []},
        "accountDetails": {"appLicensingVerdict": "UNEVALUATED"},
    });
    for _ in 0..2 {
        assert_eq!(asking.decode(PACKAGE, &token).await, (200, json!({"tokenPayloadExternal": emptied})));
    }
    assert_eq!(asking.google.decodes(&token), Decodes { asked: 3, decoded: 3 });
}

#[tokio::test]
async fn classic_tokens_decode_again_and_again() {
    let asking = Asking::start().await;
    let payload = json!({"requestDetails": {"nonce": "bm9uY2U"}, "deviceIntegrity": {}});
    let token = "eyJh.YQ.Yg.Yw.ZA";
    asking.google.adopt(token, PACKAGE, payload.clone());
    for _ in 0..2 {
        assert_eq!(asking.decode(PACKAGE, token).await, (200, json!({"tokenPayloadExternal": payload})));
    }
}

#[tokio::test]
async fn what_google_refuses_is_refused() {
    let asking = Asking::start().await;
    asking.google.link("com.example.bank", Link::Linked);
    asking.google.link("com.example.other", Link::Elsewhere);
    let token = asking.google.mint(PACKAGE, payload(&asking.clock)).expect("a token");
    let anonymous = asking.http.post(asking.url(&format!("/v1/{PACKAGE}:decodeIntegrityToken")));
    let anonymous = anonymous.body(json!({"integrityToken": token}).to_string()).send().await.expect("an answer");
    assert_refused(&crate::client::told(anonymous).await, 401, "UNAUTHENTICATED");
    assert_refused(&asking.decode("com.example.other", &token).await, 403, "PERMISSION_DENIED");
    assert_refused(&asking.decode("com.example.none", &token).await, 404, "NOT_FOUND");
    assert_refused(&asking.decode("com.example.bank", &token).await, 400, "INVALID_ARGUMENT");
    assert_refused(&asking.decode(PACKAGE, "a.b.c.d.e").await, 400, "INVALID_ARGUMENT");
    let empty = asking.decode_request(PACKAGE, "").body("{}").send().await.expect("an answer");
    assert_refused(&crate::client::told(empty).await, 400, "INVALID_ARGUMENT");
    let method =
        asking.decode_request(PACKAGE, "").build().expect("a request").url().as_str().replace("decode", "encode");
    let method = asking.http.post(method).send().await.expect("an answer");
    assert_refused(&crate::client::told(method).await, 404, "NOT_FOUND");
    assert_eq!(asking.google.decodes(&token), Decodes { asked: 4, decoded: 0 }, "a refused token is not decoded");
    assert_eq!(asking.decode(PACKAGE, &token).await.0, 200);
}

#[tokio::test]
async fn access_tokens_can_be_made_to_expire() {
    let asking = Asking::start().await;
    let token = asking.google.mint(PACKAGE, payload(&asking.clock)).expect("a token");
    let request = asking.decode_request(PACKAGE, &token);
    asking.google.expire_access_tokens();
    assert_eq!(request.send().await.expect("an answer").status(), 401);
    assert_eq!(asking.decode(PACKAGE, &token).await.0, 200);
}

#[tokio::test]
async fn the_quota_is_per_package_and_day() {
    let asking = Asking::start().await;
    asking.google.allow_per_day(PACKAGE, 2);
    asking.google.link("com.example.bank", Link::Linked);
    let mint = |package| asking.google.mint(package, payload(&asking.clock)).expect("a token");
    for _ in 0..2 {
        assert_eq!(asking.decode(PACKAGE, &mint(PACKAGE)).await.0, 200);
    }
    let late = mint(PACKAGE);
    assert_refused(&asking.decode(PACKAGE, &late).await, 429, "RESOURCE_EXHAUSTED");
    assert_eq!(asking.decode("com.example.bank", &mint("com.example.bank")).await.0, 200);
    asking.clock.set(asking.clock.now().plus(Duration::from_secs(86_400)));
    assert_eq!(asking.decode(PACKAGE, &late).await.0, 200);
}
