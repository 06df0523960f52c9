//! Access tokens.

use std::time::{Duration, Instant};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use bonafide::upstream::google::{AccessCounts, Google};
use bonafide::upstream::{
    AccessConfig, Decoded, GoogleConfig, IntegrityDecoder, Misconfiguration, NotSent, ServiceAccount,
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use futures_util::future::join_all;
use serde_json::json;

use crate::fake::{Act, EVER, Fake, SHORT, Seen, built};

const PAYLOAD: &[u8] = br#"{"tokenPayloadExternal":{}}"#;
/// How long a source is left alone after a first failure.
const PAUSE: Duration = Duration::from_secs(1);
const NO_ACCESS: Decoded = Decoded::NotSent(NotSent::NoAccessToken);

fn opened() -> Decoded {
    Decoded::Payload(PAYLOAD.to_vec())
}

async fn decode(google: &Google, token: &str) -> Decoded {
    google.decode("com.example.shop", token, Duration::from_secs(60)).await
}

fn granted(token: &str, seconds: u64) -> Act {
    let body = json!({ "access_token": token, "expires_in": seconds, "token_type": "Bearer" }).to_string();
    Act::Answer(200, &["Metadata-Flavor: Google"], body.into())
}

fn is_decode(seen: &Seen) -> bool {
    seen.target.ends_with(":decodeIntegrityToken")
}

/// How many access tokens were asked for.
fn asked(fake: &Fake) -> usize {
    fake.seen().iter().filter(|seen| !is_decode(seen)).count()
}

/// A server that grants access tokens like this and opens everything, and its client by way of the metadata server.
async fn granting(grant: impl Fn(usize) -> Act + Send + Sync + 'static) -> (Fake, Google) {
    let fake = granter(grant).await;
    let google = client(&fake, fake.config());
    (fake, google)
}

async fn granter(grant: impl Fn(usize) -> Act + Send + Sync + 'static) -> Fake {
    Fake::start(move |seen, before| match is_decode(seen) {
        true => Act::Answer(200, &[], PAYLOAD.to_vec()),
        false => grant(before),
    })
    .await
}

fn client(fake: &Fake, config: GoogleConfig) -> Google {
    built(GoogleConfig { access: Some(AccessConfig::MetadataServer(fake.at(""))), ..config })
}

#[tokio::test]
async fn a_service_account_signs_for_its_access_token() {
    let fake = Fake::start(|seen, _| match is_decode(seen) {
        true => Act::Answer(200, &[], PAYLOAD.to_vec()),
        false => granted("access-2", 3599),
    })
    .await;
    let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
    let der: Pkcs8V1Der<'_> = pair.as_der().expect("PKCS #8");
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64.encode(der.as_ref()));
    let tokens = fake.at("/token");
    let file = json!({ "type": "service_account", "client_email": "robot@p.example", "private_key_id": "k1",
        "private_key": pem, "token_uri": tokens.to_string() });
    let account = ServiceAccount::parse(file.to_string().as_bytes(), tokens.clone()).expect("an account");
    let mut config = fake.config();
    config.access = Some(AccessConfig::ServiceAccount(Box::new(account)));
    assert_eq!(decode(&built(config), "token").await, opened());
    let [ask, open] = <[Seen; 2]>::try_from(fake.seen()).expect("two requests");
    assert_eq!((ask.method.as_str(), ask.target.as_str()), ("POST", "/token"));
    assert_eq!(ask.header("content-type"), Some("application/x-www-form-urlencoded"));
    let form = ask.body.strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
    let claims = form.expect("a form").split('.').nth(1).expect("a JWT");
    let claims: serde_json::Value =
        serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).expect("base64url")).expect("JSON");
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("robot@p.example"), &json!(tokens.to_string())));
    assert_eq!(open.header("authorization"), Some("Bearer access-2"));
}

#[tokio::test]
async fn the_metadata_server_is_asked_in_its_own_way() {
    let (fake, google) = granting(|_| granted("access-2", 3599)).await;
    assert_eq!(decode(&google, "token").await, opened());
    let ask = &fake.seen()[0];
    let target = "/computeMetadata/v1/instance/service-accounts/default/token\
        ?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fplayintegrity";
    assert_eq!((ask.target.as_str(), ask.header("metadata-flavor")), (target, Some("Google")));
}

#[tokio::test]
async fn c14_what_does_not_say_that_it_is_a_metadata_server_is_none() {
    let (fake, google) = granting(|_| {
        let body = json!({ "access_token": "stolen", "expires_in": 3599, "token_type": "Bearer" });
        Act::Answer(200, &[], body.to_string().into())
    })
    .await;
    assert_eq!((decode(&google, "token").await, fake.decodes("token")), (NO_ACCESS, 0));
}

