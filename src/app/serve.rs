//! `bonafide serve`: the service in the foreground, until a signal ends it.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::Service;
use crate::cli::screen;
use crate::clock::SystemClock;
use crate::config::{self, Config};
use crate::grpc::Stopped;
use crate::telemetry;

/// The exit code when calls were still in flight at the drain deadline.
const CUT_OFF: u8 = 3;

/// Serves what the file configures until SIGTERM or SIGINT. Exit code 0 when every call was answered, 3 when the drain deadline
/// passed first.
pub fn serve(file: &Path) -> anyhow::Result<ExitCode> {
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(faults) => return screen::refuse(&config::check::refusal(&faults)).map_err(Into::into),
    };
    telemetry::start(&config.log)?;
    Runtime::new().context("the runtime does not start")?.block_on(run(file, config))
}

async fn run(file: &Path, config: Config) -> anyhow::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let hangups = signal(SignalKind::hangup())?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let service = Service::start(config.clone(), Arc::new(SystemClock)).await?.following(file, config, hangups);
    tracing::info!(address = %service.address(), "listening");
    if let Some(address) = service.http_address() {
        tracing::info!(http = %address, "metrics and health");
    }
    if let Some(address) = service.gateway_address() {
        tracing::info!(gateway = %address, "forward-auth");
    }
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: no new calls");
    };
    match service.run(stop).await? {
        Stopped::Drained => {
            tracing::info!("stopped: every call was answered");
            Ok(ExitCode::SUCCESS)
        }
        Stopped::CutOff => {
            tracing::warn!("stopped: the drain deadline passed with calls in flight");
            Ok(ExitCode::from(CUT_OFF))
        }
    }
}
