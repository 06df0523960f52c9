//! A laboratory: software devices that forge real-shaped evidence under throw-away roots, good and with one thing broken.
//!
//! Tests, benches, the demo and users' own test runs use it. Nothing here is trusted unless a configuration names the
//! laboratory's root, and a verdict that rests on it says so.

pub mod app_attest;
pub mod certificate;
pub mod client_data;
pub mod der;
pub mod google;
pub mod key;
pub mod key_attestation;
pub mod play_integrity;
pub mod recorded;

use crate::crypto::secret::NoRandomness;

/// Why the laboratory could not make what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabFault {
    /// There is nothing to make a key from.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A seed does not give a private key, which happens once in about 2^32 seeds for P-256 and never twice.
    #[error("the seed does not give a private key; take another")]
    Seed,
    /// A key did not encrypt.
    #[error("the key did not encrypt")]
    Unencrypted,
    /// A key did not sign.
    #[error("the key did not sign")]
    Unsigned,
    /// A value could not be written as CBOR.
    #[error("the value cannot be written as CBOR")]
    Unwritable,
}

/// A change to a plan that breaks exactly one thing.
#[derive(Clone, Copy, Debug)]
pub struct Fault<P> {
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// The stable code that evidence with this fault ends in.
    pub code: &'static str,
    /// Makes the change.
    pub apply: fn(&mut P),
}

const fn fault<P>(code: &'static str, title: &'static str, apply: fn(&mut P)) -> Fault<P> {
    Fault { title, code, apply }
}
