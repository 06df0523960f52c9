//! Attestation objects: what stands in one, and every check of the verifier, each run alone.

use super::expectations::{Expectations, flag};
use super::object;
use super::sheet::{Check, Sheet};
use crate::evidence::app_attest::{AttestationCheck, AttestationObject, Device, Expectation, STEPS, Step};
use crate::evidence::claims::Environment;

const STRUCTURE: &str = "structure is Apple's";
const LEAF: &str = "leaf certificate can be read";

/// Shows and checks an attestation object.
pub(super) fn examine(bytes: &[u8], expectations: &Expectations) -> Sheet {
    Sheet { contents: object::contents(bytes), checks: checks(bytes, expectations) }
}

fn checks(bytes: &[u8], expectations: &Expectations) -> Vec<Check> {
    let object = match AttestationObject::parse(bytes) {
        Ok(object) => object,
        Err(rejection) => return stopped(Check::new::<(), _>(STRUCTURE, Err(rejection)), "a readable structure"),
    };
    let structure = Check::holds(STRUCTURE);
    match AttestationCheck::new(&object, &expectations.anchors, expectation(expectations), expectations.at) {
        Err(rejection) => {
            let leaf = Check::new::<(), _>(LEAF, Err(rejection));
            [vec![structure], stopped(leaf, "a readable leaf")].concat()
        }
        Ok(ready) => {
            let steps = STEPS.iter().map(|step| check(step, &ready, expectations));
            [structure, Check::holds(LEAF)].into_iter().chain(steps).collect()
        }
    }
}

/// A failure after which no step can be run.
fn stopped(failed: Check, needs: &'static str) -> Vec<Check> {
    std::iter::once(failed).chain(STEPS.iter().map(|step| Check::missing(step.title, needs))).collect()
}

fn check(step: &Step, ready: &AttestationCheck<'_>, expectations: &Expectations) -> Check {
    match step.compares_with {
        Some(part) if !expectations.names(part) => Check::missing(step.title, flag(part)),
        // The verifier passes a phone by; a tick would say that something was found.
        Some("device") if expectations.device == Some(Device::Mobile) => Check::missing(step.title, "--device mac"),
        _ => Check::new(step.title, step.run(ready)),
    }
}

/// What is expected; the steps that would read a part that nobody named are not run.
fn expectation(expectations: &Expectations) -> Expectation<'_> {
    Expectation {
        client_data_hash: expectations.client_data_hash.as_deref().unwrap_or_default(),
        key_id: expectations.key_id.as_deref().unwrap_or_default(),
        app_ids: &expectations.app_ids,
        environment: expectations.environment.unwrap_or(Environment::Production),
        device: expectations.device.unwrap_or(Device::Mobile),
    }
}
