//! `bonafide corpus`: runs recorded and derived cases, and says where this program disagrees with them.
//!
//! A kind of evidence is one file with a `judge` function and one row in `KINDS`.

mod anchors;
mod app_attest;
mod app_attest_assertion;
mod case;
mod facts;
mod find;
mod judgement;
mod key_attestation;
mod key_attestation_facts;
mod play_integrity;
mod progress;
mod report;
mod table;

use std::path::{Path, PathBuf};

pub(super) use anchors::{of as anchors_of, of_chain as chain_anchors_of};
pub(super) use app_attest::Input as AttestationInput;
pub(super) use app_attest_assertion::Input as AssertionInput;
pub use case::{Base64Bytes, Case, CaseFault, Expected};
pub use judgement::{Fact, Judgement};
pub(super) use key_attestation::Input as KeyAttestationInput;
pub(super) use play_integrity::Input as IntegrityInput;
pub use report::{Outcome, Report, Row, Standing};

use super::{Finding, screen};
use progress::Progress;

/// A kind of evidence that can be judged: its name in cases, and how to judge one.
type Kind = (&'static str, fn(&Case, folder: &Path) -> Result<Judgement, CaseFault>);

/// The kinds that are built. Cases of every other kind are counted as unsupported.
const KINDS: [Kind; 4] = [
    ("app_attest", app_attest::judge),
    ("app_attest_assertion", app_attest_assertion::judge),
    ("key_attestation", key_attestation::judge),
    ("play_integrity", play_integrity::judge),
];

/// Run every case of one or more folders in the corpus's format
///
/// Exit code: 0 when this program agrees with every case it can judge, 1 when it differs from one or a case cannot be
/// read, 2 when there is nothing to run.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folders with cases (*.json), read with all folders below them
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Run the cases of this kind only; may be given more than once
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// Print one JSON report with a row per case
    #[arg(long)]
    json: bool,
}

/// Why there is nothing to report.
#[derive(Debug, thiserror::Error)]
pub enum NothingToRun {
    /// A folder that was named cannot be read.
    #[error("{} cannot be read: {why}", folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// The operating system's reason.
        why: std::io::Error,
    },
    /// The folders hold no case, or none of the chosen kinds.
    #[error("no case was found")]
    NoCase,
}

/// Runs the command.
pub fn command(args: &Args) -> anyhow::Result<Finding> {
    let report = run(&args.folders, &args.kinds)?;
    if args.json {
        screen::print_json(&report)?;
    } else {
        screen::print(&table::render(&report))?;
    }
    Ok(if report.agrees() { Finding::Holds } else { Finding::Fails })
}

/// Judges every case below the folders; with `kinds`, those of these kinds only.
pub fn run(folders: &[PathBuf], kinds: &[String]) -> Result<Report, NothingToRun> {
    let files = find::files(folders)?;
    let mut progress = Progress::new(files.len());
    let chosen = |row: &Row| kinds.is_empty() || row.kind.as_ref().is_none_or(|kind| kinds.contains(kind));
    let rows: Vec<Row> = files.iter().map(|file| progress.step(|| row(file))).filter(chosen).collect();
    if rows.is_empty() { Err(NothingToRun::NoCase) } else { Ok(Report::new(rows)) }
}

fn row(file: &find::Found) -> Row {
    let path = file.path();
    let case = match file.text().and_then(|text| Case::parse(&text)) {
        Ok(case) => case,
        Err(fault) => return Row::unreadable(path, None, &fault),
    };
    let Some((_, judge)) = KINDS.iter().find(|(name, _)| *name == case.kind) else {
        return Row::unsupported(path, &case);
    };
    match judge(&case, file.folder()) {
        Ok(judgement) => Row::judged(path, &case, &judgement),
        Err(fault) => Row::unreadable(path, Some(&case), &fault),
    }
}
