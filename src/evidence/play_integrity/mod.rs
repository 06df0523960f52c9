//! Google Play Integrity: tokens and the verdicts in them.
//!
//! A classic token is opened here with the app's own keys, or by Google; a standard one by Google only. What comes out is
//! the same payload, and [`verify_integrity_payload`] reads it to its last member: testing response, package, binding,
//! freshness, app. What Google says of app and device is then the appraisal's to weigh.

mod payload;
mod rejection;
mod sections;
mod steps;
mod token;

pub use crate::crypto::jose::TOKEN_LIMIT;
pub use payload::{PAYLOAD_LIMIT, Payload, RequestDetails, payload_in_answer};
pub use rejection::Rejection;
pub use steps::{
    Expectation, IntegrityCheck, PlayIntegrityFacts, STEPS, Step, TestingResponses, TokenKinds,
    verify_integrity_payload, verify_parsed,
};
pub use token::{IntegrityKeys, looks_like_token, open_classic_token};
