//! The server: listening, its three answers, and an end that nobody can hold up.

use std::future::{Future, IntoFuture};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::timeout;

use super::config::HttpConfig;
use super::connection::Door;
use super::exposition;
use crate::telemetry::{Sample, Vitals};

/// How long a stop lets answers leave before it cuts every connection.
const LINGER: Duration = Duration::from_secs(1);

/// Why metrics and health cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum HttpFault {
    /// The address cannot be listened on.
    #[error("cannot listen on {0} for metrics and health: {1}")]
    Listen(SocketAddr, std::io::Error),
}

/// A server that listens, and answers once [`HttpServer::run`] is awaited.
pub struct HttpServer {
    address: SocketAddr,
    door: Door,
    open: watch::Sender<()>,
    router: Router,
}

/// What the answers are made from.
struct Sources {
    vitals: Arc<Vitals>,
    samples: Box<dyn Fn() -> Vec<Sample> + Send + Sync>,
}

impl HttpServer {
    /// Listens on the configured address. Readiness is that of `vitals`; `samples` is asked anew for each scrape.
    pub async fn bind(
        config: HttpConfig,
        vitals: Arc<Vitals>,
        samples: impl Fn() -> Vec<Sample> + Send + Sync + 'static,
    ) -> Result<Self, HttpFault> {
        let fault = |error| HttpFault::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let (open, closing) = watch::channel(());
        let places = usize::try_from(config.max_connections).unwrap_or(Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(places));
        let door = Door { listener, places, timeout: config.connection_timeout, open: closing };
        let sources = Sources { vitals, samples: Box::new(samples) };
        Ok(Self { address, door, open, router: router(sources) })
    }

    /// The address it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` completes; then takes no new connections, and ends within two seconds whatever its clients do.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let (told, stopped) = oneshot::channel::<()>();
        let serving = axum::serve(self.door, self.router).with_graceful_shutdown(async { drop(stopped.await) });
        let serving = serving.into_future();
        tokio::pin!(serving);
        tokio::select! {
            _ = &mut serving => return,
            () = stop => drop(told),
        }
        if timeout(LINGER, &mut serving).await.is_err() {
            drop(self.open);
            timeout(LINGER, serving).await.ok();
        }
    }
}

fn router(sources: Sources) -> Router {
    Router::new()
        .route("/metrics", routing::get(metrics))
        .route("/livez", routing::get(|| async { "alive\n" }))
        .route("/readyz", routing::get(readiness))
        .layer(from_fn(alone))
        .with_state(Arc::new(sources))
}

/// One request on a connection, without a body: what has said its part does not stay.
async fn alone(request: Request, next: Next) -> Response {
    let mut answer = if brings_a_body(request.headers()) {
        (StatusCode::PAYLOAD_TOO_LARGE, "no body is read here\n").into_response()
    } else {
        next.run(request).await
    };
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}

fn brings_a_body(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0")
}

async fn metrics(State(sources): State<Arc<Sources>>) -> Response {
    match exposition::text((sources.samples)()) {
        Ok(text) => ([(CONTENT_TYPE, exposition::MEDIA_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn readiness(State(sources): State<Arc<Sources>>) -> Response {
    match sources.vitals.is_ready() {
        true => "ready\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response(),
    }
}
