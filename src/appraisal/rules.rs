//! The rules, one a row. All of them run, so that a verdict names every reason.

use super::policy::{AbsentCategory, Policy};
use super::reason::{Reason, Remedy};
use super::vector::{Tier, TrustVector, Worth};
use crate::evidence::claims::{Anchor, Claims};

/// What verified claims are worth under a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appraisal {
    /// The worth, aspect by aspect.
    pub vector: TrustVector,
    /// Every reason that was found.
    pub reasons: Vec<Reason>,
}

impl Appraisal {
    /// The worst tier of the vector.
    pub fn tier(&self) -> Tier {
        self.vector.tier()
    }
}

/// One rule: what it finds, and what that is worth.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The stable code of its reason.
    pub code: &'static str,
    text: &'static str,
    remedy: Remedy,
    /// The worth of what was found; `None` when the rule has nothing to say.
    find: fn(&Claims, &Policy) -> Option<TrustVector>,
}

const fn rule(
    code: &'static str,
    text: &'static str,
    remedy: Remedy,
    find: fn(&Claims, &Policy) -> Option<TrustVector>,
) -> Rule {
    Rule { code, text, remedy, find }
}

/// All rules for App Attest.
pub const RULES: [Rule; 8] = [
    rule("lab_anchor", "trusted only because a laboratory root is configured", Remedy::None, |claims, _| {
        (claims.anchor == Anchor::Lab).then_some(TrustVector::SILENT)
    }),
    rule("environment_unexpected", "the key lives in another environment", Remedy::UpdateApp, |claims, policy| {
        (claims.environment != policy.environment).then_some(executables(Worth::CONTRAINDICATED))
    }),
    rule("category_inappropriate", "no relying party should trust code like this", Remedy::UpdateApp, |claims, _| {
        let category = claims.validation_category?;
        category.is_never_acceptable().then_some(executables(Worth::CONTRAINDICATED))
    }),
    rule(
        "category_unexpected",
        "the code was not installed in an accepted way",
        Remedy::UpdateApp,
        |claims, policy| {
            let accepted = policy.validation_categories.contains(&claims.validation_category?);
            (!accepted).then_some(executables(Worth::CONTRAINDICATED))
        },
    ),
    rule(
        "category_absent",
        "the device does not say how the code was installed",
        Remedy::UpdateOs,
        |claims, policy| {
            let worth = match policy.absent_category {
                AbsentCategory::Allow => return None,
                AbsentCategory::StepUp => Worth::UNRECOGNISED_CODE,
                AbsentCategory::Deny => Worth::CONTRAINDICATED,
            };
            claims.validation_category.is_none().then_some(executables(worth))
        },
    ),
    rule("development_build", "the key belongs to a development build", Remedy::None, |claims, policy| {
        let expected = claims.environment == policy.environment;
        (expected && claims.environment.name() == "development").then_some(TrustVector::SILENT)
    }),
    rule("os_outdated", "the operating system is older than the policy accepts", Remedy::UpdateOs, |claims, policy| {
        let (known, least) = (claims.os_version.as_ref()?, policy.min_os_version.as_ref()?);
        (known < least).then_some(configuration(Worth::CONTRAINDICATED))
    }),
    rule("os_unknown", "the operating system's version is not stated", Remedy::None, |claims, policy| {
        let unknown = policy.min_os_version.is_some() && claims.os_version.is_none();
        unknown.then_some(TrustVector::SILENT)
    }),
];

/// What a verified App Attest key shows before any rule looks at it.
const GENUINE: TrustVector = TrustVector {
    instance_identity: Worth::AFFIRMED,
    configuration: Worth::NO_CLAIM,
    executables: Worth::AFFIRMED,
    hardware: Worth::AFFIRMED,
    storage_opaque: Worth::AFFIRMED,
};

/// Appraises verified claims under an app's policy.
pub fn appraise(claims: &Claims, policy: &Policy) -> Appraisal {
    let mut appraisal = Appraisal { vector: GENUINE, reasons: Vec::new() };
    for rule in &RULES {
        if let Some(found) = (rule.find)(claims, policy) {
            appraisal.vector = appraisal.vector.worse(&found);
            appraisal.reasons.push(Reason::new(rule.code, rule.text, rule.remedy));
        }
    }
    appraisal
}

