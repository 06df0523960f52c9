//! nginx, with `deploy/nginx.conf`.

use std::fs;
use std::process::Command;

use crate::matrix;
use crate::program::{PATIENCE, Running, deployed, find, free_port};
use crate::route::Takes;
use crate::stage::{KEY, Stage};

/// Folders that nginx wants to write to, which a package would have made.
const FOLDERS: [&str; 5] = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/// nginx with routes that take this.
pub(crate) async fn nginx_for(takes: Takes, stage: &Stage) -> Option<Running> {
    let program = find("nginx")?;
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let folders = FOLDERS.map(|name| format!("{name}_temp_path {name};\n")).concat();
    let changes = [
        ("127.0.0.1:8080", format!("127.0.0.1:{port}")),
        ("127.0.0.1:7081", stage.gateway().to_string()),
        ("127.0.0.1:8000", stage.api.to_string()),
        ("proxy_connect_timeout 1s", format!("proxy_connect_timeout {PATIENCE}")),
        ("proxy_read_timeout 2s", format!("proxy_read_timeout {PATIENCE}")),
        ("subject=token", takes.query().to_owned()),
        ("http {", format!("http {{\n{folders}")),
    ];
    let changes: Vec<_> = changes.iter().map(|(old, new)| (*old, new.as_str())).collect();
    fs::write(folder.path().join("nginx.conf"), deployed("nginx.conf", &changes)).expect("written");
    let key = format!("proxy_set_header bonafide-caller-key \"{KEY}\";\n");
    fs::write(folder.path().join("bonafide-caller-key.conf"), key).expect("written");
    let mut command = Command::new(program);
    command.arg("-p").arg(folder.path());
    command.args(["-c", "nginx.conf", "-e", "stderr", "-g", "daemon off; master_process off;"]);
    Some(Running::start(command, folder, port).await)
}

#[tokio::test]
async fn f01_behind_nginx_the_identity_is_ours() {
    for takes in [Takes::Token, Takes::Instance] {
        let stage = Stage::set().await;
        let Some(nginx) = nginx_for(takes, &stage).await else { return };
        matrix::holds_behind(nginx.address, stage, takes).await;
        assert!(!nginx.log().contains(KEY), "the key is in the log");
    }
}
