//! What the evidence is compared with: flags first, then the case that it came in.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use clap::ValueEnum;
use data_encoding::BASE64;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::input::{Carried, CaseInput, Input, decoded, file_or_text};
use crate::cli::corpus;
use crate::crypto::chain::ChainAnchors;
use crate::crypto::digest::Digest;
use crate::crypto::digest::sha256;
use crate::crypto::jose::KeyEncryptionKey;
use crate::crypto::key::P256PublicKey;
use crate::crypto::path::TrustAnchors;
use crate::endorsement::{app_attest_anchors, key_attestation_anchors};
use crate::evidence::app_attest::{AppId, Device};
use crate::evidence::claims::Environment;
use crate::evidence::play_integrity::IntegrityKeys;
use crate::time::Timestamp;

/// The flag that names an app.
pub(super) const APP_ID: &str = "--app-id";

/// What to compare with. A check whose expectation is missing is not made. A case brings its own expectations; flags win.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Expectations")]
pub(super) struct Flags {
    /// The client data: a file, or the text itself; its SHA-256 is compared
    #[arg(long, value_name = "FILE|TEXT", conflicts_with = "client_data_hash")]
    client_data: Option<String>,
    /// The hash that the device was given (base64 or hexadecimal)
    #[arg(long, value_name = "HASH", value_parser = bytes)]
    client_data_hash: Option<Bytes>,
    /// The key id that the client names (base64 or hexadecimal)
    #[arg(long, value_name = "ID", value_parser = bytes)]
    key_id: Option<Bytes>,
    /// An app that is expected, TEAMID.bundle; may be given more than once
    #[arg(long = "app-id", value_name = "APP_ID")]
    app_ids: Vec<AppId>,
    /// An Android package that is expected; may be given more than once
    #[arg(long = "package", value_name = "NAME")]
    packages: Vec<String>,
    /// SHA-256 of a certificate that the package may be signed with (base64 or hexadecimal); may be given more than once
    #[arg(long = "signer", value_name = "DIGEST", value_parser = digest)]
    signers: Vec<Digest>,
    /// The nonce or request hash of an integrity token, where it is not SHA-256 of the client data in base64url
    #[arg(long, value_name = "TEXT")]
    binding: Option<String>,
    /// How long ago an integrity token may have been requested
    #[arg(long, value_name = "SECONDS")]
    max_age: Option<u64>,
    /// The key that opens the app's classic integrity tokens: a file, or the text of the Play Console itself
    #[arg(long, value_name = "FILE|TEXT", requires = "verification_key")]
    decryption_key: Option<String>,
    /// The key that their payloads are signed with, likewise
    #[arg(long, value_name = "FILE|TEXT", requires = "decryption_key")]
    verification_key: Option<String>,
    /// The environment that is expected
    #[arg(long, value_enum)]
    environment: Option<EnvironmentName>,
    /// The kind of device that is expected
    #[arg(long, value_enum)]
    device: Option<DeviceName>,
    /// The enrolled key of an assertion, or the attested one of an Android chain (SubjectPublicKeyInfo, base64)
    #[arg(long, value_name = "SPKI", value_parser = key)]
    public_key: Option<P256PublicKey>,
    /// The sign count that was seen last
    #[arg(long, value_name = "COUNT")]
    previous_count: Option<u32>,
    /// The time of verification, RFC 3339 [default: now, or the case's]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Timestamp>,
    /// A laboratory's root to trust beside the vendors' (PEM); may be given more than once
    #[arg(long = "root", value_name = "PEM")]
    roots: Vec<PathBuf>,
}

/// Decoded bytes of a flag.
#[derive(Clone, Debug)]
struct Bytes(Vec<u8>);

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EnvironmentName {
    Production,
    Development,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DeviceName {
    Mobile,
    Mac,
}

/// What the evidence is compared with; `None` and empty where nobody said.
#[derive(Debug)]
pub(super) struct Expectations {
    pub(super) client_data_hash: Option<Vec<u8>>,
    pub(super) key_id: Option<Vec<u8>>,
    pub(super) app_ids: Vec<AppId>,
    pub(super) environment: Option<Environment>,
    pub(super) device: Option<Device>,
    pub(super) key: Option<P256PublicKey>,
    pub(super) previous_count: Option<u32>,
    pub(super) at: Timestamp,
    pub(super) packages: Vec<String>,
    pub(super) signers: BTreeSet<Digest>,
    pub(super) binding: Option<String>,
    pub(super) max_age: Option<Duration>,
    pub(super) integrity_keys: Option<IntegrityKeys>,
    pub(super) anchors: TrustAnchors,
    pub(super) chain_anchors: ChainAnchors,
}

impl Expectations {
    /// Takes the flags, and from the input's case what they leave open.
    pub(super) fn new(flags: &Flags, input: &Input) -> anyhow::Result<Self> {
        let carried = input.case.as_ref();
        let said = flags.expectations(anchors(&flags.roots, carried)?)?;
        Ok(match carried {
            None => said,
            Some(Carried { case, input, .. }) => {
                let at = flags.at.unwrap_or(case.verify_at);
                Self { at, ..said }.or(input)?
            }
        })
    }

    fn or(mut self, input: &CaseInput) -> anyhow::Result<Self> {
        let (hash, app_id) = match input {
            CaseInput::KeyAttestation(_) | CaseInput::PlayIntegrity(_) => return Ok(self),
            CaseInput::Attestation(input) => {
                self.key_id.get_or_insert_with(|| input.key_id.0.clone());
                self.environment.get_or_insert(input.environment);
                self.device.get_or_insert(Device::Mobile);
                (&input.client_data_hash, &input.app_id)
            }
            CaseInput::Assertion(input) => {
                self.key = self.key.map_or_else(|| input.key(), Ok)?.into();
                self.previous_count.get_or_insert(input.previous_counter);
                (&input.client_data_hash, &input.app_id)
            }
        };
        self.client_data_hash.get_or_insert_with(|| hash.0.clone());
        if self.app_ids.is_empty() {
            self.app_ids.push(app_id.parse()?);
        }
        Ok(self)
    }

    /// The apps that are expected, when somebody named one.
    pub(super) fn app_ids(&self) -> Option<&[AppId]> {
        Some(self.app_ids.as_slice()).filter(|apps| !apps.is_empty())
    }

    /// Whether somebody named this part of the verifier's expectation.
    pub(super) fn names(&self, part: &str) -> bool {
        match part {
            "client_data_hash" => self.client_data_hash.is_some(),
            "key_id" => self.key_id.is_some(),
            "app_id" => !self.app_ids.is_empty(),
            "environment" => self.environment.is_some(),
            "device" => self.device.is_some(),
            _ => false,
        }
    }
}

/// The flag that names a part of the verifier's expectation.
pub(super) fn flag(part: &str) -> &'static str {
    match part {
        "client_data_hash" => "--client-data or --client-data-hash",
        "key_id" => "--key-id",
        "app_id" => APP_ID,
        "environment" => "--environment",
        "device" => "--device",
        _ => "an expectation that no flag names",
    }
}

