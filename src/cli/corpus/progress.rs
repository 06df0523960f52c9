//! A bar for runs that take a while.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget};

/// How long a run may take before it shows a bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shows, on a terminal only, how far a run is, once it has taken two seconds.
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
}

impl Progress {
    /// Starts a run of so many steps.
    pub(super) fn new(steps: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::hidden());
        Self { bar, started: Instant::now() }
    }

    /// Does one step.
    pub(super) fn step<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let done = work();
        if self.bar.is_hidden() && self.started.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(1);
        done
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
