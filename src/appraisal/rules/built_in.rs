//! The built-in rules by name, for those who write policies.

use super::{
    FORMAT_WITHDRAWN, Firmness, KEY_ATTESTATION_ABSENT, LAB_ANCHOR, PLAY_INTEGRITY_ABSENT, Rule, app_attest, binding,
    key_attestation, play_integrity, signals, status_list,
};
use crate::appraisal::reason::Reason;
use crate::appraisal::standing::INSTANCE_REVOKED;

/// A rule that is there without being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// The code of its reason, which is its name.
    pub code: String,
    /// Whether it holds for everybody: no policy weakens it.
    pub is_firm: bool,
}

/// Every built-in rule, in the order in which they run.
pub fn built_in_rules() -> Vec<BuiltIn> {
    let single = [
        (LAB_ANCHOR, Firmness::Firm),
        (FORMAT_WITHDRAWN, Firmness::Firm),
        (INSTANCE_REVOKED, Firmness::Firm),
        (KEY_ATTESTATION_ABSENT, Firmness::Yielding),
        (PLAY_INTEGRITY_ABSENT, Firmness::Yielding),
    ];
    let tables = [
        rows(&app_attest::RULES),
        rows(&key_attestation::RULES),
        rows(&status_list::RULES),
        rows(&play_integrity::RULES),
        rows(&play_integrity::OUTAGE_RULES),
        rows(&signals::RULES),
        binding::reasons().map(|reason| (reason, Firmness::Yielding)).collect(),
    ];
    let named = |(reason, firmness): (Reason, Firmness)| BuiltIn {
        code: reason.code.into_owned(),
        is_firm: firmness == Firmness::Firm,
    };
    single.into_iter().chain(tables.into_iter().flatten()).map(named).collect()
}

fn rows<C, P>(rules: &[Rule<C, P>]) -> Vec<(Reason, Firmness)> {
    rules.iter().map(|rule| (rule.reason(), rule.firmness)).collect()
}
