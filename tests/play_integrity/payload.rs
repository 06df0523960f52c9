//! What stands in a payload, and what does not count.

use bonafide::evidence::claims::play_integrity::{
    AccessRisk, AccountActivity, ActivityLevel, AppVerdict, DeviceLabel, LicensingVerdict, LocationRisk,
    PlayIntegrityClaims, PlayProtect, TokenKind,
};
use bonafide::evidence::play_integrity::{
    Expectation, Payload, Rejection, TestingResponses, payload_in_answer, verify_parsed,
};
use bonafide::lab::play_integrity::PayloadPlan;
use serde_json::json;

use crate::bench::{NOW, claims, expectation, standard, verify, verify_as};

#[test]
fn every_field_becomes_a_claim() {
    let claims = claims(|plan| {
        plan.legacy_labels = Some(json!(["MEETS_BASIC_INTEGRITY"]));
        plan.account_activity = Some(json!({"activityLevel": "TYPICAL_STRONG"}));
        plan.device_recall = Some(json!({
            "values": {"bitFirst": true, "bitSecond": false},
            "writeDates": {"yyyymmFirst": 202609},
        }));
        plan.surroundings = Some(json!({
            "appAccessRiskVerdict": {"appsDetected": ["KNOWN_INSTALLED", "UNKNOWN_OVERLAYS"]},
            "playProtectVerdict": "POSSIBLE_RISK",
            "locationSpoofingRiskVerdict": ["LOW_RISK_DEVICE", "HIGH_RISK_NETWORK"],
        }));
    });
    assert_eq!((claims.kind, claims.requested_at, claims.testing_response), (TokenKind::Standard, NOW, false));
    assert_eq!((claims.app.verdict, claims.app.version_code), (Some(AppVerdict::PlayRecognized), Some(42)));
    assert_eq!((claims.app.package_name.as_deref(), claims.app.signers.len()), (Some("com.example.shop"), 1));
    assert_eq!(claims.device.labels, [DeviceLabel::Basic, DeviceLabel::Device, DeviceLabel::Strong]);
    assert_eq!(claims.device.legacy_labels, [DeviceLabel::Basic]);
    assert_eq!((claims.device.sdk_version, claims.device.recent_activity), (Some(36), Some(ActivityLevel::Level1)));
    let recall = claims.device.recall.expect("bits");
    assert_eq!((recall.bits, recall.written), ([Some(true), Some(false), None], [Some(202_609), None, None]));
    assert_eq!(claims.account.licensing, Some(LicensingVerdict::Licensed));
    assert_eq!(claims.account.activity, Some(AccountActivity::TypicalStrong));
    let around = claims.surroundings;
    assert_eq!(around.access_risk, Some(vec![AccessRisk::KnownInstalled, AccessRisk::UnknownOverlays]));
    assert_eq!(around.play_protect, Some(PlayProtect::PossibleRisk));
    assert_eq!(around.location_risk, Some(vec![LocationRisk::LowDevice, LocationRisk::HighNetwork]));
    assert!(claims.unknown_members.is_empty());
}

#[test]
fn claims_survive_being_kept() {
    let claims = claims(|plan| plan.device_labels = Some(json!(["MEETS_DEVICE_INTEGRITY", "MEETS_SOMETHING_NEW"])));
    let written = serde_json::to_string(&claims).expect("writes");
    assert_eq!(serde_json::from_str::<PlayIntegrityClaims>(&written).expect("reads"), claims);
}

#[test]
fn members_that_are_not_known_are_noted_and_change_nothing() {
    let claims = claims(|plan| {
        plan.more_members
            .push(("newDetails".to_owned(), json!({"deviceRecognitionVerdict": ["MEETS_STRONG_INTEGRITY"]})));
        plan.device_labels = Some(json!([]));
        plan.device_attributes = Some(json!({"sdkVersion": 36, "newAttribute": null}));
    });
    assert_eq!(claims.unknown_members, ["deviceIntegrity.deviceAttributes.newAttribute", "newDetails"]);
    assert!(claims.device.labels.is_empty());
}

