//! What Android Key Attestation proves.

use serde::{Deserialize, Serialize};

use super::{HexBytes, OsVersion, PatchLevel};
use crate::crypto::serial::Serial;
use crate::time::Timestamp;

/// What is known about a key, the app that made it and the device that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAttestationClaims {
    /// The version of the key description.
    pub attestation_version: u64,
    /// The version of KeyMint or Keymaster.
    pub keymint_version: u64,
    /// What has written the key description.
    pub attestation_level: SecurityLevel,
    /// What holds the key.
    pub keymint_level: SecurityLevel,
    /// What the certificates above the key speak of; `None` when they do not say.
    pub chain_level: Option<SecurityLevel>,
    /// How the device came by its attestation key.
    pub provisioning: Provisioning,
    /// Whether a certificate that was put into the device in the factory has expired.
    pub factory_expired: bool,
    /// How the device was started, as hardware states it.
    pub boot: Option<Boot>,
    /// The operating system's version; `None` for a generic system image.
    pub os_version: Option<OsVersion>,
    /// The patch level of the operating system.
    pub os_patch: Option<PatchLevel>,
    /// The patch level of the vendor's partition.
    pub vendor_patch: Option<PatchLevel>,
    /// The patch level of the boot partition.
    pub boot_patch: Option<PatchLevel>,
    /// Where the key comes from, as hardware states it.
    pub origin: Option<Origin>,
    /// What the key may do, as hardware enforces it.
    pub purposes: Vec<Purpose>,
    /// The digests that the key may sign, as hardware enforces it.
    pub digests: Vec<KeyDigest>,
    /// The kind of key.
    pub algorithm: Option<KeyAlgorithm>,
    /// Its size, in bits.
    pub key_size: Option<u64>,
    /// Every package of the app's user id, as the operating system states it.
    pub packages: Vec<Package>,
    /// SHA-256 of every certificate that the app is signed with.
    pub signers: Vec<HexBytes>,
    /// What the key asks of the user.
    pub user: UserAuthentication,
    /// Whether every app may use the key.
    pub all_applications: bool,
    /// How often the key may be used.
    pub usage_count_limit: Option<u64>,
    /// Whether StrongBox has signed with a key of this very device.
    pub device_unique: bool,
    /// A digest over the system's modules.
    pub module_hash: Option<HexBytes>,
    /// When the key was made, by the device's clock.
    pub created_at: Option<Timestamp>,
    /// Tags that this program does not know.
    pub unknown_tags: Vec<u32>,
    /// Tags that only hardware can vouch for and that software has stated.
    pub misplaced_tags: Vec<u32>,
    /// What Google says of a remotely provisioned device.
    pub remote: Option<RemoteProvisioning>,
    /// The serial numbers of all certificates below the anchor, the leaf's first: the status list is asked about them.
    pub serials: Vec<Serial>,
    /// Brand, model and the like, as far as the device attested them; nothing that names one device.
    pub model: DeviceModel,
    /// Serial number, IMEI and the like as keyed hashes, by their kinds; filled in by the role, which holds the key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub device_ids: Vec<(String, HexBytes)>,
}

impl KeyAttestationClaims {
    /// About how many bytes the claims take, with everything that they point to.
    pub fn size(&self) -> usize {
        let packages: usize = self.packages.iter().map(|package| size_of::<Package>() + package.name.len()).sum();
        let bytes = |bytes: &HexBytes| size_of::<HexBytes>() + bytes.0.len();
        let signers: usize = self.signers.iter().map(bytes).sum();
        let ids: usize =
            self.device_ids.iter().map(|(kind, hash)| size_of::<String>() + kind.len() + bytes(hash)).sum();
        let words = 8 * (self.purposes.len() + self.digests.len());
        let tags = 4 * (self.unknown_tags.len() + self.misplaced_tags.len());
        let tags = tags + size_of_val(self.serials.as_slice());
        size_of::<Self>() + packages + signers + ids + words + tags + 256
    }

