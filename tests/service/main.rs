//! The real service on loopback, with the embedded store and software phones: what relying parties and attackers see.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops at a surprise")]

mod announced;
mod assertions;
mod bindings;
mod callers;
mod checks;
mod enrolment;
mod harness;
mod http;
mod interrupted;
mod killed;
mod lifecycle;
mod limits;
mod listed;
mod listing;
mod operators;
mod program;
mod promise;
mod reconfigured;
mod rehearsed;
mod reloaded;
mod reports;
mod reproved;
mod requests;
mod revocation;
mod revoked_tokens;
mod storm;
mod tls;
mod token_bindings;
mod token_requests;
mod tokens;
mod watching;
