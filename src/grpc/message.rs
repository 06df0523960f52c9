//! Verdicts as messages.

use std::time::Duration;

use super::proto;
use crate::evidence::claims::{Claims, PlayIntegrity, PlayIntegrityClaims};
use crate::telemetry::{Call, Vitals};
use crate::time::Timestamp;
use crate::verdict::{Decision, Reason, Remedy, Tier, TrustVector, Verdict};
use crate::verifier::{Caller, Role, Verifier};

/// The longest time for which a refusal may be reused.
const NEGATIVE_FOR: Duration = Duration::from_secs(5);

/// A verdict as `caller` may see it at the time of the answer.
pub(super) fn verdict(verifier: &Verifier, caller: &Caller, verdict: &Verdict) -> proto::Verdict {
    let instance = verdict.instance.map(|id| verifier.pseudonym(caller, id)).unwrap_or_default();
    named_verdict(verdict, instance, caller.role, verifier.now())
}

/// A verdict on an instance of this name.
pub(super) fn named_verdict(verdict: &Verdict, instance: String, role: Role, now: Timestamp) -> proto::Verdict {
    proto::Verdict {
        decision: decision(verdict.decision).into(),
        tier: tier(verdict.tier).into(),
        trust_vector: Some(vector(&verdict.vector)),
        reasons: verdict.reasons.iter().map(reason).collect(),
        facts: verdict.claims.as_ref().map(|claims| facts(claims, role)).unwrap_or_default(),
        app: verdict.app.as_str().to_owned(),
        instance,
        session_sha256: verdict.session.as_ref().map(|digest| digest.to_vec().into()).unwrap_or_default(),
        policy_revision: verdict.policy.into(),
        issue_time: Some(timestamp(verdict.issued_at)),
        expire_time: Some(timestamp(verdict.expires_at)),
        freshness: Some(freshness(verdict, now)),
    }
}

const fn decision(decision: Decision) -> proto::Decision {
    match decision {
        Decision::Allow => proto::Decision::Allow,
        Decision::StepUp => proto::Decision::StepUp,
        Decision::Deny => proto::Decision::Deny,
    }
}

const fn tier(tier: Tier) -> proto::TrustTier {
    match tier {
        Tier::None => proto::TrustTier::None,
        Tier::Affirming => proto::TrustTier::Affirming,
        Tier::Warning => proto::TrustTier::Warning,
        Tier::Contraindicated => proto::TrustTier::Contraindicated,
    }
}

fn vector(vector: &TrustVector) -> proto::TrustVector {
    proto::TrustVector {
        instance_identity: vector.instance_identity.0.into(),
        configuration: vector.configuration.0.into(),
        executables: vector.executables.0.into(),
        hardware: vector.hardware.0.into(),
        storage_opaque: vector.storage_opaque.0.into(),
    }
}

fn reason(reason: &Reason) -> proto::Reason {
    use proto::remedy::Action;
    let action = match reason.remedy {
        Remedy::None => Action::None,
        Remedy::RetryNow => Action::RetryNow,
        Remedy::NewChallenge => Action::NewChallenge,
        Remedy::ReEnrol => Action::ReEnrol,
        Remedy::UpdateApp => Action::UpdateApp,
        Remedy::UpdateOs => Action::UpdateOs,
        Remedy::ContactSupport => Action::ContactSupport,
        Remedy::ShowPlayDialog(_) => Action::ShowPlayDialog,
        Remedy::RetryAfter { .. } => Action::RetryAfter,
    };
    let play_dialog = if let Remedy::ShowPlayDialog(dialog) = reason.remedy { dialog.number() } else { 0 };
    let retry_after = match reason.remedy {
        Remedy::RetryAfter { seconds } => duration(Duration::from_secs(seconds.into())),
        _ => None,
    };
    proto::Reason {
        code: reason.code.clone().into_owned(),
        text: reason.text.clone().into_owned(),
        remedy: Some(proto::Remedy { action: action.into(), play_dialog, retry_after }),
    }
}

/// What was proved, for those who see it.
pub(super) fn facts(claims: &Claims, role: Role) -> Vec<proto::Fact> {
    if !role.sees_facts() {
        return Vec::new();
    }
    let formats = claims.formats().map(|format| ("format", format.name().to_owned()));
    let play_integrity = claims.play_integrity.as_ref().and_then(PlayIntegrity::claims);
    let stated = formats
        .chain(claims.app_attest.iter().flat_map(|claims| claims.stated()))
        .chain(claims.key_attestation.iter().flat_map(|claims| claims.stated()))
        .chain(play_integrity.into_iter().flat_map(PlayIntegrityClaims::stated))
        .chain(claims.report.iter().map(|report| report.stated()));
    stated.map(|(name, value)| proto::Fact { name: name.to_owned(), value }).collect()
}

fn freshness(verdict: &Verdict, now: Timestamp) -> proto::Freshness {
    let left = verdict.freshness.within(verdict.expires_at.since(now));
    let (positive, negative) = match verdict.decision {
        Decision::Allow => (left.fresh_for(), Duration::ZERO),
        Decision::StepUp | Decision::Deny => (Duration::ZERO, left.fresh_for().min(NEGATIVE_FOR)),
    };
    let stale = if positive.is_zero() { Duration::ZERO } else { left.stale_if_unavailable() };
    proto::Freshness {
        fresh_for: duration(positive),
        stale_if_unavailable: duration(stale),
        negative_for: duration(negative),
    }
}

