//! How long an answer may be reused.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a relying party may go on with an answer, in whole milliseconds and at most 49 days: each kept verdict has one, and
/// two of the standard durations would be a tenth of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Durations", into = "Durations")]
pub struct Freshness {
    fresh_for: u32,
    stale_if_unavailable: u32,
}

/// As it is written.
#[derive(Serialize, Deserialize)]
struct Durations {
    fresh_for: Duration,
    stale_if_unavailable: Duration,
}

impl Freshness {
    /// Not to be used again.
    pub const NEVER: Self = Self { fresh_for: 0, stale_if_unavailable: 0 };

    /// These hints. What is below a millisecond, or above 49 days, is cut off.
    pub fn new(fresh_for: Duration, stale_if_unavailable: Duration) -> Self {
        let [fresh_for, stale_if_unavailable] =
            [fresh_for, stale_if_unavailable].map(|hint| u32::try_from(hint.as_millis()).unwrap_or(u32::MAX));
        Self { fresh_for, stale_if_unavailable }
    }

    /// The answer may be used this long without asking again.
    pub fn fresh_for(self) -> Duration {
        Duration::from_millis(self.fresh_for.into())
    }

    /// After that, it may be used this much longer while the service cannot be reached.
    pub fn stale_if_unavailable(self) -> Duration {
        Duration::from_millis(self.stale_if_unavailable.into())
    }

    /// These hints, cut so that nothing outlives `left`.
    #[must_use]
    pub fn within(self, left: Duration) -> Self {
        let fresh_for = self.fresh_for().min(left);
        Self::new(fresh_for, self.stale_if_unavailable().min(left.saturating_sub(fresh_for)))
    }
}

impl From<Durations> for Freshness {
    fn from(Durations { fresh_for, stale_if_unavailable }: Durations) -> Self {
        Self::new(fresh_for, stale_if_unavailable)
    }
}

impl From<Freshness> for Durations {
    fn from(hints: Freshness) -> Self {
        Self { fresh_for: hints.fresh_for(), stale_if_unavailable: hints.stale_if_unavailable() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freshness_never_outlives_the_verdict() {
        let seconds = Duration::from_secs;
        let hints = Freshness::new(seconds(30), seconds(60));
        assert_eq!(hints.within(seconds(100)), hints);
        assert_eq!(hints.within(seconds(40)), Freshness::new(seconds(30), seconds(10)));
        assert_eq!(hints.within(Duration::ZERO), Freshness::NEVER);
        assert_eq!(hints.within(Duration::from_micros(1_999)).fresh_for(), Duration::from_millis(1), "never longer");
    }

    #[test]
    fn hints_are_written_as_durations() {
        let hints = Freshness::new(Duration::from_millis(1_500), Duration::MAX);
        let text = serde_json::to_string(&hints).expect("JSON");
        let days = r#"{"secs":4294967,"nanos":295000000}"#;
        let start = r#"{"fresh_for":{"secs":1,"nanos":500000000},"stale_if_unavailable":"#;
        assert_eq!(text, format!("{start}{days}}}"));
        assert_eq!(serde_json::from_str::<Freshness>(&text).expect("hints"), hints);
    }
}
