//! Bounded readers of bytes that a stranger wrote.

pub mod authority;
pub mod bytes;
pub mod cbor;
pub mod der;
pub mod json;
pub mod nearest;
pub mod path;
pub mod protobuf;
