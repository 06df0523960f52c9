//! What an app says against its own surroundings: claims of low trust. An app that was tampered with says nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The most signals of one report.
pub const SIGNALS_LIMIT: usize = 16;
/// The longest name of an extension, with its prefix, in bytes.
const EXTENSION_LIMIT: usize = 32;

/// What an app reports of itself. No report, and an empty one, say nothing good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientReport {
    /// What it has detected.
    pub signals: BTreeSet<ReportedSignal>,
    /// Since when it reports exactly this.
    pub reported_at: Timestamp,
}

/// One thing that an app may detect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ReportedSignal {
    /// Code that hooks into the app.
    Hook,
    /// A debugger.
    Debugger,
    /// No phone, but a program that plays one.
    Emulator,
    /// The app was signed by somebody else.
    Repackaged,
    /// Something reads along on the way to the network.
    Proxy,
    /// The screen is recorded or shown elsewhere.
    ScreenCapture,
    /// Something of the app's own.
    Extension(ExtensionName),
}

/// The name of a signal of the app's own: `x-` and `a-z 0-9 -`, at most 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExtensionName(String);

/// Why a text names no signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a signal is hook, debugger, emulator, repackaged, proxy, screen_capture, or x- and up to 30 of a-z, 0-9 and '-'"
)]
pub struct SignalMalformed;

/// The signals that have a name of their own.
const NAMED: [(&str, ReportedSignal); 6] = [
    ("hook", ReportedSignal::Hook),
    ("debugger", ReportedSignal::Debugger),
    ("emulator", ReportedSignal::Emulator),
    ("repackaged", ReportedSignal::Repackaged),
    ("proxy", ReportedSignal::Proxy),
    ("screen_capture", ReportedSignal::ScreenCapture),
];

impl ClientReport {
    /// A report of these signals at `now`; one that says what was reported before stays as it was.
    #[must_use]
    pub fn after(earlier: Option<&Self>, signals: BTreeSet<ReportedSignal>, now: Timestamp) -> Self {
        let reported_at = earlier.filter(|report| report.signals == signals).map_or(now, |report| report.reported_at);
        Self { signals, reported_at }
    }

    /// About how many bytes the report takes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.signals.len() * (size_of::<ReportedSignal>() + EXTENSION_LIMIT)
    }

    /// What is stated, name and value, for answers.
    pub fn stated(&self) -> (&'static str, String) {
        let names: Vec<_> = self.signals.iter().map(ReportedSignal::name).collect();
        ("signals", if names.is_empty() { "none".to_owned() } else { names.join(" ") })
    }
}

impl ReportedSignal {
    /// The name in client data and answers.
    pub fn name(&self) -> &str {
        match self {
            Self::Hook => "hook",
            Self::Debugger => "debugger",
            Self::Emulator => "emulator",
            Self::Repackaged => "repackaged",
            Self::Proxy => "proxy",
            Self::ScreenCapture => "screen_capture",
            Self::Extension(name) => &name.0,
        }
    }
}

impl FromStr for ReportedSignal {
    type Err = SignalMalformed;

    fn from_str(text: &str) -> Result<Self, SignalMalformed> {
        match NAMED.into_iter().find(|(name, _)| *name == text) {
            Some((_, signal)) => Ok(signal),
            None => text.parse().map(Self::Extension),
        }
    }
}

impl FromStr for ExtensionName {
    type Err = SignalMalformed;

    fn from_str(text: &str) -> Result<Self, SignalMalformed> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let own = text.strip_prefix("x-").is_some_and(|own| !own.is_empty() && own.bytes().all(plain));
        if own && text.len() <= EXTENSION_LIMIT { Ok(Self(text.to_owned())) } else { Err(SignalMalformed) }
    }
}

impl TryFrom<String> for ReportedSignal {
    type Error = SignalMalformed;

    fn try_from(text: String) -> Result<Self, SignalMalformed> {
        text.parse()
    }
}

impl From<ReportedSignal> for String {
    fn from(signal: ReportedSignal) -> Self {
        signal.name().to_owned()
    }
}

impl TryFrom<String> for ExtensionName {
    type Error = SignalMalformed;

    fn try_from(text: String) -> Result<Self, SignalMalformed> {
        text.parse()
    }
}

impl From<ExtensionName> for String {
    fn from(name: ExtensionName) -> Self {
        name.0
    }
}

impl fmt::Display for ReportedSignal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_names_a_signal_is_its_name(text in "(x-)?[a-z0-9_ .A-Z-]{0,34}|.{0,8}|hook|proxy") {
            if let Ok(signal) = text.parse::<ReportedSignal>() {
                prop_assert_eq!(signal.name(), text.as_str());
                let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
                prop_assert!(text.len() <= EXTENSION_LIMIT && text.bytes().all(plain));
                let written = serde_json::to_string(&signal).expect("JSON");
                prop_assert_eq!(serde_json::from_str::<ReportedSignal>(&written).expect("a signal"), signal);
            }
        }
    }

    #[test]
    fn signals_have_names_both_ways() {
        for (name, signal) in NAMED {
            assert_eq!((signal.name(), name.parse()), (name, Ok(signal.clone())));
        }
        let longest = format!("x-{}", "a".repeat(30));
        for name in ["x-a", "x--", "x-vpn-2", &longest] {
            assert_eq!(name.parse::<ReportedSignal>().expect("a signal").name(), name);
        }
    }

    #[test]
    fn other_texts_name_no_signal() {
        let long = format!("x-{}", "a".repeat(31));
        for text in ["", "Hook", "hook ", "root", "x-", "x_a", "X-a", "x-A", "x-ä", "x-a.b", "x-a\n", &long] {
            assert_eq!(text.parse::<ReportedSignal>(), Err(SignalMalformed), "{text:?}");
        }
    }

    #[test]
    fn the_same_report_stays_as_it_was() {
        let (first, later) = (Timestamp::from_millis(1), Timestamp::from_millis(2));
        let signals =
            |names: &[&str]| names.iter().map(|name| name.parse().expect("a signal")).collect::<BTreeSet<_>>();
        let report = ClientReport::after(None, signals(&["hook"]), first);
        assert_eq!(ClientReport::after(Some(&report), signals(&["hook"]), later), report);
        assert_eq!(ClientReport::after(Some(&report), signals(&[]), later).reported_at, later);
        assert_eq!(report.stated(), ("signals", "hook".to_owned()));
        assert_eq!(ClientReport::after(None, signals(&[]), first).stated().1, "none");
        assert_eq!(ClientReport::after(None, signals(&["x-a", "proxy", "hook"]), first).stated().1, "hook proxy x-a");
    }
}
