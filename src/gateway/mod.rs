//! What gateways of every kind share: a client's request, as a proxy describes it, becomes a question to the role, and the
//! verdict an answer that the proxy can act on. The edges of gRPC and HTTP only translate.

mod answer;
mod assertion;
mod demand;
mod fields;
mod identity;
mod problem;
mod question;
mod reasons;
mod request;
mod route;

use std::sync::Arc;

pub use answer::{Answer, Refusal};
pub use fields::{ASSERTION, CALLER_KEY, CHALLENGE, Fields, INSTANCE, PROBLEM, TOKEN};
pub use identity::{IDENTITY_NAMES, Identity};
pub use request::{Body, Request};
pub use route::{GatewayRules, Route, RouteFault, Tell};

use crate::ids::AppName;
use crate::telemetry::{GatewayKind, GatewayOutcome, Vitals};
use crate::verdict::{Decision, Reason};
use crate::verifier::{CallFault, Caller, CheckCall, Checked, Consume, Purpose, Relief, Verifier};
use crate::wire::path::is_plain_target;
use assertion::SignedOver;
use demand::Demand;
use question::Question;
use reasons::FORWARDED_AMBIGUOUS;
use route::Mode;

/// The one core that every gateway asks.
pub struct Gateway {
    verifier: Arc<Verifier>,
    vitals: Arc<Vitals>,
    rules: GatewayRules,
}

impl Gateway {
    /// The core over the role. `vitals` learns what was answered.
    pub const fn new(verifier: Arc<Verifier>, vitals: Arc<Vitals>, rules: GatewayRules) -> Self {
        Self { verifier, vitals, rules }
    }

    /// What holds for every route.
    pub const fn rules(&self) -> &GatewayRules {
        &self.rules
    }

    /// What to do about a request. There is always an answer: whatever a client sends ends in one, and without a verdict it is a
    /// refusal, unless the route only monitors.
    pub async fn answer(&self, kind: GatewayKind, caller: &Caller, request: &Request<'_>) -> Answer {
        let answer = match Question::read(request, &self.rules) {
            Ok(question) => self.ask(caller, request, &question).await,
            Err(reason) => self.refused(request, reason),
        };
        let monitored = request.route.mode == Mode::Monitor && answer.outcome != GatewayOutcome::Pass;
        let answer = if monitored && !is_unsafe(request) { answer.let_through() } else { answer };
        self.vitals.count_gateway(kind, answer.outcome);
        answer
    }

    /// The refusal of a request whose description cannot be relied on: where it goes is not known.
    pub fn misdescribed(&self, kind: GatewayKind, route: &Route) -> Answer {
        self.vitals.count_gateway(kind, GatewayOutcome::Deny);
        self.vitals.count_reason(&FORWARDED_AMBIGUOUS);
        Answer::refused(Identity::nobody(&route.app, &FORWARDED_AMBIGUOUS), FORWARDED_AMBIGUOUS, self.rules.tell)
    }

    /// The refusal of a request that the gateway is not configured for.
    pub fn unable(&self, kind: GatewayKind) -> Answer {
        self.vitals.count_gateway(kind, GatewayOutcome::Unable);
        Answer::unable(Identity::unknown())
    }

    async fn ask(&self, caller: &Caller, request: &Request<'_>, question: &Question<'_>) -> Answer {
        let call = CheckCall {
            consume: consume(request.route),
            context: question.context,
            assertion: question.assertion.as_ref().map(SignedOver::fresh),
            ..CheckCall::of(&request.route.app, question.subject)
        };
        match self.checked(caller, request, &call).await {
            Ok((checked, demand)) => self.stated(caller, request, question.scheme, (checked, demand)),
            Err(fault) => {
                tracing::warn!(error = %fault, app = request.route.app.as_str(), "a gateway was left without a verdict");
                Answer::unable(Identity::unknown()).without(request.namesakes())
            }
        }
    }

    /// The verdict, and what it asks of the client.
    async fn checked(
        &self,
        caller: &Caller,
        request: &Request<'_>,
        call: &CheckCall<'_>,
    ) -> Result<(Checked, Option<Demand>), CallFault> {
        let checked = self.verifier.check(caller, call).await?;
        let demand = match Demand::of(&checked.verdict) {
            None if checked.verdict.decision == Decision::StepUp => {
                // The verdict stands, whether or not more can be said of it.
                let relief = Box::pin(self.relief(caller, request, call)).await;
                Some(Demand::StepUp(relief.unwrap_or_default()))
            }
            demand => demand,
        };
        Ok((checked, demand))
    }

    /// What would help against a step-up; not looked for where nobody is told.
    async fn relief(&self, caller: &Caller, request: &Request<'_>, call: &CheckCall<'_>) -> Result<Relief, CallFault> {
        match request.route.mode {
            Mode::Monitor => Ok(Relief::default()),
            Mode::Enforce => self.verifier.relief(caller, call, question::whole(request.body)).await,
        }
    }

    fn stated(
        &self,
        caller: &Caller,
        request: &Request<'_>,
        scheme: &str,
        (checked, demand): (Checked, Option<Demand>),
    ) -> Answer {
        let verdict = Arc::clone(&checked.verdict);
        self.vitals.count_reasons(&verdict);
        let identity = Identity::of(checked);
        let (reasons, tell) = (&verdict.reasons, self.rules.tell);
        let answer = match demand {
            Some(demand) => {
                let challenge = self.challenge(caller, &request.route.app, demand);
                Answer::challenged(identity, reasons, (demand, scheme), challenge, tell)
            }
            None if verdict.decision == Decision::Allow => Answer::pass(identity),
            None => Answer::denied(identity, reasons, tell),
        };
        answer.without(request.namesakes())
    }

    /// What a client can sign at once, where that is what is asked of it.
    fn challenge(&self, caller: &Caller, app: &AppName, demand: Demand) -> Option<String> {
        let wanted = matches!(demand, Demand::StepUp(Relief { assertion: true, .. }));
        let issued = wanted.then(|| self.verifier.create_challenge(caller, app, Purpose::Assert, b"").ok());
        issued.flatten().map(|issued| issued.text)
    }

    fn refused(&self, request: &Request<'_>, reason: Reason) -> Answer {
        self.vitals.count_reason(&reason);
        let identity = Identity::nobody(&request.route.app, &reason);
        Answer::refused(identity, reason, self.rules.tell).without(request.namesakes())
    }
}

/// A request that is stepped up comes again with the same token, and is served then; where nothing is enforced, it is served at once.
const fn consume(route: &Route) -> Consume {
    match (route.consume, route.mode) {
        (false, _) => Consume::Never,
        (true, Mode::Enforce) => Consume::IfAllowed,
        (true, Mode::Monitor) => Consume::UnlessDenied,
    }
}

/// Whether the request must not pass even where nothing is enforced: it carries what an upstream may take for our word, and not
/// every proxy can take that out; an upstream may take its target for one of a route where much is enforced; or anything could
/// follow in it.
fn is_unsafe(request: &Request<'_>) -> bool {
    request.fields.has_disguise() || !is_plain_target(request.path) || request.asks_for_tunnel()
}
