//! What an app does about what it reports against itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Stance;
use crate::evidence::claims::{ExtensionName, ReportedSignal};

/// What each signal of a client's report does. Nothing here can let anyone in: a report can only lower a tier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalsPolicy {
    /// Code that hooks into the app.
    pub hook: Stance,
    /// A debugger.
    pub debugger: Stance,
    /// An emulator.
    pub emulator: Stance,
    /// Somebody else's signature.
    pub repackaged: Stance,
    /// Something that reads along.
    pub proxy: Stance,
    /// A screen that is recorded or shown elsewhere.
    pub screen_capture: Stance,
    /// A signal of the app's own that is not named below.
    pub extension: Stance,
    /// Signals of the app's own.
    pub extensions: BTreeMap<ExtensionName, Stance>,
}

impl SignalsPolicy {
    /// What a careful team would ship: a step-up for what points at the app itself. Proxies and screens that are shown elsewhere
    /// are ordinary, and what a name of the app's own means is for the app to say.
    pub const CAREFUL: Self = Self {
        hook: Stance::StepUp,
        debugger: Stance::StepUp,
        emulator: Stance::StepUp,
        repackaged: Stance::StepUp,
        proxy: Stance::Allow,
        screen_capture: Stance::Allow,
        extension: Stance::Allow,
        extensions: BTreeMap::new(),
    };

    /// What this signal does.
    pub fn stance(&self, signal: &ReportedSignal) -> Stance {
        match signal {
            ReportedSignal::Hook => self.hook,
            ReportedSignal::Debugger => self.debugger,
            ReportedSignal::Emulator => self.emulator,
            ReportedSignal::Repackaged => self.repackaged,
            ReportedSignal::Proxy => self.proxy,
            ReportedSignal::ScreenCapture => self.screen_capture,
            ReportedSignal::Extension(name) => self.extensions.get(name).copied().unwrap_or(self.extension),
        }
    }
}

impl Default for SignalsPolicy {
    fn default() -> Self {
        Self::CAREFUL
    }
}
