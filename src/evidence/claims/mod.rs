//! Claims: what verified evidence says, one section for each format.

mod app_attest;
mod client_report;
mod hex_bytes;
mod key_attestation;
mod os_version;
mod patch_level;
pub mod play_integrity;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use app_attest::{AppAttestClaims, Environment, ValidationCategory};
pub use client_report::{ClientReport, ExtensionName, ReportedSignal, SIGNALS_LIMIT, SignalMalformed};
pub use hex_bytes::{HexBytes, HexMalformed};
pub use key_attestation::{
    Boot, BootState, DeviceModel, KeyAlgorithm, KeyAttestationClaims, KeyDigest, Origin, Package, Provisioning,
    Purpose, RemoteProvisioning, SecurityLevel, UserAuthentication,
};
pub use os_version::{OsVersion, VersionMalformed};
pub use patch_level::{PatchLevel, PatchLevelMalformed};
pub use play_integrity::{PlayIntegrity, PlayIntegrityClaims};

use crate::crypto::path::AnchorOrigin;
use crate::time::Timestamp;

/// What is known about one installed app on one device. Absent is never "good": `None` means that nothing was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The formats whose evidence rests on a laboratory's word, each once; vendors stand behind all others. Always written, so that what
    /// was lost is not taken for nothing.
    pub labs: Vec<Format>,
    /// What App Attest proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_attest: Option<Box<AppAttestClaims>>,
    /// What Android Key Attestation proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_attestation: Option<Box<KeyAttestationClaims>>,
    /// What Play Integrity said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub play_integrity: Option<PlayIntegrity>,
    /// What the app reports against itself, if it ever has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<ClientReport>>,
}

impl Claims {
    /// These claims, of which those of this format rest on an anchor of this origin, whatever they rested on before.
    #[must_use]
    pub fn resting_on(mut self, origin: Anchor, format: Format) -> Self {
        self.labs.retain(|other| *other != format);
        self.labs.extend((origin == Anchor::Lab).then_some(format));
        self
    }

    /// These claims with what Play Integrity said, or did not say, under a decoder of this origin.
    #[must_use]
    pub fn with_play_integrity(self, integrity: PlayIntegrity, origin: Anchor) -> Self {
        Self { play_integrity: Some(integrity), ..self }.resting_on(origin, Format::PlayIntegrity)
    }

    /// These claims with what the app reports at `now`; an app that reports nothing leaves what it has reported before.
    #[must_use]
    pub fn with_signals(mut self, signals: Option<BTreeSet<ReportedSignal>>, now: Timestamp) -> Self {
        if let Some(signals) = signals {
            self.report = Some(Box::new(ClientReport::after(self.report.as_deref(), signals, now)));
        }
        self
    }

    /// Whether they say what the earlier ones said, at a time that has moved on at most.
    pub fn repeat(&self, earlier: &Self) -> bool {
        let mut earlier = earlier.clone();
        if let Some((said, now)) = earlier.play_integrity.as_mut().zip(self.play_integrity.as_ref()) {
            said.move_on(now);
        }
        *self == earlier
    }

    /// About how many bytes the claims take beside their own size.
    pub fn heap_size(&self) -> usize {
        let app_attest = self.app_attest.as_deref().map_or(0, AppAttestClaims::size);
        let key_attestation = self.key_attestation.as_deref().map_or(0, KeyAttestationClaims::size);
        let report = self.report.as_deref().map_or(0, ClientReport::size);
        app_attest + key_attestation + report + self.play_integrity.as_ref().map_or(0, PlayIntegrity::size)
    }

    /// The formats of evidence that the claims come from.
    pub fn formats(&self) -> impl Iterator<Item = Format> {
        let app_attest = self.app_attest.as_ref().map(|_| Format::AppAttest);
        let key_attestation = self.key_attestation.as_ref().map(|_| Format::KeyAttestation);
        let play_integrity = self.play_integrity.as_ref().map(|_| Format::PlayIntegrity);
        [app_attest, key_attestation, play_integrity].into_iter().flatten()
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
    /// Google Play Integrity.
    PlayIntegrity,
}

impl Format {
    /// The name in codes, tables and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppAttest => "app_attest",
            Self::KeyAttestation => "key_attestation",
            Self::PlayIntegrity => "play_integrity",
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

#[cfg(test)]
mod tests {
    use super::*;

    fn out_of_reach(seconds: u64) -> Claims {
        let since = Timestamp::from_millis(seconds * 1000);
        Claims { play_integrity: Some(PlayIntegrity::Unavailable { since, last: None }), ..Claims::default() }
    }

    #[test]
    fn claims_are_repeated_when_their_time_alone_moves_on() {
        assert!(Claims::default().repeat(&Claims::default()));
        assert!(out_of_reach(5).repeat(&out_of_reach(5)));
        assert!(out_of_reach(6).repeat(&out_of_reach(5)));
        assert!(!out_of_reach(4).repeat(&out_of_reach(5)), "a time that goes back is news");
        assert!(!out_of_reach(5).repeat(&Claims::default()));
        assert!(!Claims::default().repeat(&out_of_reach(5)));
        let lab = Claims { labs: vec![Format::PlayIntegrity], ..out_of_reach(6) };
        assert!(!lab.repeat(&out_of_reach(5)));
    }
}
