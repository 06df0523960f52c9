//! The `bonafide` program.

use std::process::ExitCode;

use bonafide::app;
use bonafide::cli::{self, Root};

fn main() -> ExitCode {
    cli::run(Root {
        serve: app::serve::serve,
        demo: app::demo::demo,
        lab_google: app::lab_google::lab_google,
        rehearse: app::rehearse::rehearse,
    })
}
