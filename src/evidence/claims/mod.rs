//! Claims: what verified evidence says, one section for each format.

mod app_attest;
mod hex_bytes;
mod key_attestation;
mod os_version;
mod patch_level;
pub mod play_integrity;

use serde::{Deserialize, Serialize};

pub use app_attest::{AppAttestClaims, Environment, ValidationCategory};
pub use hex_bytes::{HexBytes, HexMalformed};
pub use key_attestation::{
    Boot, BootState, DeviceModel, KeyAlgorithm, KeyAttestationClaims, KeyDigest, Origin, Package, Provisioning,
    Purpose, RemoteProvisioning, SecurityLevel, UserAuthentication,
};
pub use os_version::{OsVersion, VersionMalformed};
pub use patch_level::{PatchLevel, PatchLevelMalformed};

use crate::crypto::path::AnchorOrigin;

/// What is known about one installed app on one device. Absent is never "good": `None` means that nothing was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who stands behind the anchors that the evidence reached: a laboratory, if it does behind any.
    pub anchor: Anchor,
    /// What App Attest proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_attest: Option<Box<AppAttestClaims>>,
    /// What Android Key Attestation proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_attestation: Option<Box<KeyAttestationClaims>>,
}

impl Claims {
    /// About how many bytes the claims take beside their own size.
    pub fn heap_size(&self) -> usize {
        self.app_attest.as_deref().map_or(0, AppAttestClaims::size)
            + self.key_attestation.as_deref().map_or(0, KeyAttestationClaims::size)
    }

    /// The formats of evidence that the claims come from.
    pub fn formats(&self) -> impl Iterator<Item = Format> {
        [
            self.app_attest.as_ref().map(|_| Format::AppAttest),
            self.key_attestation.as_ref().map(|_| Format::KeyAttestation),
        ]
        .into_iter()
        .flatten()
    }
}

/// A format of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Apple App Attest.
    AppAttest,
    /// Android Key Attestation.
    KeyAttestation,
}

impl Format {
    /// The name in codes, tables and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppAttest => "app_attest",
            Self::KeyAttestation => "key_attestation",
        }
    }
}

/// Who stands behind the trust anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// The device vendor.
    Vendor,
    /// A throw-away root of a laboratory, trusted because a configuration names it.
    Lab,
}

impl From<AnchorOrigin> for Anchor {
    fn from(origin: AnchorOrigin) -> Self {
        match origin {
            AnchorOrigin::Vendor => Self::Vendor,
            AnchorOrigin::Lab => Self::Lab,
        }
    }
}
