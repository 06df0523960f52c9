//! `bonafide lab google` as a process of its own.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

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
            if lines.last().is_some_and(|line| line.starts_with("control")) {
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

#[test]
fn other_machines_may_not_reach_it() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    let refused = command.args(["lab", "google", "--listen", "0.0.0.0:0"]).output().expect("runs");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(2), "{told}");
    assert!(told.contains("0.0.0.0:0 is no loopback address"), "{told}");
}
