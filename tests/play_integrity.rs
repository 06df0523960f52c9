//! Play Integrity, from the outside: forged tokens and verdicts with one thing changed.

#![allow(missing_docs, unreachable_pub, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "play_integrity/appraisal.rs"]
mod appraisal;
#[path = "play_integrity/bench.rs"]
mod bench;
#[path = "play_integrity/binding.rs"]
mod binding;
#[path = "play_integrity/faults.rs"]
mod faults;
#[path = "play_integrity/outage.rs"]
mod outage;
#[path = "play_integrity/payload.rs"]
mod payload;
#[path = "play_integrity/properties.rs"]
mod properties;
#[path = "play_integrity/token.rs"]
mod token;
