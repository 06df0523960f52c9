//! Opening integrity tokens: each sent once, unless it certainly was not opened.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Request;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::access::AccessTokens;
use super::breaker::{Breaker, BreakerState, Outcome};
use super::counts::Tally;
use super::exchange::{Answer, Http};
use super::freshness::retry_after;
use crate::clock::Clock;
use crate::upstream::{
    AccessToken, Decoded, Endpoint, GoogleConfig, INTEGRITY_TOKEN_LIMIT, Indeterminate, Misconfiguration, NotSent,
    Refusal, UpstreamFault,
};

/// The largest answer, in bytes.
const ANSWER_LIMIT: usize = 64 << 10;
/// How much time an answer is given at least, where the call has twice as much.
const LEAST_LEFT: Duration = Duration::from_millis(500);

pub(super) struct Decoder {
    http: Http,
    endpoint: Endpoint,
    access: Option<AccessTokens>,
    timeout: Duration,
    places: Semaphore,
    breaker: Mutex<Breaker>,
    tally: Arc<Tally>,
}

impl Decoder {
    pub(super) fn new(config: GoogleConfig, http: Http, clock: Arc<dyn Clock>, tally: Arc<Tally>) -> Self {
        let tokens = |source| {
            AccessTokens::new(source, http.clone(), Arc::clone(&clock), config.access_timeout, Arc::clone(&tally))
        };
        Self {
            access: config.access.map(tokens),
            http: http.clone(),
            endpoint: config.play_integrity,
            timeout: config.decode_timeout,
            places: Semaphore::new(config.decodes_at_once.clamp(1, Semaphore::MAX_PERMITS)),
            breaker: Mutex::new(Breaker::new(config.breaker_failures, config.breaker_pause)),
            tally: Arc::clone(&tally),
        }
    }

    pub(super) fn breaker(&self) -> BreakerState {
        self.locked().state()
    }

    fn locked(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn decode(&self, package: &str, token: &str, within: Duration) -> Decoded {
        let within = within.min(self.timeout);
        let deadline = Instant::now() + within;
        let latest = deadline - LEAST_LEFT.min(within / 2);
        let outcome = self.open(package, token, deadline, latest).await.unwrap_or_else(|outcome| outcome);
        self.tally.decoded(&outcome);
        outcome
    }

    /// Both sides are outcomes; the left one is for those that come before anything is sent. After `latest` nothing is: what leaves
    /// just before its deadline is lost, and would count as a failure of the upstream.
    async fn open(&self, package: &str, token: &str, deadline: Instant, latest: Instant) -> Result<Decoded, Decoded> {
        if token.is_empty() || token.len() > INTEGRITY_TOKEN_LIMIT {
            return Err(Decoded::Refused(Refusal::Size));
        }
        let not_sent = |why| move |_| Decoded::NotSent(why);
        let held_back = |retry_after| Decoded::NotSent(NotSent::BreakerOpen { retry_after });
        self.locked().look(Instant::now().into_std()).map_err(held_back)?;
        let place = timeout_at(deadline, self.places.acquire()).await.map_err(not_sent(NotSent::Busy))?;
        let _place = place.map_err(|_| Decoded::NotSent(NotSent::Busy))?;
        let tokens = self.access.as_ref().ok_or(Decoded::NotSent(NotSent::NoAccessToken))?;
        let access = timeout_at(deadline, tokens.current()).await.map_err(not_sent(NotSent::NoAccessToken))?;
        let access = access.map_err(|_| Decoded::NotSent(NotSent::NoAccessToken))?;
        if Instant::now() >= latest {
            return Err(Decoded::NotSent(NotSent::Busy));
        }
        self.locked().admit(Instant::now().into_std()).map_err(held_back)?;
        let admitted = Admitted { decoder: self, outcome: Outcome::Failed };
        let call = Call { url: self.url(package), body: json!({ "integrityToken": token }).to_string(), deadline };
        let outcome = self.send(&call, tokens, access).await;
        Ok(admitted.with(outcome))
    }

    /// Sends a token, and a second time where the first certainly did not open it: no connection, or 401.
    async fn send(&self, call: &Call, tokens: &AccessTokens, access: AccessToken) -> Decoded {
        let first = self.exchange(call, &access).await;
        let again = match &first {
            Err(UpstreamFault::NotConnected) => Some(access),
            Ok(Answer { status: 401, .. }) => {
                timeout_at(call.deadline, tokens.instead_of(&access)).await.ok().and_then(Result::ok)
            }
            _ => None,
        };
        let Some(access) = again else { return judged(first) };
        self.tally.retried();
        judged(self.exchange(call, &access).await)
    }

    async fn exchange(&self, call: &Call, access: &AccessToken) -> Result<Answer, UpstreamFault> {
        // What cannot be written was not sent.
        let request = self.request(call, access).ok_or(UpstreamFault::NotConnected)?;
        self.http.exchange(request, ANSWER_LIMIT, call.deadline).await
    }

    fn request(&self, call: &Call, access: &AccessToken) -> Option<Request> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", access.expose())).ok()?;
        bearer.set_sensitive(true);
        let request = self.http.client().post(&call.url).header(AUTHORIZATION, bearer);
        request.header(CONTENT_TYPE, "application/json").body(call.body.clone()).build().ok()
    }

