//! Access tokens: fetched once for all who wait, kept until shortly before their end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Request;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::Deserialize;
use tokio::time::Instant;

use super::counts::Tally;
use super::exchange::{Answer, Http};
use crate::clock::Clock;
use crate::upstream::service_account::SCOPE;
use crate::upstream::{AccessConfig, AccessToken, Endpoint, UpstreamFault};

/// The largest answer, in bytes.
const ANSWER_LIMIT: usize = 64 << 10;
/// How long before its end a token is renewed, unless half its life is less.
const AHEAD: Duration = Duration::from_secs(300);
/// The longest life that is believed.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);
/// How long nothing is asked after a first failure; further ones double it.
const PAUSE: Duration = Duration::from_secs(1);
/// The most that failures make of it.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a token that came in the place of a refused one is kept, even when it is refused too.
const REPLACED_ONCE_IN: Duration = Duration::from_secs(10);

/// There is no access token now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoAccess;

/// The access tokens of one source.
#[derive(Clone)]
pub(super) struct AccessTokens(Arc<Shared>);

struct Shared {
    source: AccessConfig,
    http: Http,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    tally: Arc<Tally>,
    kept: Mutex<Kept>,
    /// Held by the one who asks the source.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    token: Option<Held>,
    failures: u32,
    paused_until: Option<Instant>,
    replaced_at: Option<Instant>,
}

struct Held {
    token: AccessToken,
    renew_at: Instant,
    ends_at: Instant,
}

impl AccessTokens {
    pub(super) fn new(
        source: AccessConfig,
        http: Http,
        clock: Arc<dyn Clock>,
        timeout: Duration,
        tally: Arc<Tally>,
    ) -> Self {
        Self(Arc::new(Shared {
            source,
            http,
            clock,
            timeout,
            tally,
            kept: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }))
    }

    /// A token that is valid as far as is known.
    pub(super) async fn current(&self) -> Result<AccessToken, NoAccess> {
        if let AccessConfig::Fixed(token) = &self.0.source {
            return Ok(token.clone());
        }
        let now = Instant::now();
        let (fresh, valid) = {
            let kept = self.0.locked();
            (kept.fresh(now), kept.valid(now))
        };
        // In a task of its own: who waits may go away, and the others still get what was asked for.
        match (fresh, valid) {
            (Some(token), _) => Ok(token),
            (None, Ok(token)) => {
                if self.0.turn.try_lock().is_ok() {
                    tokio::spawn(Arc::clone(&self.0).renewed());
                }
                Ok(token)
            }
            (None, Err(NoAccess)) => tokio::spawn(Arc::clone(&self.0).renewed()).await.unwrap_or(Err(NoAccess)),
        }
    }

    /// Another token than the one that was refused; there is none when the source has just given that one in the place of
    /// another.
    pub(super) async fn instead_of(&self, refused: &AccessToken) -> Result<AccessToken, NoAccess> {
        if matches!(self.0.source, AccessConfig::Fixed(_)) {
            return Err(NoAccess);
        }
        self.0.locked().drop_refused(refused, Instant::now())?;
        self.current().await
    }
}

impl Kept {
    fn fresh(&self, now: Instant) -> Option<AccessToken> {
        self.token.as_ref().filter(|held| now < held.renew_at).map(|held| held.token.clone())
    }

    fn valid(&self, now: Instant) -> Result<AccessToken, NoAccess> {
        self.token.as_ref().filter(|held| now < held.ends_at).map(|held| held.token.clone()).ok_or(NoAccess)
    }

    /// The answer that is known without asking the source.
    fn settled(&self, now: Instant) -> Option<Result<AccessToken, NoAccess>> {
        let paused = self.paused_until.is_some_and(|until| now < until);
        self.fresh(now).map(Ok).or_else(|| paused.then(|| self.valid(now)))
    }

