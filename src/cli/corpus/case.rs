//! A case as it stands in its file.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::time::Timestamp;

/// One case: what arrives, what is trusted, what time it is, and what has to come out.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// The case's name.
    pub id: String,
    /// The kind of evidence.
    pub kind: String,
    /// The clock for this case.
    #[serde(deserialize_with = "moment")]
    pub verify_at: Timestamp,
    /// What arrives, and what is expected of it; its members depend on the kind.
    input: Box<RawValue>,
    /// The anchors, by the names of their files; nothing else is trusted.
    pub trust: Vec<String>,
    /// What has to come out.
    pub expect: Expected,
}

/// What has to come out of a case.
#[derive(Clone, Debug, Deserialize)]
pub struct Expected {
    /// Whether the evidence has to be accepted.
    pub accept: bool,
    /// Why it has to be refused; absent when it has to be accepted.
    pub reason: Option<String>,
    /// Other reasons that are as right.
    #[serde(default)]
    pub reason_any: Vec<String>,
    /// What a verifier finds in accepted evidence.
    #[serde(default)]
    pub facts: BTreeMap<String, Value>,
}

/// Why a case cannot be run; this says nothing about the evidence in it.
#[derive(Debug, thiserror::Error)]
pub enum CaseFault {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    File(#[from] std::io::Error),
    /// The file is larger than any case.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// Not JSON, or a member is missing or of another type.
    #[error("not a case: {0}")]
    Json(#[from] serde_json::Error),
    /// A refusal has to name its reason, and an acceptance must not.
    #[error("not a case: accept and reason contradict each other")]
    Contradiction,
    /// A member has a value that the kind does not know.
    #[error("not a case: input.{member} is not {wanted}")]
    Input {
        /// The member of `input`.
        member: &'static str,
        /// What it should be.
        wanted: &'static str,
    },
    /// An anchor that the case trusts is not there.
    #[error("the anchor {0:?} is not in a folder trust_anchors beside or above the case")]
    AnchorMissing(String),
    /// An anchor that the case trusts is there and cannot be used.
    #[error("the anchor {0:?} is not a PEM certificate")]
    AnchorMalformed(String),
}

impl Case {
    /// Reads the text of a case file.
    pub fn parse(text: &str) -> Result<Self, CaseFault> {
        let case: Self = serde_json::from_str(text)?;
        let contradicts = case.expect.accept == case.expect.reason.is_some();
        if contradicts { Err(CaseFault::Contradiction) } else { Ok(case) }
    }

    /// Reads `input` as the kind has it.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, CaseFault> {
        Ok(serde_json::from_str(self.input.get())?)
    }
}

fn moment<'de, D: Deserializer<'de>>(source: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(source)?;
    Timestamp::parse(&text).ok_or_else(|| D::Error::custom("a moment is not RFC 3339"))
}

/// Bytes in standard base64 with padding, as cases carry them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base64Bytes(pub Vec<u8>);

impl<'de> Deserialize<'de> for Base64Bytes {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let text = String::deserialize(source)?;
        let bytes = BASE64.decode(text.as_bytes());
        bytes.map(Self).map_err(|_| D::Error::custom("a value is not standard base64 with padding"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(expect: &str) -> Result<Case, CaseFault> {
        let frame =
            r#"{"id":"a","kind":"k","verify_at":"2026-01-01T00:00:00Z","input":{"x":"AA=="},"trust":[],"expect":"#;
        Case::parse(&format!("{frame}{expect}}}"))
    }

    #[test]
    fn reads_what_the_format_says() {
        let case = case(r#"{"accept":false,"reason":"expired","reason_any":["malformed"]}"#).expect("a case");
        let input: BTreeMap<String, Base64Bytes> = case.input().expect("bytes");
        assert_eq!(input.get("x"), Some(&Base64Bytes(vec![0])));
        assert!(case.input::<BTreeMap<String, u32>>().is_err());
    }

    #[test]
    fn an_expectation_must_not_contradict_itself() {
        for bad in [r#"{"accept":true,"reason":"expired"}"#, r#"{"accept":false,"reason":null}"#] {
            assert!(matches!(case(bad), Err(CaseFault::Contradiction)), "{bad}");
        }
        assert!(matches!(case("{}"), Err(CaseFault::Json(_))));
    }
}
