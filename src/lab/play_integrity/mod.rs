//! An app that Google Play distributes, and the part of Google that answers it: verdicts, and classic tokens around them.
//!
//! [`LabApp::classic_token`] makes a good token. A [`PayloadPlan`] shows a verdict before it is written, a [`TokenPlan`] a
//! token before it is signed and encrypted: change one field, and what depends on it follows.

mod app;
mod faults;
mod payload;
mod token;

pub use app::{LabApp, LabKeys};
pub use faults::{PAYLOAD_FAULTS, TOKEN_FAULTS};
pub use payload::PayloadPlan;
pub use token::{KeyForm, SignatureForm, TokenPlan};
