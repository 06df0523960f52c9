//! Questions without a caller's key: the operator has to hear of them, and not of each.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the log is told, at most.
const PAUSE: Duration = Duration::from_secs(60);

/// Whoever asks and shows no key that is configured.
#[derive(Debug, Default)]
pub(super) struct Strangers {
    told: Mutex<Option<Instant>>,
}

impl Strangers {
    /// Another one asked.
    pub(super) fn tell(&self) {
        if self.is_news(Instant::now()) {
            tracing::warn!("a proxy asks without a caller's key that is configured: whatever it asks is answered 503");
        }
    }

    fn is_news(&self, now: Instant) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let news = told.is_none_or(|told| now.saturating_duration_since(told) >= PAUSE);
        if news {
            *told = Some(now);
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_told_once_a_minute() {
        let (strangers, start) = (Strangers::default(), Instant::now());
        let news = [0, 1, 59, 60, 61, 119, 120].map(|seconds| strangers.is_news(start + Duration::from_secs(seconds)));
        assert_eq!(news, [true, false, false, true, false, false, true]);
    }
}
