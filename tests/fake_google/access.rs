//! Access tokens.

use std::time::Duration;

use bonafide::clock::Clock;
use bonafide::lab::google::{FakeGoogle, GooglePlan, SCOPE};
use serde_json::{Value, json};

use crate::client::{Asking, JWT_BEARER, PACKAGE, claims, payload, signed, told};

const METADATA: &str = "/computeMetadata/v1/instance/service-accounts/default/token";

fn header(key_file: &Value) -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": key_file["private_key_id"]})
}

async fn decode_as(asking: &Asking, access: &Value) -> u16 {
    let token = asking.google.mint(PACKAGE, payload(&asking.clock)).expect("a token");
    let request = asking.http.post(asking.url(&format!("/v1/{PACKAGE}:decodeIntegrityToken")));
    let request = request.header("authorization", format!("Bearer {}", access.as_str().expect("a text")));
    let body = json!({"integrity_token": token}).to_string();
    request.body(body).send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn a_service_account_gets_an_access_token_that_expires() {
    let asking = Asking::start().await;
    let key_file = asking.google.key_file().expect("a key file");
    assert_eq!(key_file["type"], "service_account");
    assert_eq!(key_file["token_uri"], asking.url("/token"));
    let assertion = signed(&key_file, &header(&key_file), &claims(&key_file));
    let (status, answer) = asking.exchange(JWT_BEARER, &assertion).await;
    assert_eq!((status, &answer["expires_in"], &answer["token_type"]), (200, &json!(3599), &json!("Bearer")));
    assert_eq!(decode_as(&asking, &answer["access_token"]).await, 200);
    asking.clock.set(asking.clock.now().plus(Duration::from_secs(3_598)));
    assert_eq!(decode_as(&asking, &answer["access_token"]).await, 200);
    asking.clock.set(asking.clock.now().plus(Duration::from_secs(1)));
    assert_eq!(decode_as(&asking, &answer["access_token"]).await, 401);
}

#[tokio::test]
async fn every_part_of_an_assertion_is_checked() {
    let asking = Asking::start().await;
    let key_file = asking.google.key_file().expect("a key file");
    let (header, good) = (header(&key_file), claims(&key_file));
    let now = good["iat"].as_u64().expect("a number");
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        signed(&key_file, &header, &claims)
    };
    let none = json!({"alg": "none"});
    let other_key = json!({"alg": "RS256", "kid": "0"});
    let genuine = with("sub", json!("x"));
    assert_eq!(asking.exchange(JWT_BEARER, &genuine).await.0, 200);
    for (assertion, error) in [
        (with("iss", json!("somebody")), "invalid_grant"),
        (with("aud", json!("https://oauth2.googleapis.com/token")), "invalid_grant"),
        (with("scope", json!("")), "invalid_scope"),
        (with("scope", json!("everything")), "invalid_scope"),
        (with("iat", json!(now + 301)), "invalid_grant"),
        (with("exp", json!(now + 3_601)), "invalid_grant"),
        (with("exp", json!(now - 1)), "invalid_grant"),
        (with("exp", json!("soon")), "invalid_grant"),
        (signed(&key_file, &none, &good), "invalid_grant"),
        (signed(&key_file, &other_key, &good), "invalid_grant"),
        (genuine.replace('.', ".e"), "invalid_grant"),
        (genuine[..genuine.len() - 4].to_owned(), "invalid_grant"),
        (String::new(), "invalid_grant"),
    ] {
        let (status, answer) = asking.exchange(JWT_BEARER, &assertion).await;
        assert_eq!((status, &answer["error"]), (400, &json!(error)), "{assertion}: {answer}");
    }
    let (status, answer) = asking.exchange("password", &genuine).await;
    assert_eq!((status, &answer["error"]), (400, &json!("unsupported_grant_type")));
    asking.clock.set(asking.clock.now().plus(Duration::from_secs(3_900)));
    assert_eq!(asking.exchange(JWT_BEARER, &genuine).await.0, 400, "the assertion has expired");
}

#[tokio::test]
async fn the_key_of_another_account_is_refused() {
    let asking = Asking::start().await;
    let other = FakeGoogle::start(GooglePlan::of(&[])).await.expect("starts").key_file().expect("a key file");
    let mut key_file = asking.google.key_file().expect("a key file");
    key_file["private_key"] = other["private_key"].clone();
    let forged = signed(&key_file, &header(&key_file), &claims(&key_file));
    assert_eq!(asking.exchange(JWT_BEARER, &forged).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn the_metadata_server_wants_its_header_and_sends_it_back() {
    let asking = Asking::start().await;
    let path = format!("{METADATA}?scopes={SCOPE}");
    let without = asking.fetch(&path).send().await.expect("an answer");
    assert_eq!(without.status(), 403);
    let with = asking.fetch(&path).header("Metadata-Flavor", "Google").send().await.expect("an answer");
    assert_eq!(with.headers()["metadata-flavor"], "Google");
    let (status, answer) = told(with).await;
    assert_eq!((status, &answer["expires_in"]), (200, &json!(3599)));
    assert_eq!(decode_as(&asking, &answer["access_token"]).await, 200);
    let narrow = asking.fetch(METADATA).header("Metadata-Flavor", "Google").send().await.expect("an answer");
    assert_eq!(decode_as(&asking, &told(narrow).await.1["access_token"]).await, 403, "no scope was asked for");
}
