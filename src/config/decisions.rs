//! `[app.decisions]`: what is done at each tier.

use super::section::Section;
use crate::appraisal::{Decisions, Outage, Restraint, Stance};

static STANCES: [(&str, Stance); 3] = [("allow", Stance::Allow), ("step-up", Stance::StepUp), ("deny", Stance::Deny)];
static RESTRAINTS: [(&str, Restraint); 2] = [("step-up", Restraint::StepUp), ("deny", Restraint::Deny)];

/// Reads the section, for an app that does this while Google cannot be asked, and that with a status list that is too old.
pub(super) fn read(mut section: Section<'_>, outage: Option<Outage>, stale: Option<Stance>) -> Decisions {
    let usual = Decisions::CAREFUL;
    let warning = section.entry("warning").and_then(|entry| Some((entry, entry.one_of(&STANCES)?)));
    if let Some((entry, Stance::Allow)) = warning
        && outage.is_some_and(|outage| outage != Outage::Refuse)
    {
        entry.refuse::<()>("an outage of Google's would allow; it takes [app.play_integrity] with outage = \"refuse\"");
    } else if let Some((entry, Stance::Allow)) = warning
        && stale == Some(Stance::StepUp)
    {
        entry.refuse::<()>(
            "an old status list would allow; it takes [app.key_attestation] with status_list_stale = \"deny\", and no rule of that \
             name with tier = \"warning\"",
        );
    }
    let decisions = Decisions {
        warning: warning.map_or(usual.warning, |(_, stance)| stance),
        none: section.read("none", |entry| entry.one_of(&RESTRAINTS), usual.none),
        contraindicated: section.read("contraindicated", |entry| entry.one_of(&RESTRAINTS), usual.contraindicated),
    };
    section.finish();
    decisions
}
