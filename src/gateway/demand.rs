//! What a client has to bring in place of a credential that does not count: the challenges of RFC 6750, 9449 and 9470.

use crate::verdict::{Decision, Reason, Verdict};
use crate::verifier::Relief;

const STEP_UP: &str = "A fresh proof of the app is needed.";
const SIGNATURE: &str = "A signature by the app over the challenge is needed.";
const ANOTHER_PROOF: &str = "A new proof of the app is needed, made where the request comes from.";
const NO_PROOF: &str = "More is needed than the app can prove as it is.";
const NEW_TOKEN: &str = "The token does not count; a new one is needed.";
const NEW_PROOF: &str = "The proof of possession does not count; a new one is needed.";

/// Reasons of tokens, and of the proofs beside them, have codes that start so (`docs/reasons.md`).
const TOKEN: [&str; 2] = ["token_", "client_certificate_"];
const UNPROVED: &str = "token_binding_";
const PROOF: &str = "dpop_";

/// What would help, so that the client is challenged and not denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// A new token: whatever is wrong with the one that came (RFC 6750, section 3.1; RFC 8705, section 3).
    Token,
    /// The same, and a proof by the key that it is bound to (RFC 9449, section 7.1).
    BoundToken,
    /// A new proof of possession.
    Proof,
    /// More than was proved so far, of which this would do (RFC 9470).
    StepUp(Relief),
}

impl Demand {
    /// What the verdict asks of the client instead of the token, or of the proof beside it; `None` where these are not at fault.
    pub(super) fn of(verdict: &Verdict) -> Option<Self> {
        match verdict.decision {
            Decision::Allow => None,
            // Of an instance that is denied, a new token would say the same.
            Decision::Deny if verdict.subject().is_some() => None,
            Decision::StepUp | Decision::Deny => verdict.reasons.iter().find_map(Self::after),
        }
    }

    fn after(reason: &Reason) -> Option<Self> {
        let code = &*reason.code;
        match () {
            () if code.starts_with(PROOF) => Some(Self::Proof),
            () if code.starts_with(UNPROVED) => Some(Self::BoundToken),
            () if TOKEN.iter().any(|token| code.starts_with(token)) => Some(Self::Token),
            () => None,
        }
    }

    /// The same in words.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Token | Self::BoundToken => NEW_TOKEN,
            Self::Proof => NEW_PROOF,
            Self::StepUp(Relief { assertion: true, proof: true }) => STEP_UP,
            Self::StepUp(Relief { assertion: true, proof: false }) => SIGNATURE,
            Self::StepUp(Relief { assertion: false, proof: true }) => ANOTHER_PROOF,
            Self::StepUp(Relief { assertion: false, proof: false }) => NO_PROOF,
        }
    }

    /// The field `WWW-Authenticate`, to a client that has used this scheme.
    pub(super) fn field(self, scheme: &str) -> String {
        let (scheme, error) = match self {
            Self::Token => (scheme, "invalid_token"),
            Self::BoundToken => (DPOP, "invalid_token"),
            Self::Proof => (DPOP, "invalid_dpop_proof"),
            Self::StepUp(_) => (scheme, "insufficient_user_authentication"),
        };
        let age = if matches!(self, Self::StepUp(Relief { proof: true, .. })) { ", max_age=\"0\"" } else { "" };
        let algorithms = if scheme == DPOP { ", algs=\"ES256 EdDSA\"" } else { "" };
        format!("{scheme} error=\"{error}\", error_description=\"{}\"{age}{algorithms}", self.text())
    }
}

/// The scheme of tokens that are bound to a key (RFC 9449).
pub(super) const DPOP: &str = "DPoP";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Remedy;

    #[test]
    fn each_reason_has_its_demand() {
        let after =
            |code: &'static str| Demand::after(&Reason { code: code.into(), text: "".into(), remedy: Remedy::None });
        for (code, demand) in [
            ("token_expired", Some(Demand::Token)),
            ("token_policy_changed", Some(Demand::Token)),
            ("client_certificate_mismatch", Some(Demand::Token)),
            ("token_binding_missing", Some(Demand::BoundToken)),
            ("dpop_replayed", Some(Demand::Proof)),
            ("instance_unknown", None),
            ("challenge_replayed", None),
            ("custom_token_x", None),
        ] {
            assert_eq!(after(code), demand, "{code}");
        }
    }

    #[test]
    fn demands_are_those_of_the_specifications() {
        let starts = |demand: Demand, scheme, start: &str| {
            let field = demand.field(scheme);
            assert!(field.starts_with(start), "{field}");
            assert_eq!(field.ends_with("algs=\"ES256 EdDSA\""), start.starts_with(DPOP), "{field}");
        };
        starts(Demand::Token, "Bearer", "Bearer error=\"invalid_token\"");
        starts(Demand::Token, DPOP, "DPoP error=\"invalid_token\"");
        starts(Demand::BoundToken, "Bearer", "DPoP error=\"invalid_token\"");
        starts(Demand::Proof, "Bearer", "DPoP error=\"invalid_dpop_proof\"");
    }

    #[test]
    fn a_step_up_says_what_would_do() {
        let field = |assertion, proof, scheme| Demand::StepUp(Relief { assertion, proof }).field(scheme);
        let step_up = "error=\"insufficient_user_authentication\", error_description=";
        let algorithms = "algs=\"ES256 EdDSA\"";
        assert_eq!(field(true, true, "Bearer"), format!("Bearer {step_up}\"{STEP_UP}\", max_age=\"0\""));
        assert_eq!(field(true, false, "Bearer"), format!("Bearer {step_up}\"{SIGNATURE}\""));
        let another = format!("DPoP {step_up}\"{ANOTHER_PROOF}\", max_age=\"0\", {algorithms}");
        assert_eq!(field(false, true, DPOP), another);
        assert_eq!(field(false, false, DPOP), format!("DPoP {step_up}\"{NO_PROOF}\", {algorithms}"));
    }
}
