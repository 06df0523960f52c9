//! The role: a RATS verifier for relying parties. Its use cases are to issue challenges, enrol, assert and check.

mod caller;
mod config;

pub use caller::{Caller, Role};
pub use config::{AppConfig, VerifierConfig};
