//! One request and its answer: over a TLS stack of our own, bounded in time and size, without redirects, cookies or proxies of
//! the environment.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Proxy, Request, Response, redirect, retry};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout_at};

use super::GoogleFault;
use crate::upstream::{GoogleConfig, UpstreamFault};

/// How this service calls itself.
const USER_AGENT: &str = concat!("bonafide/", env!("CARGO_PKG_VERSION"));
/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(30);

/// The client for all that is asked.
#[derive(Clone)]
pub(super) struct Http {
    client: Client,
}

/// An answer whose head has arrived.
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// The header fields.
    pub(super) headers: HeaderMap,
    /// The body, or why there is not the whole of it.
    pub(super) body: Result<Vec<u8>, UpstreamFault>,
}

impl Http {
    pub(super) fn build(config: &GoogleConfig) -> Result<Self, GoogleFault> {
        let builder = Client::builder()
            .tls_backend_preconfigured(tls(&config.extra_roots)?)
            .http1_only()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .user_agent(USER_AGENT)
            .connect_timeout(config.connect_timeout)
            .read_timeout(config.read_timeout)
            .pool_idle_timeout(IDLE);
        let builder = match &config.proxy {
            Some(address) => builder.proxy(Proxy::https(address.url()).map_err(|_| GoogleFault::Proxy)?),
            None => builder,
        };
        let client = builder.build().map_err(|error| GoogleFault::Client(error.to_string()))?;
        Ok(Self { client })
    }

    /// A request in the making.
    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request and reads its answer, until `deadline` and up to `limit` bytes of body.
    ///
    /// [`UpstreamFault::NotConnected`] alone says that nothing was sent.
    pub(super) async fn exchange(
        &self,
        request: Request,
        limit: usize,
        deadline: Instant,
    ) -> Result<Answer, UpstreamFault> {
        let sent = timeout_at(deadline, self.client.execute(request)).await;
        let mut response = sent.map_err(|_| UpstreamFault::TimedOut)?.map_err(|error| fault(&error))?;
        let body = timeout_at(deadline, body(&mut response, limit)).await;
        let body = body.unwrap_or(Err(UpstreamFault::TimedOut));
        Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), body })
    }
}

/// Reads a body as it comes. What states or shows itself to be longer than `limit` is left unread.
async fn body(response: &mut Response, limit: usize) -> Result<Vec<u8>, UpstreamFault> {
    let stated = response.content_length().map(usize::try_from);
    if stated.is_some_and(|stated| stated.map_or(true, |stated| stated > limit)) {
        return Err(UpstreamFault::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(UpstreamFault::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn fault(error: &reqwest::Error) -> UpstreamFault {
    if error.is_connect() {
        UpstreamFault::NotConnected
    } else if error.is_timeout() {
        UpstreamFault::TimedOut
    } else {
        UpstreamFault::Cut
    }
}

/// Mozilla's roots and the configured ones; the machine's own are not asked.
fn tls(extra_roots: &[Vec<u8>]) -> Result<ClientConfig, GoogleFault> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in extra_roots {
        roots.add(root.as_slice().into()).map_err(|_| GoogleFault::Root)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| GoogleFault::Client(error.to_string()))?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}
