//! The rules for Play Integrity.

use std::time::Duration;

use super::{Circumstances, Rule, configuration, executables, firm_rule, instance, rule};
use crate::appraisal::policy::{Outage, PlayIntegrityPolicy, Signal};
use crate::appraisal::reason::{PlayDialog, Remedy};
use crate::appraisal::vector::{TrustVector, Worth};
use crate::evidence::claims::play_integrity::{
    AccessRisk, ActivityLevel, AppVerdict, DeviceLabel, LicensingVerdict, LocationRisk, PlayIntegrity,
    PlayIntegrityClaims, PlayProtect,
};
use crate::evidence::play_integrity::TestingResponses;
use crate::time::Timestamp;

/// Asks the user to repair what Google can repair.
const GET_INTEGRITY: Remedy = Remedy::ShowPlayDialog(PlayDialog::GetIntegrity);
/// How long automation takes to leave the count of the last hour.
const AFTER_AN_HOUR: Remedy = Remedy::RetryAfter { seconds: 3600 };
/// How long Google is given to come back.
const AFTER_AN_OUTAGE: Remedy = Remedy::RetryAfter { seconds: 30 };

/// The rules over a verdict.
pub(super) const RULES: [Rule<PlayIntegrityClaims, PlayIntegrityPolicy>; 19] = [
    firm_rule("play_integrity_testing", "the verdict was made up for a tester", Remedy::None, |claims, policy, _| {
        let taken = policy.testing_responses == TestingResponses::Taken;
        (claims.testing_response && taken).then_some(TrustVector::SILENT)
    }),
    firm_rule(
        "play_integrity_testing_withdrawn",
        "verdicts for testers are not taken any more",
        Remedy::None,
        |claims, policy, _| {
            let refused = policy.testing_responses == TestingResponses::Refused;
            (claims.testing_response && refused).then_some(unproved(Worth::CONTRAINDICATED))
        },
    ),
    rule(
        "play_integrity_outdated",
        "the verdict is older than the policy lets it grow",
        Remedy::NewChallenge,
        |claims, policy, at| {
            let outdated = claims.requested_at.plus(policy.refresh_every?) < at.now;
            outdated.then_some(unproved(Worth::DOUBTFUL))
        },
    ),
    rule(
        "play_integrity_app_not_recognised",
        "Google Play does not distribute this app as it is",
        GET_INTEGRITY,
        |claims, policy, _| {
            let refused = !is_accepted(claims, policy) && is_evaluated(claims);
            refused.then_some(executables(Worth::CONTRAINDICATED))
        },
    ),
    rule(
        "play_integrity_app_unevaluated",
        "Google Play has not evaluated the app",
        GET_INTEGRITY,
        |claims, policy, _| {
            let refused = !is_accepted(claims, policy) && !is_evaluated(claims);
            refused.then_some(executables(Worth::CONTRAINDICATED))
        },
    ),
    rule(
        "play_integrity_version_outdated",
        "the app is older than the policy accepts, or its version is not stated",
        Remedy::UpdateApp,
        |claims, policy, _| {
            let least = policy.min_version_code?;
            let outdated = claims.app.version_code.is_none_or(|version| version < least);
            outdated.then_some(executables(Worth::CONTRAINDICATED))
        },
    ),
    rule(
        "play_integrity_device_label_missing",
        "the device lacks a label that the policy needs",
        GET_INTEGRITY,
        |claims, policy, _| {
            let complete = policy.device_labels.iter().all(|label| claims.device.labels.contains(label));
            (!complete).then_some(hardware(Worth::CONTRAINDICATED))
        },
    ),
    rule(
        "play_integrity_updates_unproved",
        "the strong label says nothing about security updates on this Android",
        Remedy::UpdateOs,
        |claims, policy, _| {
            let least = policy.strong_min_sdk.filter(|_| policy.device_labels.contains(&DeviceLabel::Strong))?;
            let older = claims.device.sdk_version.is_none_or(|sdk| sdk < least);
            older.then_some(configuration(Worth::CONTRAINDICATED))
        },
    ),
    rule(
        "play_integrity_unlicensed",
        "the user did not get the app from Google Play",
        Remedy::ShowPlayDialog(PlayDialog::GetLicensed),
        |claims, policy, _| {
            let unlicensed = claims.account.licensing == Some(LicensingVerdict::Unlicensed);
            let worth = policy.unlicensed.worth()?;
            (unlicensed && !is_licensed(claims, policy)).then_some(executables(worth))
        },
    ),
    rule(
        "play_integrity_licence_unknown",
        "whether the user got the app from Google Play is not known",
        GET_INTEGRITY,
        |claims, policy, _| {
            let unlicensed = claims.account.licensing == Some(LicensingVerdict::Unlicensed);
            let worth = policy.unlicensed.worth()?;
            (!unlicensed && !is_licensed(claims, policy)).then_some(executables(worth))
        },
    ),
    rule(
        "play_integrity_activity_high",
        "the app has asked for unusually many tokens on this device",
        AFTER_AN_HOUR,
        |claims, policy, _| found(policy.recent_activity, activity(claims)).map(instance),
    ),
    rule(
        "play_integrity_activity_unknown",
        "how many tokens the app has asked for is not known",
        Remedy::None,
        |claims, policy, _| unknown(policy.recent_activity, activity(claims)).map(instance),
    ),
    rule(
        "play_integrity_access_risk",
        "apps that Google Play does not know may see or control the screen",
        Remedy::ShowPlayDialog(PlayDialog::CloseUnknownAccessRisk),
        |claims, policy, _| found(policy.access_risk, access_risk(claims)).map(configuration),
    ),
    rule(
        "play_integrity_access_risk_unknown",
        "whether other apps may see or control the screen is not known",
        Remedy::None,
        |claims, policy, _| unknown(policy.access_risk, access_risk(claims)).map(configuration),
    ),
    rule(
        "play_integrity_known_access_risk",
        "apps may see or control the screen",
        Remedy::ShowPlayDialog(PlayDialog::CloseAllAccessRisk),
        |claims, policy, _| {
            let known = [AccessRisk::KnownCapturing, AccessRisk::KnownOverlays, AccessRisk::KnownControlling];
            let worth = policy.known_access_risk.worth()?;
            let risks = claims.surroundings.access_risk.as_ref()?;
            risks.iter().any(|risk| known.contains(risk)).then_some(configuration(worth))
        },
    ),
    rule("play_integrity_harmful_apps", "Play Protect has found harmful apps", Remedy::None, |claims, policy, _| {
        found(policy.play_protect, play_protect(claims)).map(configuration)
    }),
    rule(
        "play_integrity_play_protect_unknown",
        "Play Protect is off, or says nothing",
        Remedy::None,
        |claims, policy, _| unknown(policy.play_protect, play_protect(claims)).map(configuration),
    ),
    rule("play_integrity_location_risk", "the device's location may be made up", Remedy::None, |claims, policy, _| {
        found(policy.location_risk, location_risk(claims)).map(configuration)
    }),
    rule(
        "play_integrity_location_unknown",
        "whether the device's location is made up is not known",
        Remedy::None,
        |claims, policy, _| unknown(policy.location_risk, location_risk(claims)).map(configuration),
    ),
];

