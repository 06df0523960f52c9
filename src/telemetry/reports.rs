//! What rules found that only report, counted by app, by code, and by what would have been decided.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use super::vitals::{CODES, OTHER, read};
use super::{Kind, Sample};
use crate::verdict::{Decision, Verdict};

/// Counters by app and code. The apps are those of the configuration, and of each no more than [`CODES`] codes are counted by name.
#[derive(Debug, Default)]
pub(super) struct Reports(RwLock<BTreeMap<String, ByCode>>);

type ByCode = BTreeMap<String, Counters>;

/// How often something was found, by what would have been decided if it had counted.
#[derive(Debug, Default)]
struct Counters {
    none: AtomicU64,
    step_up: AtomicU64,
    deny: AtomicU64,
}

impl Reports {
    /// Counts what rules report beside this verdict.
    pub(super) fn count(&self, verdict: &Verdict) {
        for reported in &verdict.reported {
            self.count_one(verdict.app.as_str(), &reported.code, reported.stricter_than(verdict.decision));
        }
    }

    fn count_one(&self, app: &str, code: &str, would: Option<Decision>) {
        let apps = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counters) = apps.get(app).and_then(|codes| codes.get(code)) {
            return counters.count(would);
        }
        drop(apps);
        let mut apps = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let codes = apps.entry(app.to_owned()).or_default();
        let known = codes.contains_key(code) || codes.len() < CODES;
        let code = if known { code } else { OTHER };
        codes.entry(code.to_owned()).or_default().count(would);
    }

    pub(super) fn samples(&self) -> Vec<Sample> {
        let apps = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let each = apps.iter().flat_map(|(app, codes)| codes.iter().map(move |(code, counters)| (app, code, counters)));
        each.flat_map(|(app, code, counters)| counters.samples(app, code)).collect()
    }
}

impl Counters {
    fn count(&self, would: Option<Decision>) {
        let counter = match would {
            None | Some(Decision::Allow) => &self.none,
            Some(Decision::StepUp) => &self.step_up,
            Some(Decision::Deny) => &self.deny,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn samples(&self, app: &str, code: &str) -> [Sample; 3] {
        [("none", &self.none), ("step_up", &self.step_up), ("deny", &self.deny)].map(|(would, counter)| Sample {
            name: "bonafide_rule_reports",
            help: "What rules found that only report, by what would have been decided instead",
            kind: Kind::Counter,
            labels: vec![("app", app.to_owned().into()), ("reason", code.to_owned().into()), ("would", would.into())],
            value: read(counter),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The counts that are not zero, with their labels.
    fn counted(reports: &Reports) -> Vec<(Vec<String>, u64)> {
        let some = reports.samples().into_iter().filter(|sample| sample.value > 0.0);
        let labels = |sample: &Sample| sample.labels.iter().map(|(_, label)| label.to_string()).collect();
        some.map(|sample| (labels(&sample), sample.value as u64)).collect()
    }

    #[test]
    fn reports_are_counted_by_app_code_and_what_would_have_been_decided() {
        let reports = Reports::default();
        for (app, code, would) in [
            ("shop", "a", Some(Decision::Deny)),
            ("shop", "a", Some(Decision::Deny)),
            ("shop", "a", None),
            ("shop", "b", Some(Decision::StepUp)),
            ("bank", "a", Some(Decision::StepUp)),
        ] {
            reports.count_one(app, code, would);
        }
        let row = |labels: [&str; 3], count| (labels.map(str::to_owned).to_vec(), count);
        let expected = [
            row(["bank", "a", "step_up"], 1),
            row(["shop", "a", "none"], 1),
            row(["shop", "a", "deny"], 2),
            row(["shop", "b", "step_up"], 1),
        ];
        assert_eq!(counted(&reports), expected);
    }

    #[test]
    fn f13_labels_of_reports_stay_few_whatever_is_counted() {
        let reports = Reports::default();
        for at in 0..2 * CODES {
            reports.count_one("shop", &format!("made_up_{at}"), None);
        }
        let counted = counted(&reports);
        assert_eq!(counted.len(), CODES + 1);
        let rest = counted.iter().find(|(labels, _)| labels.get(1).is_some_and(|code| code == OTHER));
        assert_eq!(rest.map(|(_, count)| *count), u64::try_from(CODES).ok());
    }
}
