//! What would change, counted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::owing::{Way, owed};
use crate::appraisal::Policy;
use crate::ids::AppName;
use crate::time::Timestamp;
use crate::verifier::{Outcome, Platform, Policies, Weighed};

/// Everything that a rehearsal found, in a fixed order.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The policies of each app.
    pub policies: Vec<PolicyRow>,
    /// When the status list was fetched that chains were held against; `None` when the store keeps none.
    pub status_list_fetched_at: Option<Timestamp>,
    /// What would change for instances as they are known now.
    pub instances: Sums,
    /// What would have changed for the last appraisals, each as of its time.
    pub appraisals: Sums,
}

/// The policies of one app, by their revisions.
#[derive(Debug, Serialize)]
pub struct PolicyRow {
    /// The app.
    pub app: AppName,
    /// Under the configuration that runs; `None` when it does not know the app.
    pub running: Option<String>,
    /// Under the candidate.
    pub candidate: Option<String>,
    /// The rules of either that look at requests, of which none is kept: what they would change is not told here.
    pub request_rules: Vec<String>,
    /// Whether `[app.binding]` differs, which is not told here either.
    pub binding_differs: bool,
}

impl PolicyRow {
    /// What is told about these policies.
    pub fn of(app: AppName, policies: &Policies) -> Self {
        let revision = |policy: &Option<Policy>| policy.as_ref().map(|policy| policy.revision().to_string());
        Self {
            app,
            running: revision(&policies.running),
            candidate: revision(&policies.candidate),
            request_rules: policies.request_rules().into_iter().map(str::to_owned).collect(),
            binding_differs: policies.bind_differently(),
        }
    }
}

/// Counts what was weighed.
#[derive(Debug, Default)]
pub struct Tally {
    looked_at: u64,
    unknown: u64,
    tier_changed: u64,
    decision_changed: u64,
    worse: u64,
    better: u64,
    moves: BTreeMap<(AppName, Platform, Option<Outcome>, Option<Outcome>), u64>,
    reasons: BTreeMap<(AppName, Platform, String), Found>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Found {
    newly: u64,
    no_longer: u64,
    otherwise: u64,
    worse: u64,
    better: u64,
}

/// What a tally came to.
#[derive(Debug, Serialize)]
pub struct Sums {
    /// How many were looked at.
    pub looked_at: u64,
    /// How many belong to an app that neither configuration knows; they are not among those looked at.
    pub unknown: u64,
    /// For how many the tier changes.
    pub tier_changed: u64,
    /// For how many the decision changes.
    pub decision_changed: u64,
    /// For how many decision or tier get worse.
    pub worse: u64,
    /// For how many they get better.
    pub better: u64,
    /// From where to where.
    pub moves: Vec<Move>,
    /// The rules that find something newly, no longer, or make something else of it, and the changes of tier that are owed to them.
    pub reasons: Vec<ReasonRow>,
}

/// How many go from one standing to another.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The app.
    pub app: AppName,
    /// The platform.
    pub platform: Platform,
    /// From where; `None` when the app is not known there.
    pub from: Option<Outcome>,
    /// To where.
    pub to: Option<Outcome>,
    /// How many.
    pub count: u64,
}

/// What changes by one rule.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct ReasonRow {
    /// The app.
    pub app: AppName,
    /// The platform.
    pub platform: Platform,
    /// The reason's code.
    pub code: String,
    /// Under the candidate and not under the configuration that runs.
    pub newly_found: u64,
    /// The other way round.
    pub no_longer_found: u64,
    /// Found under both, and worth something else.
    pub weighed_otherwise: u64,
    /// For how many the tier gets worse because of this rule. Of several rules that do it together, each is counted.
    pub tier_worse: u64,
    /// For how many it gets better.
    pub tier_better: u64,
}

impl Tally {
    /// Counts one.
    pub fn count(&mut self, app: &AppName, weighed: &Weighed) {
        let [from, to] = [&weighed.running, &weighed.candidate].map(|stated| stated.as_ref().map(|one| one.standing));
        if from.is_none() && to.is_none() {
            self.unknown += 1;
            return;
        }
        self.looked_at += 1;
        self.tier_changed += u64::from(from.map(|one| one.tier) != to.map(|one| one.tier));
        self.decision_changed += u64::from(from.map(|one| one.decision) != to.map(|one| one.decision));
        // No verdict at all is worse than any.
        let rank = |standing: Option<Outcome>| (standing.is_none(), standing);
        self.worse += u64::from(rank(to) > rank(from));
        self.better += u64::from(rank(to) < rank(from));
        if from != to {
            *self.moves.entry((app.clone(), weighed.platform, from, to)).or_default() += 1;
        }
        self.count_reasons(app, weighed);
    }

