//! An app of the laboratory's, and a verifier that expects it.

use std::sync::LazyLock;
use std::time::Duration;

use bonafide::appraisal::{Appraisal, Circumstances, PlayIntegrityPolicy, Policy, Tier, appraise};
use bonafide::crypto::digest::sha256;
use bonafide::evidence::Verified;
use bonafide::evidence::claims::play_integrity::{PlayIntegrityClaims, TokenKind};
use bonafide::evidence::claims::{Claims, PlayIntegrity};
use bonafide::evidence::play_integrity::{
    Expectation, PlayIntegrityFacts, Rejection, TestingResponses, TokenKinds, verify_integrity_payload,
};
use bonafide::lab::play_integrity::{LabApp, PayloadPlan};
use bonafide::time::Timestamp;
use data_encoding::BASE64URL_NOPAD;

pub const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
pub const CLIENT_DATA: &[u8] = b"a challenge";
pub const MAX_AGE: Duration = Duration::from_secs(300);

static APP: LazyLock<LabApp> = LazyLock::new(|| LabApp::from_seed(&[1; 32], "com.example.shop", NOW).expect("an app"));
static PACKAGES: LazyLock<[String; 1]> = LazyLock::new(|| [APP.package_name.clone()]);
static BINDING: LazyLock<String> = LazyLock::new(|| binding_of(CLIENT_DATA));

pub fn app() -> &'static LabApp {
    &APP
}

/// What binds a token to client data: SHA-256, base64url without padding.
pub fn binding_of(client_data: &[u8]) -> String {
    BASE64URL_NOPAD.encode(&sha256(client_data))
}

pub fn binding() -> &'static str {
    &BINDING
}

pub fn standard() -> PayloadPlan {
    app().verdict(TokenKind::Standard, binding())
}

pub fn classic() -> PayloadPlan {
    app().verdict(TokenKind::Classic, binding())
}

/// What the bench expects of tokens of this kind.
pub fn expectation(kind: TokenKind) -> Expectation<'static> {
    Expectation {
        package_names: &*PACKAGES,
        signers: std::slice::from_ref(&APP.signer),
        binding: &BINDING,
        kinds: TokenKinds::Only(kind),
        max_age: MAX_AGE,
        skew: Expectation::SKEW,
        testing_responses: TestingResponses::Refused,
    }
}

/// Verifies a verdict of a standard request, with one change, at the bench's time.
pub fn verify(change: impl FnOnce(&mut PayloadPlan)) -> Result<PlayIntegrityFacts, Rejection> {
    verify_as(expectation(TokenKind::Standard), change)
}

pub fn verify_as(
    expectation: Expectation<'_>,
    change: impl FnOnce(&mut PayloadPlan),
) -> Result<PlayIntegrityFacts, Rejection> {
    let mut plan = standard();
    change(&mut plan);
    verify_integrity_payload(&plan.write(), expectation, NOW).map(Verified::into_facts)
}

/// The claims of a verdict that verifies.
pub fn claims(change: impl FnOnce(&mut PayloadPlan)) -> PlayIntegrityClaims {
    verify(change).expect("a verdict").claims
}

pub fn appraise_integrity(integrity: PlayIntegrity, policy: &PlayIntegrityPolicy, now: Timestamp) -> Appraisal {
    let claims = Claims { play_integrity: Some(integrity), ..Claims::default() };
    let policy = Policy { play_integrity: Some(policy.clone()), ..Policy::default() };
    appraise(&claims, &policy, &Circumstances::at(now))
}

/// Tier and codes of a verdict with one change, under a policy.
pub fn weigh(policy: &PlayIntegrityPolicy, change: impl FnOnce(&mut PayloadPlan)) -> (Tier, Vec<String>) {
    told(&appraise_integrity(PlayIntegrity::Decoded(Box::new(claims(change))), policy, NOW))
}

pub fn told(appraisal: &Appraisal) -> (Tier, Vec<String>) {
    (appraisal.tier(), appraisal.reasons.iter().map(|reason| reason.code.to_string()).collect())
}

pub fn found(tier: Tier, codes: &[&str]) -> (Tier, Vec<String>) {
    (tier, codes.iter().map(|code| (*code).to_owned()).collect())
}

pub fn refused(codes: &[&str]) -> (Tier, Vec<String>) {
    found(Tier::Contraindicated, codes)
}

pub fn affirmed() -> (Tier, Vec<String>) {
    found(Tier::Affirming, &[])
}
