//! Android key attestation, from the outside: forged chains with one thing broken, and recorded ones where they are at hand.

#![allow(missing_docs, unreachable_pub)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at a surprise, and says what it could not find"
)]

#[path = "key_attestation/assertion.rs"]
mod assertion;
#[path = "key_attestation/bench.rs"]
mod bench;
#[path = "key_attestation/chain.rs"]
mod chain;
#[path = "key_attestation/dates.rs"]
mod dates;
#[path = "key_attestation/description.rs"]
mod description;
#[path = "key_attestation/extended.rs"]
mod extended;
#[path = "key_attestation/faults.rs"]
mod faults;
#[path = "key_attestation/key.rs"]
mod key;
#[path = "key_attestation/mutations.rs"]
mod mutations;
#[path = "key_attestation/policy.rs"]
mod policy;
#[path = "key_attestation/recorded.rs"]
mod recorded;
#[path = "key_attestation/rehearsed.rs"]
mod rehearsed;
#[path = "key_attestation/status.rs"]
mod status;
