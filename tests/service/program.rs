//! The real program in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bonafide::clock::{Clock, SystemClock};
use bonafide::evidence::claims::Environment;
use bonafide::grpc::proto::attestation_service_client::AttestationServiceClient;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::verdict_service_client::VerdictServiceClient;
use bonafide::grpc::proto::{AssertRequest, CheckVerdictRequest, CreateChallengeRequest, Purpose, Verdict};
use bonafide::lab::app_attest::{AppAttestLab, LabDevice};
use tempfile::TempDir;
use tonic::transport::Channel;

use crate::harness::{APP_ID, assert_request, attest_request};
use crate::promise::EVER;

/// The program, serving a configuration file.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) channel: Channel,
    log: Arc<Mutex<Vec<String>>>,
}

pub(crate) fn write_config(folder: &Path, lab: &AppAttestLab) {
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

pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    command.arg("serve").arg("--config").arg(folder.join("bonafide.toml")).stderr(Stdio::piped());
    command
}

impl Program {
    pub(crate) async fn start(folder: &Path) -> Self {
        let mut child = command(folder).spawn().expect("starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr")).lines();
        let address = lines.find_map(|line| address_in(&line.expect("a line"))).expect("the address it listens on");
        let log = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&log);
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| kept.lock().expect("whole").push(line)));
        let channel = Channel::from_shared(format!("http://{address}")).expect("an address");
        Self { child, address, channel: channel.connect().await.expect("connects"), log }
    }

    /// The first line logged that says all of this, once it is there.
    pub(crate) async fn logged(&self, words: &[&str]) -> String {
        let since = Instant::now();
        while since.elapsed() < 2 * EVER {
            let found = self
                .log
                .lock()
                .expect("whole")
                .iter()
                .find(|line| words.iter().all(|word| line.contains(word)))
                .cloned();
            if let Some(line) = found {
                return line;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("nobody said {words:?}: {:#?}", self.log.lock().expect("whole"));
    }

    /// How many lines say this.
    pub(crate) fn count_logged(&self, word: &str) -> usize {
        self.log.lock().expect("whole").iter().filter(|line| line.contains(word)).count()
    }

    pub(crate) async fn check(&self, instance: &str) -> Verdict {
        let request = CheckVerdictRequest {
            app: "shop".to_owned(),
            subject: Some(Subject::Instance(instance.to_owned())),
            ..CheckVerdictRequest::default()
        };
        let answer = VerdictServiceClient::new(self.channel.clone()).check_verdict(request).await;
        answer.expect("an answer").into_inner().verdict.expect("a verdict")
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id();
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().expect("a shell");
        assert!(sent.success());
    }

    pub(crate) async fn challenge(&self, purpose: Purpose) -> Vec<u8> {
        let request = CreateChallengeRequest { app: "shop".to_owned(), purpose: purpose.into(), ..Default::default() };
        let answer = AttestationServiceClient::new(self.channel.clone()).create_challenge(request).await;
        answer.expect("a challenge").into_inner().challenge.into_bytes()
    }

    pub(crate) async fn enrol(&self, phone: &LabDevice) -> Verdict {
        let client_data = self.challenge(Purpose::Attest).await;
        let request = attest_request("shop", phone, &client_data);
        let answer = AttestationServiceClient::new(self.channel.clone()).attest(request).await;
        answer.expect("an answer").into_inner().verdict.expect("a verdict")
    }

    pub(crate) async fn signed(&self, instance: &str, phone: &mut LabDevice) -> AssertRequest {
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

pub(crate) fn stage() -> (TempDir, AppAttestLab) {
    let folder = tempfile::tempdir().expect("a folder");
    let lab = AppAttestLab::new(SystemClock.now()).expect("a laboratory");
    write_config(folder.path(), &lab);
    (folder, lab)
}

pub(crate) fn phone(lab: &AppAttestLab) -> LabDevice {
    lab.device(&APP_ID.parse().expect("an App ID"), Environment::Production).expect("a phone")
}
