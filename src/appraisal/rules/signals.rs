//! The rules for what an app reports against itself.

use super::{Rule, configuration, executables, rule};
use crate::appraisal::policy::{SignalsPolicy, Stance};
use crate::appraisal::reason::Remedy;
use crate::appraisal::vector::{TrustVector, Worth};
use crate::evidence::claims::{ClientReport, ReportedSignal};

pub(super) const RULES: [Rule<ClientReport, SignalsPolicy>; 7] = [
    rule("signal_hook", "the app reports code that hooks into it", Remedy::ContactSupport, |report, policy, _| {
        worth(report, policy, ReportedSignal::Hook).map(executables)
    }),
    rule("signal_debugger", "the app reports a debugger", Remedy::ContactSupport, |report, policy, _| {
        worth(report, policy, ReportedSignal::Debugger).map(executables)
    }),
    rule("signal_emulator", "the app reports that it runs in an emulator", Remedy::None, |report, policy, _| {
        worth(report, policy, ReportedSignal::Emulator).map(hardware)
    }),
    rule(
        "signal_repackaged",
        "the app reports that somebody else has signed it",
        Remedy::UpdateApp,
        |report, policy, _| worth(report, policy, ReportedSignal::Repackaged).map(executables),
    ),
    rule("signal_proxy", "the app reports that something reads along", Remedy::ContactSupport, |report, policy, _| {
        worth(report, policy, ReportedSignal::Proxy).map(configuration)
    }),
    rule(
        "signal_screen_capture",
        "the app reports that the screen is recorded or shown elsewhere",
        Remedy::ContactSupport,
        |report, policy, _| worth(report, policy, ReportedSignal::ScreenCapture).map(configuration),
    ),
    rule(
        "signal_extension",
        "the app reports a signal of its own that the policy names",
        Remedy::ContactSupport,
        |report, policy, _| {
            let own = report.signals.iter().filter(|signal| matches!(signal, ReportedSignal::Extension(_)));
            let found = own.filter_map(|signal| policy.stance(signal).worth());
            found.reduce(Worth::worse).map(configuration)
        },
    ),
];

fn worth(report: &ClientReport, policy: &SignalsPolicy, signal: ReportedSignal) -> Option<Worth> {
    let stance = report.signals.contains(&signal).then(|| policy.stance(&signal));
    stance.and_then(Stance::worth)
}

