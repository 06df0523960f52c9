//! The gRPC edge.

mod config;

pub use config::{CallerKey, GrpcConfig, TlsConfig};
