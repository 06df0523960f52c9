//! Signed verdicts: what is signed, what a token that comes back is worth, and how keys take turns.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test stops at a surprise")]

mod bench;
mod dpop;
mod faults;
mod keys;
mod requests;
mod signing;
mod standing;
mod uses;
