//! Who calls the service: one relying party's servers, each by a throw-away key that nobody is shown.

use anyhow::Context;
use data_encoding::BASE64URL_NOPAD;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

use crate::crypto::digest::sha256;
use crate::crypto::secret::random;
use crate::verifier::{Caller, CallerKey, Grants, Role};

/// The party that all of them belong to, and that tokens are for.
pub(super) const RELYING_PARTY: &str = "shop";

/// A channel on which every call is its caller's.
pub(super) type Calling = InterceptedService<Channel, Bearer>;

/// The callers.
pub(super) struct Callers {
    pub(super) auth_server: Bearer,
    pub(super) gateway: Bearer,
    pub(super) operator: Bearer,
}

/// A caller's key.
#[derive(Clone)]
pub(super) struct Bearer {
    key: String,
    authorization: MetadataValue<Ascii>,
}

impl Callers {
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self { auth_server: Bearer::new()?, gateway: Bearer::new()?, operator: Bearer::new()? })
    }

    /// What the service knows of them.
    pub(super) fn known(&self) -> anyhow::Result<Vec<CallerKey>> {
        let callers = [
            ("login", &self.auth_server, Role::AuthServer),
            ("edge", &self.gateway, Role::Gateway),
            ("desk", &self.operator, Role::Operator),
        ];
        callers.into_iter().map(|(name, bearer, role)| bearer.known_as(name, role)).collect()
    }
}

impl Bearer {
    fn new() -> anyhow::Result<Self> {
        let key = BASE64URL_NOPAD.encode(&random::<32>()?);
        let authorization = format!("Bearer {key}").parse().context("a header field")?;
        Ok(Self { key, authorization })
    }

    /// The key, for gateways that show it in a field of its own.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn on(&self, channel: Channel) -> Calling {
        InterceptedService::new(channel, self.clone())
    }

    fn known_as(&self, name: &str, role: Role) -> anyhow::Result<CallerKey> {
        let (name, relying_party) = (name.parse()?, RELYING_PARTY.parse()?);
        let caller = Caller { name, relying_party, role, apps: Grants::All };
        Ok(CallerKey { key_sha256: sha256(self.key.as_bytes()), caller })
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.authorization.clone());
        Ok(request)
    }
}