    fn drop_refused(&mut self, refused: &AccessToken, now: Instant) -> Result<(), NoAccess> {
        if self.token.as_ref().is_none_or(|held| held.token != *refused) {
            return Ok(());
        }
        if self.replaced_at.is_some_and(|at| now < at + REPLACED_ONCE_IN) {
            return Err(NoAccess);
        }
        self.replaced_at = Some(now);
        self.token = None;
        Ok(())
    }

    fn take(&mut self, granted: Granted, asked_at: Instant) -> AccessToken {
        let life = granted.life;
        let renew_at = asked_at + life.saturating_sub(AHEAD).max(life / 2);
        let token = granted.token.clone();
        let replaced_at = self.replaced_at;
        *self = Self {
            token: Some(Held { token: granted.token, renew_at, ends_at: asked_at + life }),
            replaced_at,
            ..Self::default()
        };
        token
    }

    fn fail(&mut self, now: Instant) {
        let pause = PAUSE.saturating_mul(1 << self.failures.min(8)).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.paused_until = Some(now + pause);
    }
}

impl Shared {
    fn locked(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a token, unless another caller has got one meanwhile or the source has just failed.
    async fn renewed(self: Arc<Self>) -> Result<AccessToken, NoAccess> {
        let _turn = self.turn.lock().await;
        let now = Instant::now();
        if let Some(known) = self.locked().settled(now) {
            return known;
        }
        let asked = self.ask(now + self.timeout).await;
        let mut kept = self.locked();
        match asked {
            Ok(granted) => {
                self.tally.access_refreshed();
                Ok(kept.take(granted, now))
            }
            Err(_) => {
                self.tally.access_failed();
                kept.fail(Instant::now());
                kept.valid(Instant::now())
            }
        }
    }

    async fn ask(&self, deadline: Instant) -> Result<Granted, UpstreamFault> {
        let request = self.request().ok_or(UpstreamFault::Form)?;
        let Answer { status, headers, body } = self.http.exchange(request, ANSWER_LIMIT, deadline).await?;
        if status != 200 {
            return Err(UpstreamFault::Status(status));
        }
        if matches!(self.source, AccessConfig::MetadataServer(_)) && !is_metadata_server(&headers) {
            return Err(UpstreamFault::Form);
        }
        Granted::parse(&body?).ok_or(UpstreamFault::Form)
    }

    fn request(&self) -> Option<Request> {
        let client = self.http.client();
        match &self.source {
            AccessConfig::Fixed(_) => None,
            AccessConfig::MetadataServer(server) => {
                client.get(metadata_url(server)).header("Metadata-Flavor", "Google").build().ok()
            }
            AccessConfig::ServiceAccount(account) => {
                let assertion = account.assertion(self.clock.now())?;
                let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
                let form = client.post(account.tokens().as_str()).body(format!("{grant}&assertion={assertion}"));
                form.header(CONTENT_TYPE, "application/x-www-form-urlencoded").build().ok()
            }
        }
    }
}

fn metadata_url(server: &Endpoint) -> String {
    let scope = SCOPE.replace(':', "%3A").replace('/', "%2F");
    server.joined(&format!("/computeMetadata/v1/instance/service-accounts/default/token?scopes={scope}"))
}

/// Whether the answer is a metadata server's own: something else at its address would not say so.
fn is_metadata_server(headers: &HeaderMap) -> bool {
    headers.get("Metadata-Flavor").is_some_and(|flavor| flavor.as_bytes() == b"Google")
}

/// A token with its life, as a source gives it.
struct Granted {
    token: AccessToken,
    life: Duration,
}

#[derive(Deserialize)]
struct GrantedText {
    access_token: String,
    expires_in: u64,
    token_type: String,
}

impl Granted {
    fn parse(json: &[u8]) -> Option<Self> {
        let text: GrantedText = serde_json::from_slice(json).ok()?;
        let life = Duration::from_secs(text.expires_in).min(LONGEST_LIFE);
        let usable = text.token_type.eq_ignore_ascii_case("bearer") && !life.is_zero();
        usable.then_some(Self { token: AccessToken::parse(&text.access_token)?, life })
    }
}
