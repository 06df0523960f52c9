//! The configuration file, followed while the service runs: what it says of apps comes in force without a restart, all of it at
//! once or nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::time::{MissedTickBehavior, interval};

use crate::appraisal::PolicyRevision;
use crate::config::{Config, Document, Faults, StatusListFrom};
use crate::crypto::digest::{Digest, sha256};
use crate::telemetry::{Kind, Sample};
use crate::verifier::{AppConfig, Verifier};

/// How often the file is looked at. It counts once two looks in a row have found the same, so that a file is not taken up while
/// somebody writes it.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How many faults of one file are logged.
const FAULTS_LOGGED: usize = 20;

/// A configuration file, and what of it is in force.
pub(super) struct Followed {
    file: PathBuf,
    /// The configuration that runs: its apps are the latest that came in force, everything else is as it was at the start.
    running: Config,
    /// Whether a status list is fetched; that is decided at the start.
    lists: bool,
    /// What the last look found, and what was last taken up or refused.
    seen: Option<Digest>,
    settled: Option<Digest>,
    hangups: Signal,
}

/// How often the file was looked into, by what came of it.
#[derive(Debug, Default)]
pub(super) struct Reloads {
    counts: [AtomicU64; OUTCOMES.len()],
}

/// What comes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Applied,
    Unchanged,
    Refused,
}

const OUTCOMES: [(Outcome, &str); 3] =
    [(Outcome::Applied, "applied"), (Outcome::Unchanged, "unchanged"), (Outcome::Refused, "refused")];

/// A file as one look found it.
type Look = Result<Document, Faults>;

impl Followed {
    /// Follows the file that the running configuration was read from. SIGHUP asks for a look at once.
    pub(super) fn new(file: &Path, running: Config, hangups: Signal) -> Self {
        let lists = running.verifier.apps.iter().any(asks_for_list);
        let lists = lists && running.upstream.status_list != StatusListFrom::Nowhere;
        Self { file: file.to_owned(), running, lists, seen: None, settled: None, hangups }
    }

