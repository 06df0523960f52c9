//! Google over HTTPS: the status list, access tokens, and opening integrity tokens.

mod access;
mod breaker;
mod counts;
mod decode;
mod exchange;
mod freshness;
mod status_list;

use std::sync::Arc;
use std::time::Duration;

pub use breaker::BreakerState;
pub use counts::{AccessCounts, DecodeCounts, GoogleCounts, StatusListCounts};

use self::counts::Tally;
use self::decode::Decoder;
use self::exchange::Http;
use self::status_list::StatusListClient;
use super::{Decoded, EntityTag, Fetched, GoogleConfig, IntegrityDecoder, Reply, StatusListSource, UpstreamFault};
use crate::clock::Clock;

/// The longest time-out: longer ones count as this.
const TIMEOUT_LIMIT: Duration = Duration::from_secs(3600);

/// Google, as far as this service asks it anything.
pub struct Google {
    status_list: StatusListClient,
    decoder: Decoder,
    tally: Arc<Tally>,
}

/// Why a configuration cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GoogleFault {
    /// A further root is no trust anchor.
    #[error("an extra root is no trust anchor")]
    Root,
    /// The client cannot use the proxy's address.
    #[error("the proxy's address cannot be used")]
    Proxy,
    /// The client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
}

impl Google {
    /// Makes the clients; nothing is reached yet. The clock dates what a service account signs.
    pub fn build(mut config: GoogleConfig, clock: Arc<dyn Clock>) -> Result<Self, GoogleFault> {
        for timeout in [&mut config.status_list_timeout, &mut config.access_timeout, &mut config.decode_timeout] {
            *timeout = (*timeout).min(TIMEOUT_LIMIT);
        }
        let (http, tally) = (Http::build(&config)?, Arc::new(Tally::default()));
        let status_list = StatusListClient::new(&config, http.clone(), Arc::clone(&tally));
        Ok(Self { status_list, decoder: Decoder::new(config, http, clock, Arc::clone(&tally)), tally })
    }

    /// What has been asked so far, and what came of it.
    pub fn counts(&self) -> GoogleCounts {
        self.tally.read()
    }

    /// What the circuit breaker before opening tokens does now.
    pub fn breaker(&self) -> BreakerState {
        self.decoder.breaker()
    }
}

impl StatusListSource for Google {
    fn fetch<'a>(&'a self, known: Option<&'a EntityTag>) -> Reply<'a, Result<Fetched, UpstreamFault>> {
        Box::pin(self.status_list.fetch(known))
    }
}

impl IntegrityDecoder for Google {
    fn decode<'a>(&'a self, package: &'a str, token: &'a str, within: Duration) -> Reply<'a, Decoded> {
        Box::pin(self.decoder.decode(package, token, within))
    }
}