/// The rules over a token that Google could not be asked about.
pub(super) const OUTAGE_RULES: [Rule<PlayIntegrity, PlayIntegrityPolicy>; 3] = [
    firm_rule(
        "play_integrity_unavailable",
        "Google cannot be asked about the token",
        AFTER_AN_OUTAGE,
        |claims, policy, at| {
            let refused = match policy.outage {
                Outage::Refuse => true,
                Outage::StepUp => false,
                Outage::Hold(limit) => !is_held(claims, limit, at),
            };
            refused.then_some(unproved(Worth::CONTRAINDICATED))
        },
    ),
    firm_rule(
        "play_integrity_unavailable_tolerated",
        "Google cannot be asked about the token",
        AFTER_AN_OUTAGE,
        |_, policy, _| (policy.outage == Outage::StepUp).then_some(unproved(Worth::DOUBTFUL)),
    ),
    firm_rule(
        "play_integrity_held",
        "Google cannot be asked; the last verdict goes on for a while",
        AFTER_AN_OUTAGE,
        |claims, policy, at| {
            let Outage::Hold(limit) = policy.outage else { return None };
            is_held(claims, limit, at).then_some(unproved(Worth::DOUBTFUL))
        },
    ),
];

/// What a verdict shows before any rule looks at it: no more than Google says.
///
/// Neither a policy that asks for little nor a part that is absent makes an app or a device genuine.
pub(super) fn shown(claims: &PlayIntegrityClaims) -> TrustVector {
    let affirmed = |holds: bool| if holds { Worth::AFFIRMED } else { Worth::NO_CLAIM };
    let labels = &claims.device.labels;
    TrustVector {
        executables: affirmed(claims.app.verdict == Some(AppVerdict::PlayRecognized)),
        hardware: affirmed(labels.contains(&DeviceLabel::Device) || labels.contains(&DeviceLabel::Strong)),
        ..TrustVector::SILENT
    }
}

