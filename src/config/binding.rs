//! `[app.binding]`: what requests have to have in common with the proof.

use super::entry::Entry;
use super::section::Section;
use crate::appraisal::{BindingPolicy, Stance};

const DEMANDS: [(&str, Stance); 3] =
    [("ignore", Stance::Allow), ("step-up", Stance::StepUp), ("require", Stance::Deny)];

/// Reads the section, there or not.
pub(super) fn read(mut section: Section<'_>) -> BindingPolicy {
    let usual = BindingPolicy::IGNORED;
    let demand = |entry: Entry<'_>| entry.one_of(&DEMANDS);
    let bits = |entry: Entry<'_>, least, most| u8::try_from(entry.integer(least..=most)?).ok();
    let policy = BindingPolicy {
        address: section.read("address", demand, usual.address),
        tls_fingerprint: section.read("tls_fingerprint", demand, usual.tls_fingerprint),
        user_session: section.read("user_session", demand, usual.user_session),
        address_prefix_v4: section.read("address_prefix_v4", |entry| bits(entry, 8, 32), usual.address_prefix_v4),
        address_prefix_v6: section.read("address_prefix_v6", |entry| bits(entry, 16, 128), usual.address_prefix_v6),
    };
    section.finish();
    policy
}
