//! What has been asked and what came of it, as numbers for whoever shows them.

use std::sync::{Mutex, PoisonError};

use crate::upstream::{Decoded, Fetched, UpstreamFault};

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GoogleCounts {
    /// The status list.
    pub status_list: StatusListCounts,
    /// Access tokens.
    pub access: AccessCounts,
    /// Integrity tokens.
    pub decodes: DecodeCounts,
}

/// How often the status list was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusListCounts {
    /// A list came, whatever it holds.
    pub new: u64,
    /// Nothing had changed.
    pub unchanged: u64,
    /// Nothing came that can be used.
    pub failed: u64,
}

/// How often an access token was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccessCounts {
    /// One came.
    pub refreshed: u64,
    /// None came.
    pub failed: u64,
}

/// How often an integrity token was to be opened: calls by their outcome, which is [`Decoded`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeCounts {
    /// [`Decoded::Payload`].
    pub payload: u64,
    /// [`Decoded::Refused`].
    pub refused: u64,
    /// [`Decoded::NotSent`].
    pub not_sent: u64,
    /// [`Decoded::Indeterminate`].
    pub indeterminate: u64,
    /// [`Decoded::Quota`].
    pub quota: u64,
    /// [`Decoded::Misconfigured`].
    pub misconfigured: u64,
    /// Requests of those calls that were made a second time, none of which had been opened.
    pub retries: u64,
    /// How often the circuit breaker opened.
    pub breaker_opened: u64,
}

/// Counts in the making.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<GoogleCounts>);

impl Tally {
    pub(super) fn read(&self) -> GoogleCounts {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut GoogleCounts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn fetched(&self, outcome: &Result<Fetched, UpstreamFault>) {
        self.change(|counts| match outcome {
            Ok(Fetched::New { .. }) => counts.status_list.new += 1,
            Ok(Fetched::Unchanged { .. }) => counts.status_list.unchanged += 1,
            Err(_) => counts.status_list.failed += 1,
        });
    }

    pub(super) fn access_refreshed(&self) {
        self.change(|counts| counts.access.refreshed += 1);
    }

    pub(super) fn access_failed(&self) {
        self.change(|counts| counts.access.failed += 1);
    }

    pub(super) fn decoded(&self, outcome: &Decoded) {
        self.change(|GoogleCounts { decodes, .. }| match outcome {
            Decoded::Payload(_) => decodes.payload += 1,
            Decoded::Refused(_) => decodes.refused += 1,
            Decoded::NotSent(_) => decodes.not_sent += 1,
            Decoded::Indeterminate(_) => decodes.indeterminate += 1,
            Decoded::Quota { .. } => decodes.quota += 1,
            Decoded::Misconfigured(_) => decodes.misconfigured += 1,
        });
    }

    pub(super) fn retried(&self) {
        self.change(|counts| counts.decodes.retries += 1);
    }

    pub(super) fn breaker_opened(&self) {
        self.change(|counts| counts.decodes.breaker_opened += 1);
    }
}
