//! Who calls: a bearer key, known by its digest.

use std::collections::HashMap;
use std::sync::Arc;

use tonic::metadata::MetadataMap;
use tonic::service::Interceptor;
use tonic::{Code, Request, Status};

use super::config::CallerKey;
use super::fault::refused_caller;
use crate::crypto::digest::{Digest, sha256};
use crate::ids::{Name, NameMalformed};
use crate::verifier::{Caller, Role};

/// Finds the caller of each request and puts it into the request's extensions.
#[derive(Clone, Debug)]
pub(super) struct Authentication {
    callers: Arc<Callers>,
}

#[derive(Debug)]
enum Callers {
    /// Nobody is authenticated: whoever reaches the socket is this caller.
    Anyone(Arc<Caller>),
    /// By the digest of the key, so that looking one up tells nothing about the others.
    Keys(HashMap<Digest, Arc<Caller>>),
}

impl Authentication {
    pub(super) fn new(keys: Vec<CallerKey>) -> Result<Self, NameMalformed> {
        let callers = if keys.is_empty() {
            let local: Name = "local".parse()?;
            Callers::Anyone(Arc::new(Caller { name: local.clone(), relying_party: local, role: Role::AuthServer }))
        } else {
            Callers::Keys(keys.into_iter().map(|key| (key.key_sha256, Arc::new(key.caller))).collect())
        };
        Ok(Self { callers: Arc::new(callers) })
    }

    fn caller(&self, metadata: &MetadataMap) -> Option<Arc<Caller>> {
        match &*self.callers {
            Callers::Anyone(caller) => Some(Arc::clone(caller)),
            Callers::Keys(keys) => keys.get(&sha256(bearer(metadata)?.as_bytes())).cloned(),
        }
    }
}

impl Interceptor for Authentication {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let caller = self.caller(request.metadata()).ok_or_else(|| {
            let text = "no known caller: send the caller's key as 'authorization: Bearer KEY'";
            refused_caller(Code::Unauthenticated, "CALLER_UNKNOWN", text)
        })?;
        request.extensions_mut().insert(caller);
        Ok(request)
    }
}

/// The one bearer key of a request; two headers are none.
fn bearer(metadata: &MetadataMap) -> Option<&str> {
    let mut headers = metadata.get_all("authorization").iter();
    let header = headers.next()?.to_str().ok()?;
    let (scheme, key) = header.split_once(' ')?;
    (headers.next().is_none() && scheme.eq_ignore_ascii_case("bearer")).then_some(key)
}

/// The caller that [`Authentication`] found.
pub(super) fn caller_of<T>(request: &Request<T>) -> Result<Arc<Caller>, Status> {
    let found = request.extensions().get::<Arc<Caller>>().cloned();
    found.ok_or_else(|| refused_caller(Code::Unauthenticated, "CALLER_UNKNOWN", "no known caller"))
}

/// The caller, if it may act for devices.
pub(super) fn auth_server_of<T>(request: &Request<T>) -> Result<Arc<Caller>, Status> {
    let caller = caller_of(request)?;
    match caller.role {
        Role::AuthServer => Ok(caller),
        Role::Gateway => {
            Err(refused_caller(Code::PermissionDenied, "ROLE_MISSING", "this call needs the role auth-server"))
        }
    }
}
