//! What a client is told about a refusal: a problem (RFC 9457) of the general kind, and what would help.

use std::collections::BTreeSet;

use serde::Serialize;

use super::route::Tell;
use crate::verdict::Reason;

/// The media type.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'static str,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    remedies: BTreeSet<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<&'a str>,
}

/// The text of a problem, in one line of ASCII.
pub(super) fn text(status: u16, detail: &'static str, reasons: &[Reason], tell: Tell) -> String {
    let remedies = reasons.iter().map(|reason| reason.remedy.name());
    let codes = reasons.iter().map(|reason| reason.code.as_ref());
    let problem = Problem {
        r#type: "about:blank",
        title: title(status),
        status,
        detail,
        remedies: if tell == Tell::Nothing { BTreeSet::new() } else { remedies.collect() },
        reasons: if tell == Tell::Codes { codes.collect() } else { Vec::new() },
    };
    serde_json::to_string(&problem).unwrap_or_default()
}

const fn title(status: u16) -> &'static str {
    match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        _ => "Service Unavailable",
    }
}
