//! The server: listening, limits, health, reflection, and an orderly end.

use std::future::Future;
use std::iter;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::time::sleep;
use tonic::server::NamedService;
use tonic::transport::server::{Router, TcpIncoming};
use tonic::transport::{Certificate, Identity, Server as Transport, ServerTlsConfig};
use tonic_health::server::HealthReporter;

use super::attestation::Attestation;
use super::authentication::Authenticated;
use super::calls::Calls;
use super::config::GrpcConfig;
use super::connection::let_in;
use super::envoy::EnvoyEdge;
use super::instance::InstanceEdge;
use super::proto;
use super::proto::attestation_service_server::AttestationServiceServer;
use super::proto::envoy::service::auth::v3::authorization_server::AuthorizationServer;
use super::proto::instance_service_server::InstanceServiceServer;
use super::proto::verdict_service_server::VerdictServiceServer;
use super::verdict::VerdictEdge;
use super::watch::Watches;
use crate::crypto::tls::TlsConfig;
use crate::gateway::Gateway;
use crate::telemetry::{Readiness, Vitals};
use crate::verifier::{Callers, Verifier};

/// The largest message that is read, in bytes.
pub const MESSAGE_LIMIT: usize = 64 * 1024;
/// The largest message of a gateway: all header fields and the body of a client's request, none of which may make it unreadable.
const REQUEST_LIMIT: usize = 1 << 20;
const HEADER_LIMIT: u32 = 16 * 1024;
const RESET_LIMIT: usize = 64;
/// How often a drain looks for calls in flight.
const DRAIN_LOOK: Duration = Duration::from_millis(20);
/// How long after the last answer a drain ends at the latest.
const LINGER: Duration = Duration::from_secs(1);
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ServerFault {
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The transport cannot be set up, for example because certificate and key do not fit.
    #[error("cannot set up the transport: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// Reflection cannot be set up.
    #[error("cannot set up reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// A built-in name does not fit its own grammar.
    #[error(transparent)]
    Name(#[from] crate::ids::NameMalformed),
}

/// How the server came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every call in flight was answered.
    Drained,
    /// The drain deadline passed before that.
    CutOff,
}

/// A server that listens, and answers once [`Server::run`] is awaited.
pub struct Server {
    address: SocketAddr,
    incoming: TcpIncoming,
    max_connections: u32,
    handshake_timeout: Duration,
    router: Router,
    health: HealthReporter,
    calls: Arc<Calls>,
    /// Open while streams may go on.
    watching: watch::Sender<()>,
    vitals: Arc<Vitals>,
    drain_deadline: Duration,
}

impl Server {
    /// Listens on the configured address. `vitals` learns whether it is ready, and what was decided.
    pub async fn bind(config: GrpcConfig, verifier: Arc<Verifier>, vitals: Arc<Vitals>) -> Result<Self, ServerFault> {
        let fault = |error| ServerFault::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let (health, health_service) = tonic_health::server::health_reporter();
        let mut transport = transport(&config)?;
        let (callers, calls) = (Arc::new(Callers::new(config.callers)?), Arc::new(Calls::default()));
        let attestation = Attestation { verifier: Arc::clone(&verifier), vitals: Arc::clone(&vitals) };
        let attestation = AttestationServiceServer::new(attestation).max_decoding_message_size(MESSAGE_LIMIT);
        let instance = InstanceServiceServer::new(InstanceEdge { verifier: Arc::clone(&verifier) });
        let watching = watch::Sender::new(());
        let watches = Watches::new(watching.subscribe());
        let gateway = Gateway::new(Arc::clone(&verifier), Arc::clone(&vitals), config.gateway);
        let envoy = AuthorizationServer::new(EnvoyEdge { gateway }).max_decoding_message_size(REQUEST_LIMIT);
        let verdict = VerdictServiceServer::new(VerdictEdge { verifier, vitals: Arc::clone(&vitals), watches })
            .max_decoding_message_size(MESSAGE_LIMIT);
        let router = transport
            .add_service(Authenticated::new(attestation, Arc::clone(&callers), Arc::clone(&calls)))
            .add_service(Authenticated::new(verdict, Arc::clone(&callers), Arc::clone(&calls)))
            .add_service(Authenticated::new(
                instance.max_decoding_message_size(MESSAGE_LIMIT),
                Arc::clone(&callers),
                Arc::clone(&calls),
            ))
            .add_service(Authenticated::new(envoy, callers, Arc::clone(&calls)))
            .add_service(health_service.max_decoding_message_size(MESSAGE_LIMIT))
            .add_service(reflection()?.build_v1()?.max_decoding_message_size(MESSAGE_LIMIT))
            .add_service(reflection()?.build_v1alpha()?.max_decoding_message_size(MESSAGE_LIMIT));
        Ok(Self {
            address,
            incoming,
            max_connections: config.max_connections,
            handshake_timeout: config.handshake_timeout,
            router,
            health,
            calls,
            watching,
            vitals,
            drain_deadline: config.drain_deadline,
        })
    }

