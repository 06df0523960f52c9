//! `bonafide inspect` and `bonafide corpus` as people and scripts run them: exit codes, JSON, and clean output.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

mod corpus;
mod forge;
mod inspect;
mod integrity;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// What a run of the program left behind.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).expect("one JSON document")
    }
}

/// Runs the program with these arguments and this standard input; nothing it writes may be coloured.
fn bonafide(arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    let ran = run(command.args(arguments).env_remove("CLICOLOR_FORCE"), input);
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "no ANSI when piped: {}{}", ran.out, ran.err);
    ran
}

fn run(command: &mut Command, input: &[u8]) -> Ran {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("starts");
    // A program that does not want its input may be gone before it is written.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let Output { status, stdout, stderr } = child.wait_with_output().expect("ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran { code: status.code().expect("an exit code"), out: text(stdout), err: text(stderr) }
}
