//! A client in another language, with code that is made from `proto/` while it runs.

use std::path::Path;
use std::process::Command;

use crate::program;
use crate::stage::{DESK_KEY, KEY, LOGIN_KEY, Stage};

/// An interpreter that has grpcio and grpcio-tools.
fn interpreter() -> Option<std::path::PathBuf> {
    let found = ["python", "python3"].into_iter().filter_map(program::find).find(|python| {
        let ran = Command::new(python).args(["-c", "import grpc, grpc_tools"]).output();
        ran.is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        program::say_aloud(
            "no Python has grpcio and grpcio-tools, so nothing is known about clients in another language",
        );
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_client_does_what_relying_parties_and_operators_do() {
    let Some(python) = interpreter() else { return };
    let stage = Stage::set().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut client = Command::new(python);
    client.arg(root.join("tests/python/client.py")).arg(root.join("proto")).arg(folder.path());
    client.args([&stage.service.address.to_string(), LOGIN_KEY, KEY, DESK_KEY, &stage.instance, &stage.token]);
    let ran = tokio::task::spawn_blocking(move || client.output()).await.expect("no panic").expect("runs");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}{err}");
    assert_eq!(
        out.lines().last(),
        Some("challenge, verdict, refusal, external authorization and revocation: as expected"),
        "{out}{err}"
    );
}