    /// The address it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers calls until `stop` completes, then drains: not ready, no new connections, calls in flight end within the deadline.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<Stopped, ServerFault> {
        let (drain, drained) = oneshot::channel::<()>();
        let incoming = let_in(self.incoming, self.max_connections, self.handshake_timeout);
        let serving = self.router.serve_with_incoming_shutdown(incoming, async { drop(drained.await) });
        tokio::pin!(serving);
        report(&self.health, &self.vitals, Readiness::Ready).await;
        tokio::select! {
            ended = &mut serving => return Ok(ended.map(|()| Stopped::Drained)?),
            () = stop => {}
        }
        report(&self.health, &self.vitals, Readiness::Stopping).await;
        drop((drain, self.watching));
        dismiss_watchers(&mut self.health).await;
        tokio::select! {
            ended = &mut serving => Ok(ended.map(|()| Stopped::Drained)?),
            () = answered(&self.calls) => Ok(Stopped::Drained),
            () = sleep(self.drain_deadline) => Ok(Stopped::CutOff),
        }
    }
}

/// Waits until every call has been answered and its answer has had time to leave. Connections that are open and idle, or
/// were never used, are nobody's to wait for.
async fn answered(calls: &Calls) {
    let mut quiet = Duration::ZERO;
    while quiet < LINGER {
        sleep(DRAIN_LOOK).await;
        quiet = if calls.all_answered() { quiet + DRAIN_LOOK } else { Duration::ZERO };
    }
}

async fn report(health: &HealthReporter, vitals: &Vitals, readiness: Readiness) {
    type First = AttestationServiceServer<Attestation>;
    type Second = VerdictServiceServer<VerdictEdge>;
    type Third = InstanceServiceServer<InstanceEdge>;
    type Fourth = AuthorizationServer<EnvoyEdge>;
    vitals.turn(readiness);
    match readiness {
        Readiness::Ready => {
            health.set_serving::<First>().await;
            health.set_serving::<Second>().await;
            health.set_serving::<Third>().await;
            health.set_serving::<Fourth>().await;
        }
        Readiness::Starting | Readiness::Stopping => {
            health.set_not_serving::<First>().await;
            health.set_not_serving::<Second>().await;
            health.set_not_serving::<Third>().await;
            health.set_not_serving::<Fourth>().await;
            health.set_service_status("", tonic_health::ServingStatus::NotServing).await;
        }
    }
}

/// Ends the streams of those who watch the health and have been told: they would stay until the drain deadline.
async fn dismiss_watchers(health: &mut HealthReporter) {
    let named = [
        AttestationServiceServer::<Attestation>::NAME,
        VerdictServiceServer::<VerdictEdge>::NAME,
        InstanceServiceServer::<InstanceEdge>::NAME,
        AuthorizationServer::<EnvoyEdge>::NAME,
    ];
    for service in iter::once("").chain(named) {
        health.clear_service_status(service).await;
    }
}

/// The transport that every service of this program is served on: its limits, time-outs and TLS.
pub fn transport(config: &GrpcConfig) -> Result<Transport, ServerFault> {
    let transport = Transport::builder()
        .timeout(config.call_timeout)
        .max_concurrent_streams(config.max_concurrent_streams)
        .max_connection_age(config.max_connection_age)
        .max_connection_age_grace(config.drain_deadline)
        .http2_max_header_list_size(HEADER_LIMIT)
        .http2_max_pending_accept_reset_streams(Some(RESET_LIMIT))
        .http2_keepalive_interval(Some(KEEPALIVE));
    match &config.tls {
        Some(tls) => Ok(transport.tls_config(tls_config(tls).timeout(config.handshake_timeout))?),
        None => Ok(transport),
    }
}

fn tls_config(tls: &TlsConfig) -> ServerTlsConfig {
    let identity = Identity::from_pem(&tls.certificate, &tls.key);
    let config = ServerTlsConfig::new().identity(identity);
    match &tls.client_ca {
        Some(ca) => config.client_ca_root(Certificate::from_pem(ca)),
        None => config,
    }
}

fn reflection() -> Result<tonic_reflection::server::Builder<'static>, ServerFault> {
    Ok(tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET))
}
