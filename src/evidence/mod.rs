//! Evidence: what a device sends, parsed and verified per format. Pure: time, anchors and expectations are arguments.

pub mod app_attest;
pub mod claims;
pub mod client_data;
pub mod key_attestation;
pub mod play_integrity;
pub mod signed_request;

/// Facts whose signatures reached a trust anchor. Holding one is the proof: only a format's verifier can make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// For the verifiers of this layer, after their last check.
    const fn new(facts: T) -> Self {
        Self(facts)
    }

    /// The facts.
    pub const fn facts(&self) -> &T {
        &self.0
    }

    /// The facts, for keeping.
    pub fn into_facts(self) -> T {
        self.0
    }
}
