//! `bonafide inspect`: shows what stands in a piece of evidence, and how each check of it comes out.
//!
//! What is shown is read leniently, so that malformed evidence shows up to where it breaks. The checks are the verifier's
//! own, each run alone.

mod assertion;
mod attestation;
mod authenticator_data;
mod cbor;
mod certificate;
mod certificate_extensions;
mod expectations;
mod input;
mod key_attestation;
mod key_description;
mod kind;
mod node;
mod object;
mod play_integrity;
mod sheet;
mod tree;

use clap::ValueHint;

use super::{Finding, screen};
use expectations::{Expectations, Flags};
use input::Input;
use kind::Kind;
use sheet::{Report, Sheet};

/// Show what stands in an attestation object, assertion, certificate chain, integrity token or verdict, and check it
///
/// Reads raw bytes, base64, hexadecimal, PEM, compact tokens, JSON of Google's, or a case of the corpus, which brings its own
/// expectations.
///
/// Exit code: 0 when everything that was checked holds, 1 when a check fails, 2 when the input cannot be read at all.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file, or - for standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    source: String,
    /// What the input is, where that cannot be told or is told wrong
    #[arg(long = "as", value_enum, value_name = "KIND")]
    kind: Option<Kind>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

/// Runs the command.
pub fn command(args: &Args) -> anyhow::Result<Finding> {
    let input = Input::read(&args.source)?;
    let expectations = Expectations::new(&args.flags, &input)?;
    let kind = args.kind.map_or_else(|| kind::of(&input), Ok)?;
    let report = Report::new(&args.source, &input, kind, examine(kind, &input, &expectations));
    if args.json {
        screen::print_json(&report)?;
    } else {
        screen::print(&tree::render(&report))?;
    }
    Ok(if report.holds { Finding::Holds } else { Finding::Fails })
}

fn examine(kind: Kind, input: &Input, expectations: &Expectations) -> Sheet {
    let bytes = input.pieces.concat();
    match kind {
        Kind::Attestation => attestation::examine(&bytes, expectations),
        Kind::Assertion => assertion::examine(&bytes, expectations),
        Kind::AuthenticatorData => authenticator_data::examine(&bytes, expectations),
        Kind::Certificates => certificate::examine(&input.pieces, expectations),
        Kind::KeyAttestation => key_attestation::examine(input, expectations),
        Kind::IntegrityToken => play_integrity::examine_token(&bytes, input, expectations),
        Kind::IntegrityVerdict => play_integrity::examine_payload(&bytes, input, expectations),
    }
}
