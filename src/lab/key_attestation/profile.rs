//! What an Android device is.

use time::OffsetDateTime;

use super::authorization::RootOfTrustPlan;
use crate::time::Timestamp;

/// How the attestation key came onto a device, and so what stands above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provisioning {
    /// In the factory, under an intermediate: 4 certificates with the root.
    Factory,
    /// In the factory, directly under the root: 3 certificates with the root.
    ShortFactory,
    /// From Google's servers, for weeks: 5 certificates with the root.
    Remote,
    /// Software's own: 3 certificates with a root that vouches for no hardware.
    Software,
}

/// Where a key lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// In software.
    Software,
    /// In the trusted execution environment.
    TrustedEnvironment,
    /// In a separate secure element.
    StrongBox,
}

/// What a device is and runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// How its attestation key came onto it.
    pub provisioning: Provisioning,
    /// Where its keys live.
    pub level: Level,
    /// The version of the attestation schema.
    pub attestation_version: u64,
    /// The version of Keymaster or KeyMint.
    pub keymint_version: u64,
    /// How it was started.
    pub root_of_trust: RootOfTrustPlan,
    /// The version of its operating system, as MMmmss.
    pub os_version: u64,
    /// The month of its patches, of all partitions.
    pub patched: Timestamp,
}

impl Level {
    /// The number in descriptions.
    pub const fn number(self) -> u8 {
        match self {
            Self::Software => 0,
            Self::TrustedEnvironment => 1,
            Self::StrongBox => 2,
        }
    }

    /// The word in the names of attestation keys.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Software => "Software",
            Self::TrustedEnvironment => "TEE",
            Self::StrongBox => "StrongBox",
        }
    }
}

impl Profile {
    /// A recent phone with remotely provisioned keys and the patches of the month of `now`.
    pub fn remote(now: Timestamp) -> Self {
        Self {
            provisioning: Provisioning::Remote,
            level: Level::TrustedEnvironment,
            attestation_version: 400,
            keymint_version: 400,
            root_of_trust: RootOfTrustPlan::verified(),
            os_version: 160_000,
            patched: now,
        }
    }

    /// A phone of 2019 that is still kept up to date, with a key from the factory.
    pub fn factory(now: Timestamp) -> Self {
        let provisioning = Provisioning::Factory;
        Self { provisioning, attestation_version: 3, keymint_version: 4, os_version: 130_000, ..Self::remote(now) }
    }

    /// The same device with its attestation key provisioned in this way.
    pub fn provisioned(self, provisioning: Provisioning) -> Self {
        Self { provisioning, ..self }
    }

    /// The same device with keys in StrongBox.
    pub fn strong_box(self) -> Self {
        Self { level: Level::StrongBox, ..self }
    }

    /// An emulator, whose keys live in software.
    pub fn emulator(now: Timestamp) -> Self {
        Self { level: Level::Software, ..Self::remote(now).provisioned(Provisioning::Software) }
    }

    /// The same device with another version of the schema and of KeyMint.
    pub fn version(self, version: u64) -> Self {
        Self { attestation_version: version, keymint_version: version, ..self }
    }

    /// The month of its patches as YYYYMM.
    pub(super) fn patch_month(&self) -> u64 {
        let seconds = i64::try_from(self.patched.as_secs()).unwrap_or(i64::MAX);
        let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        u64::try_from(at.year()).unwrap_or(0) * 100 + u64::from(u8::from(at.month()))
    }
}
