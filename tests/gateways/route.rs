//! What the routes of a gateway take from clients, and all gateways with such routes.

use crate::caddy::caddy_for;
use crate::envoy::envoy_for;
use crate::nginx::nginx_for;
use crate::program::Running;
use crate::stage::Stage;
use crate::traefik::traefik_for;

/// What a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// A token, as in the files of `deploy/`.
    Token,
    /// A token that is spent.
    TokenOnce,
    /// An instance.
    Instance,
}

impl Takes {
    /// The route's settings in the address that is asked.
    pub(crate) const fn query(self) -> &'static str {
        match self {
            Self::Token => "subject=token",
            Self::TokenOnce => "subject=token&consume=yes",
            Self::Instance => "subject=instance",
        }
    }

    /// The route's settings as Envoy states them.
    pub(crate) const fn extensions(self) -> &'static str {
        match self {
            Self::Token => "subject: token",
            Self::TokenOnce => "subject: token, consume: \"yes\"",
            Self::Instance => "subject: instance",
        }
    }
}

/// Every gateway that is installed.
pub(crate) async fn every(takes: Takes, stage: &Stage) -> Vec<Running> {
    let all = [
        envoy_for(takes, stage).await,
        nginx_for(takes, stage).await,
        traefik_for(takes, stage).await,
        caddy_for(takes, stage).await,
    ];
    all.into_iter().flatten().collect()
}
