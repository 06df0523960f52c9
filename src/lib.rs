//! Bonafide verifies what phones can prove about themselves and tells gateways and auth servers whether to trust the app
//! that is calling.
//!
//! Bytes become evidence, evidence becomes verified claims, claims are appraised, and the appraisal becomes a verdict. Each
//! layer imports only those above it in this list; `docs/architecture.md` has the table and `tests/architecture.rs` holds it.

// 0: ground
pub mod crypto;
pub mod ids;
pub mod time;
pub mod wire;
// 1: facts
pub mod endorsement;
pub mod evidence;
// 2: worth
pub mod appraisal;
// 3: answer
pub mod verdict;
// 4: ports
pub mod cache;
pub mod clock;
pub mod store;
pub mod token;
pub mod upstream;
// 5: role
pub mod verifier;
// 7: edges
pub mod cli;
pub mod config;
pub mod gateway;
pub mod grpc;
pub mod http;
pub mod telemetry;
// 8: root
pub mod app;
// beside the layers
pub mod lab;
