//! Faces of vetted cryptography: digests, keys, signatures, certificates, paths and secrets.
//!
//! Nothing here implements an algorithm; each file narrows a library to the one use that this service has for it.

pub mod certificate;
pub mod certificate_facts;
pub mod chain;
pub mod digest;
pub mod es256;
pub mod jose;
pub mod jwk;
pub mod key;
pub mod path;
pub mod private_key;
pub mod rs256;
pub mod seal;
pub mod secret;
pub mod serial;
pub mod signature;
mod signed;
pub mod tls;