#[tokio::test]
async fn one_access_token_serves_all_who_wait_and_those_after() {
    let (fake, google) = granting(|_| granted("access-2", 3599)).await;
    let tokens: Vec<String> = (0..50).map(|number| format!("token {number}")).collect();
    let outcomes = join_all(tokens.iter().map(|token| decode(&google, token))).await;
    assert!(outcomes.iter().all(|outcome| *outcome == opened()), "{outcomes:?}");
    assert_eq!(decode(&google, "later").await, opened());
    assert_eq!((asked(&fake), google.counts().access), (1, AccessCounts { refreshed: 1, failed: 0 }));
}

#[tokio::test]
async fn an_access_token_is_replaced_before_its_end_and_not_used_after_it() {
    let (fake, google) = granting(|before| granted(&format!("access-{before}"), 1)).await;
    assert_eq!(decode(&google, "1").await, opened());
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(decode(&google, "2").await, opened());
    let bearers: Vec<_> =
        fake.seen().iter().filter_map(|seen| Some(seen.header("authorization")?.to_owned())).collect();
    assert_eq!(bearers, ["Bearer access-0", "Bearer access-2"]);
}

#[tokio::test]
async fn c17_a_source_without_access_tokens_is_left_alone_for_a_while() {
    let cases: [fn() -> Act; 9] = [
        || Act::Answer(500, &[], Vec::new()),
        || Act::Raw(Vec::new()),
        || Act::Silence,
        || Act::Drip,
        || Act::Gibibyte(crate::fake::Stated::No),
        || Act::Answer(200, &["Metadata-Flavor: Google"], b"{}".to_vec()),
        || granted("", 3599),
        || granted("two words", 3599),
        || granted("access-2", 0),
    ];
    for (at, act) in cases.into_iter().enumerate() {
        let mut rounds = 0;
        while !left_alone(at, act).await {
            rounds += 1;
            assert!(rounds < 5, "case {at}: they never came before the pause was over");
        }
    }
}

/// All have come before the pause was over, and the source was asked once; or this machine was too slow to tell.
async fn left_alone(at: usize, act: fn() -> Act) -> bool {
    let fake = granter(move |_| act()).await;
    let (google, started) = (client(&fake, fake.impatient()), Instant::now());
    let tokens: Vec<String> = (0..20).map(|number| format!("token {number}")).collect();
    let outcomes = join_all(tokens.iter().map(|token| decode(&google, token))).await;
    let took = started.elapsed();
    assert!(outcomes.iter().all(|outcome| *outcome == NO_ACCESS), "case {at}: {outcomes:?}");
    assert!(took < EVER, "case {at}, beyond the deadline: {took:?}");
    let fails_after = if matches!(act(), Act::Silence | Act::Drip) { SHORT } else { Duration::ZERO };
    let soon = took < fails_after + PAUSE;
    if soon {
        assert_eq!((asked(&fake), fake.seen().len()), (1, 1), "case {at}");
    }
    soon
}

#[tokio::test]
async fn a_failure_to_get_an_access_token_is_forgotten_after_a_while() {
    let (_, google) = granting(|before| match before {
        0 => Act::Answer(500, &[], Vec::new()),
        _ => granted("access-2", 3599),
    })
    .await;
    assert_eq!(decode(&google, "token").await, NO_ACCESS);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(decode(&google, "token").await, opened());
}

/// A server that accepts these access tokens only, and gives out `access-N` for the Nth request.
async fn choosy(accepted: &'static [&'static str]) -> (Fake, Google) {
    let fake = Fake::start(move |seen, before| match seen.header("authorization") {
        Some(bearer) if accepted.contains(&bearer) => Act::Answer(200, &[], PAYLOAD.to_vec()),
        Some(_) => Act::Answer(401, &[], Vec::new()),
        None => granted(&format!("access-{before}"), 3599),
    })
    .await;
    let google = client(&fake, fake.config());
    (fake, google)
}

#[tokio::test]
async fn c08_a_refused_access_token_is_replaced_once_and_the_token_opened_once() {
    let (fake, google) = choosy(&["Bearer access-2"]).await;
    assert_eq!(decode(&google, "token").await, opened());
    assert_eq!((asked(&fake), fake.decodes("token"), google.counts().decodes.retries), (2, 2, 1));
    assert_eq!(decode(&google, "other").await, opened());
    assert_eq!((asked(&fake), fake.decodes("other")), (2, 1));
}

#[tokio::test]
async fn c17_access_tokens_that_are_all_refused_are_not_replaced_without_end() {
    let (fake, google) = choosy(&[]).await;
    let refused = Decoded::Misconfigured(Misconfiguration::Unauthenticated);
    assert_eq!(decode(&google, "token").await, refused);
    assert_eq!((asked(&fake), fake.decodes("token")), (2, 2));
    for number in 0..10 {
        assert_eq!(decode(&google, &format!("token {number}")).await, refused);
    }
    assert_eq!((asked(&fake), fake.seen().len()), (2, 14));
}

#[tokio::test]
async fn without_a_source_no_token_is_sent() {
    let fake = Fake::start(|_, _| Act::Answer(200, &[], PAYLOAD.to_vec())).await;
    let mut config = fake.config();
    config.access = None;
    assert_eq!((decode(&built(config), "token").await, fake.seen().len()), (NO_ACCESS, 0));
}