impl Flags {
    fn expectations(&self, (anchors, chain_anchors): (TrustAnchors, ChainAnchors)) -> anyhow::Result<Expectations> {
        let client_data = self.client_data.as_deref().map(file_or_text).transpose()?;
        let given = |bytes: &Option<Bytes>| bytes.as_ref().map(|Bytes(bytes)| bytes.clone());
        Ok(Expectations {
            client_data_hash: client_data.map(|data| sha256(&data).to_vec()).or_else(|| given(&self.client_data_hash)),
            key_id: given(&self.key_id),
            app_ids: self.app_ids.clone(),
            environment: self.environment.map(Environment::from),
            device: self.device.map(Device::from),
            key: self.public_key,
            previous_count: self.previous_count,
            at: self.at.unwrap_or_else(now),
            packages: self.packages.clone(),
            signers: self.signers.iter().copied().collect(),
            binding: self.binding.clone(),
            max_age: self.max_age.map(Duration::from_secs),
            integrity_keys: self.integrity_keys()?,
            anchors,
            chain_anchors,
        })
    }
}

impl Flags {
    fn integrity_keys(&self) -> anyhow::Result<Option<IntegrityKeys>> {
        let (Some(decryption), Some(verification)) = (&self.decryption_key, &self.verification_key) else {
            return Ok(None);
        };
        let aes = console_text(decryption)?.and_then(|key| <[u8; 32]>::try_from(key).ok());
        let spki = console_text(verification)?.and_then(|der| P256PublicKey::from_spki(&der).ok());
        Ok(Some(IntegrityKeys {
            decryption: KeyEncryptionKey::new(aes.context("the decryption key is not 32 bytes in base64")?),
            verification: spki.context("the verification key is not a P-256 SubjectPublicKeyInfo in base64")?,
        }))
    }
}

/// What a text of the Play Console says; `None` where it is not base64.
fn console_text(source: &str) -> anyhow::Result<Option<Vec<u8>>> {
    Ok(BASE64.decode(file_or_text(source)?.trim_ascii()).ok())
}

/// The vendors' roots and the named ones; for a case, without any that is named, the case's own and nothing else.
fn anchors(roots: &[PathBuf], carried: Option<&Carried>) -> anyhow::Result<(TrustAnchors, ChainAnchors)> {
    if let Some(carried) = carried.filter(|_| roots.is_empty()) {
        let (case, folder) = (&carried.case, &carried.folder);
        return Ok((corpus::anchors_of(case, folder)?, corpus::chain_anchors_of(case, folder)?));
    }
    let read = |root: &PathBuf| {
        let der = CertificateDer::from_pem_file(root);
        der.map(|der| der.to_vec()).with_context(|| format!("{} is not a PEM certificate", root.display()))
    };
    let ders = roots.iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
    let malformed = "a root is not a certificate";
    Ok((app_attest_anchors(&ders).context(malformed)?, key_attestation_anchors(&ders).context(malformed)?))
}

fn now() -> Timestamp {
    Timestamp::EPOCH.plus(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn bytes(text: &str) -> Result<Bytes, &'static str> {
    decoded(text).map(|(_, bytes)| Bytes(bytes)).ok_or("neither base64 nor hexadecimal")
}

fn digest(text: &str) -> Result<Digest, &'static str> {
    let dense = text.replace(':', "");
    let digest = decoded(&dense).and_then(|(_, bytes)| Digest::try_from(bytes.as_slice()).ok());
    digest.ok_or("not a SHA-256 value in base64 or hexadecimal")
}

fn key(text: &str) -> Result<P256PublicKey, &'static str> {
    let key = decoded(text).and_then(|(_, der)| P256PublicKey::from_spki(&der).ok());
    key.ok_or("not a P-256 SubjectPublicKeyInfo in base64")
}

fn moment(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse(text).ok_or("not RFC 3339, for example 2026-02-26T22:06:25Z")
}

impl From<EnvironmentName> for Environment {
    fn from(name: EnvironmentName) -> Self {
        match name {
            EnvironmentName::Production => Self::Production,
            EnvironmentName::Development => Self::Development,
        }
    }
}

impl From<DeviceName> for Device {
    fn from(name: DeviceName) -> Self {
        match name {
            DeviceName::Mobile => Self::Mobile,
            DeviceName::Mac => Self::Mac,
        }
    }
}
