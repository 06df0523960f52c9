//! `bonafide demo`: the real service on loopback with a store in a temporary folder, and everyone who would talk to it or be asked by it.

mod android;
mod auth_server;
mod callers;
mod edge;
mod gateway;
mod narration;
mod recorded;
mod revocation;
mod setting;
mod token;
mod web;

use std::process::ExitCode;

use anyhow::{Context, anyhow, ensure};
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use narration::Narration;
use setting::Setting;

use crate::grpc::Stopped;

/// Plays auth server, phones, gateway and Google, and prints what happens. Exit code 0 when everything went as it must.
pub fn demo() -> anyhow::Result<ExitCode> {
    Runtime::new().context("the runtime does not start")?.block_on(play())
}

async fn play() -> anyhow::Result<ExitCode> {
    let mut story = Narration::new();
    recorded::verify_a_real_iphone(&mut story)?;
    let setting = Setting::build().await?;
    let played = tokio::select! {
        played = talk(&mut story, &setting) => played,
        signal = interrupted() => signal.and_then(|()| Err(anyhow!("the demo was interrupted"))),
    };
    // Whatever became of the story, nothing is left behind.
    let stopped = setting.stop().await?;
    played?;
    story.chapter("The service was told to stop");
    story.expect("calls in flight", stopped == Stopped::Drained, "all answered; store closed, folder removed")?;
    ensure!(story.all_as_expected(), "the demo did not go as it must");
    Ok(ExitCode::SUCCESS)
}

/// What auth server, phones, gateways, operator and Google have to say.
async fn talk(story: &mut Narration, setting: &Setting) -> anyhow::Result<()> {
    let (grpc, http) = (setting.address(), setting.web());
    story.chapter(&format!("The service listens on {grpc} (gRPC) and {http} (HTTP), its store is a temporary folder"));
    let mut phone = auth_server::enrol_and_assert(story, setting).await?;
    gateway::check(story, setting, phone.instance()).await?;
    android::prove(story, setting).await?;
    let token = token::read(story, setting, &mut phone).await?;
    edge::let_in(story, setting, &token).await?;
    revocation::revoke(story, setting, &mut phone, &token).await
}

/// Waits for SIGINT or SIGTERM.
async fn interrupted() -> anyhow::Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
