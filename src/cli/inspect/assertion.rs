//! Assertions: what stands in one, and every check, each run alone.

use super::expectations::{APP_ID, Expectations};
use super::object;
use super::sheet::{Check, Outcome, Sheet};
use crate::evidence::app_attest::{Assertion, Rejection};

const STRUCTURE: &str = "structure is Apple's";
const SIGNATURE: &str = "signature is the enrolled key's over this client data";
const APP: &str = "made for an expected app";
const COUNT: &str = "sign count is above zero";
const ADVANCE: &str = "sign count is above the one before";

/// Shows and checks an assertion.
pub(super) fn examine(bytes: &[u8], expectations: &Expectations) -> Sheet {
    let checks = match Assertion::parse(bytes) {
        Ok(assertion) => checks(&assertion, expectations),
        Err(rejection) => stopped(rejection),
    };
    Sheet { contents: object::contents(bytes), checks }
}

fn stopped(rejection: Rejection) -> Vec<Check> {
    let missing = [SIGNATURE, APP, COUNT, ADVANCE].map(|title| Check::missing(title, "a readable structure"));
    std::iter::once(Check::new::<(), _>(STRUCTURE, Err(rejection))).chain(missing).collect()
}

fn checks(assertion: &Assertion, expectations: &Expectations) -> Vec<Check> {
    let signed = |(key, hash): (_, &Vec<u8>)| assertion.signed_by(key, hash);
    let key_and_hash = expectations.key.as_ref().zip(expectations.client_data_hash.as_ref());
    let made = |apps: &[_]| match apps.iter().any(|app| assertion.made_for(app).is_ok()) {
        true => Ok(()),
        false => Err(Rejection::AppMismatch),
    };
    vec![
        Check::holds(STRUCTURE),
        Check::given(SIGNATURE, "--public-key and --client-data or --client-data-hash", key_and_hash, signed),
        Check::given(APP, APP_ID, expectations.app_ids(), made),
        Check::new(COUNT, assertion.counted()),
        advance(assertion.authenticator_data.sign_count, expectations.previous_count),
    ]
}

/// Whether a sign count is new is the store's to say; this is its `strict` mode.
fn advance(count: u32, previous: Option<u32>) -> Check {
    let outcome = match previous {
        None => Outcome::NotChecked { needs: "--previous-count" },
        Some(previous) if count > previous => Outcome::Holds,
        Some(previous) => Outcome::Fails {
            code: "sign_count_not_advanced".to_owned(),
            reason: format!("the sign count is {count}, the one before was {previous}"),
        },
    };
    Check { title: ADVANCE, outcome }
}
