//! Every way to misbehave.

use std::time::{Duration, Instant};

use bonafide::lab::google::{Decodes, Endpoint, Misbehaviour, Times};
use serde_json::{Map, Value, json};

use crate::client::{Asking, JWT_BEARER, PACKAGE, claims, payload, signed, told};

/// Long enough to be heard, and too short for what does not come.
const SHORT: Duration = Duration::from_secs(3);
/// What nothing may take, however busy the machine.
const EVER: Duration = Duration::from_secs(30);

fn minted(asking: &Asking) -> String {
    asking.google.mint(PACKAGE, payload(&asking.clock)).expect("a token")
}

/// Waits until this holds.
async fn until(holds: impl Fn() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < EVER, "it never does");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn refusals_are_googles_and_last_as_long_as_they_are_told_to() {
    let asking = Asking::start().await;
    let token = minted(&asking);
    for (status, name) in
        [(500, "INTERNAL"), (503, "UNAVAILABLE"), (429, "RESOURCE_EXHAUSTED"), (401, "UNAUTHENTICATED")]
    {
        asking.google.misbehave(Endpoint::Decode, Misbehaviour::Refuse { status }, Times::Next(1));
        let (code, answer) = asking.decode(PACKAGE, &token).await;
        assert_eq!((code, &answer["error"]["status"]), (status, &json!(name)));
    }
    assert_eq!(asking.google.decodes(&token), Decodes { asked: 4, decoded: 0 });
    assert_eq!(asking.decode(PACKAGE, &token).await.0, 200);
    asking.google.misbehave(Endpoint::Token, Misbehaviour::Refuse { status: 503 }, Times::Always);
    for _ in 0..3 {
        assert_eq!(
            asking.exchange(JWT_BEARER, "").await,
            (503, json!({"error": "internal_failure", "error_description": "told to refuse"}))
        );
    }
    asking.google.behave();
    assert_eq!(asking.exchange(JWT_BEARER, "").await.0, 400);
    assert_eq!((asking.google.asked(Endpoint::Token), asking.google.asked(Endpoint::Decode)), (4, 5));
    assert_eq!(asking.google.asked(Endpoint::Status), 0);
}

#[tokio::test]
async fn late_answers_are_late_and_the_token_is_spent() {
    let asking = Asking::start().await;
    let token = minted(&asking);
    asking.google.misbehave(Endpoint::Decode, Misbehaviour::Late { millis: 3_000 }, Times::Always);
    let cut = asking.decode_request(PACKAGE, &token).timeout(Duration::from_secs(1)).send().await;
    assert!(cut.expect_err("no answer").is_timeout());
    let heard = || asking.google.decodes(&token) == Decodes { asked: 1, decoded: 1 };
    until(heard).await;
    let started = Instant::now();
    let (status, answer) = asking.decode(PACKAGE, &token).await;
    assert!(started.elapsed() >= Duration::from_millis(3_000));
    assert_eq!(
        (status, &answer["tokenPayloadExternal"]["deviceIntegrity"]["deviceRecognitionVerdict"]),
        (200, &json!([]))
    );
}

#[tokio::test]
async fn who_hangs_does_not_keep_it_from_stopping() {
    let asking = Asking::start().await;
    let token = minted(&asking);
    asking.google.misbehave(Endpoint::Decode, Misbehaviour::Hang, Times::Always);
    let hanging = asking.decode_request(PACKAGE, &token).timeout(SHORT).send().await;
    assert!(hanging.expect_err("no answer").is_timeout());
    let waiting = tokio::spawn(asking.decode_request(PACKAGE, &token).send());
    until(|| asking.google.asked(Endpoint::Decode) == 2).await;
    let (started, address) = (Instant::now(), asking.google.address());
    asking.google.stop().await;
    assert!(started.elapsed() < EVER);
    waiting.await.expect("no panic").ok();
    until(|| std::net::TcpStream::connect(address).is_err()).await;
}

