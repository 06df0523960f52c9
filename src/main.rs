//! The `bonafide` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    bonafide::cli::run()
}
