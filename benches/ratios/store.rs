//! The store: what many waiting calls gain by sharing a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bonafide::crypto::secret::random;
use bonafide::evidence::claims::Environment;
use bonafide::ids::{InstanceId, Position};
use bonafide::lab::app_attest::AppAttestLab;
use bonafide::store::{Advance, AdvanceOutcome, Binds, SignCountMode, Spend, Store, StoreConfig, Tells};
use bonafide::time::Timestamp;
use bonafide::verdict::{Bound, Verdict};
use tokio::runtime::Runtime;

use crate::paired::{Limit, Ratio, in_turns, thousands_a_second};
use crate::service::enrolment;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const TURNS: usize = 7;
const TURN: Duration = Duration::from_secs(1);
const INSTANCES: usize = 64;

struct Bench {
    store: Arc<dyn Store>,
    instances: Vec<(InstanceId, Verdict)>,
    sign_count: AtomicU32,
}

impl Bench {
    async fn advance(&self, at: usize) {
        let (instance, verdict) = &self.instances[at % INSTANCES];
        let advance = Advance {
            challenge: Spend { id: random().expect("random bytes"), expires_at: NOW.plus(Duration::from_secs(300)) },
            instance: *instance,
            sign_count: self.sign_count.fetch_add(1, Ordering::Relaxed),
            mode: SignCountMode::Strict,
            claims: None,
            claims_at: 0,
            binds: Binds::AsBefore(Bound::default()),
            proven_at: NOW,
            verdict: verdict.clone(),
            call: None,
            seen: Position::START,
            tells: Tells::Tier,
        };
        let outcome = self.store.advance(advance).await.expect("answers");
        assert_eq!(outcome, AdvanceOutcome::Advanced);
    }

    /// Thousands of advances a second with this many in flight.
    async fn rate(self: &Arc<Self>, in_flight: usize) -> f64 {
        let start = Instant::now();
        let tasks = (0..in_flight).map(|at| {
            let bench = Arc::clone(self);
            tokio::spawn(async move {
                let mut count = 0;
                while start.elapsed() < TURN {
                    bench.advance(at).await;
                    count += 1;
                }
                count
            })
        });
        let mut total = 0;
        for task in tasks.collect::<Vec<_>>() {
            total += task.await.expect("no panic");
        }
        thousands_a_second(total, start.elapsed())
    }
}

/// Durable advances with 64 in flight, against one in flight.
pub(crate) fn advance() -> Ratio {
    let runtime = Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let path = folder.path().join("bench.db");
    let store = bonafide::store::open(&StoreConfig::Sqlite { path }).expect("opens");
    let instances = runtime.block_on(enrolled(&*store));
    let bench = Arc::new(Bench { store, instances, sign_count: AtomicU32::new(1) });
    in_turns(
        TURNS,
        "k/s",
        Limit::AtLeast(10.0),
        || runtime.block_on(bench.rate(64)),
        || runtime.block_on(bench.rate(1)),
    )
}

async fn enrolled(store: &dyn Store) -> Vec<(InstanceId, Verdict)> {
    let lab = AppAttestLab::new(NOW).expect("a laboratory");
    let app_id = "1234567890.com.example.shop".parse().expect("an App ID");
    let mut instances = Vec::new();
    for _ in 0..INSTANCES {
        let phone = lab.device(&app_id, Environment::Production).expect("a phone");
        let enrolment = enrolment(*phone.public_key(), NOW);
        instances.push((enrolment.instance.id, enrolment.verdict.clone()));
        store.enrol(enrolment).await.expect("enrols");
    }
    instances
}
