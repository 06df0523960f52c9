//! The service's own client against the fake: what the one asks is what the other answers, at its best and at its worst.

use std::time::{Duration, Instant};

use bonafide::lab::google::{Decodes, Endpoint, Misbehaviour, Times};
use bonafide::upstream::google::Google;
use bonafide::upstream::{
    AccessConfig, Decoded, Fetched, GoogleConfig, Indeterminate, IntegrityDecoder, Misconfiguration, NotSent, Refusal,
    ServiceAccount, StatusListSource, UpstreamFault,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::{Asking, PACKAGE, payload};

/// How long Google may take, and where it takes too long.
const PATIENCE: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_secs(2);
/// What no call may take, however busy the machine.
const EVER: Duration = Duration::from_secs(30);

fn at(asking: &Asking, path: &str) -> bonafide::upstream::Endpoint {
    bonafide::upstream::Endpoint::parse(&asking.url(path)).expect("an address")
}

fn client(asking: &Asking, access: AccessConfig, patience: Duration) -> Google {
    let config = GoogleConfig {
        status_list: at(asking, "/attestation/status"),
        play_integrity: at(asking, ""),
        status_list_timeout: patience,
        access_timeout: patience,
        decode_timeout: patience,
        breaker_failures: 1_000,
        ..GoogleConfig::new(Some(access))
    };
    Google::build(config, asking.clock.clone()).expect("a client")
}

fn by_key_file(asking: &Asking) -> Google {
    hurried(asking, PATIENCE)
}

/// With so much time for each call.
fn hurried(asking: &Asking, patience: Duration) -> Google {
    let key_file = asking.google.key_file().expect("a key file").to_string();
    let account = ServiceAccount::parse(key_file.as_bytes(), at(asking, "/token")).expect("an account");
    client(asking, AccessConfig::ServiceAccount(Box::new(account)), patience)
}

fn minted(asking: &Asking) -> String {
    asking.google.mint(PACKAGE, payload(&asking.clock)).expect("a token")
}

async fn decode(google: &Google, package: &str, token: &str) -> Decoded {
    google.decode(package, token, Duration::from_secs(60)).await
}

fn opened(outcome: &Decoded) -> Value {
    let Decoded::Payload(body) = outcome else { panic!("{outcome:?}") };
    serde_json::from_slice(body).expect("JSON")
}

#[tokio::test]
async fn a_service_account_opens_tokens_with_one_access_token() {
    let asking = Asking::start().await;
    let google = by_key_file(&asking);
    let tokens: Vec<String> = (0..20).map(|_| minted(&asking)).collect();
    let expected = json!({"tokenPayloadExternal": payload(&asking.clock)});
    for outcome in join_all(tokens.iter().map(|token| decode(&google, PACKAGE, token))).await {
        assert_eq!(opened(&outcome), expected);
    }
    assert_eq!(asking.google.asked(Endpoint::Token), 1);
    asking.google.expire_access_tokens();
    let token = minted(&asking);
    assert_eq!(opened(&decode(&google, PACKAGE, &token).await), expected);
    assert_eq!(asking.google.decodes(&token), Decodes { asked: 2, decoded: 1 }, "401, a new access token, and again");
    assert_eq!(asking.google.asked(Endpoint::Token), 2);
}

#[tokio::test]
async fn the_metadata_server_serves_as_well() {
    let asking = Asking::start().await;
    let google = client(&asking, AccessConfig::MetadataServer(at(&asking, "")), PATIENCE);
    opened(&decode(&google, PACKAGE, &minted(&asking)).await);
    assert_eq!(asking.google.asked(Endpoint::Metadata), 1);
}

#[tokio::test]
async fn every_refusal_is_told_apart() {
    let asking = Asking::start().await;
    asking.google.link("com.example.other", bonafide::lab::google::Link::Elsewhere);
    asking.google.allow_per_day("com.example.spent", 0);
    let (google, token) = (by_key_file(&asking), minted(&asking));
    for (package, token, outcome) in [
        (PACKAGE, "a.b.c.d.e", Decoded::Refused(Refusal::NotDecodable)),
        ("com.example.other", &token, Decoded::Misconfigured(Misconfiguration::Forbidden)),
        ("com.example.none", &token, Decoded::Misconfigured(Misconfiguration::UnknownPackage)),
        ("com.example.spent", &token, Decoded::Quota { retry_after: None }),
    ] {
        assert_eq!(decode(&google, package, token).await, outcome, "{package}");
    }
    assert_eq!(asking.google.decodes(&token).decoded, 0);
}

#[tokio::test]
async fn c08_google_at_its_worst_opens_no_token_twice_and_gives_no_payload() {
    let asking = Asking::start().await;
    let (patient, impatient) = (by_key_file(&asking), hurried(&asking, SHORT));
    let refuse = |status| Misbehaviour::Refuse { status };
    let lost = |why| Decoded::Indeterminate(why);
    for (misbehaviour, decoded, outcome) in [
        (refuse(500), 0, lost(Indeterminate::Status(500))),
        (refuse(503), 0, lost(Indeterminate::Status(503))),
        (refuse(429), 0, Decoded::Quota { retry_after: None }),
        (Misbehaviour::Redirect { location: asking.url("/attestation/root") }, 0, lost(Indeterminate::Status(307))),
        (Misbehaviour::Late { millis: 60_000 }, 1, lost(Indeterminate::TimedOut)),
        (Misbehaviour::Hang, 1, lost(Indeterminate::TimedOut)),
        (Misbehaviour::SlowBody { millis: 100 }, 1, lost(Indeterminate::TimedOut)),
        (Misbehaviour::HugeBody, 1, lost(Indeterminate::TooLarge)),
        (Misbehaviour::Cut, 1, lost(Indeterminate::Cut)),
        (Misbehaviour::Garbage, 1, lost(Indeterminate::Form)),
    ] {
        let token = minted(&asking);
        asking.google.misbehave(Endpoint::Decode, misbehaviour.clone(), Times::Always);
        let google = if outcome == lost(Indeterminate::TimedOut) { &impatient } else { &patient };
        let started = Instant::now();
        assert_eq!(decode(google, PACKAGE, &token).await, outcome, "{misbehaviour:?}");
        assert!(started.elapsed() < EVER, "{misbehaviour:?}: {:?}", started.elapsed());
        assert_eq!(asking.google.decodes(&token), Decodes { asked: 1, decoded }, "{misbehaviour:?}");
    }
}

#[tokio::test]
async fn without_an_access_token_nothing_is_sent() {
    for misbehaviour in [
        Misbehaviour::Refuse { status: 500 },
        Misbehaviour::Hang,
        Misbehaviour::HugeBody,
        Misbehaviour::Cut,
        Misbehaviour::Garbage,
    ] {
        let asking = Asking::start().await;
        let (google, token) = (hurried(&asking, SHORT), minted(&asking));
        asking.google.misbehave(Endpoint::Token, misbehaviour.clone(), Times::Always);
        assert_eq!(
            decode(&google, PACKAGE, &token).await,
            Decoded::NotSent(NotSent::NoAccessToken),
            "{misbehaviour:?}"
        );
        assert_eq!(asking.google.decodes(&token), Decodes::default(), "{misbehaviour:?}");
    }
    let asking = Asking::start().await;
    let (google, token) = (by_key_file(&asking), minted(&asking));
    asking.google.misbehave(Endpoint::Token, Misbehaviour::ExpiredTokens, Times::Always);
    let refused = Decoded::Misconfigured(Misconfiguration::Unauthenticated);
    assert_eq!(decode(&google, PACKAGE, &token).await, refused);
    assert_eq!(asking.google.decodes(&token).decoded, 0);
}

#[tokio::test]
async fn the_list_comes_with_its_age_or_not_at_all() {
    let asking = Asking::start().await;
    let (google, impatient) = (by_key_file(&asking), hurried(&asking, SHORT));
    asking.google.list("1f", json!({"status": "REVOKED"}));
    asking.google.date_list(Duration::from_secs(600), Duration::from_secs(100));
    let Fetched::New { body, fresh_for, age, tag } = google.fetch(None).await.expect("a list") else {
        panic!("unchanged")
    };
    assert_eq!(body, br#"{"entries":{"1f":{"status":"REVOKED"}}}"#);
    assert_eq!((fresh_for, age), (Duration::from_secs(500), Duration::from_secs(100)));
    let again = google.fetch(tag.as_ref()).await.expect("an answer");
    assert!(matches!(again, Fetched::Unchanged { .. }), "{again:?}");
    for (misbehaviour, fault) in [
        (Misbehaviour::Refuse { status: 503 }, UpstreamFault::Status(503)),
        (Misbehaviour::Redirect { location: asking.url("/attestation/root") }, UpstreamFault::Status(307)),
        (Misbehaviour::Hang, UpstreamFault::TimedOut),
        (Misbehaviour::SlowBody { millis: 1_000 }, UpstreamFault::TimedOut),
        (Misbehaviour::Cut, UpstreamFault::Cut),
    ] {
        asking.google.misbehave(Endpoint::Status, misbehaviour.clone(), Times::Next(1));
        let google = if fault == UpstreamFault::TimedOut { &impatient } else { &google };
        assert_eq!(google.fetch(None).await, Err(fault), "{misbehaviour:?}");
    }
    asking.google.misbehave(Endpoint::Status, Misbehaviour::HugeBody, Times::Next(1));
    let config = GoogleConfig { status_list: at(&asking, "/attestation/status"), ..GoogleConfig::new(None) };
    let patient = Google::build(config, asking.clock.clone()).expect("a client");
    assert_eq!(patient.fetch(None).await, Err(UpstreamFault::TooLarge), "16 MiB take their time");
}
