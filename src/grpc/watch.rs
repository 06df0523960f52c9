//! `WatchVerdicts`: changes as messages, for so many streams a caller.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream;
use tokio::sync::watch;
use tokio_stream::Stream;
use tonic::{Code, Status};

use super::fault::{Violation, refused_caller};
use super::proto::watch_verdicts_response::Change;
use super::proto::{self, WatchVerdictsRequest, WatchVerdictsResponse};
use super::{field, message};
use crate::ids::{Name, Position};
use crate::verifier::{Caller, Tidings, Told, Watch, WatchCall};

/// How many streams one caller may have open.
const STREAMS: usize = 256;
const HEARTBEAT: Duration = Duration::from_secs(5);
const HEARTBEATS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60);

/// Messages until somebody goes away.
pub(super) type WatchStream = Pin<Box<dyn Stream<Item = Result<WatchVerdictsResponse, Status>> + Send>>;

/// The streams that are open, and until when they may be.
pub(super) struct Watches {
    open: Arc<Mutex<HashMap<Name, usize>>>,
    stopping: watch::Receiver<()>,
}

/// The place of one stream, until it is dropped.
pub(super) struct Place {
    open: Arc<Mutex<HashMap<Name, usize>>>,
    caller: Name,
}

impl Watches {
    /// Streams may be open until the other side of `stopping` is gone.
    pub(super) fn new(stopping: watch::Receiver<()>) -> Self {
        Self { open: Arc::default(), stopping }
    }

    /// A place for one more stream of the caller.
    pub(super) fn place(&self, caller: &Caller) -> Result<Place, Status> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(caller.name.clone()).or_default();
        if *count >= STREAMS {
            let text = format!("the caller has {STREAMS} streams open");
            return Err(refused_caller(Code::ResourceExhausted, "TOO_MANY_STREAMS", &text));
        }
        *count += 1;
        Ok(Place { open: Arc::clone(&self.open), caller: caller.name.clone() })
    }

    /// The messages of a stream. It ends at once when the service is stopped: its client goes on elsewhere.
    pub(super) fn stream(&self, watch: Watch, place: Place) -> WatchStream {
        let open = Some((watch, place, self.stopping.clone()));
        Box::pin(stream::unfold(open, |open| async move {
            let (mut watch, place, mut stopping) = open?;
            let told = tokio::select! {
                _ = stopping.changed() => return None,
                told = watch.next() => told,
            };
            Some(match told {
                Ok(told) => (Ok(response(told)), Some((watch, place, stopping))),
                Err(fault) => (Err(fault.into()), None),
            })
        }))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.caller) {
            *count = count.saturating_sub(1);
        }
    }
}

/// What is asked for.
pub(super) fn call(request: &WatchVerdictsRequest) -> Result<WatchCall, Violation> {
    let app = (!request.app.is_empty()).then(|| field::app(&request.app)).transpose()?;
    let heartbeat = request.heartbeat.map_or(Some(HEARTBEAT), |span| span.try_into().ok());
    let heartbeat = heartbeat.filter(|heartbeat| HEARTBEATS.contains(heartbeat));
    let heartbeat = heartbeat.ok_or_else(|| Violation::new("heartbeat", "not 1 to 60 seconds"))?;
    Ok(WatchCall { app, position: Position(request.position), heartbeat })
}

fn response(Told { position, tidings }: Told) -> WatchVerdictsResponse {
    let change = match tidings {
        None => Change::Heartbeat(proto::Heartbeat {}),
        Some(Tidings::Revoked { app, instance, until }) => {
            let (app, expire_time) = (app.into(), until.map(message::timestamp));
            Change::Revoked(proto::InstanceRevoked { app, instance, expire_time })
        }
        Some(Tidings::Reinstated { app, instance }) => {
            Change::Reinstated(proto::InstanceReinstated { app: app.into(), instance })
        }
        Some(Tidings::Reappraised { app, instance }) => {
            Change::Reappraised(proto::InstanceReappraised { app: app.into(), instance })
        }
        Some(Tidings::Policy { app, revision }) => {
            Change::Policy(proto::PolicyChanged { app: app.into(), policy_revision: revision })
        }
        Some(Tidings::Endorsement) => Change::Endorsement(proto::EndorsementChanged {}),
        Some(Tidings::Reset { app }) => Change::Reset(proto::Reset { app: app.map(String::from).unwrap_or_default() }),
    };
    WatchVerdictsResponse { position: position.0, change: Some(change) }
}
