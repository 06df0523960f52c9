//! Cases with verdicts of Play Integrity, decoded or in a token.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::case::{Base64Bytes, Case, CaseFault};
use super::judgement::{Fact, Judgement};
use crate::appraisal::{
    Circumstances, Outage, PlayIntegrityPolicy, Policy, Presence, Reason, Signal, Stance, Tier, appraise,
};
use crate::crypto::jose::KeyEncryptionKey;
use crate::crypto::key::P256PublicKey;
use crate::evidence::claims::play_integrity::{AppVerdict, DeviceLabel, LicensingVerdict, SignerDigest, TokenKind};
use crate::evidence::claims::{Claims, PlayIntegrity};
use crate::evidence::play_integrity::{
    Expectation, IntegrityKeys, PlayIntegrityFacts, Rejection, TestingResponses, TokenKinds, open_classic_token,
    verify_integrity_payload,
};

/// What a case with a verdict carries: a payload, or a token with the keys that open it.
#[derive(Debug, Deserialize)]
pub(in crate::cli) struct Input {
    /// The payload, decoded.
    payload: Option<Box<RawValue>>,
    /// The token.
    token: Option<String>,
    /// The key that opens it.
    decryption_key: Option<Base64Bytes>,
    /// The key that its payload is signed with.
    verification_key_spki: Option<Base64Bytes>,
    /// The package that is expected.
    package_name: String,
    /// The binding of a standard request.
    request_hash: Option<String>,
    /// The binding of a classic request.
    nonce: Option<String>,
    /// The signers that are expected.
    certificate_sha256_digests: Vec<SignerDigest>,
    /// How old a verdict may be.
    max_age_seconds: Option<u64>,
    /// What the verdict is weighed by.
    #[serde(default)]
    policy: PolicyInput,
}

/// The policy of a case; for what it does not name, a verdict has to be that of a genuine app on a genuine device.
#[derive(Debug, Default, Deserialize)]
struct PolicyInput {
    app_verdicts: Option<BTreeSet<AppVerdict>>,
    device_verdicts: Option<BTreeSet<DeviceLabel>>,
    licensing_verdicts: Option<BTreeSet<LicensingVerdict>>,
}

/// Judges one case. No anchor is asked for: a token's keys are the app's own, and a payload is taken as Google's.
pub(super) fn judge(case: &Case, _: &Path) -> Result<Judgement, CaseFault> {
    let input: Input = case.input()?;
    let (packages, binding) = ([input.package_name.clone()], input.binding()?);
    let expectation = input.expectation(&packages, binding);
    let payload = match input.payload()? {
        Ok(payload) => payload,
        Err(rejection) => return Ok((&rejection).into()),
    };
    Ok(match verify_integrity_payload(&payload, expectation, case.verify_at) {
        Ok(verified) => weighed(verified.into_facts(), input.policy(), Circumstances::at(case.verify_at)),
        Err(rejection) => (&rejection).into(),
    })
}

impl Input {
    /// The payload, out of its token where it is in one.
    fn payload(&self) -> Result<Result<Vec<u8>, Rejection>, CaseFault> {
        match (&self.payload, &self.token) {
            (Some(payload), None) => Ok(Ok(payload.get().as_bytes().to_vec())),
            (None, Some(token)) => Ok(open_classic_token(token.as_bytes(), &[self.keys()?])),
            _ => Err(CaseFault::Input { member: "payload", wanted: "there, or a token in its place" }),
        }
    }

    /// The keys of a case with a token.
    pub(in crate::cli) fn keys(&self) -> Result<IntegrityKeys, CaseFault> {
        let fault = |member, wanted| move || CaseFault::Input { member, wanted };
        let aes = self.decryption_key.as_ref().and_then(|Base64Bytes(key)| <[u8; 32]>::try_from(key.as_slice()).ok());
        let spki = self.verification_key_spki.as_ref().and_then(|Base64Bytes(der)| P256PublicKey::from_spki(der).ok());
        Ok(IntegrityKeys {
            decryption: aes.map(KeyEncryptionKey::new).ok_or_else(fault("decryption_key", "an AES-256 key"))?,
            verification: spki.ok_or_else(fault("verification_key_spki", "a P-256 public key"))?,
        })
    }

    /// The token, where the case carries one.
    pub(in crate::cli) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Token or payload as they stand in the case; nothing where there is neither.
    pub(in crate::cli) fn bytes(&self) -> Vec<u8> {
        let payload = || self.payload.as_ref().map(|payload| payload.get());
        self.token().or_else(payload).unwrap_or_default().as_bytes().to_vec()
    }

    /// The package that is expected.
    pub(in crate::cli) fn package_name(&self) -> &str {
        &self.package_name
    }

    /// The signers that are expected.
    pub(in crate::cli) fn signers(&self) -> &[SignerDigest] {
        &self.certificate_sha256_digests
    }

