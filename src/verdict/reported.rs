//! What rules found that only report.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Decision;

/// A finding that changed nothing, and nobody outside is told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept")]
pub struct Reported {
    /// The code of its reason.
    pub code: Cow<'static, str>,
    /// What would have been decided if it alone had counted too.
    pub would: Decision,
}

impl Reported {
    /// What would have been decided instead, where that is stricter.
    pub fn stricter_than(&self, decision: Decision) -> Option<Decision> {
        Some(self.would).filter(|would| *would > decision)
    }
}

/// As it was written. Earlier versions wrote the code alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Code(Cow<'static, str>),
    Whole { code: Cow<'static, str>, would: Decision },
}

impl From<Kept> for Reported {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Code(code) => Self { code, would: Decision::Allow },
            Kept::Whole { code, would } => Self { code, would },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_earlier_versions_wrote_is_read_too() {
        let reported = Reported { code: "a_code".into(), would: Decision::StepUp };
        let written = serde_json::to_string(&reported).expect("JSON");
        let older = Reported { would: Decision::Allow, ..reported.clone() };
        for (text, expected) in [(written.as_str(), reported), ("\"a_code\"", older)] {
            assert_eq!(serde_json::from_str::<Reported>(text).expect("is read"), expected, "{text}");
        }
    }

    #[test]
    fn only_what_is_stricter_would_have_changed_anything() {
        use Decision::{Allow, Deny, StepUp};
        let would = Reported { code: "a_code".into(), would: StepUp };
        assert_eq!([Allow, StepUp, Deny].map(|decision| would.stricter_than(decision)), [Some(StepUp), None, None]);
    }
}
