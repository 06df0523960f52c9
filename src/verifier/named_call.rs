//! Calls that their caller has named: a retry gets the first answer.

use super::Verifier;
use super::caller::Caller;
use super::fault::CallFault;
use super::tokens::TokenRequest;
use crate::crypto::digest::{Digest, sha256_of_parts};
use crate::store::{CallId, NamedCall};
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// The name of a call, if its caller gave one: hashed together with the caller, and with all that the call says.
pub(super) fn named_call(caller: &Caller, name: &str, content: impl FnOnce() -> Digest) -> Option<NamedCall> {
    if name.is_empty() {
        return None;
    }
    let id = CallId(sha256_of_parts(&[b"bonafide call", caller.name.as_str().as_bytes(), name.as_bytes()]));
    Some(NamedCall { id, request: content() })
}

/// All that a call says, the token that it asks for included.
pub(super) fn with_token(call: Digest, token: Option<TokenRequest<'_>>) -> Digest {
    token.map_or(call, |token| sha256_of_parts(&[&call, &token.digest()]))
}

impl Verifier {
    /// The first answer to this call, if it was made before.
    pub(super) async fn first_answer(
        &self,
        call: Option<NamedCall>,
        now: Timestamp,
    ) -> Result<Option<Verdict>, CallFault> {
        let Some(call) = call else { return Ok(None) };
        match self.store.first_answer(call.id, now).await? {
            Some(first) if first.request == call.request => Ok(Some(first.verdict)),
            Some(_) => Err(CallFault::CallNameTaken),
            None => Ok(None),
        }
    }
}
