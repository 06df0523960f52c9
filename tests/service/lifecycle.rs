//! Start, stop, and what survives: mostly against the real program in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bonafide::app::Service;
use bonafide::clock::{Clock, SystemClock};
use bonafide::evidence::claims::Environment;
use bonafide::grpc::Stopped;
use bonafide::grpc::proto::attestation_service_client::AttestationServiceClient;
use bonafide::grpc::proto::verdict_service_client::VerdictServiceClient;
use bonafide::grpc::proto::{AssertRequest, CheckVerdictRequest, CreateChallengeRequest, Decision, Purpose, Verdict};
use bonafide::lab::app_attest::{AppAttestLab, LabDevice};
use tempfile::TempDir;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;

use crate::harness::{APP_ID, Harness, assert_request, attest_request, config};

/// The program, serving a configuration file.
struct Program {
    child: Child,
    channel: Channel,
}

fn write_config(folder: &Path, lab: &AppAttestLab) {
    std::fs::write(folder.join("lab.pem"), lab.root_pem()).expect("writes");
    let text = format!(
        r#"
[server]
listen = "127.0.0.1:0"
[store]
path = "bonafide.db"
[log]
format = "json"
[[app]]
name = "shop"
[app.app_attest]
app_ids = ["{APP_ID}"]
environment = "production"
sign_count = "window"
sign_count_window = 64
lab_roots = ["lab.pem"]
"#
    );
    std::fs::write(folder.join("bonafide.toml"), text).expect("writes");
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    command.arg("serve").arg("--config").arg(folder.join("bonafide.toml")).stderr(Stdio::piped());
    command
}

impl Program {
    async fn start(folder: &Path) -> Self {
        let mut child = command(folder).spawn().expect("starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr")).lines();
        let address = lines.find_map(|line| address_in(&line.expect("a line"))).expect("the address it listens on");
        std::thread::spawn(move || lines.for_each(drop));
        let channel = Channel::from_shared(format!("http://{address}")).expect("an address");
        Self { child, channel: channel.connect().await.expect("connects") }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id();
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().expect("a shell");
        assert!(sent.success());
    }

    async fn challenge(&self, purpose: Purpose) -> Vec<u8> {
        let request = CreateChallengeRequest { app: "shop".to_owned(), purpose: purpose.into(), ..Default::default() };
        let answer = AttestationServiceClient::new(self.channel.clone()).create_challenge(request).await;
        answer.expect("a challenge").into_inner().challenge.into_bytes()
    }

    async fn enrol(&self, phone: &LabDevice) -> Verdict {
        let client_data = self.challenge(Purpose::Attest).await;
        let request = attest_request("shop", phone, &client_data);
        let answer = AttestationServiceClient::new(self.channel.clone()).attest(request).await;
        answer.expect("an answer").into_inner().verdict.expect("a verdict")
    }

    async fn signed(&self, instance: &str, phone: &mut LabDevice) -> AssertRequest {
        let client_data = self.challenge(Purpose::Assert).await;
        assert_request("shop", instance, &client_data, phone.assert(&client_data).expect("signs"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already gone in the tests that end it themselves.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(line: &str) -> Option<String> {
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    Some(event.get("address")?.as_str()?.to_owned())
}

fn stage() -> (TempDir, AppAttestLab) {
    let folder = tempfile::tempdir().expect("a folder");
    let lab = AppAttestLab::new(SystemClock.now()).expect("a laboratory");
    write_config(folder.path(), &lab);
    (folder, lab)
}

fn phone(lab: &AppAttestLab) -> LabDevice {
    lab.device(&APP_ID.parse().expect("an App ID"), Environment::Production).expect("a phone")
}

/// Enrols phones and sends assertions until the service is gone; gives what was acknowledged, and every request that was sent.
async fn load(channel: Channel, mut requests: Vec<AssertRequest>) -> (Vec<AssertRequest>, Vec<AssertRequest>) {
    let mut client = AttestationServiceClient::new(channel);
    let (mut acknowledged, mut unknown) = (Vec::new(), Vec::new());
    for request in requests.drain(..) {
        match client.assert(request.clone()).await {
            Ok(answer) => {
                assert_eq!(answer.into_inner().verdict.expect("a verdict").decision(), Decision::Allow);
                acknowledged.push(request);
            }
            Err(_) => unknown.push(request),
        }
    }
    (acknowledged, unknown)
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_under_load_loses_no_answer_and_revives_no_assertion() {
    let (folder, lab) = stage();
    let mut program = Program::start(folder.path()).await;
    let (mut instances, mut loads) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        let mut phone = phone(&lab);
        let instance = program.enrol(&phone).await.instance;
        let mut requests = Vec::new();
        for _ in 0..60 {
            requests.push(program.signed(&instance, &mut phone).await);
        }
        instances.push(instance);
        loads.push(requests);
    }
    let tasks: Vec<_> =
        loads.into_iter().map(|requests| tokio::spawn(load(program.channel.clone(), requests))).collect();
    tokio::time::sleep(Duration::from_millis(40)).await;
    program.signal("KILL");
    program.child.wait().expect("ends");
    let mut acknowledged = Vec::new();
    let mut unknown = Vec::new();
    for task in tasks {
        let (known, lost) = task.await.expect("no panic");
        acknowledged.extend(known);
        unknown.extend(lost);
    }
    assert!(!acknowledged.is_empty(), "the service was killed before it accepted anything");
    let program = Program::start(folder.path()).await;
    assert_all_kept(&program, &instances).await;
    let mut client = AttestationServiceClient::new(program.channel.clone());
    for request in &acknowledged {
        let verdict = client.assert(request.clone()).await.expect("an answer").into_inner().verdict.expect("a verdict");
        assert_eq!(verdict.decision(), Decision::Deny, "an accepted assertion was accepted again");
    }
    // What was cut off was either accepted, with its answer lost, or not: sent twice now, it is accepted at most once.
    for request in &unknown {
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
        let request = CheckVerdictRequest { app: "shop".to_owned(), instance: instance.clone() };
        let answer = VerdictServiceClient::new(program.channel.clone()).check_verdict(request).await;
        let verdict = answer.expect("an answer").into_inner().verdict.expect("a verdict");
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
