//! The server, and the handle that steers it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::world::World;
use super::{Decodes, Endpoint, GoogleFault, GooglePlan, Link, Misbehaviour, SCOPE, Times};
use super::{attestation, control, decode, oauth};
use crate::crypto::secret::random;
use crate::lab::LabFault;

/// How long a stop waits for clients that do not read.
const PATIENCE: Duration = Duration::from_secs(1);

/// A fake Google that listens until it is stopped or dropped.
pub struct FakeGoogle {
    address: SocketAddr,
    world: Arc<World>,
    open: watch::Sender<()>,
    serving: JoinHandle<()>,
}

impl FakeGoogle {
    /// Makes a service account and listens. Only inside a tokio runtime.
    pub async fn start(plan: GooglePlan) -> Result<Self, GoogleFault> {
        if !plan.listen.ip().to_canonical().is_loopback() {
            return Err(GoogleFault::NotLoopback(plan.listen));
        }
        let fault = |error| GoogleFault::Listen(plan.listen, error);
        let listener = TcpListener::bind(plan.listen).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let (open, closed) = watch::channel(());
        let world = Arc::new(World::new(plan, format!("http://{address}"), closed)?);
        let until = Arc::clone(&world);
        let serving = axum::serve(listener, router(&world));
        let serving = serving.with_graceful_shutdown(async move { until.closed().await });
        let serving = tokio::spawn(async { _ = serving.await });
        Ok(Self { address, world, open, serving })
    }

    /// The address it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What every address of it starts with: `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        &self.world.origin
    }

    /// The key file of its service account, in Google's form, with a `token_uri` on itself.
    pub fn key_file(&self) -> Result<Value, LabFault> {
        self.world.key_file()
    }

    /// An access token that may decode, for callers that are configured with one.
    pub fn access_token(&self) -> Result<String, LabFault> {
        Ok(self.world.issue([SCOPE.to_owned()].into())?.0)
    }

    /// Lets every access token expire that was handed out.
    pub fn expire_access_tokens(&self) {
        self.world.expire_all();
    }

    /// Makes a package known, or moves it to another project.
    pub fn link(&self, package: &str, link: Link) {
        self.world.link(package, link);
    }

    /// How many tokens a package, which is linked if it was not known, may have decoded in a day of UTC.
    pub fn allow_per_day(&self, package: &str, quota: u64) {
        self.world.allow_per_day(package, quota);
    }

    /// A token that decodes to this payload (the content of `tokenPayloadExternal`) for this package. It looks like one of
    /// Google's, and there is nothing in it.
    pub fn mint(&self, package: &str, payload: Value) -> Result<String, LabFault> {
        let token = opaque()?;
        self.adopt(&token, package, payload);
        Ok(token)
    }

    /// Takes a token that was made elsewhere, for example one that can be opened with a key, as one of Google's own.
    pub fn adopt(&self, token: &str, package: &str, payload: Value) {
        self.world.adopt(token.to_owned(), package, payload);
    }

    /// How often this token was met.
    pub fn decodes(&self, token: &str) -> Decodes {
        self.world.decodes().get(token).copied().unwrap_or_default()
    }

    /// How many requests came in for an endpoint.
    pub fn asked(&self, endpoint: Endpoint) -> u64 {
        self.world.asked().get(&endpoint).copied().unwrap_or_default()
    }

    /// Puts a serial number, written as the list writes it, on the status list, with its entry: `{"status": "REVOKED", …}`.
    pub fn list(&self, serial: &str, entry: Value) {
        self.world.edit_list(|list| _ = list.entries.insert(serial.to_owned(), entry));
    }

    /// Replaces the entries of the status list.
    pub fn replace_list(&self, entries: Map<String, Value>) {
        self.world.edit_list(|list| list.entries = entries);
    }

    /// What is said about the status list's age: how long it may be kept, and how old it is already.
    pub fn date_list(&self, max_age: Duration, age: Duration) {
        self.world.edit_list(|list| (list.max_age, list.age) = (max_age, age));
    }

    /// Replaces the published roots, PEM.
    pub fn publish(&self, roots: Vec<String>) {
        self.world.publish(roots);
    }

    /// Lets an endpoint misbehave. An earlier order for it ends.
    pub fn misbehave(&self, endpoint: Endpoint, misbehaviour: Misbehaviour, times: Times) {
        self.world.misbehave(endpoint, misbehaviour, times);
    }

    /// Ends all misbehaviour.
    pub fn behave(&self) {
        self.world.behave();
    }

    /// Forgets minted tokens, list, counts, quotas and orders. The service account and its access tokens stay.
    pub fn reset(&self) {
        self.world.reset();
    }

    /// Ends it. Requests that hang are let go.
    pub async fn stop(self) {
        drop(self.open);
        timeout(PATIENCE, self.serving).await.ok();
    }
}

fn router(world: &Arc<World>) -> Router {
    let routes = Router::new()
        .merge(oauth::routes(world))
        .merge(decode::routes(world))
        .merge(attestation::routes(world))
        .merge(control::routes());
    routes.with_state(Arc::clone(world))
}

/// Five parts as in a compact JWE of A256KW and A256GCM: header, wrapped key, IV, ciphertext, tag.
pub(super) fn opaque() -> Result<String, LabFault> {
    let header: &[u8] = br#"{"alg":"A256KW","enc":"A256GCM"}"#;
    let random: [u8; 668] = random()?;
    let (key, rest) = random.split_at(40);
    let (iv, rest) = rest.split_at(12);
    let (ciphertext, tag) = rest.split_at(600);
    Ok([header, key, iv, ciphertext, tag].map(|part| BASE64URL_NOPAD.encode(part)).join("."))
}
