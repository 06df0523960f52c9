//! The fake Google of the laboratory, asked over HTTP: it answers, refuses, counts and misbehaves as it should.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops at a surprise")]

mod access;
mod client;
mod control;
mod decoding;
mod misbehaving;
mod program;
mod published;
mod upstream;
