//! The rules for App Attest.

use super::{Rule, configuration, executables, firm_rule, rule};
use crate::appraisal::policy::{AppAttestPolicy, Stance};
use crate::appraisal::reason::Remedy;
use crate::appraisal::vector::{TrustVector, Worth};
use crate::evidence::claims::AppAttestClaims;

pub(super) const RULES: [Rule<AppAttestClaims, AppAttestPolicy>; 7] = [
    firm_rule(
        "environment_unexpected",
        "the key lives in another environment",
        Remedy::UpdateApp,
        |claims, policy, _| (claims.environment != policy.environment).then_some(executables(Worth::CONTRAINDICATED)),
    ),
    firm_rule(
        "category_inappropriate",
        "no relying party should trust code like this",
        Remedy::UpdateApp,
        |claims, _, _| {
            let category = claims.validation_category?;
            category.is_never_acceptable().then_some(executables(Worth::CONTRAINDICATED))
        },
    ),
    rule(
        "category_unexpected",
        "the code was not installed in an accepted way",
        Remedy::UpdateApp,
        |claims, policy, _| {
            let accepted = policy.validation_categories.contains(&claims.validation_category?);
            (!accepted).then_some(executables(Worth::CONTRAINDICATED))
        },
    ),
    rule(
        "category_absent",
        "the device does not say how the code was installed",
        Remedy::UpdateOs,
        |claims, policy, _| {
            let worth = match policy.absent_category {
                Stance::Allow => return None,
                Stance::StepUp => Worth::UNRECOGNISED_CODE,
                Stance::Deny => Worth::CONTRAINDICATED,
            };
            claims.validation_category.is_none().then_some(executables(worth))
        },
    ),
    firm_rule("development_build", "the key belongs to a development build", Remedy::None, |claims, policy, _| {
        let expected = claims.environment == policy.environment;
        (expected && claims.environment.name() == "development").then_some(TrustVector::SILENT)
    }),
    rule(
        "os_outdated",
        "the operating system is older than the policy accepts",
        Remedy::UpdateOs,
        |claims, policy, _| {
            let (known, least) = (claims.os_version.as_ref()?, policy.min_os_version.as_ref()?);
            (known < least).then_some(configuration(Worth::CONTRAINDICATED))
        },
    ),
    rule("os_unknown", "the operating system's version is not stated", Remedy::None, |claims, policy, _| {
        let unknown = policy.min_os_version.is_some() && claims.os_version.is_none();
        unknown.then_some(TrustVector::SILENT)
    }),
];

