//! Vitals: what the running service knows about itself. The edges write it, and whoever asks reads it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Instant;

use super::gateways::Gateways;
use super::reports::Reports;
use super::{GatewayKind, GatewayOutcome, Kind, Sample};
use crate::verdict::{Decision, Reason, Verdict};

/// How many codes are counted by name. There are fewer; further ones count as [`OTHER`].
pub(super) const CODES: usize = 512;
/// The name under which further codes are counted.
pub(super) const OTHER: &str = "other";

/// Whether calls are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Readiness {
    /// Not yet.
    #[default]
    Starting,
    /// They are.
    Ready,
    /// Not any more: calls in flight are, and new ones should go elsewhere.
    Stopping,
}

/// The calls that end in a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `Attest`.
    Attest,
    /// `Assert`.
    Assert,
    /// `CheckVerdict`.
    Check,
}

const CALLS: [Call; 3] = [Call::Attest, Call::Assert, Call::Check];
const DECISIONS: [Decision; 3] = [Decision::Allow, Decision::StepUp, Decision::Deny];

impl Call {
    /// The name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attest => "attest",
            Self::Assert => "assert",
            Self::Check => "check",
        }
    }
}

/// Counters by code, of which there are few.
#[derive(Debug, Default)]
struct ByCode(RwLock<BTreeMap<String, AtomicU64>>);

impl ByCode {
    fn count(&self, code: &str) {
        if let Some(counter) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(code) {
            counter.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut counters = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let known = counters.contains_key(code) || counters.len() < CODES;
        let code = if known { code } else { OTHER };
        counters.entry(code.to_owned()).or_default().fetch_add(1, Ordering::Relaxed);
    }

    fn samples(&self, name: &'static str, help: &'static str) -> Vec<Sample> {
        let counters = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let each = counters.iter().map(|(code, counter)| Sample {
            name,
            help,
            kind: Kind::Counter,
            labels: vec![("reason", code.clone().into())],
            value: read(counter),
        });
        each.collect()
    }
}

/// Whether the service is ready, since when it runs, and what it has decided.
#[derive(Debug)]
pub struct Vitals {
    readiness: AtomicU8,
    started: Instant,
    verdicts: [[AtomicU64; DECISIONS.len()]; CALLS.len()],
    gateways: Gateways,
    refusals: ByCode,
    reports: Reports,
}

impl Default for Vitals {
    fn default() -> Self {
        Self {
            readiness: AtomicU8::new(Readiness::Starting as u8),
            started: Instant::now(),
            verdicts: Default::default(),
            gateways: Gateways::default(),
            refusals: ByCode::default(),
            reports: Reports::default(),
        }
    }
}

impl Vitals {
    /// States whether calls are answered from now on.
    pub fn turn(&self, readiness: Readiness) {
        self.readiness.store(readiness as u8, Ordering::SeqCst);
    }

    /// Whether calls are answered.
    pub fn is_ready(&self) -> bool {
        self.readiness.load(Ordering::SeqCst) == Readiness::Ready as u8
    }

    /// Counts a verdict, each reason of one that does not allow, and whatever rules report.
    pub fn count(&self, call: Call, verdict: &Verdict) {
        if let Some(counter) = self.counter(call, verdict.decision) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.count_reasons(verdict);
    }

    /// Counts each reason of a verdict that does not allow, and whatever rules report.
    pub fn count_reasons(&self, verdict: &Verdict) {
        if verdict.decision != Decision::Allow {
            verdict.reasons.iter().for_each(|reason| self.refusals.count(&reason.code));
        }
        self.reports.count(verdict);
    }

    /// Counts the reason of a refusal that came before any verdict.
    pub fn count_reason(&self, reason: &Reason) {
        self.refusals.count(&reason.code);
    }

    /// Counts an answer to a gateway.
    pub fn count_gateway(&self, kind: GatewayKind, outcome: GatewayOutcome) {
        self.gateways.count(kind, outcome);
    }

    fn counter(&self, call: Call, decision: Decision) -> Option<&AtomicU64> {
        let row = CALLS.iter().position(|each| *each == call)?;
        let column = DECISIONS.iter().position(|each| *each == decision)?;
        self.verdicts.get(row)?.get(column)
    }

    /// Everything as samples, in a fixed order.
    pub fn samples(&self) -> Vec<Sample> {
        let mut samples = vec![build(), self.uptime()];
        samples.extend(self.verdict_samples());
        samples.extend(self.gateways.samples());
        samples.extend(self.refusals.samples("bonafide_refusals", "Reasons of verdicts that did not allow, by code"));
        samples.extend(self.reports.samples());
        samples
    }

    fn uptime(&self) -> Sample {
        Sample {
            name: "bonafide_uptime_seconds",
            help: "Since when the service runs",
            kind: Kind::Gauge,
            labels: Vec::new(),
            value: self.started.elapsed().as_secs_f64(),
        }
    }

    fn verdict_samples(&self) -> impl Iterator<Item = Sample> {
        let each = CALLS.into_iter().zip(&self.verdicts).flat_map(|(call, counters)| {
            DECISIONS.into_iter().zip(counters).map(move |(decision, counter)| (call, decision, counter))
        });
        each.map(|(call, decision, counter)| Sample {
            name: "bonafide_verdicts",
            help: "Verdicts given, by call and decision",
            kind: Kind::Counter,
            labels: vec![("call", call.name().into()), ("decision", decision.name().into())],
            value: read(counter),
        })
    }
}

fn build() -> Sample {
    Sample {
        name: "bonafide_build_info",
        help: "Which program runs",
        kind: Kind::Gauge,
        labels: vec![("version", env!("CARGO_PKG_VERSION").into())],
        value: 1.0,
    }
}

/// Exact up to 2^53, as every reader of the format takes it.
pub(super) fn read(counter: &AtomicU64) -> f64 {
    counter.load(Ordering::Relaxed) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_between_start_and_stop() {
        let vitals = Vitals::default();
        let mut ready = vec![vitals.is_ready()];
        for readiness in [Readiness::Ready, Readiness::Stopping] {
            vitals.turn(readiness);
            ready.push(vitals.is_ready());
        }
        assert_eq!(ready, [false, true, false]);
    }

    #[test]
    fn f13_labels_stay_few_whatever_is_counted() {
        let codes = ByCode::default();
        for at in 0..100_000 {
            codes.count(&format!("made_up_{at}"));
        }
        let samples = codes.samples("codes", "Codes");
        assert_eq!(samples.len(), CODES + 1);
        let other = samples.iter().find(|sample| sample.labels == [("reason", OTHER.into())]).expect("the rest");
        assert!((other.value - (100_000.0 - 512.0)).abs() < 0.5);
    }
}
