//! The command line: one file or folder a subcommand, and one place where anything is written.

pub mod corpus;
pub mod inspect;
pub mod screen;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Device attestation: verifies what phones can prove about themselves.
#[derive(Debug, Parser)]
#[command(name = "bonafide", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Inspect(inspect::Args),
    Corpus(corpus::Args),
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
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Inspect(args) => inspect::command(&args),
        Command::Corpus(args) => corpus::command(&args),
    };
    match outcome {
        Ok(Finding::Holds) => ExitCode::SUCCESS,
        Ok(Finding::Fails) => ExitCode::FAILURE,
        Err(error) => {
            screen::complain(&error);
            ExitCode::from(2)
        }
    }
}
