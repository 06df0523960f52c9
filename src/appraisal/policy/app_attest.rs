//! What an app expects of App Attest.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Stance;
use crate::evidence::claims::{Environment, OsVersion, ValidationCategory};

/// The reference values and thresholds for App Attest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppAttestPolicy {
    /// The environment that keys must live in.
    pub environment: Environment,
    /// The validation categories that are accepted where the device states one.
    pub validation_categories: BTreeSet<ValidationCategory>,
    /// What a device is worth that states no validation category, as all do before iOS 27.
    pub absent_category: Stance,
    /// The oldest operating system that is accepted, where its version is known.
    pub min_os_version: Option<OsVersion>,
}

impl AppAttestPolicy {
    /// What a careful team would ship: production, App Store only where stated, any operating system.
    pub fn careful() -> Self {
        Self {
            environment: Environment::Production,
            validation_categories: BTreeSet::from([ValidationCategory::APP_STORE]),
            absent_category: Stance::Allow,
            min_os_version: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appraisal::Policy;

    #[test]
    fn every_field_counts_in_the_revision() {
        let policy = AppAttestPolicy::careful();
        let revision = |policy: AppAttestPolicy| Policy { app_attest: Some(policy), ..Policy::default() }.revision();
        let revisions = BTreeSet::from_iter(
            [
                policy.clone(),
                AppAttestPolicy { environment: Environment::Development, ..policy.clone() },
                AppAttestPolicy { validation_categories: BTreeSet::new(), ..policy.clone() },
                AppAttestPolicy { absent_category: Stance::Deny, ..policy.clone() },
                AppAttestPolicy { min_os_version: "17".parse().ok(), ..policy.clone() },
            ]
            .map(|policy| revision(policy).to_string()),
        );
        assert_eq!(revisions.len(), 5);
        assert_eq!(revision(policy), revision(AppAttestPolicy::careful()));
        assert_ne!(Policy::default().revision(), revision(AppAttestPolicy::careful()));
    }
}
