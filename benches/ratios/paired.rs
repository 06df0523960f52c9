//! Two sides measured in turns.

use std::fmt;
use std::time::{Duration, Instant};

/// A promise about a ratio.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

/// What was measured: the medians of both sides, and the median of the ratios of each turn.
pub(crate) struct Ratio {
    pub(crate) unit: &'static str,
    pub(crate) measured: f64,
    pub(crate) baseline: f64,
    pub(crate) ratio: f64,
    pub(crate) limit: Limit,
}

impl Ratio {
    /// Whether the promise is held.
    pub(crate) fn is_held(&self) -> bool {
        match self.limit {
            Limit::AtMost(limit) => self.ratio <= limit,
            Limit::AtLeast(limit) => self.ratio >= limit,
        }
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unit, measured, baseline, ratio, limit } = self;
        let limit = match limit {
            Limit::AtMost(limit) => format!("at most {limit}"),
            Limit::AtLeast(limit) => format!("at least {limit}"),
        };
        let verdict = if self.is_held() { "held" } else { "NOT HELD" };
        write!(out, "{measured:>8.1} {unit:<3} {baseline:>8.1} {unit:<3} {ratio:>8.2}  {limit}: {verdict}")
    }
}

/// Takes `turns` of each side in alternation; each gives one figure.
pub(crate) fn in_turns(
    turns: usize,
    unit: &'static str,
    limit: Limit,
    mut measured: impl FnMut() -> f64,
    mut baseline: impl FnMut() -> f64,
) -> Ratio {
    let (mut left, mut right, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..turns {
        // Whoever goes first changes, so that neither side always runs on the warmer cache.
        let (a, b) = if turn % 2 == 0 {
            let a = measured();
            (a, baseline())
        } else {
            let b = baseline();
            (measured(), b)
        };
        left.push(a);
        right.push(b);
        ratios.push(a / b);
    }
    Ratio { unit, measured: median(left), baseline: median(right), ratio: median(ratios), limit }
}

/// Microseconds that one of `count` runs takes on average.
pub(crate) fn micros_each(count: u32, mut run: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        run();
    }
    micros(start.elapsed()) / f64::from(count)
}

/// Thousands a second, of `count` that took `elapsed`.
pub(crate) fn thousands_a_second(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64() / 1000.0
}

fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
