//! Rules of an app's own: a condition over facts, and what it is worth that it holds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::application::{Application, Concern, Mode, Percent};
use crate::appraisal::expression::{Expression, ExpressionFault, Slot, Truth};
use crate::appraisal::facts::{FactNames, Known, Source, source, was_sent};
use crate::appraisal::reason::{Reason, Remedy};
use crate::appraisal::vector::{Aspect, TrustVector};
use crate::evidence::claims::Claims;

/// What stands before the names of own rules in the codes of their reasons, so that none is ever taken for a built-in one.
const PREFIX: &str = "custom_";
/// The longest name, in bytes.
const NAME_LIMIT: usize = 64;

/// One rule of an app's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRule {
    /// The code of its reason.
    pub code: OwnCode,
    /// What it looks for.
    pub when: Condition,
    /// What it makes of an instance.
    pub tier: Concern,
    /// What about the instance that concerns.
    pub effect: Aspect,
    /// What would help.
    pub remedy: Remedy,
    /// What was found, for people.
    pub text: String,
    /// Whether what it finds counts.
    pub mode: Mode,
    /// For how many instances it counts, where it does.
    pub percent: Percent,
}

/// The code of an own rule's reason: `custom_` and its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OwnCode(String);

/// A text is no name of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rule's name is 1 to 64 of a-z, 0-9 and '_', and starts with a letter")]
pub struct RuleNameMalformed;

/// An expression over the facts that there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    expression: Expression,
    /// Where the facts come from that it cannot do without.
    needs: Sources,
    /// Where the facts come from that it mentions, be it only to ask whether they are there.
    mentions: Sources,
}

/// A set of sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sources {
    anything: bool,
    app_attest: bool,
    key_attestation: bool,
    play_integrity: bool,
    request: bool,
}

impl OwnRule {
    /// What it notes where its condition holds.
    pub(in crate::appraisal) fn finding(&self) -> (Reason, TrustVector) {
        let (code, text) = (self.code.0.clone().into(), self.text.clone().into());
        (Reason { code, text, remedy: self.remedy }, TrustVector::of(self.effect, self.tier.worth()))
    }

    /// How it applies.
    pub fn application(&self) -> Application {
        Application { mode: self.mode, percent: self.percent, tier: None }
    }
}

impl OwnCode {
    /// The code of the rule with this name.
    pub fn of(name: &str) -> Result<Self, RuleNameMalformed> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let first = name.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
        let sound = first && name.bytes().all(plain) && name.len() <= NAME_LIMIT;
        if sound { Ok(Self(format!("{PREFIX}{name}"))) } else { Err(RuleNameMalformed) }
    }

    /// The name of the rule.
    pub fn name(&self) -> &str {
        self.0.strip_prefix(PREFIX).unwrap_or(&self.0)
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OwnCode {
    type Error = RuleNameMalformed;

    fn try_from(code: String) -> Result<Self, RuleNameMalformed> {
        Self::of(code.strip_prefix(PREFIX).ok_or(RuleNameMalformed)?)
    }
}

impl From<OwnCode> for String {
    fn from(code: OwnCode) -> Self {
        code.0
    }
}

impl fmt::Display for OwnCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Condition {
    /// Whether it is found, on a phone of its platform: whatever may hold is. Of evidence that the phone has not sent, it is what the
    /// condition itself says of absence: that something is missing is for other rules to find.
    pub(in crate::appraisal) fn is_found(&self, known: &Known<'_>) -> bool {
        match self.expression.holds(known) {
            Truth::True | Truth::Unknown => self.needs.fit(known.claims()),
            Truth::False | Truth::Unsent => false,
        }
    }

    /// Whether it speaks of requests, and so cannot be weighed before there is one.
    pub fn looks_at_requests(&self) -> bool {
        self.mentions.request
    }

    /// Whether it speaks of evidence of this kind.
    pub fn needs(&self) -> impl Iterator<Item = &'static str> {
        let Sources { app_attest, key_attestation, play_integrity, .. } = self.needs;
        let named =
            [("app_attest", app_attest), ("key_attestation", key_attestation), ("play_integrity", play_integrity)];
        named.into_iter().filter_map(|(name, needed)| needed.then_some(name))
    }

    /// Whether it says something about these claims, and further sections would not change it.
    pub(in crate::appraisal) fn is_settled_by(&self, claims: &Claims) -> bool {
        !self.mentions.anything && self.mentions.have_format() && self.mentions.are_in(claims)
    }
}

impl FromStr for Condition {
    type Err = ExpressionFault;

    /// Reads an expression. One that needs what no single device sends is refused, since it would never be found.
    fn from_str(text: &str) -> Result<Self, ExpressionFault> {
        let expression = Expression::compile(text, &FactNames)?;
        let (needs, mentions) = (Sources::of(expression.needs()), Sources::of(expression.mentions()));
        if needs.app_attest && (needs.key_attestation || needs.play_integrity) {
            let message = "no device sends both App Attest and evidence of Android, so this would never be looked at";
            let hint = Some("write one rule for each".to_owned());
            return Err(ExpressionFault { span: 0..text.len(), message: message.to_owned(), hint });
        }
        Ok(Self { expression, needs, mentions })
    }
}

impl Serialize for Condition {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.expression.serialize(out)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

impl Sources {
    fn of(slots: impl Iterator<Item = Slot>) -> Self {
        let mut sources = Self::default();
        for slot in slots {
            match source(slot) {
                Source::Anything => sources.anything = true,
                Source::AppAttest => sources.app_attest = true,
                Source::KeyAttestation => sources.key_attestation = true,
                Source::PlayIntegrity => sources.play_integrity = true,
                Source::Request => sources.request = true,
            }
        }
        sources
    }

    const fn have_format(self) -> bool {
        self.app_attest || self.key_attestation || self.play_integrity
    }

    /// Whether a phone of this platform could have all these sections.
    fn fit(self, claims: Option<&Claims>) -> bool {
        match claims.and_then(|claims| claims.app_attest.as_ref()) {
            Some(_) => !self.key_attestation && !self.play_integrity,
            None => !self.app_attest,
        }
    }

    /// Whether the claims have all these sections, each with something in it.
    fn are_in(self, claims: &Claims) -> bool {
        let there = |source| was_sent(source, Some(claims));
        (!self.app_attest || there(Source::AppAttest))
            && (!self.key_attestation || there(Source::KeyAttestation))
            && (!self.play_integrity || there(Source::PlayIntegrity))
    }
}
