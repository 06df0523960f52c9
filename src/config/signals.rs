//! `[app.signals]`: what an app's reports against itself do.

use std::collections::BTreeMap;

use super::entry::Entry;
use super::section::Section;
use crate::appraisal::{SignalsPolicy, Stance};
use crate::evidence::claims::ExtensionName;

const STANCES: [(&str, Stance); 3] = [("allow", Stance::Allow), ("step-up", Stance::StepUp), ("deny", Stance::Deny)];

/// Reads the section, there or not.
pub(super) fn read(mut section: Section<'_>) -> SignalsPolicy {
    let usual = SignalsPolicy::CAREFUL;
    let mut stance = |key, usual| section.read(key, |entry| entry.one_of(&STANCES), usual);
    let policy = SignalsPolicy {
        hook: stance("hook", usual.hook),
        debugger: stance("debugger", usual.debugger),
        emulator: stance("emulator", usual.emulator),
        repackaged: stance("repackaged", usual.repackaged),
        proxy: stance("proxy", usual.proxy),
        screen_capture: stance("screen_capture", usual.screen_capture),
        extension: stance("extension", usual.extension),
        extensions: section.read("extensions", extensions, usual.extensions),
    };
    section.finish();
    policy
}

fn extensions(entry: Entry<'_>) -> Option<BTreeMap<ExtensionName, Stance>> {
    let named = |(name, entry): (&str, Entry<'_>)| match name.parse::<ExtensionName>() {
        Ok(name) => Some((name, entry.one_of(&STANCES)?)),
        Err(_) => {
            entry.refuse(format!("{name:?} is not the name of an extension: x- and up to 30 of a-z, 0-9 and '-'"))
        }
    };
    Some(entry.named()?.into_iter().filter_map(named).collect())
}
