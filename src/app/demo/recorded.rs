//! The demo's first part: evidence that a genuine iPhone has given.

use super::narration::Narration;
use crate::endorsement::app_attest_anchors;
use crate::evidence::app_attest::{AppId, AttestationFacts, Device, Expectation, Rejection, verify_attestation};
use crate::lab::recorded::{RECORDINGS, Recording};

/// Verifies a recorded attestation against Apple's root at the time of its recording, and the same one with one byte changed.
pub(super) fn verify_a_real_iphone(story: &mut Narration) -> anyhow::Result<()> {
    for recording in &RECORDINGS {
        let app_ids = [recording.app_id.parse()?];
        story.chapter(&format!(
            "A real iPhone ({}), verified against Apple's root at {}",
            recording.id, recording.verified_at
        ));
        match verify(recording, recording.object, &app_ids) {
            Ok(facts) => story.expect("as recorded", true, &accepted(&facts))?,
            Err(rejection) => story.expect("as recorded", false, &refused(&rejection))?,
        }
        let outcome = verify(recording, &one_byte_changed(recording.object), &app_ids);
        let told = outcome.as_ref().map_or_else(refused, |_| "accepted".to_owned());
        story.expect("one byte changed", outcome.is_err(), &told)?;
    }
    Ok(())
}

fn verify(recording: &Recording, object: &[u8], app_ids: &[AppId]) -> Result<AttestationFacts, Rejection> {
    let anchors = app_attest_anchors(&[]).map_err(|_| Rejection::UntrustedChain("no anchor"))?;
    let expectation = Expectation {
        client_data_hash: &recording.client_data_hash(),
        key_id: recording.key_id,
        app_ids,
        environment: recording.environment,
        device: Device::Mobile,
    };
    verify_attestation(object, &anchors, expectation, recording.verified_at).map(|verified| verified.into_facts())
}

/// The last byte belongs to the attested key.
fn one_byte_changed(object: &[u8]) -> Vec<u8> {
    let mut changed = object.to_vec();
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    }
    changed
}

fn accepted(facts: &AttestationFacts) -> String {
    let system = facts.claims.os_version.as_ref().map_or_else(|| "not stated".to_owned(), ToString::to_string);
    format!("genuine: app {}, {}, iOS {system}", facts.claims.app_id, facts.claims.environment.name())
}

fn refused(rejection: &Rejection) -> String {
    format!("refused: {} ({rejection})", rejection.code())
}
