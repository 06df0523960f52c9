//! What was handed in: found, bounded, and freed of its encoding.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::Serialize;

use crate::cli::corpus::{AssertionInput, AttestationInput, Case, IntegrityInput, KeyAttestationInput};

/// The largest input, in bytes.
const INPUT_LIMIT: u64 = 1024 * 1024;

/// Evidence, freed of its encoding.
#[derive(Debug)]
pub(super) struct Input {
    /// How it was encoded.
    pub(super) encoding: Encoding,
    /// The bytes: one piece, or a piece for each certificate of a chain.
    pub(super) pieces: Vec<Vec<u8>>,
    /// The case that it came in.
    pub(super) case: Option<Carried>,
}

/// A case with what its kind carries.
#[derive(Debug)]
pub(super) struct Carried {
    /// The case.
    pub(super) case: Case,
    /// What it carries.
    pub(super) input: CaseInput,
    /// Where its anchors are looked for.
    pub(super) folder: PathBuf,
}

/// What a case carries, by its kind.
#[derive(Debug)]
pub(super) enum CaseInput {
    /// An attestation object with expectations.
    Attestation(AttestationInput),
    /// An assertion with expectations.
    Assertion(AssertionInput),
    /// An Android certificate chain with expectations.
    KeyAttestation(KeyAttestationInput),
    /// A verdict of Play Integrity, perhaps in a token, with expectations.
    PlayIntegrity(IntegrityInput),
}

/// How an input was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Encoding {
    /// Not at all.
    Raw,
    /// Base64, standard or for URLs.
    Base64,
    /// Hexadecimal.
    Hexadecimal,
    /// PEM certificates.
    Pem,
    /// A token of parts with dots between them.
    Compact,
    /// JSON with a verdict.
    Json,
    /// A case of the corpus.
    Case,
}

impl Encoding {
    /// The name for people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw bytes",
            Self::Base64 => "base64",
            Self::Hexadecimal => "hexadecimal",
            Self::Pem => "PEM",
            Self::Compact => "a compact token",
            Self::Json => "JSON",
            Self::Case => "a case of the corpus",
        }
    }
}

impl Input {
    /// Reads a file, or standard input where the source is `-`.
    pub(super) fn read(source: &str) -> anyhow::Result<Self> {
        let bytes = if source == "-" { bounded(io::stdin().lock()) } else { File::open(source).and_then(bounded) };
        let bytes = bytes.with_context(|| format!("{source} cannot be read"))?;
        ensure!(bytes.len() as u64 <= INPUT_LIMIT, "{source} is larger than {INPUT_LIMIT} bytes");
        ensure!(!bytes.trim_ascii().is_empty(), "{source} is empty");
        Self::decode(bytes, folder_of(source)).with_context(|| format!("{source} cannot be read"))
    }

    fn decode(bytes: Vec<u8>, folder: &Path) -> anyhow::Result<Self> {
        let text = std::str::from_utf8(&bytes).ok().map(str::trim);
        match text.filter(|text| text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace())) {
            Some(json) if is_verdict(json) => Ok(Self::new(Encoding::Json, vec![json.as_bytes().to_vec()])),
            Some(json) if json.starts_with('{') => Self::of_case(json, folder),
            Some(token) if is_token(token) => Ok(Self::new(Encoding::Compact, vec![token.as_bytes().to_vec()])),
            Some(pem) if pem.contains("-----BEGIN ") => Self::of_pem(pem),
            Some(text) => match decoded(text) {
                Some((encoding, bytes)) => Ok(Self::new(encoding, vec![bytes])),
                None => bail!("text, but neither base64, hexadecimal, PEM nor a case of the corpus"),
            },
            None => Ok(Self::new(Encoding::Raw, vec![bytes])),
        }
    }

    const fn new(encoding: Encoding, pieces: Vec<Vec<u8>>) -> Self {
        Self { encoding, pieces, case: None }
    }

    fn of_pem(text: &str) -> anyhow::Result<Self> {
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
        let pieces: Vec<_> = certificates.context("damaged PEM")?.iter().map(|der| der.to_vec()).collect();
        ensure!(!pieces.is_empty(), "PEM without a certificate");
        Ok(Self::new(Encoding::Pem, pieces))
    }

    fn of_case(json: &str, folder: &Path) -> anyhow::Result<Self> {
        let case = Case::parse(json)?;
        let (pieces, input) = match case.kind.as_str() {
            "app_attest" => {
                let input: AttestationInput = case.input()?;
                (vec![input.attestation_object.0.clone()], CaseInput::Attestation(input))
            }
            "app_attest_assertion" => {
                let input: AssertionInput = case.input()?;
                (vec![input.assertion.0.clone()], CaseInput::Assertion(input))
            }
            "key_attestation" => {
                let input: KeyAttestationInput = case.input()?;
                (input.certificates(), CaseInput::KeyAttestation(input))
            }
            "play_integrity" => {
                let input: IntegrityInput = case.input()?;
                (vec![input.bytes()], CaseInput::PlayIntegrity(input))
            }
            other => bail!("cases of the kind {other} cannot be shown"),
        };
        Ok(Self { case: Some(Carried { case, input, folder: folder.to_owned() }), ..Self::new(Encoding::Case, pieces) })
    }
}

