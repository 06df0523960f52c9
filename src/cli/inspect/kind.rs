//! What an input is.

use anyhow::bail;
use clap::ValueEnum;
use serde::Serialize;

use super::certificate;
use super::input::{CaseInput, Encoding, Input};
use crate::crypto::certificate::Certificate;
use crate::evidence::key_attestation::KEY_DESCRIPTION_OID;

/// The least that authenticator data has.
const AUTHENTICATOR_DATA_LEAST: usize = 37;

/// What an input can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// App Attest attestation object
    Attestation,
    /// App Attest assertion
    Assertion,
    /// Authenticator data of either
    AuthenticatorData,
    /// Certificate or chain of certificates, leaf first
    #[value(alias = "certificate", alias = "chain")]
    Certificates,
    /// Android key attestation: a chain whose certificates describe a key, leaf first
    KeyAttestation,
    /// Play Integrity token
    IntegrityToken,
    /// Play Integrity verdict: the payload of a token, or Google's answer with it
    IntegrityVerdict,
}

impl Kind {
    /// The name for people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Attestation => "App Attest attestation object",
            Self::Assertion => "App Attest assertion",
            Self::AuthenticatorData => "authenticator data",
            Self::Certificates => "certificates",
            Self::KeyAttestation => "Android key attestation",
            Self::IntegrityToken => "Play Integrity token",
            Self::IntegrityVerdict => "Play Integrity verdict",
        }
    }
}

/// Tells what an input is, by its case or by its bytes, damaged as they may be.
pub(super) fn of(input: &Input) -> anyhow::Result<Kind> {
    match (input.case.as_ref().map(|carried| &carried.input), input.encoding, input.pieces.as_slice()) {
        (Some(CaseInput::Attestation(_)), ..) => Ok(Kind::Attestation),
        (Some(CaseInput::Assertion(_)), ..) => Ok(Kind::Assertion),
        (Some(CaseInput::KeyAttestation(_)), ..) => Ok(Kind::KeyAttestation),
        (Some(CaseInput::PlayIntegrity(input)), ..) if input.token().is_some() => Ok(Kind::IntegrityToken),
        (Some(CaseInput::PlayIntegrity(_)), ..) | (_, Encoding::Json, _) => Ok(Kind::IntegrityVerdict),
        (_, Encoding::Compact, _) => Ok(Kind::IntegrityToken),
        (_, _, pieces) if describes_a_key(pieces) => Ok(Kind::KeyAttestation),
        (_, Encoding::Pem, _) => Ok(Kind::Certificates),
        (None, _, [bytes]) => of_bytes(bytes),
        _ => bail!("nothing to tell its kind by"),
    }
}

fn describes_a_key(pieces: &[Vec<u8>]) -> bool {
    let (certificates, _) = certificate::split(pieces);
    let carries = |certificate: Certificate<'_>| certificate.facts().carries(&KEY_DESCRIPTION_OID);
    certificates.into_iter().any(|der| Certificate::parse(der).is_ok_and(carries))
}

fn of_bytes(bytes: &[u8]) -> anyhow::Result<Kind> {
    let is_map = bytes.first().is_some_and(|first| first >> 5 == 5);
    if is_map && (holds(bytes, "attStmt") || holds(bytes, "authData")) {
        Ok(Kind::Attestation)
    } else if is_map && (holds(bytes, "authenticatorData") || holds(bytes, "signature")) {
        Ok(Kind::Assertion)
    } else if matches!(bytes, [0x30, 0x81..=0x83, ..]) {
        Ok(Kind::Certificates)
    } else if bytes.len() >= AUTHENTICATOR_DATA_LEAST {
        Ok(Kind::AuthenticatorData)
    } else {
        bail!("it cannot be told what this is; --as says it")
    }
}

fn holds(bytes: &[u8], name: &str) -> bool {
    bytes.windows(name.len()).any(|window| window == name.as_bytes())
}