/// What a verified App Attest key shows before any rule looks at it.
pub(super) const GENUINE: TrustVector = TrustVector {
    instance_identity: Worth::AFFIRMED,
    configuration: Worth::NO_CLAIM,
    executables: Worth::AFFIRMED,
    hardware: Worth::AFFIRMED,
    storage_opaque: Worth::AFFIRMED,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appraisal::{Circumstances, Policy, Tier, appraise};
    use crate::evidence::claims::{Anchor, Claims, Environment, Format, ValidationCategory};
    use crate::time::Timestamp;

    fn claims() -> AppAttestClaims {
        AppAttestClaims {
            app_id: "1234567890.com.example.shop".to_owned(),
            environment: Environment::Production,
            validation_category: Some(ValidationCategory::APP_STORE),
            bundle_version: None,
            os_version: "27.1".parse().ok(),
            os_build: None,
        }
    }

    fn found(claims: &AppAttestClaims, policy: &AppAttestPolicy) -> (Tier, Vec<String>) {
        found_under(Anchor::Vendor, claims, policy)
    }

    fn found_under(anchor: Anchor, claims: &AppAttestClaims, policy: &AppAttestPolicy) -> (Tier, Vec<String>) {
        let claims = Claims { app_attest: Some(Box::new(claims.clone())), ..Claims::default() };
        let claims = claims.resting_on(anchor, Format::AppAttest);
        let policy = Policy { app_attest: Some(policy.clone()), ..Policy::default() };
        let appraisal = appraise(&claims, &policy, &Circumstances::at(Timestamp::EPOCH));
        (appraisal.tier(), appraisal.reasons.iter().map(|reason| reason.code.to_string()).collect())
    }

    fn refused(code: &str) -> (Tier, Vec<String>) {
        (Tier::Contraindicated, vec![code.to_owned()])
    }

    #[test]
    fn a_store_build_on_genuine_hardware_is_affirmed_without_reasons() {
        assert_eq!(found(&claims(), &AppAttestPolicy::careful()), (Tier::Affirming, vec![]));
    }

    #[test]
    fn b18_every_category_ends_in_its_reason() {
        for value in 0..=12 {
            let (tier, codes) = found(
                &AppAttestClaims { validation_category: Some(ValidationCategory(value)), ..claims() },
                &AppAttestPolicy::careful(),
            );
            let expected: &[&str] = match value {
                4 => &[],
                0 | 7..=9 => &["category_inappropriate", "category_unexpected"],
                _ => &["category_unexpected"],
            };
            assert_eq!(codes, expected, "category {value}");
            assert_eq!(tier == Tier::Affirming, value == 4);
        }
    }

    #[test]
    fn inappropriate_categories_stay_refused_when_a_policy_lists_them() {
        let policy =
            AppAttestPolicy { validation_categories: [ValidationCategory(8)].into(), ..AppAttestPolicy::careful() };
        let rosetta = AppAttestClaims { validation_category: Some(ValidationCategory(8)), ..claims() };
        assert_eq!(found(&rosetta, &policy), refused("category_inappropriate"));
    }

    #[test]
    fn an_absent_category_is_what_the_policy_says() {
        let silent = AppAttestClaims { validation_category: None, ..claims() };
        for (absent_category, tier, codes) in [
            (Stance::Allow, Tier::Affirming, vec![]),
            (Stance::StepUp, Tier::Warning, vec!["category_absent".to_owned()]),
            (Stance::Deny, Tier::Contraindicated, vec!["category_absent".to_owned()]),
        ] {
            assert_eq!(
                found(&silent, &AppAttestPolicy { absent_category, ..AppAttestPolicy::careful() }),
                (tier, codes)
            );
        }
    }

    #[test]
    fn b04_development_keys_are_worth_nothing_in_production() {
        let development = AppAttestClaims { environment: Environment::Development, ..claims() };
        assert_eq!(found(&development, &AppAttestPolicy::careful()), refused("environment_unexpected"));
        let policy = AppAttestPolicy { environment: Environment::Development, ..AppAttestPolicy::careful() };
        assert_eq!(found(&development, &policy), (Tier::Affirming, vec!["development_build".to_owned()]));
    }

    #[test]
    fn old_systems_are_refused_and_unknown_ones_named() {
        let policy = AppAttestPolicy { min_os_version: "27.2".parse().ok(), ..AppAttestPolicy::careful() };
        assert_eq!(found(&claims(), &policy), refused("os_outdated"));
        let unknown = AppAttestClaims { os_version: None, ..claims() };
        assert_eq!(found(&unknown, &policy), (Tier::Affirming, vec!["os_unknown".to_owned()]));
    }

    #[test]
    fn g03_a_lab_anchor_is_always_named() {
        let found = found_under(Anchor::Lab, &claims(), &AppAttestPolicy::careful());
        assert_eq!(found, (Tier::Affirming, vec!["lab_anchor".to_owned()]));
    }

    #[test]
    fn every_rule_runs() {
        let worst = AppAttestClaims {
            environment: Environment::Development,
            validation_category: Some(ValidationCategory(9)),
            ..claims()
        };
        let policy = AppAttestPolicy { min_os_version: "28".parse().ok(), ..AppAttestPolicy::careful() };
        let (_, codes) = found_under(Anchor::Lab, &worst, &policy);
        let expected =
            ["lab_anchor", "environment_unexpected", "category_inappropriate", "category_unexpected", "os_outdated"];
        assert_eq!(codes, expected);
    }
}