    fn count_reasons(&mut self, app: &AppName, weighed: &Weighed) {
        let (Some(running), Some(candidate)) = (&weighed.running, &weighed.candidate) else { return };
        let mut count = |code: &str, counter: fn(&mut Found) -> &mut u64| {
            let key = (app.clone(), weighed.platform, code.to_owned());
            *counter(self.reasons.entry(key).or_default()) += 1;
        };
        for (code, worth) in &candidate.reasons {
            match running.reasons.get(code) {
                None => count(code, |found| &mut found.newly),
                Some(former) if former != worth => count(code, |found| &mut found.otherwise),
                Some(_) => {}
            }
        }
        for code in running.reasons.keys().filter(|code| !candidate.reasons.contains_key(*code)) {
            count(code, |found| &mut found.no_longer);
        }
        let Some((way, codes)) = owed(running, candidate) else { return };
        for code in codes {
            match way {
                Way::Worse => count(code, |found| &mut found.worse),
                Way::Better => count(code, |found| &mut found.better),
            }
        }
    }

    /// What it comes to.
    pub fn sums(self) -> Sums {
        let moves =
            self.moves.into_iter().map(|((app, platform, from, to), count)| Move { app, platform, from, to, count });
        let reasons = self.reasons.into_iter().map(|((app, platform, code), found)| ReasonRow {
            app,
            platform,
            code,
            newly_found: found.newly,
            no_longer_found: found.no_longer,
            weighed_otherwise: found.otherwise,
            tier_worse: found.worse,
            tier_better: found.better,
        });
        Sums {
            looked_at: self.looked_at,
            unknown: self.unknown,
            tier_changed: self.tier_changed,
            decision_changed: self.decision_changed,
            worse: self.worse,
            better: self.better,
            moves: moves.collect(),
            reasons: reasons.collect(),
        }
    }
}

impl Sums {
    /// The share that gets worse, in percent; 0 of none.
    pub fn worse_share(&self) -> f64 {
        if self.looked_at == 0 { 0.0 } else { self.worse as f64 * 100.0 / self.looked_at as f64 }
    }
}

