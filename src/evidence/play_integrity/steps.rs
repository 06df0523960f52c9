//! The checks of a payload, one a row, in order: verification runs the rows until one refuses, `inspect` shows them all.

use std::time::Duration;

use super::payload::Payload;
use super::rejection::Rejection;
use crate::crypto::digest::equal_in_constant_time;
use crate::evidence::Verified;
use crate::evidence::claims::play_integrity::{AppVerdict, PlayIntegrityClaims, SignerDigest, TokenKind};
use crate::time::Timestamp;

/// What a payload has to be, besides Google's.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The packages that are expected; one of them must fit. They come from the configuration, never from the client.
    pub package_names: &'a [String],
    /// The signers that are expected; the app must have one of them, and no other.
    pub signers: &'a [SignerDigest],
    /// The text that nonce or request hash must be. The service always passes SHA-256 of the client data in base64url.
    pub binding: &'a str,
    /// The kinds of request that are answered.
    pub kinds: TokenKinds,
    /// How old a verdict may be.
    pub max_age: Duration,
    /// How far in the future a verdict may lie, for clocks that differ; [`Expectation::SKEW`] is usual.
    pub skew: Duration,
    /// What is done with verdicts that testers had made up.
    pub testing_responses: TestingResponses,
}

impl Expectation<'_> {
    /// The usual difference between two clocks.
    pub const SKEW: Duration = Duration::from_secs(60);
}

/// The kinds of request that are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKinds {
    /// Both.
    Any,
    /// One of them.
    Only(TokenKind),
}

/// What is done with verdicts that testers had made up in the Play Console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestingResponses {
    /// They are refused, as they have to be in production.
    Refused,
    /// They are taken, and every verdict on them says so.
    Taken,
}

/// What a verified payload establishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayIntegrityFacts {
    /// What is known about app and device.
    pub claims: PlayIntegrityClaims,
    /// The package that the request names, advisory: whoever asks can set it.
    pub request_package_name: String,
}

/// A payload before its checks, with all that they need.
#[derive(Clone, Copy, Debug)]
pub struct IntegrityCheck<'a> {
    payload: &'a Payload,
    expectation: Expectation<'a>,
    now: Timestamp,
}

/// One check of a payload.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What is checked, in a few words.
    pub title: &'static str,
    /// The part of the [`Expectation`] that the check compares with; `None` when it needs no expectation.
    pub compares_with: Option<&'static str>,
    run: fn(&IntegrityCheck<'_>) -> Result<(), Rejection>,
}

