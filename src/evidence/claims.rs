//! Claims: what verified evidence says, in words that no vendor owns.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::crypto::path::AnchorOrigin;

/// What is known about one installed app on one device. Absent is never "good": `None` means that nothing was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The kind of evidence that the claims come from.
    pub format: Format,
    /// The app that the device proved, as the vendor writes it: for Apple, `TEAMID.bundle`.
    pub app_id: String,
    /// The vendor's environment in which the key lives.
    pub environment: Environment,
    /// Who stands behind the anchor that the evidence reached.
    pub anchor: Anchor,
    /// How the running code was validated at launch (iOS 27 and newer).
    pub validation_category: Option<ValidationCategory>,
    /// The version of the running bundle (iOS 27 and newer).
    pub bundle_version: Option<String>,
    /// The version of the operating system, advisory: signed by the vendor but not documented.
    pub os_version: Option<OsVersion>,
    /// The build of the operating system, advisory.
    pub os_build: Option<String>,
}

/// A format of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Apple App Attest.
    AppAttest,
}

impl Format {
    /// The name in codes, tables and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppAttest => "app_attest",
        }
    }
}

/// A vendor's environment; keys of one are worth nothing in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// App Store, TestFlight and enterprise builds.
    Production,
    /// Builds run from a developer's machine.
    Development,
}

impl Environment {
    /// The name in configuration, ids and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Development => "development",
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

/// Apple's validation category: how the running code was validated at launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ValidationCategory(pub u32);

/// The names of the categories 0 to 10, in their order.
const CATEGORIES: [&str; 11] = [
    "invalid",
    "os",
    "testflight",
    "development",
    "app-store",
    "enterprise",
    "developer-id",
    "local-signing",
    "rosetta",
    "out-of-process-jit",
    "none",
];

impl ValidationCategory {
    /// Code from the App Store.
    pub const APP_STORE: Self = Self(4);

    /// The name in configuration and answers; `unrecognised` for a value newer than this program.
    pub fn name(self) -> &'static str {
        usize::try_from(self.0).ok().and_then(|at| CATEGORIES.get(at)).copied().unwrap_or("unrecognised")
    }

    /// The category with this name.
    pub fn named(name: &str) -> Option<Self> {
        let at = CATEGORIES.iter().position(|known| *known == name)?;
        u32::try_from(at).ok().map(Self)
    }

    /// Whether Apple calls the category inappropriate for any relying party (0 and 7 to 9).
    pub const fn is_never_acceptable(self) -> bool {
        matches!(self.0, 0 | 7..=9)
    }
}

/// A version of an operating system, compared number by number: `17.10` is newer than `17.9`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OsVersion([u16; 4]);

/// A text is not one to four numbers with dots between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is one to four numbers with dots between them, for example 17.5.1")]
pub struct VersionMalformed;

impl FromStr for OsVersion {
    type Err = VersionMalformed;

    fn from_str(text: &str) -> Result<Self, VersionMalformed> {
        let mut numbers = [0; 4];
        let mut parts = text.split('.');
        let plain = |part: &&str| !part.is_empty() && part.len() <= 5 && part.bytes().all(|byte| byte.is_ascii_digit());
        for (at, number) in numbers.iter_mut().enumerate() {
            let Some(part) = parts.next() else {
                return if at > 0 { Ok(Self(numbers)) } else { Err(VersionMalformed) };
            };
            *number = Some(part).filter(plain).and_then(|part| part.parse().ok()).ok_or(VersionMalformed)?;
        }
        if parts.next().is_none() { Ok(Self(numbers)) } else { Err(VersionMalformed) }
    }
}

impl TryFrom<String> for OsVersion {
    type Error = VersionMalformed;

    fn try_from(text: String) -> Result<Self, VersionMalformed> {
        text.parse()
    }
}

impl From<OsVersion> for String {
    fn from(version: OsVersion) -> Self {
        version.to_string()
    }
}

impl fmt::Display for OsVersion {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, rest] = self.0;
        write!(out, "{major}.{minor}")?;
        if (patch, rest) != (0, 0) {
            write!(out, ".{patch}")?;
        }
        if rest != 0 { write!(out, ".{rest}") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let version = |text: &str| text.parse::<OsVersion>().expect(text);
        assert!(version("17.10") > version("17.9"));
        assert!(version("17.5.1") > version("17.5"));
        assert_eq!(version("17"), version("17.0.0"));
        assert_eq!(version("17.5.1").to_string(), "17.5.1");
        assert_eq!(version("9").to_string(), "9.0");
    }

    #[test]
    fn what_is_not_a_version_is_refused() {
        for bad in ["", ".", "17.", "17..1", "a", "1.2.3.4.5", "-1", "+1", "70000", "000017", "１７"] {
            assert_eq!(bad.parse::<OsVersion>(), Err(VersionMalformed), "{bad:?}");
        }
    }

    #[test]
    fn categories_have_names_both_ways() {
        for value in 0..=10 {
            let category = ValidationCategory(value);
            assert_eq!(ValidationCategory::named(category.name()), Some(category));
        }
        assert_eq!(ValidationCategory(11).name(), "unrecognised");
        assert_eq!(ValidationCategory::named("unrecognised"), None);
    }
}
