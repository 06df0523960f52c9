//! Follows the feed of changes for as long as the service lives.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::appraisal::PolicyRevision;
use crate::ids::AppName;
use crate::telemetry::{Kind, Sample};
use crate::verifier::Verifier;

/// How often the feed is looked at. Changes made here are obeyed before they are answered; those of others wait this long at most.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Looks at the feed several times a second, and waits for nothing else. While that fails, no verdict is taken from memory.
pub(super) async fn follow(verifier: Arc<Verifier>) {
    let mut failing = false;
    loop {
        let looked = verifier.look().await;
        if let (Err(fault), false) = (&looked, failing) {
            tracing::warn!(error = %fault, "the feed of changes cannot be read; verdicts are not taken from memory");
        }
        failing = looked.is_err();
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Tells of policies that have come in force since, until that has succeeded.
pub(super) async fn announce(verifier: Arc<Verifier>) {
    let mut announced = Announced::default();
    loop {
        announced.keep_up(&verifier).await;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Which policies are in force, as far as everybody has been told.
#[derive(Default)]
struct Announced {
    policies: BTreeMap<AppName, PolicyRevision>,
    failing: bool,
}

impl Announced {
    async fn keep_up(&mut self, verifier: &Verifier) {
        let policies = verifier.policies();
        if policies == self.policies {
            return;
        }
        let gone = self.policies.keys().filter(|app| !policies.contains_key(*app));
        let told = verifier.announce_policies(&policies, gone).await;
        if let (Err(fault), false) = (&told, self.failing) {
            tracing::warn!(error = %fault, "watchers are not told of new policies yet; trying again");
        }
        self.failing = told.is_err();
        if told.is_ok() {
            self.policies = policies;
        }
    }
}

/// What can be told about the feed, for the metrics.
pub(super) fn samples(verifier: &Verifier) -> Vec<Sample> {
    let state = verifier.feed_state();
    let position = state.position.0 as f64;
    let gauge = |name, help, value| Sample { name, help, kind: Kind::Gauge, labels: Vec::new(), value };
    let mut samples = vec![
        gauge("bonafide_changes_position", "The last change that was obeyed.", position),
        gauge("bonafide_watchers", "Watch streams that are open.", state.watchers as f64),
        Sample {
            name: "bonafide_standing_changes",
            help: "Revocations and reinstatements that were obeyed.",
            kind: Kind::Counter,
            labels: Vec::new(),
            value: state.statements as f64,
        },
    ];
    let age = state.age.map(|age| age.as_secs_f64());
    samples.extend(age.map(|age| gauge("bonafide_feed_age_seconds", "Time since the feed was seen to its end.", age)));
    samples
}