    /// Goes on for as long as the service lives.
    pub(super) async fn follow(mut self, verifier: Arc<Verifier>, reloads: Arc<Reloads>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let outcome = tokio::select! {
                _ = looks.tick() => self.looked(&verifier).await,
                Some(()) = self.hangups.recv() => {
                    tracing::info!("SIGHUP: reading the configuration again");
                    match self.look().await {
                        Some(look) => self.taken_up(look, &verifier).await,
                        None => None,
                    }
                }
            };
            if let Some(outcome) = outcome {
                if outcome == Outcome::Unchanged {
                    tracing::info!("the configuration of the apps is as it was");
                }
                reloads.count(outcome);
            }
        }
    }

    /// Looks at the file; `None` when there is nothing new, or it is not certain that it is whole.
    async fn looked(&mut self, verifier: &Verifier) -> Option<Outcome> {
        let look = self.look().await?;
        let found = Some(digest(&look));
        if found == self.settled || self.seen != found {
            self.seen = found;
            return None;
        }
        let first = self.settled.is_none();
        let outcome = self.taken_up(look, verifier).await;
        // What the service has just started with is no news.
        outcome.filter(|outcome| !(first && *outcome == Outcome::Unchanged))
    }

    async fn look(&self) -> Option<Look> {
        let file = self.file.clone();
        tokio::task::spawn_blocking(move || Document::read(&file)).await.ok()
    }

    /// Puts what the file says of apps in force, if all of it can be.
    async fn taken_up(&mut self, look: Look, verifier: &Verifier) -> Option<Outcome> {
        self.settled = Some(digest(&look));
        let read = tokio::task::spawn_blocking(|| look?.config());
        Some(match read.await.ok()? {
            Ok(candidate) => self.compared(&candidate, verifier),
            Err(faults) => refused(&faults),
        })
    }

    fn compared(&mut self, candidate: &Config, verifier: &Verifier) -> Outcome {
        for section in self.running.sections_apart(candidate) {
            tracing::warn!(section, "a change takes effect at the next start");
        }
        let apps = candidate.apps_beside(&self.running.upstream);
        if apps == self.running.verifier.apps {
            return Outcome::Unchanged;
        }
        match self.put_in_force(apps, candidate, verifier) {
            Ok(()) => Outcome::Applied,
            Err(why) => {
                tracing::error!(error = why, "the configuration was not taken up: everything stays as it was");
                Outcome::Refused
            }
        }
    }

    fn put_in_force(&mut self, apps: Vec<AppConfig>, candidate: &Config, verifier: &Verifier) -> Result<(), String> {
        apps.iter().try_for_each(|app| self.can_take_up(app, candidate))?;
        let before = verifier.policies();
        verifier.reload(apps.clone()).map_err(|fault| fault.to_string())?;
        self.running.verifier.apps = apps;
        candidate.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
        let after = verifier.policies();
        for (app, revision) in &after {
            let from = before.get(app).map_or("none".to_owned(), PolicyRevision::to_string);
            tracing::info!(%app, from, to = %revision, "this policy is in force");
        }
        for app in before.keys().filter(|app| !after.contains_key(*app)) {
            tracing::warn!(%app, "this app is no longer known: its calls end in an error");
        }
        Ok(())
    }

    /// Refuses what rests on upstreams that are made ready at the start alone: the devices of such an app would be denied until
    /// then, for no fault of theirs.
    fn can_take_up(&self, app: &AppConfig, candidate: &Config) -> Result<(), String> {
        let list = candidate.upstream.status_list != StatusListFrom::Nowhere;
        if asks_for_list(app) && list && !self.lists {
            return Err(format!("app {}: the status list is fetched from the next start on only", app.name));
        }
        let reached = |config: &Config| config.upstream.google.access.is_some();
        let alone =
            app.play_integrity.as_ref().is_some_and(|format| format.keys.is_empty() && format.lab_keys.is_empty());
        if alone && reached(candidate) && !reached(&self.running) {
            return Err(format!("app {}: Google opens its tokens from the next start on only", app.name));
        }
        Ok(())
    }
}

impl Reloads {
    fn count(&self, outcome: Outcome) {
        let at = OUTCOMES.iter().position(|(each, _)| *each == outcome);
        if let Some(count) = at.and_then(|at| self.counts.get(at)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often, and which policies are in force.
    pub(super) fn samples(&self, verifier: &Verifier) -> Vec<Sample> {
        let counts = OUTCOMES.iter().zip(&self.counts).map(|((_, outcome), count)| Sample {
            name: "bonafide_reloads",
            help: "Looks into a changed configuration, by what came of them.",
            kind: Kind::Counter,
            labels: vec![("outcome", (*outcome).into())],
            value: count.load(Ordering::Relaxed) as f64,
        });
        let policies = verifier.policies().into_iter().map(|(app, revision)| Sample {
            name: "bonafide_policy_info",
            help: "The policy in force for each app.",
            kind: Kind::Gauge,
            labels: vec![("app", app.to_string().into()), ("revision", revision.to_string().into())],
            value: 1.0,
        });
        counts.chain(policies).collect()
    }
}

fn asks_for_list(app: &AppConfig) -> bool {
    app.key_attestation.as_ref().is_some_and(|format| format.policy.status_list.is_some())
}

/// What tells one content from another; a file that cannot be read is told by why.
fn digest(look: &Look) -> Digest {
    look.as_ref().map_or_else(|faults| sha256(faults.to_string().as_bytes()), Document::digest)
}

fn refused(faults: &Faults) -> Outcome {
    let all = faults.as_slice();
    for fault in all.iter().take(FAULTS_LOGGED) {
        tracing::error!(%fault, "in the configuration");
    }
    tracing::error!(faults = all.len(), "the configuration was not taken up: everything stays as it was");
    Outcome::Refused
}
