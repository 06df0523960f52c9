//! Metrics and health: what they tell, and that nobody who asks can hold anything up.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bonafide::app::Service;
use bonafide::appraisal::{Application, Mode, Stance};
use bonafide::clock::SystemClock;
use bonafide::config::Config;
use bonafide::grpc::Stopped;
use bonafide::grpc::proto::{Decision, Purpose};
use bonafide::http::HttpConfig;
use bonafide::lab::app_attest::AppAttestLab;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;

use crate::harness::{Harness, START, assert_denied, attest_request, codes, config};
use crate::promise::EVER;

const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

async fn service(http: HttpConfig) -> (Harness, SocketAddr) {
    let service = Harness::start_with(|config| config.http = Some(http)).await;
    let address = service.http.expect("an address");
    (service, address)
}

/// Sends these bytes and reads until the connection ends.
pub(crate) async fn said(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(request.as_bytes()).await.ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8(answer).expect("text")
}

pub(crate) async fn fetch(address: SocketAddr, path: &str) -> (u16, String) {
    let answer = said(address, &format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (status(head), body.to_owned())
}

/// Waits until connections are refused: a listener may be closed a moment after the service has ended.
async fn nobody_listens(address: SocketAddr) {
    let since = Instant::now();
    while TcpStream::connect(address).await.is_ok() {
        assert!(since.elapsed() < EVER, "somebody listens");
        sleep(Duration::from_millis(10)).await;
    }
}

fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0)
}

#[tokio::test]
async fn a_scrape_shows_what_was_decided() {
    let (service, address) = service(HttpConfig::on(ANYWHERE)).await;
    let mut phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let signed = service.signed("shop", &instance, &mut phone).await;
    assert_eq!(service.assert(signed.clone()).await.decision(), Decision::Allow);
    assert_denied(&service.assert(signed).await, "challenge_replayed");
    for _ in 0..3 {
        assert_eq!(service.check("shop", &instance).await.decision(), Decision::Allow);
    }
    assert_denied(&service.check("shop", "nobody").await, "instance_unknown");
    let (status, text) = fetch(address, "/metrics").await;
    assert_eq!(status, 200);
    for line in [
        concat!("bonafide_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1.0"),
        "# TYPE bonafide_verdicts counter",
        "bonafide_verdicts_total{call=\"attest\",decision=\"allow\"} 1.0",
        "bonafide_verdicts_total{call=\"attest\",decision=\"deny\"} 0.0",
        "bonafide_verdicts_total{call=\"assert\",decision=\"allow\"} 1.0",
        "bonafide_verdicts_total{call=\"assert\",decision=\"deny\"} 1.0",
        "bonafide_verdicts_total{call=\"check\",decision=\"allow\"} 3.0",
        "bonafide_verdicts_total{call=\"check\",decision=\"deny\"} 1.0",
        "bonafide_refusals_total{reason=\"challenge_replayed\"} 1.0",
        "bonafide_refusals_total{reason=\"instance_unknown\"} 1.0",
    ] {
        assert!(text.lines().any(|each| each == line), "{line} is missing in\n{text}");
    }
    assert!(text.contains("\nbonafide_uptime_seconds ") && text.ends_with("# EOF\n"), "{text}");
}

