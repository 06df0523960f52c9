//! The command line: one file or folder a subcommand, and one place where anything is written.

pub mod corpus;
pub mod inspect;
pub mod lab;
pub mod policy;
pub mod screen;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::config;

/// The configuration file, in the working folder, where nobody names another.
const CONFIG_FILE: &str = "bonafide.toml";

/// Device attestation: verifies what phones can prove about themselves.
#[derive(Debug, Parser)]
#[command(name = "bonafide", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve what a configuration file says, until SIGTERM or SIGINT.
    ///
    /// Exit code 0: every call was answered; 2: it could not start; 3: the drain deadline passed with calls in flight.
    Serve(ServeArgs),
    /// Show the main job end to end on loopback ports and a temporary store, and leave nothing behind.
    Demo,
    /// Look at configuration files.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at policies before they are in force.
    #[command(subcommand)]
    Policy(policy::Command),
    Inspect(Box<inspect::Args>),
    Corpus(corpus::Args),
    /// Play the parts of others, for tests.
    #[command(subcommand)]
    Lab(lab::Command),
}

#[derive(Debug, clap::Args)]
struct ServeArgs {
    /// The configuration file.
    #[arg(long, short, env = "BONAFIDE_CONFIG", value_name = "FILE", default_value = CONFIG_FILE)]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Say what a file amounts to, or everything that is wrong with it.
    ///
    /// Exit code 0: it is sound; 1: it has faults; 2: it cannot be read.
    Check {
        /// The configuration file.
        #[arg(env = "BONAFIDE_CONFIG", default_value = CONFIG_FILE)]
        file: PathBuf,
    },
}

/// The commands that run the whole service; the root hands them in, because it alone may wire everything together.
#[derive(Clone, Copy)]
pub struct Root {
    /// Serves what a file configures.
    pub serve: fn(&Path) -> anyhow::Result<ExitCode>,
    /// Plays the demo.
    pub demo: fn() -> anyhow::Result<ExitCode>,
    /// Plays Google.
    pub lab_google: fn(&lab::Google) -> anyhow::Result<ExitCode>,
    /// Tries another configuration on what the store keeps.
    pub rehearse: fn(&policy::Rehearse) -> anyhow::Result<ExitCode>,
}

/// What a command found, once it could do its work at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Everything that was checked holds: exit code 0.
    Holds,
    /// Something that was checked does not: exit code 1.
    Fails,
}

/// Reads the command line, does what it says, and gives the exit code; 2 stands for what could not be done at all.
pub fn run(root: Root) -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(args) => (root.serve)(&args.config),
        Command::Demo => (root.demo)(),
        Command::Config(ConfigCommand::Check { file }) => checked(&file, config::check::report).map(ExitCode::from),
        Command::Policy(policy::Command::Check { file }) => checked(&file, policy::report).map(ExitCode::from),
        Command::Policy(policy::Command::Rehearse(args)) => (root.rehearse)(&args),
        Command::Inspect(args) => inspect::command(&args).map(ExitCode::from),
        Command::Corpus(args) => corpus::command(&args).map(ExitCode::from),
        Command::Lab(lab::Command::Google(args)) => (root.lab_google)(&args),
    };
    outcome.unwrap_or_else(|error| {
        screen::complain(&error);
        ExitCode::from(2)
    })
}

/// Prints what is said about a file: good news, or its faults.
fn checked(file: &Path, report: fn(&Path) -> Result<String, String>) -> anyhow::Result<Finding> {
    File::open(file).with_context(|| file.display().to_string())?;
    let (finding, text) = match report(file) {
        Ok(text) => (Finding::Holds, text),
        Err(text) => (Finding::Fails, text),
    };
    screen::print(&text)?;
    Ok(finding)
}

impl From<Finding> for ExitCode {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::Holds => Self::SUCCESS,
            Finding::Fails => Self::FAILURE,
        }
    }
}
