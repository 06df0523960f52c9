//! What gateways were answered, by their kind.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Kind, Sample};

/// The kinds of gateways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayKind {
    /// Envoy, and what speaks its external authorization.
    Envoy,
    /// nginx, by `auth_request`.
    Nginx,
    /// Traefik, by `forwardAuth`.
    Traefik,
    /// Caddy, by `forward_auth`.
    Caddy,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GatewayOutcome {
    /// It passes.
    Pass,
    /// It would have been refused, and passes since the route only monitors.
    Monitored,
    /// The client has to show more.
    Challenge,
    /// It is refused.
    Deny,
    /// It is refused, since there is no verdict.
    Unable,
}

const KINDS: [GatewayKind; 4] = [GatewayKind::Envoy, GatewayKind::Nginx, GatewayKind::Traefik, GatewayKind::Caddy];
const OUTCOMES: [GatewayOutcome; 5] = [
    GatewayOutcome::Pass,
    GatewayOutcome::Monitored,
    GatewayOutcome::Challenge,
    GatewayOutcome::Deny,
    GatewayOutcome::Unable,
];

impl GatewayKind {
    /// The name in metrics and addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::Nginx => "nginx",
            Self::Traefik => "traefik",
            Self::Caddy => "caddy",
        }
    }
}

impl GatewayOutcome {
    /// The name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Monitored => "monitored",
            Self::Challenge => "challenge",
            Self::Deny => "deny",
            Self::Unable => "unable",
        }
    }
}

/// Counts answers to gateways.
#[derive(Debug, Default)]
pub(super) struct Gateways([[AtomicU64; OUTCOMES.len()]; KINDS.len()]);

impl Gateways {
    pub(super) fn count(&self, kind: GatewayKind, outcome: GatewayOutcome) {
        let mut cells = self.cells();
        if let Some((.., counter)) = cells.find(|(each, what, _)| (*each, *what) == (kind, outcome)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn samples(&self) -> impl Iterator<Item = Sample> {
        self.cells().map(|(kind, outcome, counter)| Sample {
            name: "bonafide_gateway_answers",
            help: "Answers to gateways, by kind and outcome",
            kind: Kind::Counter,
            labels: vec![("gateway", kind.name().into()), ("outcome", outcome.name().into())],
            value: counter.load(Ordering::Relaxed) as f64,
        })
    }

    fn cells(&self) -> impl Iterator<Item = (GatewayKind, GatewayOutcome, &AtomicU64)> {
        KINDS.into_iter().zip(&self.0).flat_map(|(kind, counters)| {
            OUTCOMES.into_iter().zip(counters).map(move |(outcome, counter)| (kind, outcome, counter))
        })
    }
}
