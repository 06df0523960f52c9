//! Answers: what the proxy does with the request, what it tells the upstream, and what the client.

use super::demand::Demand;
use super::fields::CHALLENGE;
use super::identity::Identity;
use super::problem;
use super::reasons::CREDENTIAL_MISSING;
use super::route::Tell;
use crate::telemetry::GatewayOutcome;
use crate::verdict::Reason;

const MISSING: &str = "The request has to show what the app has proved.";
const DENIED: &str = "The app that makes the request is not trusted to.";
const UNABLE: &str = "It cannot be said now whether the app is to be trusted.";

/// What to do about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What becomes of it.
    pub outcome: GatewayOutcome,
    /// What the upstream is told, when the request passes.
    pub identity: Identity,
    /// Names of header fields, as the client spelled them, that must not reach the upstream unless the identity sets them.
    pub namesakes: Vec<String>,
    /// What the client is told; `None` when the request passes.
    pub refusal: Option<Refusal>,
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 401, 403 or 503.
    pub status: u16,
    /// Header fields, by lower-case name.
    pub fields: Vec<(&'static str, String)>,
    /// `application/problem+json`, in one line.
    pub body: String,
}

impl Answer {
    pub(super) fn pass(identity: Identity) -> Self {
        Self { outcome: GatewayOutcome::Pass, identity, namesakes: Vec::new(), refusal: None }
    }

    /// The demand for something that helps, to a client that has used this scheme; with a challenge where that can be answered at
    /// once.
    pub(super) fn challenged(
        identity: Identity,
        reasons: &[Reason],
        (demand, scheme): (Demand, &str),
        challenge: Option<String>,
        tell: Tell,
    ) -> Self {
        let body = problem::text(401, demand.text(), reasons, tell);
        let mut refusal = Refusal::new(401, body).with("www-authenticate", demand.field(scheme));
        refusal.fields.extend(challenge.map(|challenge| (CHALLENGE, challenge)));
        Self::refusing(GatewayOutcome::Challenge, identity, refusal)
    }

    pub(super) fn denied(identity: Identity, reasons: &[Reason], tell: Tell) -> Self {
        let refusal = Refusal::new(403, problem::text(403, DENIED, reasons, tell));
        Self::refusing(GatewayOutcome::Deny, identity, refusal)
    }

    /// The refusal of a request for what is wrong with it: a missing credential can be shown, the rest is denied.
    pub(super) fn refused(identity: Identity, reason: Reason, tell: Tell) -> Self {
        if reason.code != CREDENTIAL_MISSING.code {
            return Self::denied(identity, &[reason], tell);
        }
        let refusal = Refusal::new(401, problem::text(401, MISSING, &[reason], tell));
        let refusal = refusal.with("www-authenticate", "Bearer realm=\"bonafide\"".to_owned());
        Self::refusing(GatewayOutcome::Challenge, identity, refusal)
    }

    pub(super) fn unable(identity: Identity) -> Self {
        let refusal = Refusal::new(503, problem::text(503, UNABLE, &[], Tell::Nothing));
        Self::refusing(GatewayOutcome::Unable, identity, refusal.with("retry-after", "1".to_owned()))
    }

    fn refusing(outcome: GatewayOutcome, identity: Identity, refusal: Refusal) -> Self {
        Self { outcome, identity, namesakes: Vec::new(), refusal: Some(refusal) }
    }

    /// The answer where nothing is enforced: what would have been refused passes, and the upstream is told.
    pub(super) fn let_through(self) -> Self {
        Self { outcome: GatewayOutcome::Monitored, refusal: None, ..self }
    }

    pub(super) fn without<'a>(self, namesakes: impl Iterator<Item = &'a str>) -> Self {
        Self { namesakes: namesakes.map(str::to_owned).collect(), ..self }
    }
}

impl Refusal {
    fn new(status: u16, body: String) -> Self {
        let fields = [("content-type", problem::MEDIA_TYPE), ("cache-control", "no-store")];
        Self { status, fields: fields.map(|(name, value)| (name, value.to_owned())).to_vec(), body }
    }

    fn with(mut self, name: &'static str, value: String) -> Self {
        self.fields.push((name, value));
        self
    }
}
