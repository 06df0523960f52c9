//! Messages that cannot be used: a clear status, with the field that is at fault.

use bonafide::config::Config;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::{
    AssertRequest, AttestRequest, CheckVerdictRequest, CreateChallengeRequest, Decision, Evidence, Purpose,
};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use crate::harness::{Harness, assert_request, attest_request};

#[track_caller]
fn assert_violation(status: &Status, field: &str) {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    let fields: Vec<_> = details.bad_request().expect("details").field_violations.iter().map(|v| &v.field).collect();
    assert_eq!(fields, [field]);
}

#[tokio::test]
async fn every_field_of_a_challenge_request_is_checked() {
    let service = Harness::start().await;
    let good = CreateChallengeRequest { app: "shop".to_owned(), purpose: Purpose::Attest.into(), ..Default::default() };
    for (field, request) in [
        ("app", CreateChallengeRequest { app: String::new(), ..good.clone() }),
        ("app", CreateChallengeRequest { app: "Shop\n".to_owned(), ..good.clone() }),
        ("app", CreateChallengeRequest { app: "unknown".to_owned(), ..good.clone() }),
        ("purpose", CreateChallengeRequest { purpose: 0, ..good.clone() }),
        ("purpose", CreateChallengeRequest { purpose: 99, ..good.clone() }),
        ("session", CreateChallengeRequest { session: vec![0; 1025].into(), ..good.clone() }),
    ] {
        let status = service.attestation().create_challenge(request).await.expect_err("refused");
        assert_violation(&status, field);
    }
}

#[tokio::test]
async fn every_field_of_an_attestation_is_checked() {
    let service = Harness::start().await;
    let good = attest_request("shop", &service.phone(), b"x");
    let with_evidence = |evidence| AttestRequest { evidence, ..good.clone() };
    let evidence = |object: usize, key_id: usize| {
        let app_attest = bonafide::grpc::proto::AppAttestEvidence {
            attestation_object: vec![0; object].into(),
            key_id: vec![0; key_id].into(),
        };
        vec![Evidence { format: Some(bonafide::grpc::proto::evidence::Format::AppAttest(app_attest)) }]
    };
    for (field, request) in [
        ("app", AttestRequest { app: "unknown".to_owned(), ..good.clone() }),
        ("client_data", AttestRequest { client_data: Default::default(), ..good.clone() }),
        ("client_data", AttestRequest { client_data: vec![b'x'; 8193].into(), ..good.clone() }),
        ("evidence", with_evidence(vec![])),
        ("evidence", with_evidence(vec![Evidence { format: None }])),
        ("evidence", with_evidence([good.evidence.clone(), good.evidence.clone()].concat())),
        ("evidence.app_attest.attestation_object", with_evidence(evidence(0, 32))),
        ("evidence.app_attest.attestation_object", with_evidence(evidence(16 * 1024 + 1, 32))),
        ("evidence.app_attest.key_id", with_evidence(evidence(1, 31))),
        ("session", AttestRequest { session: vec![0; 1025].into(), ..good.clone() }),
        ("account", AttestRequest { account: "x".repeat(257), ..good.clone() }),
        ("idempotency_key", AttestRequest { idempotency_key: "x".repeat(129), ..good.clone() }),
    ] {
        let status = service.attestation().attest(request).await.expect_err("refused");
        assert_violation(&status, field);
    }
}

#[tokio::test]
async fn every_field_of_an_assertion_is_checked() {
    let service = Harness::start().await;
    let good = assert_request("shop", "instance", b"x", vec![1]);
    let by_key = |length| Some(bonafide::grpc::proto::assert_request::Signer::KeyId(vec![0; length].into()));
    for (field, request) in [
        ("app", AssertRequest { app: "unknown".to_owned(), ..good.clone() }),
        ("signer", AssertRequest { signer: None, ..good.clone() }),
        ("instance", assert_request("shop", "", b"x", vec![1])),
        ("instance", assert_request("shop", &"x".repeat(65), b"x", vec![1])),
        ("key_id", AssertRequest { signer: by_key(33), ..good.clone() }),
        ("client_data", AssertRequest { client_data: Default::default(), ..good.clone() }),
        ("assertion", AssertRequest { proof: None, ..good.clone() }),
        (
            "assertion",
            AssertRequest {
                proof: Some(bonafide::grpc::proto::assert_request::Proof::Assertion(vec![0; 2049].into())),
                ..good.clone()
            },
        ),
        ("session", AssertRequest { session: vec![0; 1025].into(), ..good.clone() }),
        ("idempotency_key", AssertRequest { idempotency_key: "x".repeat(129), ..good.clone() }),
    ] {
        let status = service.attestation().assert(request).await.expect_err("refused");
        assert_violation(&status, field);
    }
}

