//! The server: listening, limits, TLS, connections that stay open, and an end that nobody can hold up.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::config::GatewayConfig;
use super::patience::Patient;
use super::router::{Edge, router};
use super::strangers::Strangers;
use crate::crypto::tls::TlsFault;
use crate::gateway::{Gateway, GatewayRules};
use crate::ids::NameMalformed;
use crate::telemetry::Vitals;
use crate::verifier::{Callers, Verifier};

/// The most bytes of a request's head: what a proxy passes on of its client's.
const HEAD_LIMIT: usize = 64 * 1024;
/// The most header fields of a request.
const FIELD_LIMIT: usize = 192;
/// How long it may take at most to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a stop lets answers leave before it cuts every connection.
const LINGER: Duration = Duration::from_secs(1);
/// How long to wait when the system has no connection to give.
const BREATH: Duration = Duration::from_millis(50);

/// Why proxies of HTTP cannot ask.
#[derive(Debug, thiserror::Error)]
pub enum GatewayFault {
    /// The address cannot be listened on.
    #[error("cannot listen on {0} for proxies: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// TLS cannot be spoken.
    #[error("cannot speak TLS to proxies: {0}")]
    Tls(#[from] TlsFault),
    /// A built-in name does not fit its own grammar.
    #[error(transparent)]
    Name(#[from] NameMalformed),
}

/// A server that listens, and answers once [`GatewayServer::run`] is awaited.
pub struct GatewayServer {
    address: SocketAddr,
    listener: TcpListener,
    places: Arc<Semaphore>,
    door: Door,
}

/// What every connection needs.
#[derive(Clone)]
struct Door {
    tls: Option<TlsAcceptor>,
    idle_timeout: Duration,
    /// How long an answer may wait to be read.
    patience: Duration,
    router: Router,
}

impl GatewayServer {
    /// Listens on the configured address.
    pub async fn bind(
        config: GatewayConfig,
        rules: GatewayRules,
        verifier: Arc<Verifier>,
        vitals: Arc<Vitals>,
    ) -> Result<Self, GatewayFault> {
        let fault = |error| GatewayFault::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let tls = config.tls.map(|tls| tls.server(&[b"http/1.1"])).transpose()?.map(TlsAcceptor::from);
        let patience = config.call_timeout;
        let edge = Edge {
            gateway: Gateway::new(Arc::clone(&verifier), vitals, rules),
            verifier,
            callers: Callers::new(config.callers)?,
            strangers: Strangers::default(),
            call_timeout: config.call_timeout,
        };
        let places = usize::try_from(config.max_connections).unwrap_or(Semaphore::MAX_PERMITS);
        let door = Door { tls, idle_timeout: config.idle_timeout, patience, router: router(edge) };
        Ok(Self { address, listener, places: Arc::new(Semaphore::new(places)), door })
    }

    /// The address it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` completes; then takes no new connections, and ends within a second whatever its clients do.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (open, closing) = watch::channel(());
        let mut connections = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        // Beyond the limit, the connection is dropped here.
                        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { continue };
                        let served = self.door.clone().serve(stream, closing.clone());
                        connections.spawn(async {
                            served.await;
                            drop(place);
                        });
                    }
                    Err(_) => sleep(BREATH).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop((self.listener, open));
        timeout(LINGER, async { while connections.join_next().await.is_some() {} }).await.ok();
    }
}

impl Door {
    async fn serve(self, stream: TcpStream, closing: watch::Receiver<()>) {
        stream.set_nodelay(true).ok();
        match self.tls.clone() {
            None => self.answer(stream, closing).await,
            Some(tls) => {
                if let Ok(Ok(stream)) = timeout(self.idle_timeout.min(HANDSHAKE), tls.accept(stream)).await {
                    self.answer(stream, closing).await;
                }
            }
        }
    }

    async fn answer(self, stream: impl AsyncRead + AsyncWrite + Unpin, mut closing: watch::Receiver<()>) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.idle_timeout)
            .max_buf_size(HEAD_LIMIT)
            .max_headers(FIELD_LIMIT)
            .serve_connection(TokioIo::new(Patient::new(stream, self.patience)), TowerToHyperService::new(self.router));
        tokio::pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = closing.changed() => connection.as_mut().graceful_shutdown(),
        }
        connection.await.ok();
    }
}
