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

use crate::appraisal::own_rule;
use crate::paired::{Limit, Ratio};
use crate::phones;
use crate::service::{app_config, app_id, apple as iphone, enrolment_with, name};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
/// Asked about first, so that what the heap has free is used up.
const FIRST: usize = 10_000;
const MEASURED: usize = 40_000;
/// What one verdict may take, in bytes.
const ALLOWED: f64 = 600.0;
/// What one verdict may take with everything that is known of a phone.
const ALLOWED_WITH_CLAIMS: f64 = 2560.0;

pub(crate) fn apple() -> Ratio {
    measured(&app_config(AppAttestConfig::careful(vec![app_id()])), &iphone(), ALLOWED)
}

pub(crate) fn android() -> Ratio {
    measured(&android_app(), &phones::android(NOW), ALLOWED)
}

/// Where a rule looks at requests, claims stay beside the verdict.
pub(crate) fn android_with_claims() -> Ratio {
    let when = "request.path == '/pay' && key_attestation.security_level == 'software'";
    measured(
        &AppConfig { own_rules: vec![own_rule(0, when)], ..android_app() },
        &phones::android(NOW),
        ALLOWED_WITH_CLAIMS,
    )
}

fn android_app() -> AppConfig {
    let package = "com.example.shop".to_owned();
    let mut chain = KeyAttestationConfig::careful(vec![AppIdentity { package: package.clone(), signers: None }]);
    chain.policy.status_list = None;
    AppConfig {
        key_attestation: Some(chain),
        play_integrity: Some(PlayIntegrityConfig::careful(package, Vec::new())),
        ..AppConfig::of(name("shop"))
    }
}

fn measured(config: &AppConfig, claims: &Claims, allowed: f64) -> Ratio {
    // One thread, so that one heap takes everything.
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let bytes = runtime.block_on(bytes_each(config, claims));
    Ratio { unit: "B", measured: bytes, baseline: allowed, ratio: bytes / allowed, limit: Limit::AtMost(1.0) }
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