/// A verdict, bare or in Google's answer, damaged as it may be; a case has more members around it.
fn is_verdict(text: &str) -> bool {
    let names = |name: &str| text.contains(name);
    text.starts_with('{')
        && (names("\"requestDetails\"") || names("\"tokenPayloadExternal\""))
        && !names("\"verify_at\"")
}

fn is_token(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.split('.').count() >= 3 && text.bytes().all(plain)
}

/// The folder of a file; for standard input, the one we are in.
fn folder_of(source: &str) -> &Path {
    Path::new(source).parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

/// Everything, up to one byte more than is allowed.
fn bounded(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(INPUT_LIMIT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes of hexadecimal or base64, whitespace anywhere in it.
pub(super) fn decoded(text: &str) -> Option<(Encoding, Vec<u8>)> {
    let dense: String = text.split_ascii_whitespace().collect();
    if let Ok(bytes) = HEXLOWER_PERMISSIVE.decode(dense.as_bytes()) {
        return Some((Encoding::Hexadecimal, bytes));
    }
    let bare = dense.trim_end_matches('=').as_bytes();
    let bytes = BASE64_NOPAD.decode(bare).or_else(|_| BASE64URL_NOPAD.decode(bare)).ok()?;
    Some((Encoding::Base64, bytes))
}

/// The bytes of a file, where there is one of this name, and of the name itself otherwise.
pub(super) fn file_or_text(name: &str) -> anyhow::Result<Vec<u8>> {
    if !Path::new(name).is_file() {
        return Ok(name.as_bytes().to_vec());
    }
    let bytes = File::open(name).and_then(bounded).with_context(|| format!("{name} cannot be read"))?;
    ensure!(bytes.len() as u64 <= INPUT_LIMIT, "{name} is larger than {INPUT_LIMIT} bytes");
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_gives_the_same_bytes() {
        let bytes = vec![0xA3, 0xFB, 0xFF, 0x00];
        for text in ["o/v/AA==", "o_v_AA", " o/v/\n AA ", "a3fbff00", "A3 FB\nFF 00\n"] {
            let input = Input::decode(text.as_bytes().to_vec(), Path::new(".")).expect(text);
            assert_eq!(input.pieces, std::slice::from_ref(&bytes), "{text}");
        }
        let raw = Input::decode(bytes.clone(), Path::new(".")).expect("raw");
        assert_eq!((raw.encoding, raw.pieces), (Encoding::Raw, vec![bytes]));
    }

    #[test]
    fn what_cannot_be_evidence_is_refused() {
        for bad in
            ["hello, world", "{}", "-----BEGIN CERTIFICATE-----", "-----BEGIN NOTE-----\nAA==\n-----END NOTE-----"]
        {
            assert!(Input::decode(bad.as_bytes().to_vec(), Path::new(".")).is_err(), "{bad}");
        }
    }
}
