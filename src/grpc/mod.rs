//! The gRPC edge: messages become calls of the role, and verdicts become messages.

mod attestation;
mod authentication;
mod calls;
mod certificate;
pub(crate) mod codec;
mod config;
mod connection;
mod context;
mod envoy;
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

pub use crate::crypto::tls::TlsConfig;
pub use crate::verifier::CallerKey;
pub use authentication::{Authenticated, authenticated};
pub use config::GrpcConfig;
pub use connection::{Connection, let_in};
pub use envoy::Description;
pub use server::{MESSAGE_LIMIT, Server, ServerFault, Stopped, transport};

/// The messages and services of `proto/`, as generated; those of `proto/bonafide/v1` at the top.
#[allow(missing_docs, clippy::all, reason = "generated; the documentation is in the .proto files")]
pub mod proto {
    pub use all::bonafide::v1::*;
    pub use all::envoy;
    pub use all::google::rpc as google_rpc;

    #[allow(unreachable_pub, reason = "generated")]
    mod all {
        tonic::include_proto!("proto");
    }

    /// The descriptors of all messages and services, for reflection.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
}
