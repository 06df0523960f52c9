//! What a hostile caller or a bad day could make of the role, seen from outside: a verifier over a store in memory and a Google
//! that answers as it is told.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test may stop where it stands")]

#[path = "hostile/bench.rs"]
mod bench;
#[path = "hostile/laboratories.rs"]
mod laboratories;
#[path = "hostile/outages.rs"]
mod outages;
#[path = "hostile/quota.rs"]
mod quota;
