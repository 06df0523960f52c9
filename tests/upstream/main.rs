//! The adapters of the upstreams against servers that misbehave: nothing that they do is good news about a device, nothing takes
//! longer than its deadline, and no integrity token is opened twice.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test may stop where it stands")]

mod access;
mod decode;
mod fake;
mod file;
mod outage;
mod status_list;
mod tls;
