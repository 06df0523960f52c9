//! Errors on the wire: the one place where faults become gRPC status codes (`docs/api.md` lists them).

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::verifier::{CallFault, Inability};

/// When a caller may try again after the service was unable to answer.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// The domain of `google.rpc.ErrorInfo`.
const DOMAIN: &str = "bonafide";

/// A field of a request that cannot be used.
#[derive(Debug)]
pub(super) struct Violation {
    pub(super) field: &'static str,
    pub(super) text: String,
}

impl Violation {
    pub(super) fn new(field: &'static str, text: impl Into<String>) -> Self {
        Self { field, text: text.into() }
    }
}

impl From<Violation> for Status {
    fn from(violation: Violation) -> Self {
        let message = format!("{}: {}", violation.field, violation.text);
        let field = FieldViolation::new(violation.field, violation.text);
        Self::with_error_details(Code::InvalidArgument, message, ErrorDetails::with_bad_request(vec![field]))
    }
}

/// The caller is not known, or may not make this call.
pub(super) fn refused_caller(code: Code, reason: &str, text: &str) -> Status {
    Status::with_error_details(code, text, ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new()))
}

impl From<CallFault> for Status {
    fn from(fault: CallFault) -> Self {
        match &fault {
            CallFault::UnknownApp => Violation::new("app", fault.to_string()).into(),
            CallFault::SessionMissing => Violation::new("session", fault.to_string()).into(),
            CallFault::RequestIncomplete(field) => Violation::new(field, fault.to_string()).into(),
            CallFault::CallNameTaken => Violation::new("idempotency_key", fault.to_string()).into(),
            CallFault::PageToken => Violation::new("page_token", fault.to_string()).into(),
            CallFault::AppNotGranted => {
                refused_caller(Code::PermissionDenied, "APP_NOT_GRANTED", "the caller may not touch this app")
            }
            CallFault::UnknownInstance => Self::not_found(fault.to_string()),
            CallFault::ConfirmationMissing => Violation::new("client_data", fault.to_string()).into(),
            CallFault::TokensNotConfigured => {
                refused_caller(Code::FailedPrecondition, "TOKENS_NOT_CONFIGURED", &fault.to_string())
            }
            CallFault::AudienceNotAllowed => {
                refused_caller(Code::PermissionDenied, "AUDIENCE_NOT_ALLOWED", &fault.to_string())
            }
            CallFault::Overtaken | CallFault::Store(_) | CallFault::NoRandomness(_) | CallFault::Stopping => {
                unavailable(&fault)
            }
        }
    }
}

/// What went wrong stays in the log: its text may name files of this machine.
fn unavailable(fault: &CallFault) -> Status {
    let code = match fault.inability() {
        Inability::Damaged => {
            tracing::error!(error = %fault, "a call ended without a verdict");
            return Status::new(Code::DataLoss, "a record of the service is damaged");
        }
        Inability::Full => Code::ResourceExhausted,
        Inability::Passing => Code::Unavailable,
    };
    tracing::warn!(error = %fault, "a call ended without a verdict");
    let details = ErrorDetails::with_retry_info(Some(RETRY_AFTER));
    Status::with_error_details(code, "the service cannot answer now", details)
}
