//! Caddy, with `deploy/Caddyfile`.

use std::fs;
use std::process::Command;

use crate::matrix;
use crate::program::{PATIENCE, Running, deployed, find, free_port};
use crate::route::Takes;
use crate::stage::{KEY, Stage};

/// Caddy with routes that take this.
pub(crate) async fn caddy_for(takes: Takes, stage: &Stage) -> Option<Running> {
    let program = find("caddy")?;
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let changes = [
        (":8080 {", format!(":{port} {{")),
        ("127.0.0.1:7081", stage.gateway().to_string()),
        ("127.0.0.1:8000", stage.api.to_string()),
        ("dial_timeout 1s", format!("dial_timeout {PATIENCE}")),
        ("response_header_timeout 2s", format!("response_header_timeout {PATIENCE}")),
        ("subject=token", takes.query().to_owned()),
    ];
    let changes: Vec<_> = changes.iter().map(|(old, new)| (*old, new.as_str())).collect();
    fs::write(folder.path().join("Caddyfile"), deployed("Caddyfile", &changes)).expect("written");
    let mut command = Command::new(program);
    command.args(["run", "--config", "Caddyfile", "--adapter", "caddyfile"]).env("BONAFIDE_CALLER_KEY", KEY);
    Some(Running::start(command, folder, port).await)
}

#[tokio::test]
async fn f01_behind_caddy_the_identity_is_ours() {
    for takes in [Takes::Token, Takes::Instance] {
        let stage = Stage::set().await;
        let Some(caddy) = caddy_for(takes, &stage).await else { return };
        matrix::holds_behind(caddy.address, stage, takes).await;
        assert!(!caddy.log().contains(KEY), "the key is in the log");
    }
}
