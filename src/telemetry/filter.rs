//! The filter of log lines: a level, or levels by target.

use std::fmt;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;

/// The names of levels, from silence to everything.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What is worth a line: levels such as `info`, and `TARGET=LEVEL` for parts, with commas between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

/// A text is not a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a filter is a level (off, error, warn, info, debug, trace) or TARGET=LEVEL, with commas between several")]
pub struct LogFilterMalformed;

impl FromStr for LogFilter {
    type Err = LogFilterMalformed;

    /// Reads a filter. A lone word must be a level: a misspelt one would otherwise silence everything.
    fn from_str(text: &str) -> Result<Self, LogFilterMalformed> {
        let says_a_level = |part: &&str| part.contains('=') || LEVELS.contains(part);
        let parts = text.split(',').map(str::trim).collect::<Vec<_>>();
        let text = parts.join(",");
        let sound = parts.iter().all(says_a_level) && EnvFilter::try_new(&text).is_ok();
        if sound { Ok(Self(text)) } else { Err(LogFilterMalformed) }
    }
}

impl Default for LogFilter {
    fn default() -> Self {
        Self("info".to_owned())
    }
}

impl From<&LogFilter> for EnvFilter {
    fn from(filter: &LogFilter) -> Self {
        Self::new(&filter.0)
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_name_levels() {
        for good in ["info", "off", "warn,bonafide=debug", "info,h2=off"] {
            assert_eq!(good.parse::<LogFilter>().expect(good).to_string(), good);
        }
        assert_eq!(" info, h2=off".parse(), "info,h2=off".parse::<LogFilter>());
        for bad in ["", "inf", "info,", "bonafide", "bonafide=loud", "info;debug"] {
            assert_eq!(bad.parse::<LogFilter>(), Err(LogFilterMalformed), "{bad:?}");
        }
    }
}