#[tokio::test]
async fn every_field_of_a_check_is_checked() {
    let service = Harness::start().await;
    for (field, app, instance) in [
        ("app", "", "x".to_owned()),
        ("app", "unknown", "x".to_owned()),
        ("instance", "shop", String::new()),
        ("instance", "shop", "x".repeat(65)),
    ] {
        let request = CheckVerdictRequest {
            app: app.to_owned(),
            subject: Some(Subject::Instance(instance)),
            ..CheckVerdictRequest::default()
        };
        let status = service.verdicts().check_verdict(request).await.expect_err("refused");
        assert_violation(&status, field);
    }
}

#[tokio::test]
async fn f11_messages_beyond_the_limit_are_not_read() {
    let service = Harness::start().await;
    let request = AttestRequest { client_data: vec![0; bonafide::grpc::MESSAGE_LIMIT].into(), ..Default::default() };
    let status = service.attestation().attest(request).await.expect_err("refused");
    assert_eq!(status.code(), Code::OutOfRange, "{status:?}");
    let request = HealthCheckRequest { service: "x".repeat(bonafide::grpc::MESSAGE_LIMIT) };
    let status = HealthClient::new(service.channel.clone()).check(request).await.expect_err("refused");
    assert_eq!(status.code(), Code::OutOfRange, "nobody has to be known for this call: {status:?}");
}

#[tokio::test]
async fn f09_compressed_messages_are_not_inflated() {
    let service = Harness::start().await;
    let mut request = tonic::Request::new(CreateChallengeRequest::default());
    request.metadata_mut().insert("grpc-encoding", "gzip".parse().expect("a header"));
    let status = service.attestation().create_challenge(request).await.expect_err("refused");
    assert_eq!(status.code(), Code::Unimplemented, "{status:?}");
}

/// The far side closes the connection.
async fn closes(mut stream: TcpStream) -> bool {
    // The settings of HTTP/2 may come first; what counts is the end.
    let mut settings = Vec::new();
    tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut settings)).await.is_ok()
}

#[tokio::test]
async fn f11_connections_that_say_nothing_are_closed() {
    let service = Harness::start_with(|config| config.grpc.handshake_timeout = Duration::from_secs(2)).await;
    let silent = TcpStream::connect(service.address).await.expect("connects");
    let mut slow = TcpStream::connect(service.address).await.expect("connects");
    slow.write_all(b"PRI * HTTP/2").await.expect("writes");
    assert!(closes(silent).await && closes(slow).await);
    // One that has spoken stays, however idle it is after that.
    tokio::time::sleep(Duration::from_secs(3)).await;
    service.challenge("shop", Purpose::Attest, b"").await;
}

#[tokio::test]
async fn f11_connections_beyond_the_limit_are_closed() {
    // Silence alone closes none of them meanwhile.
    let few = |config: &mut Config| {
        (config.grpc.max_connections, config.grpc.handshake_timeout) = (2, Duration::from_secs(300));
    };
    let service = Harness::start_with(few).await;
    let second = TcpStream::connect(service.address).await.expect("connects");
    service.challenge("shop", Purpose::Attest, b"").await;
    let third = TcpStream::connect(service.address).await.expect("connects");
    assert!(closes(third).await);
    drop(second);
    tokio::time::sleep(Duration::from_millis(100)).await;
    service.challenge("shop", Purpose::Attest, b"").await;
}

/// A commit is sometimes faster than the shortest time-out, so several calls are made; whichever way each ends, asking again after
/// the restart gives its verdict.
#[tokio::test]
async fn a_deadline_that_passes_undoes_nothing_and_can_be_asked_again() {
    let service = Harness::start().await;
    let mut requests = Vec::new();
    for _ in 0..8 {
        let client_data = service.challenge("shop", Purpose::Attest, b"").await;
        requests.push(attest_request("shop", &service.phone(), &client_data));
    }
    let service = service.restart_with(|config| config.grpc.call_timeout = Duration::from_nanos(1)).await;
    for request in &requests {
        if let Err(status) = service.attestation().attest(request.clone()).await {
            assert_eq!(status.code(), Code::Cancelled, "{status:?}");
        }
    }
    let service = service.restart().await;
    for request in requests {
        assert_eq!(service.attest(request).await.decision(), Decision::Allow);
    }
}