#[tokio::test]
async fn slow_bodies_come_byte_by_byte() {
    let asking = Asking::start().await;
    asking.google.misbehave(Endpoint::Status, Misbehaviour::SlowBody { millis: 20 }, Times::Next(1));
    let started = Instant::now();
    let mut answer = asking.fetch("/attestation/status").send().await.expect("an answer");
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.expect("a piece") {
        body.extend_from_slice(&piece);
    }
    assert_eq!(body, br#"{"entries":{}}"#);
    assert!(started.elapsed() >= Duration::from_millis(20 * 12), "{:?}", started.elapsed());
    asking.google.misbehave(Endpoint::Status, Misbehaviour::SlowBody { millis: 60_000 }, Times::Next(1));
    let answer = asking.fetch("/attestation/status").timeout(SHORT).send().await.expect("a head");
    assert!(answer.bytes().await.expect_err("no body").is_timeout());
}

#[tokio::test]
async fn huge_bodies_go_on_and_on() {
    let asking = Asking::start().await;
    asking.google.misbehave(Endpoint::Status, Misbehaviour::HugeBody, Times::Next(1));
    let mut answer = asking.fetch("/attestation/status").send().await.expect("an answer");
    assert_eq!(answer.content_length(), None);
    let mut length = 0;
    while length < 128 << 20 {
        let piece = answer.chunk().await.expect("a piece").expect("no end");
        assert!(piece.iter().all(|byte| *byte == b' '));
        length += piece.len();
    }
    drop(answer);
    assert_eq!(told(asking.fetch("/attestation/status").send().await.expect("an answer")).await.0, 200);
}

#[tokio::test]
async fn cut_answers_end_early_and_garbage_is_no_json() {
    let asking = Asking::start().await;
    let token = minted(&asking);
    asking.google.misbehave(Endpoint::Decode, Misbehaviour::Cut, Times::Next(1));
    let read = match asking.decode_request(PACKAGE, &token).send().await {
        Ok(answer) => answer.bytes().await.map(drop),
        Err(error) => Err(error),
    };
    read.expect_err("cut");
    asking.google.misbehave(Endpoint::Decode, Misbehaviour::Garbage, Times::Next(1));
    let answer = asking.decode_request(PACKAGE, &token).send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"application/json".parse().expect("a value"))
    );
    let body = answer.bytes().await.expect("a body");
    serde_json::from_slice::<Value>(&body).expect_err("no JSON");
    assert_eq!(asking.google.decodes(&token), Decodes { asked: 2, decoded: 2 });
}

#[tokio::test]
async fn lists_lose_all_or_half_of_their_entries() {
    let asking = Asking::start().await;
    let entries: Map<String, Value> =
        (0..7).map(|serial| (format!("{serial}"), json!({"status": "REVOKED"}))).collect();
    asking.google.replace_list(entries);
    let whole = asking.fetch("/attestation/status").send().await.expect("an answer");
    let tag = whole.headers()["etag"].clone();
    for (misbehaviour, left) in [(Misbehaviour::EmptyList, 0), (Misbehaviour::HalvedList, 3)] {
        asking.google.misbehave(Endpoint::Status, misbehaviour, Times::Next(1));
        let answer = asking.fetch("/attestation/status").header("if-none-match", &tag).send().await.expect("an answer");
        assert!(answer.headers().get("etag").is_none());
        let (status, list) = told(answer).await;
        assert_eq!((status, list["entries"].as_object().expect("entries").len()), (200, left));
    }
    let (_, list) = told(asking.fetch("/attestation/status").send().await.expect("an answer")).await;
    assert_eq!(list["entries"].as_object().expect("entries").len(), 7);
}

#[tokio::test]
async fn access_tokens_may_have_expired_when_they_arrive() {
    let asking = Asking::start().await;
    let key_file = asking.google.key_file().expect("a key file");
    let assertion = signed(&key_file, &json!({"alg": "RS256"}), &claims(&key_file));
    asking.google.misbehave(Endpoint::Token, Misbehaviour::ExpiredTokens, Times::Next(1));
    let (status, answer) = asking.exchange(JWT_BEARER, &assertion).await;
    assert_eq!((status, &answer["expires_in"]), (200, &json!(3599)));
    let request = asking.decode_request(PACKAGE, &minted(&asking)).build().expect("a request");
    let mut request = request.try_clone().expect("a clone");
    let bearer = format!("Bearer {}", answer["access_token"].as_str().expect("a text"));
    request.headers_mut().insert("authorization", bearer.parse().expect("a value"));
    assert_eq!(asking.http.execute(request).await.expect("an answer").status(), 401);
}

#[tokio::test]
async fn answers_may_be_about_another_package_or_lead_elsewhere() {
    let asking = Asking::start().await;
    let token = minted(&asking);
    let elsewhere = Misbehaviour::Redirect { location: "http://192.0.2.1/".to_owned() };
    asking.google.misbehave(Endpoint::Decode, elsewhere, Times::Next(1));
    let answer = asking.decode_request(PACKAGE, &token).send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["location"]),
        (307, &"http://192.0.2.1/".parse().expect("a value"))
    );
    let other = Misbehaviour::OtherPackage { package: "com.example.evil".to_owned() };
    asking.google.misbehave(Endpoint::Decode, other, Times::Next(1));
    let payload = &asking.decode(PACKAGE, &token).await.1["tokenPayloadExternal"];
    assert_eq!(payload["requestDetails"]["requestPackageName"], "com.example.evil");
    assert_eq!(payload["appIntegrity"]["packageName"], "com.example.evil");
    assert_eq!(asking.google.decodes(&token), Decodes { asked: 2, decoded: 1 });
}
