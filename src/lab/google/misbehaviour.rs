//! What a server that fails, lies or stalls may do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Endpoint;

/// One way to misbehave. All but [`Misbehaviour::Refuse`] and [`Misbehaviour::Redirect`] do the work first: a token whose
/// answer is lost was decoded all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Misbehaviour {
    /// Does nothing and answers with this HTTP status, in the form of Google's errors.
    Refuse {
        /// 400 to 599; anything else is 500.
        status: u16,
    },
    /// Does nothing and sends the client elsewhere (307).
    Redirect {
        /// The address that it names.
        location: String,
    },
    /// Answers well, but so much later.
    Late {
        /// Milliseconds.
        millis: u64,
    },
    /// Does not answer at all.
    Hang,
    /// Sends the answer byte by byte.
    SlowBody {
        /// Milliseconds before each byte.
        millis: u64,
    },
    /// Sends 1 GiB of blanks before the answer, which makes it no worse as JSON.
    HugeBody,
    /// Sends half of the answer and cuts the connection.
    Cut,
    /// Sends bytes that mean nothing, and calls them JSON.
    Garbage,
    /// The list has no entries.
    EmptyList,
    /// The list has lost half of its entries.
    HalvedList,
    /// Hands out access tokens that have already expired, with a good life stated.
    ExpiredTokens,
    /// Answers about another package.
    OtherPackage {
        /// The package.
        package: String,
    },
}

/// For how many requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Until told otherwise.
    Always,
    /// For the next ones only.
    Next(u32),
}

/// What each endpoint was told to do wrong.
#[derive(Debug, Default)]
pub(super) struct Orders(BTreeMap<Endpoint, (Misbehaviour, Times)>);

impl Orders {
    pub(super) fn give(&mut self, endpoint: Endpoint, misbehaviour: Misbehaviour, times: Times) {
        self.0.insert(endpoint, (misbehaviour, times));
    }

    /// What the request that came in now suffers.
    pub(super) fn take(&mut self, endpoint: Endpoint) -> Option<Misbehaviour> {
        let (misbehaviour, times) = self.0.get_mut(&endpoint)?;
        match times {
            Times::Always => {}
            Times::Next(0) => return None,
            Times::Next(left) => *left -= 1,
        }
        Some(misbehaviour.clone())
    }
}