/// No time at all is said by leaving it out.
fn duration(span: Duration) -> Option<prost_types::Duration> {
    (!span.is_zero()).then(|| prost_types::Duration {
        seconds: i64::try_from(span.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(span.subsec_nanos()).unwrap_or(0),
    })
}

/// A point in time as a message.
pub(super) fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let millis = at.as_millis();
    prost_types::Timestamp {
        seconds: i64::try_from(millis / 1000).unwrap_or(i64::MAX),
        nanos: i32::try_from(millis % 1000).unwrap_or(0) * 1_000_000,
    }
}

/// Counts a decision and leaves a trace of it: codes only, no evidence and no identifier.
pub(super) fn record(vitals: &Vitals, call: Call, caller: &Caller, verdict: &Verdict) {
    vitals.count(call, verdict);
    let reasons: Vec<&str> = verdict.reasons.iter().map(|reason| reason.code.as_ref()).collect();
    tracing::info!(
        call = call.name(),
        caller = caller.name.as_str(),
        app = verdict.app.as_str(),
        decision = verdict.decision.name(),
        reasons = reasons.join(","),
        "decided"
    );
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;

    use super::*;
    use crate::crypto::digest::sha256;
    use crate::endorsement::key_attestation_anchors;
    use crate::evidence::claims::Anchor;
    use crate::evidence::claims::play_integrity::TokenKind;
    use crate::evidence::key_attestation::{
        AppIdentity, Expectation, FactoryExpiry, IssuerRules, SharedUserId, verify_key_attestation,
    };
    use crate::evidence::play_integrity as integrity;
    use crate::lab::key_attestation::{AndroidApp, KeyAttestationLab, Names};
    use crate::lab::play_integrity::LabApp;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
    const PACKAGE: &str = "com.example.shop";

    /// What a phone proves with a chain and a token over the same client data.
    fn android() -> Claims {
        let challenge = sha256(b"a challenge");
        let play = LabApp::from_seed(&[1; 32], PACKAGE, NOW).expect("an app");
        let lab = KeyAttestationLab::from_seed(&[1; 32], Names::Lab, NOW).expect("a laboratory");
        let phone = lab.device_from_seed(&[2; 32], &AndroidApp::new(PACKAGE, &play.signer.0)).expect("a phone");
        let anchors = key_attestation_anchors(&[lab.root_der().to_vec()]).expect("anchors");
        let expectation = Expectation {
            challenge: Some(&challenge),
            apps: Some(&[AppIdentity { package: PACKAGE.to_owned(), signers: None }]),
            shared_user_id: SharedUserId::Refused,
            public_key: None,
            factory_expiry: FactoryExpiry::Tolerated,
            issuers: IssuerRules::FactoryExcepted,
        };
        let chain = phone.attest(&challenge).expect("forged").chain;
        let chain = verify_key_attestation(&chain, &anchors, expectation, NOW).expect("genuine").into_facts();
        let binding = BASE64URL_NOPAD.encode(&challenge);
        let expectation = integrity::Expectation {
            package_names: &[PACKAGE.to_owned()],
            signers: &[play.signer],
            binding: &binding,
            kinds: integrity::TokenKinds::Any,
            max_age: Duration::from_secs(300),
            skew: integrity::Expectation::SKEW,
            testing_responses: integrity::TestingResponses::Refused,
        };
        let payload = play.verdict(TokenKind::Standard, &binding).write();
        let said = integrity::verify_integrity_payload(&payload, expectation, NOW).expect("genuine").into_facts();
        let claims = Claims { key_attestation: Some(Box::new(chain.claims)), ..Claims::default() };
        claims.with_play_integrity(PlayIntegrity::Decoded(Box::new(said.claims)), Anchor::Lab)
    }

    #[test]
    fn facts_of_every_format_have_names_of_their_own() {
        let told = facts(&android(), Role::AuthServer);
        let told: Vec<_> = told.iter().map(|fact| (fact.name.as_str(), fact.value.as_str())).collect();
        let expected = [
            ("format", "key_attestation"),
            ("format", "play_integrity"),
            ("package", PACKAGE),
            ("version_code", "1"),
            ("security_level", "trusted_environment"),
            ("provisioning", "remote"),
            ("certificates_issued", "8"),
            ("boot_state", "verified"),
            ("bootloader_locked", "true"),
            ("os_version", "16.0"),
            ("os_patch", "2026-09"),
            ("vendor_patch", "2026-09-05"),
            ("boot_patch", "2026-09-05"),
            ("play_package", PACKAGE),
            ("play_app_verdict", "PLAY_RECOGNIZED"),
            ("play_version_code", "42"),
            ("play_device_labels", "MEETS_BASIC_INTEGRITY MEETS_DEVICE_INTEGRITY MEETS_STRONG_INTEGRITY"),
            ("play_sdk_version", "36"),
            ("play_activity_level", "LEVEL_1"),
            ("play_licensing", "LICENSED"),
            ("play_protect", "NO_ISSUES"),
            ("play_requested_at", "2026-09-21T14:13:20Z"),
        ];
        assert_eq!(told, expected);
        assert_eq!(facts(&android(), Role::Gateway), []);
    }
}
