//! Google's replay protection: what is left of a standard token's payload from the second decode on.

use serde_json::{Map, Value, json};

/// Whether Google guards the token against replay: those of standard requests, which carry a `requestHash`. The nonce of a
/// classic request is for its owner to check.
pub(super) fn is_guarded(payload: &Value) -> bool {
    payload.pointer("/requestDetails/requestHash").is_some()
}

/// The payload without its verdicts. What the request was about stays.
pub(super) fn emptied(payload: &Value) -> Value {
    let mut left = json!({
        "appIntegrity": {"appRecognitionVerdict": "UNEVALUATED"},
        "deviceIntegrity": {"deviceRecognitionVerdict": []},
        "accountDetails": {"appLicensingVerdict": "UNEVALUATED"},
    });
    for kept in ["requestDetails", "testingDetails"] {
        if let Some(value) = payload.get(kept) {
            put(&mut left, "", kept, value.clone());
        }
    }
    for (at, name, value) in optional() {
        if payload.pointer(&format!("{at}/{name}")).is_some() {
            put(&mut left, at, name, value);
        }
    }
    left
}

/// The optional verdicts, each as it is when nothing was evaluated: only those that were asked for come back at all.
fn optional() -> [(&'static str, &'static str, Value); 7] {
    [
        ("/deviceIntegrity", "legacyDeviceRecognitionVerdict", json!([])),
        ("/deviceIntegrity", "recentDeviceActivity", json!({"deviceActivityLevel": "UNEVALUATED"})),
        ("/deviceIntegrity", "deviceRecall", json!({"values": {}, "writeDates": {}})),
        ("/accountDetails", "accountActivity", json!({"activityLevel": "UNEVALUATED"})),
        ("/environmentDetails", "appAccessRiskVerdict", json!({})),
        ("/environmentDetails", "playProtectVerdict", json!("UNEVALUATED")),
        ("/environmentDetails", "locationSpoofingRiskVerdict", json!([])),
    ]
}

/// Sets a member of the object at a pointer of one name at most, which is made when it is missing.
fn put(document: &mut Value, at: &str, name: &str, value: Value) {
    let Some(root) = document.as_object_mut() else { return };
    let object = match at.strip_prefix('/') {
        None => Some(root),
        Some(member) => root.entry(member).or_insert_with(|| Value::Object(Map::new())).as_object_mut(),
    };
    object.map(|object| object.insert(name.to_owned(), value));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_go_and_the_request_stays() {
        let payload = json!({
            "requestDetails": {"requestPackageName": "a.b", "requestHash": "x", "timestampMillis": "1"},
            "appIntegrity": {"appRecognitionVerdict": "PLAY_RECOGNIZED", "packageName": "a.b", "versionCode": "3"},
            "deviceIntegrity": {
                "deviceRecognitionVerdict": ["MEETS_DEVICE_INTEGRITY"],
                "deviceAttributes": {"sdkVersion": 34},
                "recentDeviceActivity": {"deviceActivityLevel": "LEVEL_1"},
            },
            "accountDetails": {"appLicensingVerdict": "LICENSED"},
            "environmentDetails": {"playProtectVerdict": "NO_ISSUES"},
        });
        let expected = json!({
            "requestDetails": {"requestPackageName": "a.b", "requestHash": "x", "timestampMillis": "1"},
            "appIntegrity": {"appRecognitionVerdict": "UNEVALUATED"},
            "deviceIntegrity": {
                "deviceRecognitionVerdict": [],
                "recentDeviceActivity": {"deviceActivityLevel": "UNEVALUATED"},
            },
            "accountDetails": {"appLicensingVerdict": "UNEVALUATED"},
            "environmentDetails": {"playProtectVerdict": "UNEVALUATED"},
        });
        assert_eq!(emptied(&payload), expected);
        assert!(is_guarded(&payload) && !is_guarded(&json!({"requestDetails": {"nonce": "x"}})));
    }
}
