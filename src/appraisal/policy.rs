//! Policy: what an app expects of the claims about its instances.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::crypto::digest::sha256;
use crate::evidence::claims::{Environment, OsVersion, ValidationCategory};

/// The reference values and thresholds of one app. Data, not code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The environment that keys must live in.
    pub environment: Environment,
    /// The validation categories that are accepted where the device states one.
    pub validation_categories: BTreeSet<ValidationCategory>,
    /// What a device is worth that states no validation category, as all do before iOS 27.
    pub absent_category: AbsentCategory,
    /// The oldest operating system that is accepted, where its version is known.
    pub min_os_version: Option<OsVersion>,
}

/// What the absence of a validation category is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsentCategory {
    /// It changes nothing.
    Allow,
    /// It casts doubt: a step-up is asked for.
    StepUp,
    /// It is refused.
    Deny,
}

/// The hash of a policy: equal policies have equal revisions, on every replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyRevision(String);

impl PolicyRevision {
    /// The revision as 16 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Policy {
    /// What a careful team would ship: production, App Store only where stated, any operating system.
    pub fn careful() -> Self {
        Self {
            environment: Environment::Production,
            validation_categories: BTreeSet::from([ValidationCategory::APP_STORE]),
            absent_category: AbsentCategory::Allow,
            min_os_version: None,
        }
    }

    /// This policy's revision.
    pub fn revision(&self) -> PolicyRevision {
        let canonical = serde_json::to_vec(self).unwrap_or_default();
        PolicyRevision(HEXLOWER.encode(&sha256(&canonical)[..8]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_counts_in_the_revision() {
        let policy = Policy::careful();
        let revisions = BTreeSet::from_iter(
            [
                policy.clone(),
                Policy { environment: Environment::Development, ..policy.clone() },
                Policy { validation_categories: BTreeSet::new(), ..policy.clone() },
                Policy { absent_category: AbsentCategory::Deny, ..policy.clone() },
                Policy { min_os_version: "17".parse().ok(), ..policy.clone() },
            ]
            .map(|policy| policy.revision().as_str().to_owned()),
        );
        assert_eq!(revisions.len(), 5);
        assert_eq!(policy.revision(), Policy::careful().revision());
    }
}
