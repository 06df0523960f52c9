//! Real gateways on loopback, between a client and a small upstream, asking the real service; and the edges by themselves.
//!
//! A gateway that is not installed is not tested, and the test says so.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test stops at a surprise")]

mod bound;
mod caddy;
mod client;
mod client_tls;
mod envoy;
mod ext_authz;
mod forward_auth;
mod fresh;
#[path = "../service/harness.rs"]
#[allow(dead_code, reason = "the tests of the service use the rest")]
mod harness;
mod introspection;
mod matrix;
mod nginx;
mod program;
#[path = "../service/promise.rs"]
mod promise;
mod python;
mod revoked;
mod route;
mod shown;
mod stage;
mod step_up;
mod tls;
mod traefik;
mod upstream;
