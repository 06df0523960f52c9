//! `bonafide lab google`: a fake Google in the foreground, until a signal ends it.

mod example;

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use data_encoding::HEXLOWER;
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use example::Example;

use crate::cli::lab::Google;
use crate::cli::screen;
use crate::crypto::secret::random;
use crate::lab::google::{FakeGoogle, GooglePlan};

/// The name of the key file.
const KEY_FILE: &str = "service-account.json";
/// The name of the file with the example.
const EXAMPLE_FILE: &str = "bonafide.toml";

/// Plays Google until SIGTERM or SIGINT, which end it with exit code 0.
pub fn lab_google(args: &Google) -> anyhow::Result<ExitCode> {
    Runtime::new().context("the runtime does not start")?.block_on(run(args))
}

async fn run(args: &Google) -> anyhow::Result<ExitCode> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let google = FakeGoogle::start(plan(args)?).await?;
    // The real list was never empty, and a service believes no list that is.
    google.list(&HEXLOWER.encode(&random::<16>()?), json!({"status": "REVOKED", "reason": "SOFTWARE_FLAW"}));
    let key_file = args.folder.as_deref().map(|folder| write_key_file(&google, folder)).transpose()?;
    let key_file = key_file.as_deref();
    let example = Example { origin: google.origin(), key_file, packages: &args.package, roots: &args.root }.toml();
    if let Some(folder) = &args.folder {
        let path = folder.join(EXAMPLE_FILE);
        fs::write(&path, &example).with_context(|| path.display().to_string())?;
    }
    screen::print(&format!("{}\n{example}", told(google.origin(), key_file)))?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    google.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn plan(args: &Google) -> anyhow::Result<GooglePlan> {
    let read = |path: &PathBuf| fs::read_to_string(path).with_context(|| path.display().to_string());
    let roots = args.root.iter().map(read).collect::<anyhow::Result<_>>()?;
    Ok(GooglePlan { listen: args.listen, packages: args.package.clone(), roots, ..GooglePlan::of(&[]) })
}

/// Writes the key file for its owner alone, in place of an earlier one.
fn write_key_file(google: &FakeGoogle, folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.join(KEY_FILE);
    let text = serde_json::to_string_pretty(&google.key_file()?)?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    write_anew(&path, &text).with_context(|| path.display().to_string())?;
    Ok(path)
}

fn write_anew(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

/// Where everything is. The first line holds the one address that scripts need.
fn told(origin: &str, key_file: Option<&Path>) -> String {
    let key_file =
        key_file.map_or_else(|| format!("GET {origin}/lab/service-account"), |path| path.display().to_string());
    format!(
        "google     {origin}\n\
         key file   {key_file}\n\
         token      POST {origin}/token\n\
         metadata   GET {origin}/computeMetadata/v1/instance/service-accounts/default/token\n\
         decode     POST {origin}/v1/PACKAGE:decodeIntegrityToken\n\
         status     GET {origin}/attestation/status\n\
         roots      GET {origin}/attestation/root\n\
         control    {origin}/lab (docs/lab.md)\n"
    )
}
