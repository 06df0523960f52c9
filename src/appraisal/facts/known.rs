//! What is known in one case.

use std::cell::OnceCell;

use super::request::Request;
use super::table::{Read, Source};
use super::{fact, source};
use crate::appraisal::expression::{Absence, Facts, Slot, Value};
use crate::evidence::claims::{Claims, PlayIntegrity};

/// The claims of one instance, and perhaps a request of its own.
#[derive(Debug)]
pub(in crate::appraisal) struct Known<'a> {
    /// `None` where they were not kept: those of a session, which has shown nothing but a token of Play Integrity.
    pub(super) claims: Option<&'a Claims>,
    pub(super) request: Request<'a>,
    /// Host and port in one form, once somebody asks.
    pub(super) authority: OnceCell<Option<String>>,
    /// The client's address as text, once somebody asks.
    pub(super) address: OnceCell<String>,
    /// The digest of its header fields as text, once somebody asks.
    pub(super) headers: OnceCell<String>,
}

impl<'a> Known<'a> {
    pub(in crate::appraisal) const fn new(claims: Option<&'a Claims>, request: Request<'a>) -> Self {
        Self { claims, request, authority: OnceCell::new(), address: OnceCell::new(), headers: OnceCell::new() }
    }

    pub(in crate::appraisal) const fn claims(&self) -> Option<&'a Claims> {
        self.claims
    }

    /// Whether this says no more of a request than that nobody has described it.
    const fn is_unsaid(&self, value: Value<'_>) -> bool {
        self.request.is_undescribed && matches!(value, Value::Bool(false))
    }
}

/// Whether there is what states the facts of this source. Claims that were not kept are those of a session, which has shown Play
/// Integrity alone.
pub(in crate::appraisal) fn was_sent(source: Source, claims: Option<&Claims>) -> bool {
    let Some(claims) = claims else { return !matches!(source, Source::AppAttest | Source::KeyAttestation) };
    match source {
        Source::AppAttest => claims.app_attest.is_some(),
        Source::KeyAttestation => claims.key_attestation.is_some(),
        Source::PlayIntegrity => claims.play_integrity.as_ref().and_then(PlayIntegrity::claims).is_some(),
        Source::Anything | Source::Request => true,
    }
}

impl Facts for Known<'_> {
    fn value(&self, slot: Slot) -> Option<Value<'_>> {
        match fact(slot)?.read {
            Read::Anything(read) => read(self.claims?),
            Read::AppAttest(read) => read(self.claims?.app_attest.as_deref()?),
            Read::KeyAttestation(read) => read(self.claims?.key_attestation.as_deref()?),
            Read::PlayIntegrity(read) => read(self.claims?.play_integrity.as_ref().and_then(PlayIntegrity::claims)?),
            Read::Request(read) => read(self).filter(|value| !self.is_unsaid(*value)),
        }
    }

    fn presence(&self, slot: Slot) -> Option<bool> {
        let may_be_there = match source(slot) {
            Source::Anything | Source::PlayIntegrity => self.claims.is_none(),
            Source::AppAttest | Source::KeyAttestation => false,
            Source::Request => self.request.is_undescribed,
        };
        let is_there = self.value(slot).is_some();
        (is_there || !may_be_there).then_some(is_there)
    }

    fn absence(&self, slot: Slot) -> Absence {
        if was_sent(source(slot), self.claims) { Absence::Unknown } else { Absence::Unsent }
    }
}
