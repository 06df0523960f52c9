//! The circuit breaker: after some failures in a row nothing is sent for a while, and then a single call tries.
//!
//! A state machine without a clock: the time is an argument.

use std::time::{Duration, Instant};

/// What the breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// It lets them through.
    Closed,
    /// It holds them back.
    Open,
    /// It has let one through, and holds the others back until that one's outcome is known.
    HalfOpen,
}

#[derive(Debug)]
pub(super) struct Breaker {
    limit: u32,
    pause: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Instant },
    Probing,
}

/// What became of a call that was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The upstream answered, whatever it said.
    Answered,
    /// It did not.
    Failed,
}

impl Breaker {
    /// Opens for `pause` after `limit` failures in a row; a limit of zero counts as one.
    pub(super) const fn new(limit: u32, pause: Duration) -> Self {
        Self { limit, pause, state: State::Closed { failures: 0 } }
    }

    /// Whether a call could be sent now; if not, how long none may at least.
    pub(super) fn look(&self, now: Instant) -> Result<(), Duration> {
        match self.state {
            State::Open { until } if now < until => Err(until.duration_since(now)),
            State::Probing => Err(Duration::ZERO),
            State::Closed { .. } | State::Open { .. } => Ok(()),
        }
    }

    /// Lets a call through, if one could be sent now. Whoever may send must tell the outcome.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        self.look(now)?;
        if let State::Open { .. } = self.state {
            self.state = State::Probing;
        }
        Ok(())
    }

    /// Takes an outcome. A call from before the breaker opened changes nothing once it is open.
    pub(super) fn learn(&mut self, outcome: Outcome, now: Instant) {
        self.state = match (self.state, outcome) {
            (State::Open { until }, _) => State::Open { until },
            (_, Outcome::Answered) => State::Closed { failures: 0 },
            (State::Closed { failures }, Outcome::Failed) if failures.saturating_add(1) < self.limit => {
                State::Closed { failures: failures.saturating_add(1) }
            }
            (State::Closed { .. } | State::Probing, Outcome::Failed) => {
                State::Open { until: now.checked_add(self.pause).unwrap_or(now) }
            }
        };
    }

    /// The state now.
    pub(super) const fn state(&self) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::Probing => BreakerState::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    fn failed(times: u32, now: Instant) -> Breaker {
        let mut breaker = Breaker::new(3, PAUSE);
        for _ in 0..times {
            assert_eq!(breaker.admit(now), Ok(()));
            breaker.learn(Outcome::Failed, now);
        }
        breaker
    }

    #[test]
    fn it_opens_after_the_last_of_some_failures_in_a_row() {
        let now = Instant::now();
        assert_eq!(failed(2, now).state(), BreakerState::Closed);
        let mut open = failed(3, now);
        assert_eq!((open.state(), open.admit(now)), (BreakerState::Open, Err(PAUSE)));
        let mut interrupted = failed(2, now);
        interrupted.learn(Outcome::Answered, now);
        interrupted.learn(Outcome::Failed, now);
        assert_eq!(interrupted.state(), BreakerState::Closed);
    }

    #[test]
    fn one_call_alone_tries_after_the_pause() {
        let now = Instant::now();
        let (early, late) = (now + PAUSE - Duration::from_millis(1), now + PAUSE);
        let mut breaker = failed(3, now);
        assert_eq!(breaker.admit(early), Err(Duration::from_millis(1)));
        assert_eq!((breaker.admit(late), breaker.state()), (Ok(()), BreakerState::HalfOpen));
        assert_eq!((breaker.admit(late), breaker.admit(late + PAUSE * 9)), (Err(Duration::ZERO), Err(Duration::ZERO)));
        breaker.learn(Outcome::Failed, late);
        assert_eq!(breaker.admit(late), Err(PAUSE));
        assert_eq!(breaker.admit(late + PAUSE), Ok(()));
        breaker.learn(Outcome::Answered, late + PAUSE);
        assert_eq!((breaker.state(), breaker.admit(late + PAUSE)), (BreakerState::Closed, Ok(())));
    }

    #[test]
    fn late_outcomes_of_earlier_calls_neither_close_nor_prolong_it() {
        let now = Instant::now();
        let mut breaker = failed(3, now);
        breaker.learn(Outcome::Answered, now);
        breaker.learn(Outcome::Failed, now + PAUSE / 2);
        assert_eq!((breaker.state(), breaker.admit(now)), (BreakerState::Open, Err(PAUSE)));
    }
}