const fn hardware(worth: Worth) -> TrustVector {
    TrustVector { hardware: worth, ..TrustVector::SILENT }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::appraisal::{
        AppAttestPolicy, Application, Appraisal, Aspect, Circumstances, Concern, Mode, OwnCode, OwnRule, Percent,
        Policy, Reason, Tier, appraise,
    };
    use crate::evidence::claims::{AppAttestClaims, Claims, Environment, ExtensionName, OsVersion, ValidationCategory};
    use crate::time::Timestamp;

    const NAMES: [&str; 8] =
        ["hook", "debugger", "emulator", "repackaged", "proxy", "screen_capture", "x-vpn", "x-root"];

    fn codes(reasons: &[Reason]) -> Vec<&str> {
        reasons.iter().map(|reason| reason.code.as_ref()).collect()
    }

    fn every(stance: Stance) -> SignalsPolicy {
        SignalsPolicy {
            hook: stance,
            debugger: stance,
            emulator: stance,
            repackaged: stance,
            proxy: stance,
            screen_capture: stance,
            extension: stance,
            ..SignalsPolicy::CAREFUL
        }
    }

    fn policy(signals: SignalsPolicy) -> Policy {
        Policy { app_attest: Some(AppAttestPolicy::careful()), signals, ..Policy::default() }
    }

    fn genuine() -> Claims {
        let app_attest = AppAttestClaims {
            app_id: "1234567890.com.example.shop".to_owned(),
            environment: Environment::Production,
            validation_category: Some(ValidationCategory::APP_STORE),
            bundle_version: None,
            os_version: None,
            os_build: None,
        };
        Claims { app_attest: Some(Box::new(app_attest)), ..Claims::default() }
    }

    fn found(claims: Claims, names: &[&str], signals: SignalsPolicy) -> Appraisal {
        let names = names.iter().map(|name| name.parse().expect("a signal")).collect();
        let claims = claims.with_signals(Some(names), Timestamp::EPOCH);
        appraise(&claims, &policy(signals), &Circumstances::at(Timestamp::EPOCH))
    }

    #[test]
    fn every_signal_ends_in_its_reason() {
        for name in NAMES {
            let code = if name.starts_with("x-") { "signal_extension".to_owned() } else { format!("signal_{name}") };
            for (stance, tier) in [(Stance::StepUp, Tier::Warning), (Stance::Deny, Tier::Contraindicated)] {
                let found = found(genuine(), &[name], every(stance));
                assert_eq!((found.tier(), codes(&found.reasons)), (tier, vec![code.as_str()]), "{name}");
            }
            let allowed = found(genuine(), &[name], every(Stance::Allow));
            assert_eq!((allowed.tier(), codes(&allowed.reasons)), (Tier::Affirming, vec![]), "{name}");
        }
    }

    #[test]
    fn a_careful_policy_asks_about_what_points_at_the_app() {
        let found = found(genuine(), &NAMES, SignalsPolicy::CAREFUL);
        let expected = ["signal_hook", "signal_debugger", "signal_emulator", "signal_repackaged"];
        assert_eq!((found.tier(), codes(&found.reasons)), (Tier::Warning, expected.to_vec()));
    }

    #[test]
    fn the_worst_extension_counts_and_is_named_once() {
        let named = |name: &str, stance| (name.parse::<ExtensionName>().expect("a name"), stance);
        let extensions = [named("x-vpn", Stance::Allow), named("x-root", Stance::Deny)].into();
        let signals = SignalsPolicy { extension: Stance::StepUp, extensions, ..SignalsPolicy::CAREFUL };
        for (names, tier, count) in [
            (&["x-vpn"][..], Tier::Affirming, 0),
            (&["x-other", "x-vpn"], Tier::Warning, 1),
            (&["x-other", "x-root", "x-vpn"], Tier::Contraindicated, 1),
        ] {
            let found = found(genuine(), names, signals.clone());
            assert_eq!((found.tier(), found.reasons.len()), (tier, count), "{names:?}");
        }
    }

    #[test]
    fn c10_a_doubt_about_nothing_is_nothing() {
        let doubted = found(Claims::default(), &["hook"], every(Stance::StepUp));
        assert_eq!((doubted.tier(), codes(&doubted.reasons)), (Tier::None, vec!["signal_hook"]));
        assert_eq!(found(Claims::default(), &["hook"], every(Stance::Deny)).tier(), Tier::Contraindicated);
        let reported = Application { mode: Mode::Report, ..Application::USUAL };
        let applications = [("signal_hook".to_owned(), reported)].into();
        let policy = Policy { applications, ..policy(every(Stance::StepUp)) };
        for (claims, tier) in [(Claims::default(), Tier::None), (genuine(), Tier::Warning)] {
            let claims = claims.with_signals(Some(["hook".parse().expect("a signal")].into()), Timestamp::EPOCH);
            let found = appraise(&claims, &policy, &Circumstances::at(Timestamp::EPOCH));
            let would = found.tier_of(&found.vector.worse(&found.reported_worths[0]));
            assert_eq!((codes(&found.reported), would), (vec!["signal_hook"], tier));
        }
    }

    /// What own rules may say of a report where there is one.
    const OWN: [&str; 3] = [
        "has(report.signals) && \"hook\" in report.signals",
        "has(report.signals)",
        "has(report.signals) && !(\"x-vpn\" in report.signals)",
    ];

    fn own_rule(when: &str) -> OwnRule {
        OwnRule {
            code: OwnCode::of("own").expect("a name"),
            when: when.parse().expect("a condition"),
            tier: Concern::Warning,
            effect: Aspect::Executables,
            remedy: Remedy::None,
            text: "found".to_owned(),
            mode: Mode::Enforce,
            percent: Percent::ALL,
        }
    }

    #[test]
    fn what_an_own_rule_finds_in_a_report_counts() {
        let on = |when: &str, signals: Option<&[&str]>| {
            let signals = signals.map(|names| names.iter().map(|name| name.parse().expect("a signal")).collect());
            let claims = genuine().with_signals(signals, Timestamp::EPOCH);
            let policy = Policy { own_rules: vec![own_rule(when)], ..policy(every(Stance::Allow)) };
            let found = appraise(&claims, &policy, &Circumstances::at(Timestamp::EPOCH));
            (found.tier(), found.reasons.len())
        };
        let (nothing, found) = ((Tier::Affirming, 0), (Tier::Warning, 1));
        for (when, silent, empty, hooked) in [
            ("has(report.signals) && \"hook\" in report.signals", nothing, nothing, found),
            // What is not reported is not known.
            ("\"hook\" in report.signals", found, nothing, found),
            ("!has(report.signals)", found, nothing, nothing),
            ("has(report.signals) && size(report.signals) > 1", nothing, nothing, found),
        ] {
            let reports = [None, Some(&[][..]), Some(&["hook", "x-vpn"][..])];
            assert_eq!(reports.map(|report| on(when, report)), [silent, empty, hooked], "{when}");
        }
    }

    fn stance() -> impl Strategy<Value = Stance> {
        prop_oneof![Just(Stance::Allow), Just(Stance::StepUp), Just(Stance::Deny)]
    }

    fn claims() -> impl Strategy<Value = Claims> {
        let app_attest =
            (0_u32..12, any::<bool>(), proptest::option::of(0_u32..30)).prop_map(|(category, known, os)| {
                let mut claims = genuine();
                if let Some(said) = &mut claims.app_attest {
                    said.validation_category = known.then_some(ValidationCategory(category));
                    said.os_version = os.and_then(|major| major.to_string().parse::<OsVersion>().ok());
                }
                claims
            });
        prop_oneof![4 => app_attest, 1 => Just(Claims::default())]
    }

    proptest! {
        #[test]
        fn c10_a_report_only_lowers(
            claims in claims(),
            named in proptest::sample::subsequence(NAMES.to_vec(), 0..=8),
            stances in proptest::array::uniform7(stance()),
            of_own in stance(),
            absent_category in stance(),
            own in proptest::sample::subsequence(OWN.to_vec(), 0..=OWN.len()),
        ) {
            let [hook, debugger, emulator, repackaged, proxy, screen_capture, extension] = stances;
            let extensions = [("x-root".parse().expect("a name"), of_own)].into();
            let signals = SignalsPolicy {
                hook, debugger, emulator, repackaged, proxy, screen_capture, extension, extensions,
            };
            let min_os_version = "17".parse().ok();
            let app_attest = Some(AppAttestPolicy { absent_category, min_os_version, ..AppAttestPolicy::careful() });
            let own_rules = own.into_iter().map(own_rule).collect();
            let policy = Policy { app_attest, own_rules, ..policy(signals) };
            let circumstances = Circumstances::at(Timestamp::EPOCH);
            let silent = appraise(&claims, &policy, &circumstances);
            let signals = named.iter().map(|name| name.parse().expect("a signal")).collect();
            let reported = appraise(&claims.with_signals(Some(signals), Timestamp::EPOCH), &policy, &circumstances);
            prop_assert!(reported.tier() >= silent.tier());
            prop_assert!(silent.tier() != Tier::None || reported.tier() != Tier::Warning);
            prop_assert!(silent.reasons.iter().all(|reason| reported.reasons.contains(reason)));
        }
    }
}