    /// How old a verdict may be.
    pub(in crate::cli) fn max_age(&self) -> Duration {
        self.max_age_seconds.map_or(Duration::MAX, Duration::from_secs)
    }

    /// The binding that is expected, and of which kind.
    pub(in crate::cli) fn binding(&self) -> Result<(TokenKind, &str), CaseFault> {
        match (&self.nonce, &self.request_hash) {
            (Some(nonce), None) => Ok((TokenKind::Classic, nonce)),
            (None, Some(hash)) => Ok((TokenKind::Standard, hash)),
            _ => Err(CaseFault::Input { member: "request_hash", wanted: "there, or a nonce in its place" }),
        }
    }

    fn expectation<'a>(
        &'a self,
        package_names: &'a [String],
        (kind, binding): (TokenKind, &'a str),
    ) -> Expectation<'a> {
        Expectation {
            package_names,
            signers: &self.certificate_sha256_digests,
            binding,
            kinds: TokenKinds::Only(kind),
            max_age: self.max_age(),
            skew: Expectation::SKEW,
            testing_responses: TestingResponses::Refused,
        }
    }

    fn policy(&self) -> PlayIntegrityPolicy {
        let careful = PlayIntegrityPolicy::careful();
        PlayIntegrityPolicy {
            presence: Presence::Optional,
            app_verdicts: self.policy.app_verdicts.clone().or(careful.app_verdicts),
            device_labels: self.policy.device_verdicts.clone().unwrap_or(careful.device_labels),
            licensing_verdicts: self.policy.licensing_verdicts.clone().unwrap_or(careful.licensing_verdicts),
            unlicensed: Stance::Deny,
            strong_min_sdk: None,
            min_version_code: None,
            recent_activity: Signal::IGNORED,
            access_risk: Signal::IGNORED,
            known_access_risk: Stance::Allow,
            play_protect: Signal::IGNORED,
            location_risk: Signal::IGNORED,
            testing_responses: TestingResponses::Refused,
            refresh_every: None,
            outage: Outage::Refuse,
        }
    }
}

/// Weighs a verified verdict. One about which a lax policy finds nothing to say is accepted: the case asked for no more.
fn weighed(facts: PlayIntegrityFacts, policy: PlayIntegrityPolicy, circumstances: Circumstances) -> Judgement {
    let integrity = PlayIntegrity::Decoded(Box::new(facts.claims.clone()));
    let claims = Claims { play_integrity: Some(integrity), ..Claims::default() };
    let policy = Policy { play_integrity: Some(policy), ..Policy::default() };
    let appraisal = appraise(&claims, &policy, &circumstances);
    match (appraisal.tier(), appraisal.reasons.as_slice()) {
        (Tier::Affirming | Tier::None, _) | (_, []) => Judgement::Accepted(found(&facts)),
        (_, [Reason { code, text, .. }, ..]) => {
            Judgement::Refused { reason: "constraint_violation", code: code.clone(), text: text.clone().into_owned() }
        }
    }
}

fn found(facts: &PlayIntegrityFacts) -> Vec<Fact> {
    let claims = &facts.claims;
    vec![
        ("request_package_name", json!(facts.request_package_name)),
        ("timestamp_millis", json!(claims.requested_at)),
        ("app_recognition_verdict", json!(claims.app.verdict)),
        ("device_recognition_verdict", json!(claims.device.labels)),
        ("licensing_verdict", json!(claims.account.licensing)),
        ("version_code", json!(claims.app.version_code.map(|version| version.to_string()))),
        ("sdk_version", json!(claims.device.sdk_version)),
        ("recent_device_activity", json!(claims.device.recent_activity)),
        ("play_protect_verdict", json!(claims.surroundings.play_protect)),
        ("apps_detected", json!(claims.surroundings.access_risk)),
    ]
}

impl From<&Rejection> for Judgement {
    fn from(rejection: &Rejection) -> Self {
        Self::Refused { reason: reason(rejection), code: rejection.code().into(), text: rejection.to_string() }
    }
}

/// The corpus's reason for a rejection.
const fn reason(rejection: &Rejection) -> &'static str {
    match rejection {
        Rejection::TooLarge { .. }
        | Rejection::TokenForm(_)
        | Rejection::TokenHeader(_)
        | Rejection::SignedForm(_)
        | Rejection::NotJson(_)
        | Rejection::Structure { .. } => "malformed",
        Rejection::NotDecrypted | Rejection::SignedHeader(_) | Rejection::SignatureInvalid => "signature_invalid",
        Rejection::TestingResponse => "constraint_violation",
        Rejection::BindingForm | Rejection::KindUnexpected | Rejection::BindingMismatch => "nonce_mismatch",
        Rejection::Expired => "expired",
        Rejection::NotYetValid => "not_yet_valid",
        Rejection::RequestPackageMismatch | Rejection::AppMismatch | Rejection::SignerMismatch => "app_mismatch",
    }
}