    fn url(&self, package: &str) -> String {
        let mut path = "/v1/".to_owned();
        for byte in package.bytes() {
            // Writing to a text does not fail.
            let _ = match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => write!(path, "{}", char::from(byte)),
                _ => write!(path, "%{byte:02X}"),
            };
        }
        self.endpoint.joined(&format!("{path}:decodeIntegrityToken"))
    }
}

/// A token on its way.
struct Call {
    url: String,
    body: String,
    deadline: Instant,
}

/// A call that the breaker let through. One that is dropped half-way has failed, as far as anybody knows.
struct Admitted<'a> {
    decoder: &'a Decoder,
    outcome: Outcome,
}

impl Admitted<'_> {
    fn with(mut self, outcome: Decoded) -> Decoded {
        self.outcome = match outcome {
            // A spent quota is not asked again and again either.
            Decoded::NotSent(_) | Decoded::Indeterminate(_) | Decoded::Quota { .. } => Outcome::Failed,
            _ => Outcome::Answered,
        };
        outcome
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        let mut breaker = self.decoder.locked();
        let before = breaker.state();
        breaker.learn(self.outcome, Instant::now().into_std());
        if before != BreakerState::Open && breaker.state() == BreakerState::Open {
            self.decoder.tally.breaker_opened();
        }
    }
}

fn judged(exchanged: Result<Answer, UpstreamFault>) -> Decoded {
    let answer = match exchanged {
        Err(UpstreamFault::NotConnected) => return Decoded::NotSent(NotSent::NotConnected),
        Err(fault) => return Decoded::Indeterminate(lost(&fault)),
        Ok(answer) => answer,
    };
    let said = answer.body.as_deref().ok().and_then(error_status);
    let quota = || Decoded::Quota { retry_after: retry_after(&answer.headers) };
    match (answer.status, said.as_deref()) {
        (200, _) => opened(answer.body),
        (403 | 429, Some("RESOURCE_EXHAUSTED")) | (429, _) => quota(),
        (400, Some("FAILED_PRECONDITION")) => Decoded::Misconfigured(Misconfiguration::Precondition),
        (400, _) => Decoded::Refused(Refusal::NotDecodable),
        (401, _) => Decoded::Misconfigured(Misconfiguration::Unauthenticated),
        (403, _) => Decoded::Misconfigured(Misconfiguration::Forbidden),
        (404, _) => Decoded::Misconfigured(Misconfiguration::UnknownPackage),
        (other, _) => Decoded::Indeterminate(Indeterminate::Status(other)),
    }
}

const fn lost(fault: &UpstreamFault) -> Indeterminate {
    match fault {
        UpstreamFault::TimedOut => Indeterminate::TimedOut,
        UpstreamFault::TooLarge => Indeterminate::TooLarge,
        _ => Indeterminate::Cut,
    }
}

#[derive(Deserialize)]
struct Opened<'a> {
    #[serde(borrow, rename = "tokenPayloadExternal")]
    payload: &'a RawValue,
}

fn opened(body: Result<Vec<u8>, UpstreamFault>) -> Decoded {
    let body = match body {
        Ok(body) => body,
        Err(fault) => return Decoded::Indeterminate(lost(&fault)),
    };
    let read = serde_json::from_slice::<Opened<'_>>(&body);
    let is_object =
        body.trim_ascii_start().starts_with(b"{") && read.is_ok_and(|read| read.payload.get().starts_with('{'));
    if is_object { Decoded::Payload(body) } else { Decoded::Indeterminate(Indeterminate::Form) }
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    status: String,
}

/// The name of the error, where the answer has one (`google.rpc.Code`).
fn error_status(body: &[u8]) -> Option<String> {
    serde_json::from_slice::<ErrorAnswer>(body).ok().map(|answer| answer.error.status)
}