/// The verdict that goes on during an outage; its own rules still hold. Where a step-up is asked for of everybody, what was said
/// last still speaks against a device, and for none.
pub(super) fn held<'a>(
    integrity: &'a PlayIntegrity,
    policy: &PlayIntegrityPolicy,
    at: &Circumstances,
) -> Option<&'a PlayIntegrityClaims> {
    match policy.outage {
        Outage::Hold(limit) if is_held(integrity, limit, at) => integrity.claims(),
        Outage::StepUp => integrity.claims(),
        Outage::Hold(_) | Outage::Refuse => None,
    }
}

fn is_held(integrity: &PlayIntegrity, limit: Duration, at: &Circumstances) -> bool {
    integrity.claims().is_some_and(|last| is_younger(last.requested_at, limit, at))
}

fn is_younger(requested_at: Timestamp, limit: Duration, at: &Circumstances) -> bool {
    at.now < requested_at.plus(limit)
}

fn is_accepted(claims: &PlayIntegrityClaims, policy: &PlayIntegrityPolicy) -> bool {
    let Some(accepted) = &policy.app_verdicts else { return true };
    claims.app.verdict.as_ref().is_some_and(|verdict| accepted.contains(verdict))
}

fn is_evaluated(claims: &PlayIntegrityClaims) -> bool {
    matches!(claims.app.verdict, Some(AppVerdict::PlayRecognized | AppVerdict::UnrecognizedVersion))
}

fn is_licensed(claims: &PlayIntegrityClaims, policy: &PlayIntegrityPolicy) -> bool {
    claims.account.licensing.as_ref().is_some_and(|verdict| policy.licensing_verdicts.contains(verdict))
}

/// What an optional part of a verdict says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    Good,
    Bad,
}

fn found(signal: Signal, says: Says) -> Option<Worth> {
    signal.found.worth().filter(|_| says == Says::Bad)
}

fn unknown(signal: Signal, says: Says) -> Option<Worth> {
    signal.unknown.worth().filter(|_| says == Says::Nothing)
}

fn activity(claims: &PlayIntegrityClaims) -> Says {
    match claims.device.recent_activity {
        Some(ActivityLevel::Level1 | ActivityLevel::Level2) => Says::Good,
        Some(ActivityLevel::Level3 | ActivityLevel::Level4) => Says::Bad,
        _ => Says::Nothing,
    }
}

fn access_risk(claims: &PlayIntegrityClaims) -> Says {
    let Some(risks) = &claims.surroundings.access_risk else { return Says::Nothing };
    let bad = [AccessRisk::UnknownCapturing, AccessRisk::UnknownOverlays, AccessRisk::UnknownControlling];
    let unclear = |risk: &AccessRisk| matches!(risk, AccessRisk::Unspecified | AccessRisk::Unrecognised(_));
    if risks.iter().any(|risk| bad.contains(risk)) {
        Says::Bad
    } else if risks.iter().any(unclear) {
        Says::Nothing
    } else {
        Says::Good
    }
}

fn play_protect(claims: &PlayIntegrityClaims) -> Says {
    match claims.surroundings.play_protect {
        Some(PlayProtect::NoIssues) => Says::Good,
        Some(PlayProtect::MediumRisk | PlayProtect::HighRisk) => Says::Bad,
        _ => Says::Nothing,
    }
}

fn location_risk(claims: &PlayIntegrityClaims) -> Says {
    let risks = claims.surroundings.location_risk.as_deref().unwrap_or_default();
    let low = |risk: &LocationRisk| matches!(risk, LocationRisk::LowDevice | LocationRisk::LowNetwork);
    let high =
        [LocationRisk::MediumDevice, LocationRisk::MediumNetwork, LocationRisk::HighDevice, LocationRisk::HighNetwork];
    if risks.iter().any(|risk| high.contains(risk)) {
        Says::Bad
    } else if !risks.is_empty() && risks.iter().all(low) {
        Says::Good
    } else {
        Says::Nothing
    }
}

/// What Play Integrity would show otherwise.
const fn unproved(worth: Worth) -> TrustVector {
    TrustVector { executables: worth, hardware: worth, ..TrustVector::SILENT }
}

const fn hardware(worth: Worth) -> TrustVector {
    TrustVector { hardware: worth, ..TrustVector::SILENT }
}
