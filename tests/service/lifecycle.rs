//! Start, stop, and what survives: mostly against the real program in a process of its own.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bonafide::app::Service;
use bonafide::clock::{Clock, SystemClock};
use bonafide::grpc::Stopped;
use bonafide::grpc::proto::attestation_service_client::AttestationServiceClient;
use bonafide::grpc::proto::{AssertRequest, AttestRequest, Decision, Purpose};
use bonafide::lab::app_attest::AppAttestLab;
use futures_util::future::join_all;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;

use crate::harness::{Harness, attest_request, config};
use crate::program::{Program, command, phone, stage};
use crate::reloaded::{replace, text};

/// What one phone's caller knows after the service was killed: answers it got, and calls whose answer was lost.
#[derive(Default)]
struct Known {
    enrolled: Vec<String>,
    accepted: Vec<AssertRequest>,
    unknown: Vec<AssertRequest>,
}

/// Sends assertions, and enrols a phone now and then, until the service is gone; counts every acknowledgement.
async fn load(
    channel: Channel,
    requests: Vec<AssertRequest>,
    enrolments: Vec<AttestRequest>,
    acknowledged: Arc<AtomicUsize>,
) -> Known {
    let mut client = AttestationServiceClient::new(channel);
    let (mut known, mut enrolments) = (Known::default(), enrolments.into_iter());
    for (at, request) in requests.into_iter().enumerate() {
        match client.assert(request.clone()).await {
            Ok(answer) => {
                assert_eq!(answer.into_inner().verdict.expect("a verdict").decision(), Decision::Allow);
                known.accepted.push(request);
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            Err(_) => known.unknown.push(request),
        }
        if at % 4 == 0
            && let Some(enrolment) = enrolments.next()
            && let Ok(answer) = client.attest(enrolment).await
        {
            known.enrolled.push(answer.into_inner().verdict.expect("a verdict").instance);
        }
    }
    known
}

/// Everything a caller needs to put the service under load: assertions of an enrolled phone, and further phones.
async fn prepared(program: &Program, lab: &AppAttestLab) -> (Vec<AssertRequest>, Vec<AttestRequest>) {
    let mut signer = phone(lab);
    let instance = program.enrol(&signer).await.instance;
    let (mut assertions, mut enrolments) = (Vec::new(), Vec::new());
    for _ in 0..150 {
        assertions.push(program.signed(&instance, &mut signer).await);
    }
    for _ in 0..20 {
        let client_data = program.challenge(Purpose::Attest).await;
        enrolments.push(attest_request("shop", &phone(lab), &client_data));
    }
    (assertions, enrolments)
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_under_load_loses_no_answer_and_revives_no_assertion() {
    let (folder, lab) = stage();
    let mut program = Program::start(folder.path()).await;
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut loads = Vec::new();
    for _ in 0..4 {
        loads.push(prepared(&program, &lab).await);
    }
    let under_load = |(assertions, enrolments)| {
        tokio::spawn(load(program.channel.clone(), assertions, enrolments, Arc::clone(&acknowledged)))
    };
    let tasks: Vec<_> = loads.into_iter().map(under_load).collect();
    while acknowledged.load(Ordering::SeqCst) < 40 {
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    program.child.kill().expect("is there");
    program.child.wait().expect("ends");
    let known: Vec<Known> = join_all(tasks).await.into_iter().map(|task| task.expect("no panic")).collect();
    let cut_off = known.iter().any(|one| !one.enrolled.is_empty()) && known.iter().any(|one| !one.unknown.is_empty());
    assert!(cut_off, "nothing was cut off");
    let program = Program::start(folder.path()).await;
    join_all(known.iter().map(|one| assert_all_kept(&program, &one.enrolled))).await;
    join_all(known.iter().map(|one| assert_none_revived(&program, one))).await;
}

async fn assert_none_revived(program: &Program, known: &Known) {
    let mut client = AttestationServiceClient::new(program.channel.clone());
    for request in &known.accepted {
        let verdict = client.assert(request.clone()).await.expect("an answer").into_inner().verdict.expect("a verdict");
        assert_eq!(verdict.decision(), Decision::Deny, "an accepted assertion was accepted again");
    }
    // What was cut off was either accepted, with its answer lost, or not: sent twice now, it is accepted at most once.
    for request in &known.unknown {
        let mut accepted = 0;
        for _ in 0..2 {
            let verdict = client.assert(request.clone()).await.expect("an answer").into_inner().verdict;
            accepted += usize::from(verdict.expect("a verdict").decision() == Decision::Allow);
        }
        assert!(accepted <= 1);
    }
}

async fn assert_all_kept(program: &Program, instances: &[String]) {
    for instance in instances {
        let verdict = program.check(instance).await;
        assert_eq!(verdict.decision(), Decision::Allow, "an acknowledged enrolment is missing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_drains_and_ends_with_code_0() {
    let (folder, lab) = stage();
    let mut program = Program::start(folder.path()).await;
    assert_eq!(program.enrol(&phone(&lab)).await.decision(), Decision::Allow);
    program.signal("TERM");
    assert_eq!(program.child.wait().expect("ends").code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_that_say_nothing_do_not_keep_the_service_from_stopping() {
    let (folder, _lab) = stage();
    replace(folder.path(), &text(folder.path()).replace("[store]", "drain_deadline = \"120s\"\n[store]"));
    let mut program = Program::start(folder.path()).await;
    let silent = TcpStream::connect(program.address.as_str()).expect("connects");
    let started = Instant::now();
    program.signal("TERM");
    assert_eq!(program.child.wait().expect("ends").code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(60), "it waited for the drain deadline");
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_shows_every_fault_of_its_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("bonafide.toml"), "[server]\nlisten = 1\nlisten_to = 2\n").expect("writes");
    let refused = command(folder.path()).output().expect("runs");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(told.contains(":2:") && told.contains(":3:") && told.lines().count() > 4, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_file_is_refused() {
    let (folder, _lab) = stage();
    let _program = Program::start(folder.path()).await;
    let second = command(folder.path()).output().expect("runs");
    let told = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(2), "{told}");
    assert!(told.contains("already"), "{told}");
}

#[tokio::test]
async fn health_turns_before_the_service_ends() {
    let service = Harness::start().await;
    let mut health = HealthClient::new(service.channel.clone());
    for name in ["", "bonafide.v1.AttestationService", "bonafide.v1.VerdictService"] {
        let request = HealthCheckRequest { service: name.to_owned() };
        let answer = health.check(request).await.expect("an answer").into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{name}");
    }
    let mut watch = health.watch(HealthCheckRequest::default()).await.expect("a stream").into_inner();
    assert_eq!(watch.message().await.expect("an answer").expect("a status").status(), ServingStatus::Serving);
    let stopping = tokio::spawn(service.stop());
    assert_eq!(watch.message().await.expect("an answer").expect("a status").status(), ServingStatus::NotServing);
    assert_eq!(watch.message().await.expect("an end"), None, "who watches is not waited for");
    assert_eq!(stopping.await.expect("no panic").0, Stopped::Drained);
    drop((watch, health));
}

#[tokio::test]
async fn a_call_that_never_ends_is_cut_off_at_the_deadline() {
    let service = Harness::start_with(|config| config.grpc.drain_deadline = Duration::from_millis(200)).await;
    let mut client = ServerReflectionClient::new(service.channel.clone());
    let endless = client.server_reflection_info(tokio_stream::pending()).await.expect("a stream").into_inner();
    assert_eq!(service.stop().await.0, Stopped::CutOff);
    drop(endless);
}

#[tokio::test]
async fn reflection_speaks_both_versions() {
    use tonic_reflection::pb::{v1, v1alpha};
    let service = Harness::start().await;
    let ask = v1::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1::ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let mut client = ServerReflectionClient::new(service.channel.clone());
    let answer = client.server_reflection_info(tokio_stream::iter([request])).await.expect("an answer");
    let message = answer.into_inner().message().await.expect("a message").expect("one");
    assert!(format!("{message:?}").contains("bonafide.v1.VerdictService"), "{message:?}");
    let ask = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(service.channel.clone());
    let answer = client.server_reflection_info(tokio_stream::iter([request])).await.expect("an answer");
    let message = answer.into_inner().message().await.expect("a message").expect("one");
    assert!(format!("{message:?}").contains("bonafide.v1.AttestationService"), "{message:?}");
}

#[tokio::test]
async fn an_address_in_use_is_said_clearly() {
    let service = Harness::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let lab = AppAttestLab::new(SystemClock.now()).expect("a laboratory");
    let mut config = config(&folder, &lab);
    config.grpc.listen = service.address;
    let fault = Service::start(config, std::sync::Arc::new(SystemClock)).await.err().expect("refused");
    assert!(fault.to_string().starts_with(&format!("cannot listen on {}", service.address)), "{fault}");
}
