//! Who calls: a bearer key, known by its digest.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::{Either, Ready, ready};
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request as HttpRequest, Response as HttpResponse};
use tonic::server::NamedService;
use tonic::{Code, Request, Status};
use tower::Service;

use super::calls::{Call, Calls};
use super::fault::refused_caller;
use crate::ids::NameMalformed;
use crate::verifier::{Caller, CallerKey, Callers, Role};

/// A service that hears known callers only: others are refused before their message is read.
#[derive(Clone, Debug)]
pub struct Authenticated<S> {
    service: S,
    callers: Arc<Callers>,
    calls: Arc<Calls>,
}

/// Puts a service behind the authentication that every service of this program stands behind.
///
/// Errors only if a built-in name does not fit its own grammar.
pub fn authenticated<S>(service: S, keys: Vec<CallerKey>) -> Result<Authenticated<S>, NameMalformed> {
    Ok(Authenticated::new(service, Arc::new(Callers::new(keys)?), Arc::default()))
}

impl<S> Authenticated<S> {
    pub(super) const fn new(service: S, callers: Arc<Callers>, calls: Arc<Calls>) -> Self {
        Self { service, callers, calls }
    }
}

impl<S, B> Service<HttpRequest<B>> for Authenticated<S>
where
    S: Service<HttpRequest<B>, Response = HttpResponse<Body>, Error = Infallible>,
{
    type Response = HttpResponse<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<HttpResponse<Body>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: HttpRequest<B>) -> Self::Future {
        match self.callers.with_key(bearer(request.headers()).map(str::as_bytes)) {
            Some(caller) => {
                request.extensions_mut().insert(Authentic { caller, _call: Calls::begin(&self.calls) });
                Either::Left(self.service.call(request))
            }
            None => Either::Right(ready(Ok(caller_unknown().into_http()))),
        }
    }
}

impl<S: NamedService> NamedService for Authenticated<S> {
    const NAME: &'static str = S::NAME;
}

fn caller_unknown() -> Status {
    let text = "no known caller: send the caller's key as 'authorization: Bearer KEY'";
    refused_caller(Code::Unauthenticated, "CALLER_UNKNOWN", text)
}

/// The one bearer key of a request; two headers are none.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut headers = headers.get_all("authorization").iter();
    let header = headers.next()?.to_str().ok()?;
    let (scheme, key) = header.split_once(' ')?;
    (headers.next().is_none() && scheme.eq_ignore_ascii_case("bearer")).then_some(key)
}

/// The caller that [`Authenticated`] found. Whoever answers the call keeps it until then: so long the call is in flight.
#[derive(Clone, Debug)]
pub(super) struct Authentic {
    caller: Arc<Caller>,
    _call: Arc<Call>,
}

impl Authentic {
    /// The caller alone: whoever keeps it holds up no stop.
    pub(super) fn into_caller(self) -> Arc<Caller> {
        self.caller
    }
}

impl Deref for Authentic {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// The caller of a request.
pub(super) fn caller_of<T>(request: &Request<T>) -> Result<Authentic, Status> {
    request.extensions().get::<Authentic>().cloned().ok_or_else(caller_unknown)
}

/// The caller, if it may act for devices.
pub(super) fn auth_server_of<T>(request: &Request<T>) -> Result<Authentic, Status> {
    caller_in(request, Role::AuthServer)
}

/// The caller, if it may take trust from instances.
pub(super) fn operator_of<T>(request: &Request<T>) -> Result<Authentic, Status> {
    caller_in(request, Role::Operator)
}

fn caller_in<T>(request: &Request<T>, role: Role) -> Result<Authentic, Status> {
    let caller = caller_of(request)?;
    if caller.role == role {
        return Ok(caller);
    }
    let text = format!("this call needs the role {}", role.name());
    Err(refused_caller(Code::PermissionDenied, "ROLE_MISSING", &text))
}
