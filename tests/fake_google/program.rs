//! `bonafide lab google` as a process of its own.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use bonafide::app::Service;
use bonafide::clock::{Clock, SystemClock};
use bonafide::config::Config;
use bonafide::crypto::digest::{Digest, sha256};
use bonafide::evidence::claims::Anchor;
use bonafide::grpc::GrpcConfig;
use bonafide::grpc::proto::attestation_service_client::AttestationServiceClient;
use bonafide::grpc::proto::{
    AttestRequest, CreateChallengeRequest, Decision, Evidence, PlayIntegrityEvidence, Purpose, evidence,
};
use bonafide::lab::key_attestation::KeyAttestationLab;
use bonafide::upstream::Endpoint;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use tokio::sync::oneshot;

struct Program {
    child: Child,
    lines: Vec<String>,
}

impl Program {
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
        let mut child = command.args(["lab", "google"]).args(args).stdout(Stdio::piped()).spawn().expect("starts");
        let mut lines = Vec::new();
        for line in BufReader::new(child.stdout.as_mut().expect("stdout")).lines() {
            lines.push(line.expect("a line"));
            if lines.last().is_some_and(|line| line.starts_with("signer_digests")) {
                break;
            }
        }
        Self { child, lines }
    }

    fn told(&self, name: &str) -> &str {
        let line = self.lines.iter().find_map(|line| line.strip_prefix(name));
        line.expect("a line").trim()
    }

    fn signalled(mut self, name: &str) -> Option<i32> {
        let pid = self.child.id();
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status().expect("a shell");
        assert!(sent.success());
        self.child.wait().expect("ends").code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already gone in the tests that end it themselves.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn it_writes_the_key_file_answers_and_stops() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root.pem");
    std::fs::write(&root, "a root").expect("writes");
    let (folder, root) = (folder.path().to_str().expect("a path"), root.to_str().expect("a path"));
    for signal in ["TERM", "INT"] {
        let program = Program::start(&["--folder", folder, "--package", "a.b", "--root", root]);
        let (origin, key_file) = (program.told("google"), program.told("key file"));
        let mode = std::fs::metadata(key_file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let written: Value = serde_json::from_slice(&std::fs::read(key_file).expect("a file")).expect("JSON");
        assert_eq!(written["token_uri"], format!("{origin}/token"));
        let roots = reqwest::get(format!("{origin}/attestation/root")).await.expect("an answer").bytes().await;
        assert_eq!(serde_json::from_slice::<Value>(&roots.expect("a body")).expect("JSON"), json!(["a root"]));
        assert_eq!(program.signalled(signal), Some(0));
    }
}

/// The program with these roots, and the configuration that it wrote.
fn example(roots: &[&str]) -> (Program, Config) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().to_str().expect("a path");
    let roots: Vec<_> = roots.iter().map(|root| folder.path().join(root)).collect();
    let roots: Vec<_> = roots.iter().map(|root| root.to_str().expect("a path")).collect();
    let lab = KeyAttestationLab::new(SystemClock.now()).expect("a laboratory");
    roots.iter().for_each(|root| std::fs::write(root, lab.root_pem()).expect("writes"));
    let args = roots.iter().flat_map(|root| ["--root", root]);
    let args: Vec<_> = ["--folder", path, "--package", "a.b"].into_iter().chain(args).collect();
    let program = Program::start(&args);
    let written = std::fs::read_to_string(folder.path().join("bonafide.toml")).expect("a file");
    let told = program.lines.join("\n");
    assert!(told.contains(written.split("\n\n").next().expect("a start")), "{told}");
    (program, Config::load(&folder.path().join("bonafide.toml")).expect("a configuration"))
}

#[test]
fn the_example_names_what_was_named() {
    let (program, config) = example(&["one.pem", "another.pem"]);
    let told = format!("{}/attestation/status", program.told("google"));
    assert_eq!(config.upstream.google.status_list, Endpoint::parse(&told).expect("an address"));
    let [app] = config.verifier.apps.as_slice() else { panic!("one app") };
    let chain = app.key_attestation.as_ref().expect("a section");
    assert_eq!((chain.apps[0].package.as_str(), chain.lab_roots.len()), ("a.b", 2));
    let token = app.play_integrity.as_ref().expect("a section");
    assert_eq!((token.package_name.as_str(), token.decoder_origin), ("a.b", Anchor::Lab));
}

/// A token that docs/lab.md would mint goes to a service with this configuration, and from it to the program.
#[tokio::test]
async fn a_service_with_the_example_has_tokens_decoded_there() {
    let (program, mut config) = example(&[]);
    assert!(config.verifier.apps[0].key_attestation.is_none());
    config.grpc = GrpcConfig::on("127.0.0.1:0".parse().expect("an address"));
    let service = Service::start(config, Arc::new(SystemClock)).await.expect("starts");
    let address = format!("http://{}", service.address());
    let (_stop, stopped) = oneshot::channel::<()>();
    tokio::spawn(service.run(async { drop(stopped.await) }));
    let mut server = AttestationServiceClient::connect(address).await.expect("listens");
    let session = prost::bytes::Bytes::from_static(b"a session");
    let request =
        CreateChallengeRequest { app: "shop".to_owned(), purpose: Purpose::Attest.into(), session: session.clone() };
    let client_data = server.create_challenge(request).await.expect("an answer").into_inner().challenge;
    let token = minted(program.told("google"), &sha256(client_data.as_bytes())).await;
    let evidence = Evidence { format: Some(evidence::Format::PlayIntegrity(PlayIntegrityEvidence { token })) };
    let request = AttestRequest {
        app: "shop".to_owned(),
        client_data: client_data.into(),
        evidence: vec![evidence],
        session: session.clone(),
        ..Default::default()
    };
    let verdict = server.attest(request).await.expect("an answer").into_inner().verdict.expect("a verdict");
    assert_eq!(verdict.decision(), Decision::Allow, "{:?}", verdict.reasons);
    assert_eq!((verdict.instance.as_str(), verdict.session_sha256.to_vec()), ("", sha256(&session).to_vec()));
}

async fn minted(origin: &str, client_data_hash: &Digest) -> String {
    let signer = "rLLxRm9bTAm1B0lSX4FC3rcTHhLFBMVbhyAxTcGQpFQ";
    let payload = json!({
        "requestDetails": {
            "requestPackageName": "a.b",
            "requestHash": BASE64URL_NOPAD.encode(client_data_hash),
            "timestampMillis": SystemClock.now().as_millis().to_string(),
        },
        "appIntegrity": {
            "appRecognitionVerdict": "PLAY_RECOGNIZED",
            "packageName": "a.b",
            "certificateSha256Digest": [signer],
            "versionCode": "42",
        },
        "deviceIntegrity": {"deviceRecognitionVerdict": ["MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY"]},
        "accountDetails": {"appLicensingVerdict": "LICENSED"},
    });
    let body = json!({"package": "a.b", "payload": payload}).to_string();
    let client = reqwest::Client::new().post(format!("{origin}/lab/tokens")).header("content-type", "application/json");
    let answer = client.body(body).send().await.expect("an answer").bytes().await.expect("a body");
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    answer["token"].as_str().expect("a token").to_owned()
}

#[test]
fn other_machines_may_not_reach_it() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    let refused = command.args(["lab", "google", "--listen", "0.0.0.0:0"]).output().expect("runs");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(told.contains("0.0.0.0:0 is no loopback address"), "{told}");
}
