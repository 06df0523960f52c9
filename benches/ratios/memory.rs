//! What a verdict in memory takes, all of it: the difference that many of them make to the process.

use std::sync::Arc;

use bonafide::clock::ManualClock;
use bonafide::evidence::claims::{Claims, Environment};
use bonafide::evidence::key_attestation::AppIdentity;
use bonafide::lab::app_attest::AppAttestLab;
use bonafide::store::{MemoryStore, Store};
use bonafide::time::Timestamp;
use bonafide::verifier::{
    AppAttestConfig, AppConfig, Caller, CheckCall, CheckSubject, Grants, KeyAttestationConfig, PlayIntegrityConfig,
    Role, Upstreams, Verifier, VerifierConfig,
};
use tokio::runtime::Builder;

use crate::paired::{Limit, Ratio};
use crate::phones;
use crate::service::{app_config, app_id, apple as iphone, enrolment_with, name};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// Asked about first, so that what the heap has free is used up.
const FIRST: usize = 10_000;
const MEASURED: usize = 40_000;
/// What one verdict may take, in bytes.
const ALLOWED: f64 = 600.0;

pub(crate) fn apple() -> Ratio {
    measured(&app_config(AppAttestConfig::careful(vec![app_id()])), &iphone())
}

pub(crate) fn android() -> Ratio {
    let package = "com.example.shop".to_owned();
    let mut chain = KeyAttestationConfig::careful(vec![AppIdentity { package: package.clone(), signers: None }]);
    chain.policy.status_list = None;
    let config = AppConfig {
        key_attestation: Some(chain),
        play_integrity: Some(PlayIntegrityConfig::careful(package, Vec::new())),
        ..AppConfig::of(name("shop"))
    };
    measured(&config, &phones::android(NOW))
}

fn measured(config: &AppConfig, claims: &Claims) -> Ratio {
    // One thread, so that one heap takes everything.
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let bytes = runtime.block_on(bytes_each(config, claims));
    Ratio { unit: "B", measured: bytes, baseline: ALLOWED, ratio: bytes / ALLOWED, limit: Limit::AtMost(1.0) }
}

async fn bytes_each(config: &AppConfig, claims: &Claims) -> f64 {
    let lab = AppAttestLab::new(NOW).expect("a laboratory");
    let store = Arc::new(MemoryStore::new());
    let mut instances = Vec::with_capacity(FIRST + MEASURED);
    for _ in 0..FIRST + MEASURED {
        let key = *lab.device(&app_id(), Environment::Production).expect("a phone").public_key();
        let mut enrolment = enrolment_with(claims.clone(), key, NOW, config);
        enrolment.instance.receipt = Vec::new();
        instances.push(enrolment.instance.id);
        store.enrol(enrolment).await.expect("enrols");
    }
    let config = VerifierConfig { cache_capacity: 1 << 30, ..VerifierConfig::of(vec![config.clone()]) };
    let clock = Arc::new(ManualClock::at(NOW));
    let verifier = Verifier::build(config, store, clock, Upstreams::default()).await.expect("builds");
    let shop = name("shop");
    let edge = Caller { name: name("edge"), relying_party: name("shop"), role: Role::Gateway, apps: Grants::All };
    let mut before = 0;
    for (at, instance) in instances.into_iter().enumerate() {
        if at == FIRST {
            before = resident();
        }
        let pseudonym = verifier.pseudonym(&edge, instance);
        let call = CheckCall::of(&shop, CheckSubject::Instance(&pseudonym));
        let verdict = verifier.check(&edge, &call).await.expect("a verdict").verdict;
        assert!(verdict.reasons.is_empty(), "{:?}", verdict.reasons);
    }
    (resident() - before) as f64 / MEASURED as f64
}

/// The memory that the process has in use, in bytes.
fn resident() -> usize {
    const PAGE: usize = 4096;
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    PAGE * pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("pages")
}