#[test]
fn an_answer_of_googles_carries_the_payload_one_level_down() {
    let (bare, answer) = (standard().write(), standard().write_answer());
    assert_eq!(payload_in_answer(&answer), Payload::parse(&bare));
    let missing = |member| Err(Rejection::Structure { member, wanted: "there" });
    assert_eq!(payload_in_answer(&bare), missing("tokenPayloadExternal"));
    assert_eq!(Payload::parse(&answer), missing("requestDetails"));
    let payload = payload_in_answer(&answer).expect("a payload");
    verify_parsed(&payload, expectation(TokenKind::Standard), NOW).expect("holds");
}

#[test]
fn c01_testing_responses_are_refused_unless_they_are_taken() {
    let tester = |plan: &mut PayloadPlan| {
        plan.testing = Some(json!({"isTestingResponse": true}));
    };
    assert_eq!(verify(tester), Err(Rejection::TestingResponse));
    let taken = Expectation { testing_responses: TestingResponses::Taken, ..expectation(TokenKind::Standard) };
    assert!(verify_as(taken, tester).expect("taken").claims.testing_response);
    for no in [json!({"isTestingResponse": false}), json!({})] {
        assert!(!verify(|plan| plan.testing = Some(no)).expect("no tester").claims.testing_response);
    }
    for odd in [json!({"isTestingResponse": 1}), json!({"isTestingResponse": "true"}), json!(true), json!(null)] {
        let refused = verify(|plan| plan.testing = Some(odd.clone()));
        assert!(matches!(refused, Err(Rejection::Structure { .. })), "{odd}");
    }
}

#[test]
fn c13_the_time_has_one_type_and_has_to_be_there() {
    for bad in [
        json!(1_790_000_000_000_u64),
        json!("-1"),
        json!("18446744073709551616"),
        json!("9223372036854775808"),
        json!("1790000000000.0"),
        json!(" 1790000000000"),
        json!(["1790000000000"]),
        json!(true),
        json!(null),
    ] {
        let refused = verify(|plan| plan.timestamp_millis = Some(bad.clone()));
        assert!(matches!(refused, Err(Rejection::Structure { member: "timestampMillis", .. })), "{bad}");
    }
    let refused = verify(|plan| plan.timestamp_millis = None);
    assert!(matches!(refused, Err(Rejection::Structure { member: "timestampMillis", wanted: "there" })));
}

#[test]
fn c13_no_member_of_a_known_name_may_be_of_another_type() {
    let odd = [json!(null), json!(7), json!(1.5), json!({"a": 1}), json!([[1]]), json!("x".repeat(600))];
    let plans: [fn(&mut PayloadPlan, serde_json::Value); 12] = [
        |plan, odd| plan.request_package_name = Some(odd),
        |plan, odd| plan.request_hash = Some(odd),
        |plan, odd| plan.nonce = Some(odd),
        |plan, odd| plan.app_verdict = Some(odd),
        |plan, odd| plan.package_name = Some(odd),
        |plan, odd| plan.signers = Some(odd),
        |plan, odd| plan.version_code = Some(odd),
        |plan, odd| plan.device_labels = Some(odd),
        |plan, odd| plan.legacy_labels = Some(odd),
        |plan, odd| plan.licensing = Some(odd),
        |plan, odd| plan.device_attributes = Some(if odd == json!(7) { odd } else { json!({"sdkVersion": odd}) }),
        |plan, odd| plan.surroundings = Some(json!({"playProtectVerdict": odd})),
    ];
    for (number, plan) in plans.iter().enumerate() {
        for odd in &odd {
            let refused = verify(|to| plan(to, odd.clone()));
            assert!(matches!(refused, Err(Rejection::Structure { .. })), "{number}: {odd}: {refused:?}");
        }
    }
}

#[test]
fn lists_have_an_end() {
    let labels = |count: usize| vec!["MEETS_DEVICE_INTEGRITY"; count];
    assert!(verify(|plan| plan.device_labels = Some(json!(labels(32)))).is_ok());
    let refused = verify(|plan| plan.device_labels = Some(json!(labels(33))));
    assert!(matches!(refused, Err(Rejection::Structure { member: "deviceRecognitionVerdict", .. })));
}
