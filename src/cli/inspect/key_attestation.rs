//! Android chains: every certificate, and every check of the verifier, each run alone.

use super::certificate;
use super::expectations::Expectations;
use super::input::{CaseInput, Input};
use super::node::Node;
use super::sheet::{Check, Sheet};
use crate::evidence::key_attestation::{
    AppIdentity, Expectation, FactoryExpiry, IssuerRules, KeyAttestationCheck, STEPS, SharedUserId, Step,
};

const SIZES: &str = "chain has a fit size, and a leaf that can be read";

/// Shows and checks a chain.
pub(super) fn examine(input: &Input, expectations: &Expectations) -> Sheet {
    let (ders, rest) = certificate::split(&input.pieces);
    let chain: Vec<Vec<u8>> = ders.iter().map(|der| der.to_vec()).collect();
    let mut contents: Vec<_> = ders.iter().enumerate().map(|(at, der)| certificate::node(at, der)).collect();
    if !rest.is_empty() {
        contents.push(Node::bytes("not readable", rest));
    }
    Sheet { contents, checks: checks(&chain, input, expectations) }
}

fn checks(chain: &[Vec<u8>], input: &Input, expectations: &Expectations) -> Vec<Check> {
    let case = input.case.as_ref().and_then(|carried| match &carried.input {
        CaseInput::KeyAttestation(input) => Some(input),
        _ => None,
    });
    let apps = named_apps(expectations).or_else(|| case.and_then(|input| input.apps().ok().flatten()));
    let spki = expectations.key.map(|key| key.spki());
    let brought = case.map(|input| input.expectation(apps.as_deref()));
    let expectation = expectation(brought, apps.as_deref(), spki.as_deref(), expectations);
    match KeyAttestationCheck::new(chain, &expectations.chain_anchors, expectation, expectations.at) {
        Err(rejection) => {
            let missing = STEPS.iter().map(|step| Check::missing(step.title, "a chain of a fit size"));
            std::iter::once(Check::new::<(), _>(SIZES, Err(rejection))).chain(missing).collect()
        }
        Ok(ready) => STEPS.iter().map(|step| check(step, &ready, &expectation)).collect(),
    }
}

fn check(step: &Step, ready: &KeyAttestationCheck<'_>, expectation: &Expectation<'_>) -> Check {
    let needs = match step.compares_with {
        Some("challenge") if expectation.challenge.is_none() => "--client-data or --client-data-hash",
        Some("app") if expectation.apps.is_none() => "--package",
        Some("public_key") if expectation.public_key.is_none() => "--public-key",
        _ => return Check::new(step.title, step.run(ready)),
    };
    Check::missing(step.title, needs)
}

/// The apps that flags name; without a signer, any may have signed.
fn named_apps(expectations: &Expectations) -> Option<Vec<AppIdentity>> {
    let signers = Some(&expectations.signers).filter(|signers| !signers.is_empty());
    let identity = |package: &String| AppIdentity { package: package.clone(), signers: signers.cloned() };
    Some(expectations.packages.iter().map(identity).collect::<Vec<_>>()).filter(|apps| !apps.is_empty())
}

/// What flags say, then what the case brings, then what the service would ask for.
fn expectation<'a>(
    brought: Option<Expectation<'a>>,
    apps: Option<&'a [AppIdentity]>,
    spki: Option<&'a [u8]>,
    expectations: &'a Expectations,
) -> Expectation<'a> {
    let usual = Expectation {
        challenge: None,
        apps,
        shared_user_id: SharedUserId::Refused,
        public_key: None,
        factory_expiry: FactoryExpiry::Tolerated,
        issuers: IssuerRules::FactoryExcepted,
    };
    let base = brought.unwrap_or(usual);
    Expectation {
        challenge: expectations.client_data_hash.as_deref().or(base.challenge),
        public_key: spki.or(base.public_key),
        ..base
    }
}