const fn executables(worth: Worth) -> TrustVector {
    TrustVector { executables: worth, ..TrustVector::SILENT }
}

const fn configuration(worth: Worth) -> TrustVector {
    TrustVector { configuration: worth, ..TrustVector::SILENT }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::claims::{Environment, Format, ValidationCategory};

    fn claims() -> Claims {
        Claims {
            format: Format::AppAttest,
            app_id: "1234567890.com.example.shop".to_owned(),
            environment: Environment::Production,
            anchor: Anchor::Vendor,
            validation_category: Some(ValidationCategory::APP_STORE),
            bundle_version: None,
            os_version: "27.1".parse().ok(),
            os_build: None,
        }
    }

    fn found(claims: &Claims, policy: &Policy) -> (Tier, Vec<String>) {
        let appraisal = appraise(claims, policy);
        (appraisal.tier(), appraisal.reasons.iter().map(|reason| reason.code.to_string()).collect())
    }

    fn refused(code: &str) -> (Tier, Vec<String>) {
        (Tier::Contraindicated, vec![code.to_owned()])
    }

    #[test]
    fn a_store_build_on_genuine_hardware_is_affirmed_without_reasons() {
        assert_eq!(found(&claims(), &Policy::careful()), (Tier::Affirming, vec![]));
    }

    #[test]
    fn b18_every_category_ends_in_its_reason() {
        for value in 0..=12 {
            let (tier, codes) =
                found(&Claims { validation_category: Some(ValidationCategory(value)), ..claims() }, &Policy::careful());
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
        let policy = Policy { validation_categories: [ValidationCategory(8)].into(), ..Policy::careful() };
        let rosetta = Claims { validation_category: Some(ValidationCategory(8)), ..claims() };
        assert_eq!(found(&rosetta, &policy), refused("category_inappropriate"));
    }

    #[test]
    fn an_absent_category_is_what_the_policy_says() {
        let silent = Claims { validation_category: None, ..claims() };
        for (absent_category, tier, codes) in [
            (AbsentCategory::Allow, Tier::Affirming, vec![]),
            (AbsentCategory::StepUp, Tier::Warning, vec!["category_absent".to_owned()]),
            (AbsentCategory::Deny, Tier::Contraindicated, vec!["category_absent".to_owned()]),
        ] {
            assert_eq!(found(&silent, &Policy { absent_category, ..Policy::careful() }), (tier, codes));
        }
    }

    #[test]
    fn b04_development_keys_are_worth_nothing_in_production() {
        let development = Claims { environment: Environment::Development, ..claims() };
        assert_eq!(found(&development, &Policy::careful()), refused("environment_unexpected"));
        let policy = Policy { environment: Environment::Development, ..Policy::careful() };
        assert_eq!(found(&development, &policy), (Tier::Affirming, vec!["development_build".to_owned()]));
    }

    #[test]
    fn old_systems_are_refused_and_unknown_ones_named() {
        let policy = Policy { min_os_version: "27.2".parse().ok(), ..Policy::careful() };
        assert_eq!(found(&claims(), &policy), refused("os_outdated"));
        let unknown = Claims { os_version: None, ..claims() };
        assert_eq!(found(&unknown, &policy), (Tier::Affirming, vec!["os_unknown".to_owned()]));
    }

    #[test]
    fn g03_a_lab_anchor_is_always_named() {
        let lab = Claims { anchor: Anchor::Lab, ..claims() };
        assert_eq!(found(&lab, &Policy::careful()), (Tier::Affirming, vec!["lab_anchor".to_owned()]));
    }

    #[test]
    fn every_rule_runs() {
        let worst = Claims {
            environment: Environment::Development,
            anchor: Anchor::Lab,
            validation_category: Some(ValidationCategory(9)),
            ..claims()
        };
        let policy = Policy { min_os_version: "28".parse().ok(), ..Policy::careful() };
        let (_, codes) = found(&worst, &policy);
        let expected =
            ["lab_anchor", "environment_unexpected", "category_inappropriate", "category_unexpected", "os_outdated"];
        assert_eq!(codes, expected);
    }
}
