//! Recorded evidence of genuine devices; `testdata/README.md` says where it was published.

use crate::crypto::digest::{Digest, sha256};
use crate::evidence::claims::Environment;
use crate::time::Timestamp;

/// An attestation object that a genuine device has made, with all that verifying it needs.
#[derive(Clone, Copy, Debug)]
pub struct Recording {
    /// Its name.
    pub id: &'static str,
    /// The attestation object.
    pub object: &'static [u8],
    /// The id of the attested key.
    pub key_id: &'static Digest,
    /// The client data that it was made for.
    pub client_data: &'static [u8],
    /// The App ID.
    pub app_id: &'static str,
    /// The environment.
    pub environment: Environment,
    /// The time at which it verifies: two seconds after it was made.
    pub verified_at: Timestamp,
}

impl Recording {
    /// The hash that the device was given.
    pub fn client_data_hash(&self) -> Digest {
        sha256(self.client_data)
    }
}

/// Every recording.
pub const RECORDINGS: [Recording; 2] = [
    Recording {
        id: "ios-17.2.1-development",
        object: include_bytes!("../../testdata/app_attest/ios-17.2.1-development.cbor"),
        key_id: include_bytes!("../../testdata/app_attest/ios-17.2.1-development.key_id"),
        client_data: include_bytes!("../../testdata/app_attest/ios-17.2.1-development.client_data"),
        app_id: "V8H6LQ9448.io.uebelacker.AppAttestExample",
        environment: Environment::Development,
        verified_at: Timestamp::from_millis(1_707_078_428_000),
    },
    Recording {
        id: "ios-17.2.1-production",
        object: include_bytes!("../../testdata/app_attest/ios-17.2.1-production.cbor"),
        key_id: include_bytes!("../../testdata/app_attest/ios-17.2.1-production.key_id"),
        client_data: include_bytes!("../../testdata/app_attest/ios-17.2.1-production.client_data"),
        app_id: "V8H6LQ9448.io.uebelacker.AppAttestExample",
        environment: Environment::Production,
        verified_at: Timestamp::from_millis(1_707_340_138_000),
    },
];