#[tokio::test]
async fn f13_nothing_that_callers_choose_becomes_a_label() {
    let (service, address) = service(HttpConfig::on(ANYWHERE)).await;
    let told = async || fetch(address, "/metrics").await.1;
    while !told().await.contains("bonafide_feed_age_seconds") {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let before = told().await.lines().count();
    for at in 0..200 {
        service.check("shop", &format!("made-up-{at}")).await;
    }
    let client_data = service.challenge("shop", Purpose::Attest, b"").await;
    service.attest(attest_request("bank", &service.phone(), &client_data)).await;
    let text = fetch(address, "/metrics").await.1;
    // Apps are named where their policies are told: the configuration chose those names.
    let others = text.lines().filter(|line| !line.starts_with("bonafide_policy_info")).collect::<String>();
    assert!(!text.contains("made-up") && !others.contains("bank") && !others.contains("shop"), "{text}");
    assert_eq!(text.lines().count(), before + 4, "two codes, one family of two lines");
}

#[tokio::test]
async fn readiness_turns_first_and_health_is_told_to_the_last() {
    let (service, address) = service(HttpConfig::on(ANYWHERE)).await;
    assert_eq!(fetch(address, "/readyz").await, (200, "ready\n".to_owned()));
    assert_eq!(fetch(address, "/livez").await, (200, "alive\n".to_owned()));
    let mut client = ServerReflectionClient::new(service.channel.clone());
    let endless = client.server_reflection_info(tokio_stream::pending()).await.expect("a stream").into_inner();
    let stopping = tokio::spawn(service.stop());
    while fetch(address, "/readyz").await.0 == 200 {
        sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(fetch(address, "/readyz").await, (503, "not ready\n".to_owned()));
    assert_eq!(fetch(address, "/livez").await.0, 200);
    assert_eq!(stopping.await.expect("no panic").0, Stopped::Drained);
    nobody_listens(address).await;
    drop(endless);
}

#[tokio::test]
async fn only_three_questions_are_answered_each_on_a_connection_of_its_own() {
    let (_service, address) = service(HttpConfig::on(ANYWHERE)).await;
    for (request, code) in [
        ("GET / HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        ("GET /metrics/ HTTP/1.1\r\nhost: x\r\n\r\n", 404),
        ("POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n", 405),
        ("DELETE /readyz HTTP/1.1\r\nhost: x\r\n\r\n", 405),
        ("GET /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx", 413),
        ("GET /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 413),
        ("HEAD /livez HTTP/1.1\r\nhost: x\r\n\r\n", 200),
        ("nonsense\r\n\r\n", 400),
    ] {
        assert_eq!(status(&said(address, request).await), code, "{request}");
    }
    let pipelined = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n".repeat(3);
    assert_eq!(said(address, &pipelined).await.matches("HTTP/1.1 200").count(), 1);
}

#[tokio::test]
async fn f07_calls_and_metrics_have_listeners_of_their_own() {
    let (service, address) = service(HttpConfig::on(ANYWHERE)).await;
    assert_ne!(service.address, address);
    assert!(!said(service.address, "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await.contains("bonafide_"));
    assert_eq!(fetch(address, "/bonafide.v1.VerdictService/CheckVerdict").await.0, 404);
    assert_eq!(Harness::start().await.http, None, "nothing is served that was not asked for");
}

#[tokio::test]
async fn f11_heads_that_are_long_or_slow_are_cut_off() {
    let timeout = Duration::from_millis(300);
    let (_service, address) = service(HttpConfig { connection_timeout: timeout, ..HttpConfig::on(ANYWHERE) }).await;
    let long = format!("GET /livez HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(64 << 10));
    assert_ne!(status(&said(address, &long).await), 200);
    let started = Instant::now();
    assert_eq!(said(address, "GET /livez HTTP/1.1\r\nhost:").await, "");
    assert!(started.elapsed() < EVER, "{:?}", started.elapsed());
    let mut dripping = TcpStream::connect(address).await.expect("connects");
    let started = Instant::now();
    while dripping.write_all(b"x").await.is_ok() {
        assert!(started.elapsed() < EVER, "bytes do not buy time");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn f11_connections_to_metrics_are_counted() {
    let connection_timeout = 4 * EVER;
    let config = HttpConfig { max_connections: 2, connection_timeout, ..HttpConfig::on(ANYWHERE) };
    let (_service, address) = service(config).await;
    let held =
        [TcpStream::connect(address).await.expect("connects"), TcpStream::connect(address).await.expect("connects")];
    let started = Instant::now();
    assert_eq!(said(address, "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await, "");
    assert!(started.elapsed() < EVER, "it was not closed at once");
    drop(held);
    while status(&said(address, "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await) != 200 {
        assert!(started.elapsed() < 2 * EVER, "their places are free again");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn f11_nobody_at_the_metrics_holds_up_the_stop() {
    let timeout = 4 * EVER;
    let (service, address) = service(HttpConfig { connection_timeout: timeout, ..HttpConfig::on(ANYWHERE) }).await;
    let mut held = Vec::new();
    for request in
        ["", "G", "GET /metrics HTTP/1.1\r\nhost: x\r\n", "GET /metrics HTTP/1.1\r\ncontent-length: 99\r\n\r\nx"]
    {
        for _ in 0..30 {
            let mut stream = TcpStream::connect(address).await.expect("connects");
            stream.write_all(request.as_bytes()).await.ok();
            held.push(stream);
        }
    }
    let started = Instant::now();
    assert_eq!(service.stop().await.0, Stopped::Drained);
    assert!(started.elapsed() < EVER, "{:?}", started.elapsed());
    nobody_listens(address).await;
}

#[tokio::test]
async fn an_address_in_use_for_metrics_is_said_clearly() {
    let (_service, address) = service(HttpConfig::on(ANYWHERE)).await;
    let folder = tempfile::tempdir().expect("a folder");
    let lab = AppAttestLab::new(START).expect("a laboratory");
    let config = Config { http: Some(HttpConfig::on(address)), ..config(&folder, &lab) };
    let fault = Service::start(config, Arc::new(SystemClock)).await.err().expect("refused");
    assert!(fault.to_string().starts_with(&format!("cannot listen on {address} for metrics")), "{fault}");
}

#[tokio::test]
async fn f23_rules_that_do_not_count_are_measured() {
    let service = Harness::start_with(|config| {
        config.http = Some(HttpConfig::on(ANYWHERE));
        let app = &mut config.verifier.apps[0];
        app.app_attest.as_mut().expect("a section").policy.absent_category = Stance::Deny;
        let applied = |mode| Application { mode, ..Application::USUAL };
        app.applications.insert("category_absent".to_owned(), applied(Mode::Report));
        app.applications.insert("os_unknown".to_owned(), applied(Mode::Off));
    })
    .await;
    let address = service.http.expect("an address");
    let phone = service.phone();
    let instance = service.enrolled("shop", &phone).await;
    let verdict = service.check("shop", &instance).await;
    assert_eq!((verdict.decision(), codes(&verdict)), (Decision::Allow, vec!["lab_anchor"]));
    let text = fetch(address, "/metrics").await.1;
    for line in [
        "bonafide_rule_reports_total{app=\"shop\",reason=\"category_absent\",would=\"deny\"} 2.0",
        "bonafide_rule_reports_total{app=\"shop\",reason=\"category_absent\",would=\"none\"} 0.0",
        "bonafide_rules_aside{mode=\"report\"} 1.0",
        "bonafide_rules_aside{mode=\"off\"} 1.0",
    ] {
        assert!(text.lines().any(|each| each == line), "{line} is missing in\n{text}");
    }
}
