//! App Attest, from the outside: forged evidence with one thing broken, and recorded evidence.

#![allow(missing_docs, unreachable_pub, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "app_attest/assertion.rs"]
mod assertion;
#[path = "app_attest/bench.rs"]
mod bench;
#[path = "app_attest/chain.rs"]
mod chain;
#[path = "app_attest/faults.rs"]
mod faults;
#[path = "app_attest/leaf.rs"]
mod leaf;
#[path = "app_attest/recorded.rs"]
mod recorded;
#[path = "app_attest/running_code.rs"]
mod running_code;