const fn step(
    title: &'static str,
    compares_with: Option<&'static str>,
    run: fn(&IntegrityCheck<'_>) -> Result<(), Rejection>,
) -> Step {
    Step { title, compares_with, run }
}

/// All checks after parsing, in their order.
pub const STEPS: [Step; 8] = [
    step("not made up for a tester", None, |check| check.testing_response()),
    step("requested for an expected package", Some("package_name"), |check| check.request_package()),
    step("bound by exactly one of nonce and request hash", None, |check| check.kind().map(drop)),
    step("of an expected kind", Some("kind"), |check| check.expected_kind()),
    step("nonce or request hash fits the client data", Some("binding"), |check| check.binding()),
    step("requested a short while ago", Some("max_age"), |check| check.freshness()),
    step("about an expected package", Some("package_name"), |check| check.package()),
    step("signed by expected signers alone", Some("signer"), |check| check.signers()),
];

impl Step {
    /// Runs this check alone.
    pub fn run(&self, check: &IntegrityCheck<'_>) -> Result<(), Rejection> {
        (self.run)(check)
    }
}

/// Verifies a payload at the time `now`: structure first, then every row of [`STEPS`].
///
/// The bytes have to come from [`super::open_classic_token`] or from Google's server: nothing in a payload proves who wrote
/// it. Errors with the first check that fails.
pub fn verify_integrity_payload(
    bytes: &[u8],
    expectation: Expectation<'_>,
    now: Timestamp,
) -> Result<Verified<PlayIntegrityFacts>, Rejection> {
    let payload = Payload::parse(bytes)?;
    verify_parsed(&payload, expectation, now)
}

/// Verifies a payload that has been read, as [`verify_integrity_payload`] does.
pub fn verify_parsed(
    payload: &Payload,
    expectation: Expectation<'_>,
    now: Timestamp,
) -> Result<Verified<PlayIntegrityFacts>, Rejection> {
    let check = IntegrityCheck::new(payload, expectation, now);
    STEPS.iter().try_for_each(|step| step.run(&check))?;
    check.facts().map(Verified::new)
}

impl<'a> IntegrityCheck<'a> {
    /// Makes the checks ready.
    pub const fn new(payload: &'a Payload, expectation: Expectation<'a>, now: Timestamp) -> Self {
        Self { payload, expectation, now }
    }

    fn testing_response(&self) -> Result<(), Rejection> {
        let refused = self.expectation.testing_responses == TestingResponses::Refused;
        require(!(refused && self.payload.testing_response), Rejection::TestingResponse)
    }

    fn expects_package(&self, name: &str) -> bool {
        self.expectation.package_names.iter().any(|expected| expected == name)
    }

    fn request_package(&self) -> Result<(), Rejection> {
        require(self.expects_package(&self.payload.request.package_name), Rejection::RequestPackageMismatch)
    }

    fn bound(&self) -> Result<(TokenKind, &'a str), Rejection> {
        match (&self.payload.request.nonce, &self.payload.request.request_hash) {
            (Some(nonce), None) => Ok((TokenKind::Classic, nonce)),
            (None, Some(hash)) => Ok((TokenKind::Standard, hash)),
            _ => Err(Rejection::BindingForm),
        }
    }

    fn kind(&self) -> Result<TokenKind, Rejection> {
        self.bound().map(|(kind, _)| kind)
    }

    fn expected_kind(&self) -> Result<(), Rejection> {
        let kind = self.kind()?;
        let expected =
            matches!(self.expectation.kinds, TokenKinds::Any) || self.expectation.kinds == TokenKinds::Only(kind);
        require(expected, Rejection::KindUnexpected)
    }

    fn binding(&self) -> Result<(), Rejection> {
        let (_, binding) = self.bound()?;
        let fits = equal_in_constant_time(binding.as_bytes(), self.expectation.binding.as_bytes());
        // Two empty texts are equal, and bind nothing.
        require(fits && !binding.is_empty(), Rejection::BindingMismatch)
    }

    fn freshness(&self) -> Result<(), Rejection> {
        let requested_at = self.payload.request.requested_at;
        require(requested_at >= self.now.minus(self.expectation.max_age), Rejection::Expired)?;
        require(requested_at <= self.now.plus(self.expectation.skew), Rejection::NotYetValid)
    }

    /// Whether Google says that it did not look at the app, in which case it names none.
    fn is_unevaluated(&self) -> bool {
        let app = &self.payload.app;
        let silent = matches!(app.verdict, None | Some(AppVerdict::Unevaluated | AppVerdict::Unknown));
        silent && app.package_name.is_none() && app.signers.is_empty()
    }

    fn package(&self) -> Result<(), Rejection> {
        let fits = self.payload.app.package_name.as_ref().is_some_and(|name| self.expects_package(name));
        require(fits || self.is_unevaluated(), Rejection::AppMismatch)
    }

    fn signers(&self) -> Result<(), Rejection> {
        let signers = &self.payload.app.signers;
        let expected = |signer: &SignerDigest| self.expectation.signers.contains(signer);
        let fits = !signers.is_empty() && signers.iter().all(expected);
        require(fits || self.is_unevaluated(), Rejection::SignerMismatch)
    }

    fn facts(&self) -> Result<PlayIntegrityFacts, Rejection> {
        let Payload { request, app, device, account, surroundings, testing_response, unknown_members } =
            self.payload.clone();
        let kind = self.kind()?;
        let requested_at = request.requested_at;
        let claims = PlayIntegrityClaims {
            kind,
            requested_at,
            testing_response,
            app,
            device,
            account,
            surroundings,
            unknown_members,
        };
        Ok(PlayIntegrityFacts { claims, request_package_name: request.package_name })
    }
}

fn require(holds: bool, otherwise: Rejection) -> Result<(), Rejection> {
    if holds { Ok(()) } else { Err(otherwise) }
}
