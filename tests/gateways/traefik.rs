//! Traefik, with `deploy/traefik`.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::client::get;
use crate::matrix;
use crate::program::{Running, deployed, find, free_port};
use crate::route::Takes;
use crate::stage::{KEY, Stage};

/// Traefik with routes that take this.
pub(crate) async fn traefik_for(takes: Takes, stage: &Stage) -> Option<Running> {
    traefik_showing(&[], takes, stage).await
}

/// Traefik with routes that take this, which shows the service further header fields.
pub(crate) async fn traefik_showing(fields: &[&str], takes: Takes, stage: &Stage) -> Option<Running> {
    let program = find("traefik")?;
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let routes = folder.path().join("routes.yml");
    let listens = format!("127.0.0.1:{port}");
    let changes = [("127.0.0.1:8080", &*listens), ("/etc/traefik/routes.yml", routes.to_str().expect("a path"))];
    fs::write(folder.path().join("traefik.yml"), deployed("traefik/traefik.yml", &changes)).expect("written");
    let changes = [
        ("127.0.0.1:7081", &*stage.gateway().to_string()),
        ("127.0.0.1:8000", &stage.api.to_string()),
        ("subject=token", takes.query()),
        (
            "          - dpop\n",
            &["dpop"].iter().chain(fields).map(|name| format!("          - {name}\n")).collect::<String>(),
        ),
    ];
    fs::write(&routes, deployed("traefik/routes.yml", &changes)).expect("written");
    let mut command = Command::new(program);
    command.arg("--configfile=traefik.yml").env("BONAFIDE_CALLER_KEY", KEY);
    let traefik = Running::start(command, folder, port).await;
    // It listens before it has read its routes.
    let started = Instant::now();
    while get(traefik.address, "/", &[]).await.status == 404 {
        assert!(started.elapsed() < Duration::from_secs(60), "it has no routes:\n{}", traefik.log());
        sleep(Duration::from_millis(50)).await;
    }
    Some(traefik)
}

#[tokio::test]
async fn f01_behind_traefik_the_identity_is_ours() {
    for takes in [Takes::Token, Takes::Instance] {
        let stage = Stage::set().await;
        let Some(traefik) = traefik_for(takes, &stage).await else { return };
        matrix::holds_behind(traefik.address, stage, takes).await;
        assert!(!traefik.log().contains(KEY), "the key is in the log");
    }
}
