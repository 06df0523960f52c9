//! The root: everything is wired here, started in one order and stopped in the reverse one.

mod changes;
pub mod demo;
pub mod lab_google;
pub mod rehearse;
mod reload;
pub mod serve;
mod upstreams;

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::sync::{oneshot, watch};
use tokio::time::{MissedTickBehavior, interval};

use reload::{Followed, Reloads};

use crate::clock::Clock;
use crate::config::Config;
use crate::grpc::{Server, ServerFault, Stopped};
use crate::http::{GatewayFault, GatewayServer, HttpConfig, HttpFault, HttpServer};
use crate::store::{self, OpenFault, Store};
use crate::telemetry::{Sample, Vitals};
use crate::upstream::google::GoogleFault;
use crate::verifier::{BuildFault, Verifier};

/// How often what no longer needs to be remembered is forgotten, and signing keys are looked after.
const TEND_EVERY: Duration = Duration::from_secs(60);

/// Why the service does not start, or does not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServiceFault {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenFault),
    /// The role cannot be built.
    #[error(transparent)]
    Role(#[from] BuildFault),
    /// Google's services cannot be reached as they are configured.
    #[error(transparent)]
    Google(#[from] GoogleFault),
    /// The server cannot listen.
    #[error(transparent)]
    Server(#[from] ServerFault),
    /// Metrics and health cannot be served.
    #[error(transparent)]
    Http(#[from] HttpFault),
    /// Proxies of HTTP cannot ask.
    #[error(transparent)]
    Gateway(#[from] GatewayFault),
}

/// A service that listens.
pub struct Service {
    verifier: Arc<Verifier>,
    server: Server,
    gateway: Option<GatewayServer>,
    http: Option<HttpServer>,
    reloads: Arc<Reloads>,
    followed: Option<Followed>,
}

impl Service {
    /// Opens the store, builds the role and listens. Calls are answered once [`Service::run`] is awaited.
    pub async fn start(config: Config, clock: Arc<dyn Clock>) -> Result<Self, ServiceFault> {
        let store = store::open(&config.store)?;
        Self::start_over(store, config, clock).await
    }

    /// Starts over a store that is open already, whatever the configuration says of one: several services may share it.
    pub async fn start_over(
        store: Arc<dyn Store>,
        config: Config,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ServiceFault> {
        let (upstreams, google) = upstreams::build(config.upstream, &config.verifier.apps, Arc::clone(&clock))?;
        let verifier = Arc::new(Verifier::build(config.verifier, store, clock, upstreams).await?);
        let (vitals, reloads) = (Arc::new(Vitals::default()), Arc::new(Reloads::default()));
        let gateway = match config.gateway {
            Some(gateway) => {
                let (verifier, vitals) = (Arc::clone(&verifier), Arc::clone(&vitals));
                Some(GatewayServer::bind(gateway, config.grpc.gateway.clone(), verifier, vitals).await?)
            }
            None => None,
        };
        let server = Server::bind(config.grpc, Arc::clone(&verifier), Arc::clone(&vitals)).await?;
        let http = match config.http {
            Some(config) => {
                let (verifier, reloads) = (Arc::clone(&verifier), Arc::clone(&reloads));
                let told = move || {
                    let upstreams = upstreams::samples(&verifier, google.as_deref());
                    [reloads.samples(&verifier), upstreams, changes::samples(&verifier)].concat()
                };
                Some(watched(config, vitals, told).await?)
            }
            None => None,
        };
        Ok(Self { verifier, server, gateway, http, reloads, followed: None })
    }

    /// Follows the file that the configuration was read from: when it changes, or on SIGHUP, what it says of apps comes in force
    /// without a restart. `running` is the configuration that the service was started with.
    #[must_use]
    pub fn following(mut self, file: &Path, running: Config, hangups: Signal) -> Self {
        self.followed = Some(Followed::new(file, running, hangups));
        self
    }

    /// The address it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The address of metrics and health, when they are served.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http.as_ref().map(HttpServer::address)
    }

    /// The address where proxies of HTTP ask, when they can.
    pub fn gateway_address(&self) -> Option<SocketAddr> {
        self.gateway.as_ref().map(GatewayServer::address)
    }

    /// Answers calls until `stop` completes, then drains and closes the store. Health is told until the last call is answered.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<Stopped, ServiceFault> {
        let renewing = tokio::spawn(upstreams::renew_status_list(Arc::clone(&self.verifier)));
        let looking = tokio::spawn(changes::follow(Arc::clone(&self.verifier)));
        let announcing = tokio::spawn(changes::announce(Arc::clone(&self.verifier)));
        let following = self.followed.map(|followed| followed.follow(Arc::clone(&self.verifier), self.reloads));
        let following = tokio::spawn(async {
            if let Some(following) = following {
                following.await;
            }
        });
        let tending = tokio::spawn(tend_now_and_then(self.verifier));
        let (drained, until_drained) = oneshot::channel::<()>();
        let http = self.http.map(|http| tokio::spawn(http.run(async { drop(until_drained.await) })));
        let (open, mut closing) = watch::channel(());
        let gateway =
            self.gateway.map(|gateway| tokio::spawn(gateway.run(async move { drop(closing.changed().await) })));
        let stop = async {
            stop.await;
            drop(open);
        };
        let stopped = self.server.run(stop).await;
        if let Some(gateway) = gateway {
            gateway.await.ok();
        }
        drop(drained);
        for task in [following, tending, renewing, looking, announcing] {
            task.abort();
            // Only then is its hold on the store gone.
            task.await.ok();
        }
        if let Some(http) = http {
            http.await.ok();
        }
        Ok(stopped?)
    }
}

/// Metrics and health, from what the edges tell.
async fn watched(
    config: HttpConfig,
    vitals: Arc<Vitals>,
    others: impl Fn() -> Vec<Sample> + Send + Sync + 'static,
) -> Result<HttpServer, HttpFault> {
    let told = Arc::clone(&vitals);
    HttpServer::bind(config, vitals, move || [told.samples(), others()].concat()).await
}

/// Forgets what no longer counts, and has signing keys take turns.
async fn tend_now_and_then(verifier: Arc<Verifier>) {
    let mut ticks = interval(TEND_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(fault) = verifier.purge().await {
            tracing::warn!(error = %fault, "expired records could not be forgotten; trying again later");
        }
        if let Err(fault) = verifier.renew_signing_keys().await {
            tracing::warn!(error = %fault, "the signing keys are not up to date; trying again later");
        }
    }
}
