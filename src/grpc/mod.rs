//! The gRPC edge: messages become calls of the role, and verdicts become messages.

mod attestation;
mod authentication;
mod calls;
mod config;
mod connection;
mod context;
mod fault;
mod field;
mod instance;
mod instance_message;
mod message;
mod proof;
mod server;
mod token;
mod verdict;
mod watch;

pub use authentication::{Authenticated, authenticated};
pub use config::{CallerKey, GrpcConfig, TlsConfig};
pub use connection::{Connection, let_in};
pub use server::{MESSAGE_LIMIT, Server, ServerFault, Stopped, transport};

/// The messages and services of `proto/bonafide/v1`, as generated.
#[allow(missing_docs, clippy::all, reason = "generated; the documentation is in the .proto files")]
pub mod proto {
    tonic::include_proto!("bonafide.v1");

    /// The descriptors of all messages and services, for reflection.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
}
