//! Opening integrity tokens.

use std::time::{Duration, Instant};

use bonafide::upstream::google::Google;
use bonafide::upstream::{
    Decoded, INTEGRITY_TOKEN_LIMIT, Indeterminate, IntegrityDecoder, Misconfiguration, NotSent, Refusal,
};

use crate::fake::{Act, EVER, Fake, SHORT, Stated, built, nobody};

const PAYLOAD: &[u8] = br#"{"tokenPayloadExternal":{"requestDetails":{}}}"#;
const PACKAGE: &str = "com.example.shop";
/// Longer than any time-out of the tests.
const LONG: Duration = Duration::from_secs(60);

async fn decode(google: &Google, token: &str) -> Decoded {
    google.decode(PACKAGE, token, LONG).await
}

fn error(status: u16, name: &str) -> Act {
    Act::Answer(status, &[], serde_json::json!({ "error": { "code": status, "status": name } }).to_string().into())
}

#[tokio::test]
async fn a_token_is_opened_under_the_configured_package() {
    let fake = Fake::start(|_, _| Act::Answer(200, &["Content-Type: application/json"], PAYLOAD.to_vec())).await;
    let google = fake.google();
    assert_eq!(decode(&google, "token").await, Decoded::Payload(PAYLOAD.to_vec()));
    assert_eq!(google.decode("../v2/a:b?c#d é", "token", LONG).await, Decoded::Payload(PAYLOAD.to_vec()));
    let seen = fake.seen();
    let targets: Vec<&str> = seen.iter().map(|seen| seen.target.as_str()).collect();
    let strange = "/v1/..%2Fv2%2Fa%3Ab%3Fc%23d%20%C3%A9:decodeIntegrityToken";
    assert_eq!(targets, ["/v1/com.example.shop:decodeIntegrityToken", strange]);
    assert_eq!((seen[0].method.as_str(), seen[0].body.as_str()), ("POST", r#"{"integrityToken":"token"}"#));
    assert_eq!(seen[0].header("authorization"), Some("Bearer access-1"));
    assert_eq!(google.counts().decodes.payload, 2);
}

#[tokio::test]
async fn every_status_has_its_meaning() {
    let cases: [(fn() -> Act, Decoded); 9] = [
        (|| error(400, "INVALID_ARGUMENT"), Decoded::Refused(Refusal::NotDecodable)),
        (|| Act::Answer(400, &[], Vec::new()), Decoded::Refused(Refusal::NotDecodable)),
        (|| error(400, "FAILED_PRECONDITION"), Decoded::Misconfigured(Misconfiguration::Precondition)),
        (|| error(401, "UNAUTHENTICATED"), Decoded::Misconfigured(Misconfiguration::Unauthenticated)),
        (|| error(403, "PERMISSION_DENIED"), Decoded::Misconfigured(Misconfiguration::Forbidden)),
        (|| error(403, "RESOURCE_EXHAUSTED"), Decoded::Quota { retry_after: None }),
        (|| error(404, "NOT_FOUND"), Decoded::Misconfigured(Misconfiguration::UnknownPackage)),
        (|| Act::Answer(429, &["Retry-After: 30"], Vec::new()), Decoded::Quota { retry_after: Some(LONG / 2) }),
        (|| Act::Answer(418, &[], Vec::new()), Decoded::Indeterminate(Indeterminate::Status(418))),
    ];
    for (at, (act, wanted)) in cases.into_iter().enumerate() {
        let fake = Fake::start(move |_, _| act()).await;
        assert_eq!(decode(&fake.google(), "token").await, wanted, "case {at}");
        assert_eq!(fake.decodes("token"), 1, "case {at}");
    }
}

#[tokio::test]
async fn c08_a_token_that_may_have_been_opened_is_never_sent_again() {
    let cases: [(fn() -> Act, Indeterminate); 15] = [
        (|| Act::Answer(500, &[], PAYLOAD.to_vec()), Indeterminate::Status(500)),
        (|| Act::Answer(503, &["Retry-After: 0"], Vec::new()), Indeterminate::Status(503)),
        (|| Act::Answer(504, &[], Vec::new()), Indeterminate::Status(504)),
        (|| Act::Answer(204, &[], Vec::new()), Indeterminate::Status(204)),
        (|| Act::Silence, Indeterminate::TimedOut),
        (|| Act::Drip, Indeterminate::TimedOut),
        (|| Act::Raw(Vec::new()), Indeterminate::Cut),
        (|| Act::Raw(b"garbage\r\n\r\n".to_vec()), Indeterminate::Cut),
        (|| Act::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 46\r\n\r\n{\"tokenPay".to_vec()), Indeterminate::Cut),
        (|| Act::Gibibyte(Stated::Yes), Indeterminate::TooLarge),
        (|| Act::Gibibyte(Stated::No), Indeterminate::TooLarge),
        (|| Act::Answer(200, &[], Vec::new()), Indeterminate::Form),
        (|| Act::Answer(200, &[], b"<html>".to_vec()), Indeterminate::Form),
        (|| Act::Answer(200, &[], br#"{"tokenPayloadExternal":null}"#.to_vec()), Indeterminate::Form),
        (|| Act::Answer(200, &[], br#"[{"tokenPayloadExternal":{}}]"#.to_vec()), Indeterminate::Form),
    ];
    for (at, (act, wanted)) in cases.into_iter().enumerate() {
        let fake = Fake::start(move |_, _| act()).await;
        let silent = wanted == Indeterminate::TimedOut;
        let (google, started) = (built(if silent { fake.impatient() } else { fake.config() }), Instant::now());
        assert_eq!(decode(&google, "token").await, Decoded::Indeterminate(wanted), "case {at}");
        assert!(started.elapsed() < EVER, "case {at}, beyond the deadline: {:?}", started.elapsed());
        assert_eq!(fake.decodes("token"), 1, "case {at}");
        assert!(fake.written() < 64 << 20, "case {at}");
        assert_eq!((google.counts().decodes.indeterminate, google.counts().decodes.retries), (1, 0), "case {at}");
    }
}

#[tokio::test]
async fn c08_a_connection_that_ends_under_a_later_token_does_not_send_it_again() {
    let fake = Fake::start(|_, before| match before {
        0 => Act::Answer(200, &[], PAYLOAD.to_vec()),
        _ => Act::Raw(Vec::new()),
    })
    .await;
    let google = fake.google();
    assert_eq!(decode(&google, "first").await, Decoded::Payload(PAYLOAD.to_vec()));
    for (at, token) in ["second", "third", "fourth"].into_iter().enumerate() {
        assert_eq!(decode(&google, token).await, Decoded::Indeterminate(Indeterminate::Cut), "{token}");
        assert_eq!((fake.decodes(token), fake.seen().len()), (1, at + 2), "{token}");
    }
}

#[tokio::test]
async fn c14_neither_token_follows_a_redirect() {
    let elsewhere = Fake::start(|_, _| Act::Answer(200, &[], PAYLOAD.to_vec())).await;
    let to = format!("Location: {}", elsewhere.at("/v1/a:decodeIntegrityToken"));
    let headers: &'static [&'static str] = Vec::leak(vec![&*String::leak(to)]);
    for status in [301, 302, 303, 307, 308] {
        let fake = Fake::start(move |_, _| Act::Answer(status, headers, Vec::new())).await;
        let outcome = decode(&fake.google(), "token").await;
        assert_eq!(outcome, Decoded::Indeterminate(Indeterminate::Status(status)));
    }
    assert_eq!(elsewhere.seen().len(), 0);
}

#[tokio::test]
async fn a_token_that_certainly_did_not_arrive_may_be_sent_again() {
    let (config, _held) = nobody();
    let google = built(config);
    assert_eq!(decode(&google, "token").await, Decoded::NotSent(NotSent::NotConnected));
    assert_eq!((google.counts().decodes.not_sent, google.counts().decodes.retries), (1, 1));
}

#[tokio::test]
async fn c08_a_call_ends_at_the_callers_deadline_too() {
    let fake = Fake::start(|_, _| Act::Silence).await;
    let mut config = fake.config();
    config.decode_timeout = LONG;
    let (google, started) = (built(config), Instant::now());
    let outcome = google.decode(PACKAGE, "token", SHORT).await;
    assert_eq!(outcome, Decoded::Indeterminate(Indeterminate::TimedOut));
    assert!((SHORT - Duration::from_millis(10)..EVER).contains(&started.elapsed()));
    assert_eq!(fake.decodes("token"), 1);
}

#[tokio::test]
async fn c17_tokens_of_no_fit_size_are_not_sent() {
    let fake = Fake::start(|_, _| Act::Answer(200, &[], PAYLOAD.to_vec())).await;
    let google = fake.google();
    for token in [String::new(), "a".repeat(INTEGRITY_TOKEN_LIMIT + 1)] {
        assert_eq!(decode(&google, &token).await, Decoded::Refused(Refusal::Size));
    }
    assert_eq!(fake.seen().len(), 0);
    let largest = "a".repeat(INTEGRITY_TOKEN_LIMIT);
    assert_eq!(decode(&google, &largest).await, Decoded::Payload(PAYLOAD.to_vec()));
}