    /// What is stated, name and value, for answers. What could tell one device from its like stays out: serial numbers, ids, even as
    /// hashes, and the challenge.
    pub fn stated(&self) -> Vec<(&'static str, String)> {
        let text = |name: &'static str| Some(name.to_owned());
        let level = |level: &Option<PatchLevel>| level.as_ref().map(ToString::to_string);
        let (packages, versions): (Vec<_>, Vec<_>) =
            self.packages.iter().map(|package| (package.name.as_str(), package.version.to_string())).unzip();
        let issued = self.remote.as_ref().and_then(|remote| remote.certificates_issued);
        let stated = [
            ("package", Some(packages.join(" "))),
            ("version_code", Some(versions.join(" "))),
            ("security_level", text(self.level().name())),
            ("provisioning", text(self.provisioning.name())),
            ("certificates_issued", issued.map(|count| count.to_string())),
            ("boot_state", self.boot.as_ref().and_then(|boot| text(boot.state.name()))),
            ("bootloader_locked", self.boot.as_ref().map(|boot| boot.locked.to_string())),
            ("os_version", self.os_version.as_ref().map(ToString::to_string)),
            ("os_patch", level(&self.os_patch)),
            ("vendor_patch", level(&self.vendor_patch)),
            ("boot_patch", level(&self.boot_patch)),
            ("device_manufacturer", self.model.manufacturer.clone()),
            ("device_brand", self.model.brand.clone()),
            ("device_model", self.model.model.clone()),
        ];
        let said = stated.into_iter().filter_map(|(name, value)| Some((name, value?)));
        said.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The lower one of the two levels: a chain is as strong as its weaker part.
    pub fn level(&self) -> SecurityLevel {
        self.attestation_level.min(self.keymint_level)
    }
}

/// What guards a key, from the weakest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityLevel {
    /// The operating system.
    Software,
    /// The processor's secure world.
    TrustedEnvironment,
    /// A chip of its own.
    #[serde(rename = "strongbox")]
    StrongBox,
}

impl SecurityLevel {
    /// The level with this number.
    pub const fn of(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::Software),
            1 => Some(Self::TrustedEnvironment),
            2 => Some(Self::StrongBox),
            _ => None,
        }
    }

    /// The name in configuration and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Software => "software",
            Self::TrustedEnvironment => "trusted_environment",
            Self::StrongBox => "strongbox",
        }
    }
}

/// How a device came by its attestation key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provisioning {
    /// In the factory, for its whole life.
    Factory,
    /// From Google, for some weeks.
    Remote,
    /// Its certificates bear signs of both.
    Conflicting,
    /// Its certificates bear signs of neither.
    Unknown,
}

impl Provisioning {
    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Factory => "factory",
            Self::Remote => "remote",
            Self::Conflicting => "conflicting",
            Self::Unknown => "unknown",
        }
    }
}

/// How a device was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// What the bootloader found.
    pub state: BootState,
    /// Whether the bootloader is locked.
    pub locked: bool,
    /// The key that the system was verified with.
    pub key: HexBytes,
    /// A digest over all that was verified.
    pub hash: Option<HexBytes>,
}

/// What the bootloader found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BootState {
    /// The vendor's system, whole.
    Verified,
    /// A system that is signed with a key of the owner's.
    SelfSigned,
    /// Any system.
    Unverified,
    /// Verification failed.
    Failed,
    /// A state newer than this program.
    Unrecognised,
}

impl BootState {
    /// The state with this number.
    pub const fn of(number: u64) -> Self {
        match number {
            0 => Self::Verified,
            1 => Self::SelfSigned,
            2 => Self::Unverified,
            3 => Self::Failed,
            _ => Self::Unrecognised,
        }
    }

    /// The name in configuration and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::SelfSigned => "self_signed",
            Self::Unverified => "unverified",
            Self::Failed => "failed",
            Self::Unrecognised => "unrecognised",
        }
    }
}

/// Where a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Made inside, and never outside.
    Generated,
    /// Derived inside.
    Derived,
    /// Brought in: somebody else may know it.
    Imported,
    /// Not known to the device.
    Unknown,
    /// Brought in encrypted: somebody else may know it.
    SecurelyImported,
    /// An origin newer than this program.
    Unrecognised,
}

