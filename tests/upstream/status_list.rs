//! Fetching the status list.

use std::time::{Duration, Instant};

use bonafide::endorsement::status_list::{ListFault, Shrunk};
use bonafide::time::Timestamp;
use bonafide::upstream::google::StatusListCounts;
use bonafide::upstream::{EntityTag, Fetched, RenewalFault, StatusListSource, UpstreamFault, renew};

use crate::fake::{Act, EVER, Fake, Stated, built, nobody};

fn list(count: usize) -> Vec<u8> {
    let each: Vec<_> = (0..count).map(|number| format!(r#""a{number:x}":{{"status":"REVOKED"}}"#)).collect();
    format!(r#"{{"entries":{{{}}}}}"#, each.join(",")).into_bytes()
}

/// What comes of one fetch from a server that does this, and the server.
async fn fetched(act: fn() -> Act) -> (Result<Fetched, UpstreamFault>, Fake) {
    let fake = Fake::start(move |_, _| act()).await;
    (fake.google().fetch(None).await, fake)
}

#[tokio::test]
async fn a_list_is_fetched_with_its_tag_and_asked_for_by_it() {
    let headers: &[&str] = &["Cache-Control: public, max-age=7200", "Age: 600", "ETag: \"v1\"", "Set-Cookie: a=b"];
    let fake = Fake::start(move |seen, _| match seen.header("if-none-match") {
        Some("\"v1\"") => Act::Answer(304, headers, Vec::new()),
        _ => Act::Answer(200, headers, list(3)),
    })
    .await;
    let google = fake.google();
    let (fresh_for, age) = (Duration::from_secs(6600), Duration::from_secs(600));
    let tag = EntityTag::parse("\"v1\"");
    let new = google.fetch(None).await;
    assert_eq!(new, Ok(Fetched::New { body: list(3), fresh_for, age, tag: tag.clone() }));
    assert_eq!(google.fetch(tag.as_ref()).await, Ok(Fetched::Unchanged { fresh_for, age }));
    assert_eq!(google.counts().status_list, StatusListCounts { new: 1, unchanged: 1, failed: 0 });
    for seen in fake.seen() {
        assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/attestation/status"));
        assert_eq!(seen.header("user-agent"), Some(concat!("bonafide/", env!("CARGO_PKG_VERSION"))));
        assert_eq!((seen.header("cookie"), seen.header("authorization"), seen.header("referer")), (None, None, None));
    }
}

#[tokio::test]
async fn a12_an_answer_that_is_no_list_gives_none() {
    let cases: [(fn() -> Act, UpstreamFault); 10] = [
        (|| Act::Answer(500, &[], list(3)), UpstreamFault::Status(500)),
        (|| Act::Answer(204, &[], Vec::new()), UpstreamFault::Status(204)),
        (|| Act::Answer(304, &[], Vec::new()), UpstreamFault::Status(304)),
        (|| Act::Answer(206, &[], list(3)), UpstreamFault::Status(206)),
        (|| Act::Answer(200, &["Content-Type: application/json"], b"<html>".to_vec()), UpstreamFault::Form),
        (|| Act::Answer(200, &[], Vec::new()), UpstreamFault::Form),
        (|| Act::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"entries\":{".to_vec()), UpstreamFault::Cut),
        (|| Act::Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n".to_vec()), UpstreamFault::Cut),
        (|| Act::Raw(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()), UpstreamFault::Cut),
        (|| Act::Raw(Vec::new()), UpstreamFault::Cut),
    ];
    for (at, (act, fault)) in cases.into_iter().enumerate() {
        assert_eq!(fetched(act).await.0, Err(fault), "case {at}");
    }
    let (config, _held) = nobody();
    assert_eq!(built(config).fetch(None).await, Err(UpstreamFault::NotConnected));
}

#[tokio::test]
async fn a12_an_answer_that_does_not_end_is_given_up_in_time() {
    let cases: [fn() -> Act; 2] = [|| Act::Silence, || Act::Drip];
    for act in cases {
        let fake = Fake::start(move |_, _| act()).await;
        let started = Instant::now();
        assert_eq!(built(fake.impatient()).fetch(None).await, Err(UpstreamFault::TimedOut));
        assert!(started.elapsed() < EVER, "beyond the deadline: {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a12_headers_without_end_are_not_read() {
    let head = || {
        let lines = format!("X-Filler: {}\r\n", "a".repeat(1000)).repeat(5000);
        Act::Raw(format!("HTTP/1.1 200 OK\r\n{lines}\r\n{{}}").into_bytes())
    };
    assert_eq!(fetched(head).await.0, Err(UpstreamFault::Cut));
}

#[tokio::test]
async fn a12_a_gibibyte_is_cut_early() {
    let (stated, fake) = fetched(|| Act::Gibibyte(Stated::Yes)).await;
    assert_eq!(stated, Err(UpstreamFault::TooLarge));
    assert!(fake.written() < 64 << 20, "{} bytes were taken", fake.written());
    let fake = Fake::start(|_, _| Act::Gibibyte(Stated::No)).await;
    assert_eq!(fake.google().fetch(None).await, Err(UpstreamFault::TooLarge));
    assert!(fake.written() < 128 << 20, "{} bytes were taken", fake.written());
}

#[tokio::test]
async fn c14_redirects_lead_nowhere() {
    let elsewhere = Fake::start(|_, _| Act::Answer(200, &[], list(3))).await;
    let to = format!("Location: {}", elsewhere.at("/attestation/status"));
    let headers: &'static [&'static str] = Vec::leak(vec![&*String::leak(to)]);
    for status in [301, 302, 303, 307, 308] {
        let fake = Fake::start(move |_, _| Act::Answer(status, headers, Vec::new())).await;
        assert_eq!(fake.google().fetch(None).await, Err(UpstreamFault::Status(status)));
    }
    assert_eq!(elsewhere.seen().len(), 0);
}

#[tokio::test]
async fn a12_a_cut_list_leaves_the_kept_one_in_force() {
    let sizes = [100, 0, 49, 50];
    let fake = Fake::start(move |_, before| Act::Answer(200, &[], list(sizes[before]))).await;
    let (google, now) = (fake.google(), Timestamp::from_millis(1_700_000_000_000));
    let first = renew(None, google.fetch(None).await.expect("an answer"), now, 50).expect("a list");
    let kept = Some((&first.kept, first.tag.as_ref()));
    let empty = renew(kept, google.fetch(None).await.expect("an answer"), now, 50);
    assert_eq!(empty, Err(RenewalFault::List(ListFault::Empty)));
    let halved = renew(kept, google.fetch(None).await.expect("an answer"), now, 50);
    assert_eq!(halved, Err(RenewalFault::Shrunk(Shrunk { from: 100, to: 49 })));
    let smaller = renew(kept, google.fetch(None).await.expect("an answer"), now, 50).expect("a list");
    assert_eq!((smaller.kept.list.len(), smaller.changed), (50, true));
}
