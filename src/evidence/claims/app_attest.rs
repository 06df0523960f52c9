//! What App Attest proves.

use serde::{Deserialize, Serialize};

use super::OsVersion;

/// What an App Attest key and the code that last used it have shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppAttestClaims {
    /// The app that the device proved: `TEAMID.bundle`.
    pub app_id: String,
    /// Apple's environment in which the key lives.
    pub environment: Environment,
    /// How the running code was validated at launch (iOS 27 and newer).
    pub validation_category: Option<ValidationCategory>,
    /// The version of the running bundle (iOS 27 and newer).
    pub bundle_version: Option<String>,
    /// The version of the operating system, advisory: signed by the vendor but not documented.
    pub os_version: Option<OsVersion>,
    /// The build of the operating system, advisory.
    pub os_build: Option<String>,
}

impl AppAttestClaims {
    /// About how many bytes the claims take.
    pub(super) fn size(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        size_of::<Self>() + self.app_id.len() + text(&self.bundle_version) + text(&self.os_build)
    }

    /// What is stated, name and value, for answers.
    pub fn stated(&self) -> Vec<(&'static str, String)> {
        let stated = [
            ("app_id", Some(self.app_id.clone())),
            ("environment", Some(self.environment.name().to_owned())),
            ("validation_category", self.validation_category.map(|category| category.name().to_owned())),
            ("bundle_version", self.bundle_version.clone()),
            ("os_version", self.os_version.as_ref().map(ToString::to_string)),
            ("os_build", self.os_build.clone()),
        ];
        stated.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

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