impl Origin {
    /// The origin with this number.
    pub const fn of(number: u64) -> Self {
        match number {
            0 => Self::Generated,
            1 => Self::Derived,
            2 => Self::Imported,
            3 => Self::Unknown,
            4 => Self::SecurelyImported,
            _ => Self::Unrecognised,
        }
    }

    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Derived => "derived",
            Self::Imported => "imported",
            Self::Unknown => "unknown",
            Self::SecurelyImported => "securely_imported",
            Self::Unrecognised => "unrecognised",
        }
    }
}

/// What a key may do, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Purpose(pub u64);

/// The names of the purposes 0 to 7; there is no purpose 4.
const PURPOSES: [&str; 8] =
    ["encrypt", "decrypt", "sign", "verify", "unrecognised", "wrap_key", "agree_key", "attest_key"];

impl Purpose {
    /// To sign.
    pub const SIGN: Self = Self(2);
    /// To verify.
    pub const VERIFY: Self = Self(3);
    /// To sign the certificates of further keys.
    pub const ATTEST_KEY: Self = Self(7);

    /// The name in configuration and answers; `unrecognised` for a value newer than this program.
    pub fn name(self) -> &'static str {
        named(&PURPOSES, self.0)
    }

    /// The purpose with this name.
    pub fn named(name: &str) -> Option<Self> {
        let at = PURPOSES.iter().position(|known| *known == name && name != "unrecognised")?;
        u64::try_from(at).ok().map(Self)
    }
}

/// A digest that a key may sign, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyDigest(pub u64);

/// The names of the digests 0 to 6.
const DIGESTS: [&str; 7] = ["none", "md5", "sha1", "sha224", "sha256", "sha384", "sha512"];

impl KeyDigest {
    /// The name in answers; `unrecognised` for a value newer than this program.
    pub fn name(self) -> &'static str {
        named(&DIGESTS, self.0)
    }
}

fn named(names: &'static [&'static str], number: u64) -> &'static str {
    usize::try_from(number).ok().and_then(|at| names.get(at)).copied().unwrap_or("unrecognised")
}

/// The kind of an attested key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyAlgorithm {
    /// RSA.
    Rsa,
    /// A key on an elliptic curve.
    Ec,
    /// ML-DSA.
    MlDsa,
    /// A kind newer than this program.
    Unrecognised,
}

impl KeyAlgorithm {
    /// The kind with this number.
    pub const fn of(number: u64) -> Self {
        match number {
            1 => Self::Rsa,
            3 => Self::Ec,
            4 => Self::MlDsa,
            _ => Self::Unrecognised,
        }
    }

    /// The name in answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ec => "ec",
            Self::MlDsa => "ml_dsa",
            Self::Unrecognised => "unrecognised",
        }
    }
}

/// A package of an app's user id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The name, for example `com.example.shop`.
    pub name: String,
    /// The version code.
    pub version: u64,
}

/// What a key asks of the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserAuthentication {
    /// Whether one of the lists says that the key works without the user.
    pub not_required: bool,
    /// How hardware lets the user prove to be present: bit 0 a password, bit 1 a fingerprint or the like.
    pub kinds: Option<u64>,
    /// For how long a proof holds, in seconds; `None` when for one use.
    pub timeout_secs: Option<u64>,
    /// Whether somebody has to press a button.
    pub presence: bool,
    /// Whether the user has to confirm a text.
    pub confirmation: bool,
    /// Whether the screen has to be unlocked.
    pub unlocked_device: bool,
}

/// What Google says of a remotely provisioned device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteProvisioning {
    /// About how many certificates Google gave to the device in the last 30 days.
    pub certificates_issued: Option<u64>,
    /// The manufacturer.
    pub manufacturer: Option<String>,
    /// What the maker of the chip vouches for.
    pub entity: Option<String>,
    /// Whether the device was reported lost.
    pub reported_lost: bool,
}

/// What kind of device it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceModel {
    /// The brand.
    pub brand: Option<String>,
    /// The design's name.
    pub device: Option<String>,
    /// The product's name.
    pub product: Option<String>,
    /// The manufacturer.
    pub manufacturer: Option<String>,
    /// The model's name.
    pub model: Option<String>,
}