impl Report {
    /// Whether more than this share gets worse, in percent: of the instances or of the appraisals.
    pub fn is_worse_than(&self, percent: f64) -> bool {
        self.instances.worse_share() > percent || self.appraisals.worse_share() > percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::appraisal::{
        Application, Aspect, BindingPolicy, Concern, Mode, OwnCode, OwnRule, Percent, Remedy, Stance, Tier,
        TrustVector, Worth,
    };
    use crate::verdict::Decision;
    use crate::verifier::Stated;

    const BAD: TrustVector = TrustVector { hardware: Worth::CONTRAINDICATED, ..TrustVector::SILENT };
    const ALLOWED: Outcome = Outcome { decision: Decision::Allow, tier: Tier::Affirming };
    const DENIED: Outcome = Outcome { decision: Decision::Deny, tier: Tier::Contraindicated };
    const SILENT: Outcome = Outcome { decision: Decision::Deny, tier: Tier::None };

    fn stated(standing: Outcome, reasons: &[&str]) -> Option<Stated> {
        Some(Stated { standing, reasons: reasons.iter().map(|code| ((*code).to_owned(), BAD)).collect() })
    }

    /// What is stated on a device that is genuine but for these reasons.
    fn weighed(reasons: &[(&str, Worth)]) -> Option<Stated> {
        let worth = |worth| TrustVector { configuration: worth, ..TrustVector::SILENT };
        let tier = reasons.iter().map(|(_, worth)| worth.tier()).max().unwrap_or(Tier::Affirming);
        let reasons = reasons.iter().map(|(code, found)| ((*code).to_owned(), worth(*found))).collect();
        Some(Stated { standing: Outcome { decision: Decision::StepUp, tier }, reasons })
    }

    fn sums(pairs: &[(Option<Stated>, Option<Stated>)]) -> Sums {
        let mut tally = Tally::default();
        for (running, candidate) in pairs.iter().cloned() {
            let weighed = Weighed { platform: Platform::Android, running, candidate };
            tally.count(&"shop".parse().expect("a name"), &weighed);
        }
        tally.sums()
    }

    #[test]
    fn worse_and_better_go_by_decision_then_tier_and_no_verdict_is_the_worst() {
        let (allowed, denied, silent) = (stated(ALLOWED, &[]), stated(DENIED, &["a"]), stated(SILENT, &[]));
        let worse =
            [(allowed.clone(), denied.clone()), (silent, denied.clone()), (denied, None), (allowed.clone(), None)];
        for (from, to) in worse {
            let there = sums(&[(from.clone(), to.clone())]);
            let back = sums(&[(to, from)]);
            assert_eq!((there.worse, there.better, back.worse, back.better), (1, 0, 0, 1));
        }
        let same = sums(&[(allowed.clone(), allowed), (None, None)]);
        assert_eq!((same.looked_at, same.unknown, same.worse, same.better, same.moves.len()), (1, 1, 0, 0, 0));
    }

    #[test]
    fn rules_count_where_both_know_the_app() {
        let (doubt, bad) = (Worth::DOUBTFUL, Worth::CONTRAINDICATED);
        let rows = sums(&[
            (weighed(&[("a", doubt), ("b", doubt)]), weighed(&[("b", doubt), ("c", bad)])),
            (weighed(&[("a", doubt)]), weighed(&[("c", bad)])),
            (weighed(&[("a", doubt)]), weighed(&[("a", bad)])),
            (weighed(&[("b", bad), ("d", bad)]), weighed(&[("b", doubt)])),
            (weighed(&[("b", doubt)]), weighed(&[("b", doubt)])),
            (weighed(&[("a", doubt)]), None),
        ])
        .reasons;
        let counts = |row: &ReasonRow| {
            [row.newly_found, row.no_longer_found, row.weighed_otherwise, row.tier_worse, row.tier_better]
        };
        let told: Vec<_> = rows.iter().map(|row| (row.code.as_str(), counts(row))).collect();
        let expected = [("a", [0, 2, 1, 1, 0]), ("b", [0, 0, 1, 0, 1]), ("c", [2, 0, 0, 2, 0]), ("d", [0, 1, 0, 0, 1])];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_not_rehearsed_is_told() {
        let policy = |rule: &str, mode, address| {
            let rule = OwnRule {
                code: OwnCode::of(rule).expect("a name"),
                when: "request.method == \"POST\"".parse().expect("a condition"),
                tier: Concern::Warning,
                effect: Aspect::Executables,
                remedy: Remedy::None,
                text: String::new(),
                mode,
                percent: Percent::ALL,
            };
            let binding = BindingPolicy { address, ..BindingPolicy::IGNORED };
            Some(Policy { own_rules: vec![rule], binding, ..Policy::default() })
        };
        let (allow, deny) = (Stance::Allow, Stance::Deny);
        let row = |running, candidate| PolicyRow::of("shop".parse().expect("a name"), &Policies { running, candidate });
        for (running, candidate, rules, differs) in [
            (policy("a", Mode::Off, allow), policy("a", Mode::Enforce, allow), &["custom_a"][..], false),
            (policy("b", Mode::Report, deny), policy("a", Mode::Enforce, allow), &["custom_a", "custom_b"], true),
            (policy("a", Mode::Enforce, deny), None, &["custom_a"], false),
            (policy("a", Mode::Off, deny), policy("a", Mode::Off, deny), &[], false),
        ] {
            let row = row(running, candidate);
            assert_eq!(row.request_rules, rules);
            assert_eq!(row.binding_differs, differs);
        }
    }

    #[test]
    fn how_bindings_apply_is_a_difference_of_bindings() {
        let policy = |code: &str| {
            let report = Application { mode: Mode::Report, ..Application::USUAL };
            Some(Policy { applications: [(code.to_owned(), report)].into(), ..Policy::default() })
        };
        for (code, differs) in [("binding_tls_mismatch", true), ("os_outdated", false)] {
            let policies = Policies { running: Some(Policy::default()), candidate: policy(code) };
            assert_eq!(policies.bind_differently(), differs, "{code}");
        }
    }

    #[test]
    fn a_share_is_of_those_looked_at() {
        let none = sums(&[]);
        assert!(none.worse_share().abs() < f64::EPSILON);
        let quarter = sums(&[
            (stated(ALLOWED, &[]), stated(DENIED, &[])),
            (stated(ALLOWED, &[]), stated(ALLOWED, &[])),
            (stated(ALLOWED, &[]), stated(ALLOWED, &[])),
            (stated(DENIED, &[]), stated(ALLOWED, &[])),
        ]);
        let report =
            Report { policies: Vec::new(), status_list_fetched_at: None, instances: none, appraisals: quarter };
        assert!(report.is_worse_than(24.9) && !report.is_worse_than(25.0));
    }
}
