//! What is known in one case.

use std::cell::OnceCell;

use super::fact;
use super::request::Request;
use super::table::Read;
use crate::appraisal::expression::{Facts, Slot, Value};
use crate::evidence::claims::{Claims, PlayIntegrity};

/// The claims of one instance, and perhaps a request of its own.
#[derive(Debug)]
pub(in crate::appraisal) struct Known<'a> {
    pub(super) claims: &'a Claims,
    pub(super) request: Request<'a>,
    /// The client's address as text, once somebody asks.
    pub(super) address: OnceCell<String>,
    /// The digest of its header fields as text, once somebody asks.
    pub(super) headers: OnceCell<String>,
}

impl<'a> Known<'a> {
    pub(in crate::appraisal) const fn new(claims: &'a Claims, request: Request<'a>) -> Self {
        Self { claims, request, address: OnceCell::new(), headers: OnceCell::new() }
    }
}

impl Facts for Known<'_> {
    fn value(&self, slot: Slot) -> Option<Value<'_>> {
        match fact(slot)?.read {
            Read::Anything(read) => read(self.claims),
            Read::AppAttest(read) => read(self.claims.app_attest.as_deref()?),
            Read::KeyAttestation(read) => read(self.claims.key_attestation.as_deref()?),
            Read::PlayIntegrity(read) => read(self.claims.play_integrity.as_ref().and_then(PlayIntegrity::claims)?),
            Read::Request(read) => read(self),
        }
    }
}
