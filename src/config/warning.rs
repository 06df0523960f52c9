//! Warnings: what is allowed, but should not be done unknowingly.

use std::fmt;
use std::net::SocketAddr;

use super::Config;
use crate::evidence::claims::Environment;
use crate::evidence::play_integrity::TestingResponses;
use crate::ids::AppName;
use crate::store::StoreConfig;
use crate::verifier::{AppConfig, PlayIntegrityConfig};

/// Something that an operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Callers are not told apart: whoever reaches the address may do everything.
    NobodyAuthenticates,
    /// Others can reach the address, and the service itself does not speak TLS there.
    Plaintext(SocketAddr),
    /// Others can reach metrics and health, which nobody has to authenticate for.
    Http(SocketAddr),
    /// The store forgets everything when the service stops.
    MemoryStore,
    /// Others than its owner may read the file with the secret that signing keys are sealed under.
    SealExposed,
    /// Tokens are signed, and nothing here serves the keys that verify them.
    KeysUnpublished,
    /// The app takes keys of Apple's development environment.
    Development(AppName),
    /// The app takes evidence that anyone with the laboratory's keys can forge.
    LabRoots(AppName),
    /// Nothing opens the app's integrity tokens: no key of its own, and no access to Google.
    NobodyOpens(AppName),
    /// The app takes verdicts that testers had Google make up.
    TestingResponses(AppName),
    /// Rules of the app that only report, for some instances or for all.
    RulesReport(AppName, Vec<String>),
    /// Rules of the app that are off.
    RulesOff(AppName, Vec<String>),
    /// The app treats somebody more kindly than a careful team would.
    Lenient(AppName),
}

/// The warnings that a configuration deserves.
pub(super) fn all(config: &Config) -> Vec<Warning> {
    let grpc = &config.grpc;
    let open = !grpc.listen.ip().to_canonical().is_loopback() && grpc.tls.is_none();
    let shown = config.http.filter(|http| !http.listen.ip().to_canonical().is_loopback());
    let gateway = config.gateway.as_ref().filter(|gateway| gateway.tls.is_none());
    let gateway = gateway.map(|gateway| gateway.listen).filter(|listen| !listen.ip().to_canonical().is_loopback());
    let service = [
        grpc.callers.is_empty().then_some(Warning::NobodyAuthenticates),
        open.then_some(Warning::Plaintext(grpc.listen)),
        gateway.map(Warning::Plaintext),
        shown.map(|http| Warning::Http(http.listen)),
        (config.store == StoreConfig::Memory).then_some(Warning::MemoryStore),
        config.verifier.token.as_ref().is_some_and(|token| token.seal_is_exposed).then_some(Warning::SealExposed),
        (config.verifier.token.is_some() && config.gateway.is_none()).then_some(Warning::KeysUnpublished),
    ];
    let sealed = config.verifier.apps.iter().filter(|app| opens_nothing(app, config)).map(|app| app.name.clone());
    let apps = config.verifier.apps.iter().flat_map(of_app);
    service.into_iter().flatten().chain(apps).chain(sealed.map(Warning::NobodyOpens)).collect()
}

fn opens_nothing(app: &AppConfig, config: &Config) -> bool {
    let keys = |format: &PlayIntegrityConfig| format.keys.len() + format.lab_keys.len();
    config.upstream.google.access.is_none() && app.play_integrity.as_ref().is_some_and(|format| keys(format) == 0)
}

fn of_app(app: &AppConfig) -> impl Iterator<Item = Warning> {
    let app_attest = app.app_attest.as_ref();
    let development = app_attest.is_some_and(|format| format.policy.environment == Environment::Development);
    let chains = app.key_attestation.as_ref().is_some_and(|format| !format.lab_roots.is_empty());
    let lab = chains || app_attest.is_some_and(|format| !format.lab_roots.is_empty());
    let development = development.then(|| Warning::Development(app.name.clone()));
    let lab_keys = app.play_integrity.as_ref().is_some_and(|format| !format.lab_keys.is_empty());
    let lab = (lab || lab_keys).then(|| Warning::LabRoots(app.name.clone()));
    let play_integrity = app.play_integrity.as_ref();
    let testing = play_integrity.is_some_and(|format| format.policy.testing_responses == TestingResponses::Taken);
    let testing = testing.then(|| Warning::TestingResponses(app.name.clone()));
    development.into_iter().chain(lab).chain(testing).chain(of_policy(app))
}

fn of_policy(app: &AppConfig) -> impl Iterator<Item = Warning> {
    let policy = app.policy();
    let named = |rules: Vec<&str>| rules.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let (report, off) = (named(policy.reporting_rules()), named(policy.silent_rules()));
    let warnings = [
        (!report.is_empty()).then(|| Warning::RulesReport(app.name.clone(), report)),
        (!off.is_empty()).then(|| Warning::RulesOff(app.name.clone(), off)),
        policy.decisions.are_lenient().then(|| Warning::Lenient(app.name.clone())),
    ];
    warnings.into_iter().flatten()
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NobodyAuthenticates => out.write_str("no [[caller]] is named: whoever reaches the address may call"),
            Self::Plaintext(address) => write!(out, "plaintext on {address}: something in front has to speak TLS"),
            Self::Http(address) => write!(out, "metrics and health on {address}: whoever reaches it reads them"),
            Self::MemoryStore => out.write_str("the store is memory: a restart forgets every instance and sign count"),
            Self::SealExposed => out.write_str("token.seal_key_file: others than its owner may read it; chmod 600"),
            Self::KeysUnpublished => {
                out.write_str("[token] without [gateway.http]: nothing here serves the keys that verify tokens")
            }
            Self::Development(app) => write!(out, "app {app}: the development environment is accepted"),
            Self::NobodyOpens(app) => {
                write!(
                    out,
                    "app {app}: nothing opens its integrity tokens; name access in [google], or keys of its own"
                )
            }
            Self::LabRoots(app) => {
                write!(out, "app {app}: roots or keys of a laboratory are trusted, so evidence for it can be forged")
            }
            Self::RulesReport(app, rules) => {
                write!(out, "app {app}: rules that do not count for everybody: {}", rules.join(", "))
            }
            Self::RulesOff(app, rules) => write!(out, "app {app}: rules that are off: {}", rules.join(", ")),
            Self::Lenient(app) => write!(out, "app {app}: doubtful or untrusted instances are not held back as usual"),
            Self::TestingResponses(app) => write!(out, "app {app}: verdicts that testers had made up are taken"),
        }
    }
}
