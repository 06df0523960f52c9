//! The real service on loopback, with software Android phones and a fake Google: what relying parties and attackers see.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test stops at a surprise")]

mod assertions;
mod evidence;
mod harness;
mod outages;
mod races;
mod reconfigured;
mod role;
mod sessions;
mod status_list;
mod told;
