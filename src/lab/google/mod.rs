//! A Google that runs on this machine: access tokens, the decoding of integrity tokens, the list of revoked certificates
//! and the roots, behind the addresses that Google has, with its refusals, its quota and its replay protection.
//!
//! [`FakeGoogle`] listens on loopback and is steered by its methods, or over HTTP below `/lab` (`docs/lab.md`). It behaves
//! until it is told not to: see [`Misbehaviour`].

mod account;
mod answer;
mod attestation;
mod control;
mod decode;
mod endpoint;
mod misbehaviour;
mod oauth;
mod replay;
mod server;
mod twist;
mod world;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

pub use account::SCOPE;
pub use endpoint::Endpoint;
pub use misbehaviour::{Misbehaviour, Times};
pub use server::FakeGoogle;
pub use world::{Decodes, Link};

use super::LabFault;
use crate::clock::{Clock, SystemClock};

/// How often a package may have tokens decoded in a day, unless it is told otherwise.
pub const DAILY_QUOTA: u64 = 10_000;

/// What a fake Google starts with.
#[derive(Clone)]
pub struct GooglePlan {
    /// Where it listens: an address of this machine alone. Port 0 asks the system for a free one.
    pub listen: SocketAddr,
    /// The time that it goes by.
    pub clock: Arc<dyn Clock>,
    /// The packages that are linked to the project of its service account.
    pub packages: Vec<String>,
    /// The roots that it publishes, PEM.
    pub roots: Vec<String>,
    /// How long its access tokens hold.
    pub access_token_lifetime: Duration,
}

impl GooglePlan {
    /// A free port, the machine's clock, these packages linked, no roots, and access tokens of 3599 seconds.
    pub fn of(packages: &[&str]) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock: Arc::new(SystemClock),
            packages: packages.iter().map(|package| (*package).to_owned()).collect(),
            roots: Vec::new(),
            access_token_lifetime: Duration::from_secs(3_599),
        }
    }
}

impl fmt::Debug for GooglePlan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = (self.listen, &self.packages, self.roots.len(), self.access_token_lifetime);
        out.debug_tuple("GooglePlan").field(&plan).finish()
    }
}

/// Why a fake Google does not start.
#[derive(Debug, thiserror::Error)]
pub enum GoogleFault {
    /// Other machines could reach the address, and whoever reaches it may steer it.
    #[error("{0} is no loopback address, and a fake Google is for this machine alone")]
    NotLoopback(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// Its service account cannot be made.
    #[error(transparent)]
    Lab(#[from] LabFault),
}
