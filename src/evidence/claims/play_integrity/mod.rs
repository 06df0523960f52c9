//! What Google Play Integrity says.

mod signer;
mod vocabulary;

use serde::{Deserialize, Serialize};

pub use signer::{SignerDigest, SignerDigestMalformed};
pub use vocabulary::{
    AccessRisk, AccountActivity, ActivityLevel, AppVerdict, DeviceLabel, LicensingVerdict, LocationRisk, PlayProtect,
};

use crate::time::Timestamp;

/// What is known by Play Integrity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlayIntegrity {
    /// A token was decoded, and what it says was verified.
    Decoded(Box<PlayIntegrityClaims>),
    /// A token came, and Google could not be asked about it.
    Unavailable {
        /// When that was.
        since: Timestamp,
        /// What was decoded last, before that.
        last: Option<Box<PlayIntegrityClaims>>,
    },
}

impl PlayIntegrity {
    /// The newest claims there are, and none where nothing was ever decoded.
    pub fn claims(&self) -> Option<&PlayIntegrityClaims> {
        match self {
            Self::Decoded(claims) => Some(claims),
            Self::Unavailable { last, .. } => last.as_deref(),
        }
    }

    /// Takes over the time of what was said in the same way, and not before.
    pub(super) fn move_on(&mut self, later: &Self) {
        match (self, later) {
            (Self::Decoded(said), Self::Decoded(later)) => {
                said.requested_at = said.requested_at.max(later.requested_at)
            }
            (Self::Unavailable { since, .. }, Self::Unavailable { since: later, .. }) => *since = (*since).max(*later),
            _ => {}
        }
    }

    /// About how many bytes the claims take beside their own size.
    pub(super) fn size(&self) -> usize {
        self.claims().map_or(0, PlayIntegrityClaims::size)
    }
}

impl PlayIntegrityClaims {
    /// About how many bytes the claims take; words and texts are counted as if each were long.
    fn size(&self) -> usize {
        const EACH: usize = 128;
        let lists = [&self.device.labels, &self.device.legacy_labels].map(Vec::len).iter().sum::<usize>();
        let risks = self.surroundings.access_risk.as_ref().map_or(0, Vec::len)
            + self.surroundings.location_risk.as_ref().map_or(0, Vec::len);
        size_of::<Self>() + EACH * (1 + lists + risks + self.app.signers.len() + self.unknown_members.len())
    }

    /// What is stated, name and value, for answers. Every name says that it is the word of Google Play.
    pub fn stated(&self) -> Vec<(&'static str, String)> {
        let (app, device) = (&self.app, &self.device);
        let text = |word: Option<&str>| word.map(str::to_owned);
        let labels = device.labels.iter().map(DeviceLabel::name).collect::<Vec<_>>().join(" ");
        let stated = [
            ("play_package", app.package_name.clone()),
            ("play_app_verdict", text(app.verdict.as_ref().map(AppVerdict::name))),
            ("play_version_code", app.version_code.map(|version| version.to_string())),
            ("play_device_labels", Some(labels).filter(|labels| !labels.is_empty())),
            ("play_sdk_version", device.sdk_version.map(|version| version.to_string())),
            ("play_activity_level", text(device.recent_activity.as_ref().map(ActivityLevel::name))),
            ("play_licensing", text(self.account.licensing.as_ref().map(LicensingVerdict::name))),
            ("play_protect", text(self.surroundings.play_protect.as_ref().map(PlayProtect::name))),
            ("play_requested_at", Some(self.requested_at.to_string())),
        ];
        stated.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// A verified verdict of Google's. Absent is never "good": `None` and an empty list mean that nothing was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayIntegrityClaims {
    /// The kind of request that the verdict answers.
    pub kind: TokenKind,
    /// When the device asked for it, by Google's clock.
    pub requested_at: Timestamp,
    /// Whether a tester had Google make the verdict up.
    pub testing_response: bool,
    /// What is known of the app.
    pub app: AppIntegrity,
    /// What is known of the device.
    pub device: DeviceIntegrity,
    /// What is known of the account.
    pub account: AccountDetails,
    /// What is known of what runs beside the app.
    pub surroundings: Surroundings,
    /// Members of the payload that are newer than this program, by their paths; at most 16.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_members: Vec<String>,
}

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// Bound by a nonce; decoded by Google or with the app's own keys.
    Classic,
    /// Bound by a request hash; decoded by Google only.
    Standard,
}

impl TokenKind {
    /// The name in configuration and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Standard => "standard",
        }
    }
}

/// What is known of the app (`appIntegrity`). All but the verdict is absent when the app was not evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppIntegrity {
    /// Whether Play knows it.
    pub verdict: Option<AppVerdict>,
    /// Its package.
    pub package_name: Option<String>,
    /// Its signers.
    pub signers: Vec<SignerDigest>,
    /// Its version.
    pub version_code: Option<u64>,
}

/// What is known of the device (`deviceIntegrity`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceIntegrity {
    /// Its labels, in Google's order.
    pub labels: Vec<DeviceLabel>,
    /// The labels that it had before May 2025. They are easily spoofed; nothing is decided by them.
    pub legacy_labels: Vec<DeviceLabel>,
    /// The API level of its Android.
    pub sdk_version: Option<u32>,
    /// How many tokens were asked for of late.
    pub recent_activity: Option<ActivityLevel>,
    /// What the developer had Google remember about it.
    pub recall: Option<DeviceRecall>,
}

/// Three bits that outlive a reset of the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRecall {
    /// The bits; `None` where Google does not say.
    pub bits: [Option<bool>; 3],
    /// Year and month of each bit's last writing, as `yyyymm`.
    pub written: [Option<u32>; 3],
}

/// What is known of the account (`accountDetails`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDetails {
    /// Whether it got the app from Play.
    pub licensing: Option<LicensingVerdict>,
    /// How usual its activity is.
    pub activity: Option<AccountActivity>,
}

/// What is known of what runs beside the app (`environmentDetails`). The parts are switched on in the Play Console.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// Apps that could see or steer this one; `None` when that was not evaluated, empty when there are none.
    pub access_risk: Option<Vec<AccessRisk>>,
    /// What Play Protect says.
    pub play_protect: Option<PlayProtect>,
    /// How likely the location is made up; `None` when that was not evaluated.
    pub location_risk: Option<Vec<LocationRisk>>,
}
