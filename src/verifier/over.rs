//! Signatures over one request: of no use to whoever replays them.

use super::app::App;
use super::assert::Statement;
use super::check::FreshAssertion;
use super::fault::CallFault;
use super::{Moment, Verifier};
use crate::appraisal::{Reason, Remedy};
use crate::evidence::client_data::ClientData;
use crate::evidence::signed_request::SignedRequest;
use crate::ids::InstanceId;
use crate::verdict::{Freshness, Verdict};

/// What client data have to say about the request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Over<'a> {
    /// Whatever they say: the request is not known here.
    Anything,
    /// This request, if they name one.
    IfAny(SignedRequest<'a>),
    /// This request.
    Exactly(SignedRequest<'a>),
}

const REQUEST_UNSIGNED: Reason =
    Reason::new("request_unsigned", "the client data name no request", Remedy::ContactSupport);
const REQUEST_MISMATCH: Reason =
    Reason::new("request_mismatch", "the client data name another request", Remedy::NewChallenge);

impl Over<'_> {
    /// Whether client data say what they have to.
    pub(super) fn check(&self, client_data: &ClientData) -> Result<(), Reason> {
        let request = match self {
            Self::Anything => return Ok(()),
            Self::IfAny(_) if client_data.request.is_none() => return Ok(()),
            Self::IfAny(request) | Self::Exactly(request) => request,
        };
        let named = client_data.request.ok_or(REQUEST_UNSIGNED)?;
        if request.digest() == Some(named) { Ok(()) } else { Err(REQUEST_MISMATCH) }
    }
}

impl Verifier {
    /// The verdict on an instance's assertion over this very request. It holds for this request alone: the answer is not to be
    /// used again. The instance stays bound to what it was bound to.
    pub(super) async fn asserted_over(
        &self,
        app: &App,
        id: InstanceId,
        assertion: FreshAssertion<'_>,
        request: SignedRequest<'_>,
        at: Moment,
    ) -> Result<Verdict, CallFault> {
        let FreshAssertion { client_data, proof, session } = assertion;
        let over = Over::Exactly(request);
        let statement = Statement { client_data, proof, session, over, bound: None, named: None };
        match self.asserted(app, Some(id), &statement, at).await {
            Ok(verdict) => Ok(Verdict { freshness: Freshness::NEVER, ..verdict }),
            Err(setback) => setback.stated(app, at.now),
        }
    }
}
