//! What phones prove.

use bonafide::evidence::claims::Claims;
use bonafide::time::Timestamp;
use serde_json::json;

/// What a good Android phone shows with both pieces of evidence.
pub(crate) fn android(now: Timestamp) -> Claims {
    let key = json!({
        "attestation_version": 400, "keymint_version": 400, "attestation_level": "trusted_environment",
        "keymint_level": "trusted_environment", "chain_level": "trusted_environment", "provisioning": "remote",
        "factory_expired": false, "boot": { "state": "verified", "locked": true, "key": "01", "hash": null },
        "os_version": "16", "os_patch": "2026-02", "vendor_patch": "2026-02-05", "boot_patch": "2026-01-05",
        "origin": "generated", "purposes": [2], "digests": [4], "algorithm": "ec", "key_size": 256,
        "packages": [{ "name": "com.example.shop", "version": 7 }], "signers": ["02"],
        "user": { "not_required": true, "kinds": null, "timeout_secs": null, "presence": false,
            "confirmation": false, "unlocked_device": false },
        "all_applications": false, "usage_count_limit": null, "device_unique": false, "module_hash": null,
        "created_at": null, "unknown_tags": [], "misplaced_tags": [],
        "remote": { "certificates_issued": 8, "manufacturer": null, "entity": null, "reported_lost": false },
        "serials": [], "model": { "brand": "google", "device": null, "product": null, "manufacturer": "Google",
            "model": "Pixel 9" },
    });
    let verdict = json!({
        "kind": "standard", "requested_at": now, "testing_response": false,
        "app": { "verdict": "PLAY_RECOGNIZED", "package_name": "com.example.shop", "signers": [], "version_code": 7 },
        "device": { "labels": ["MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY"], "legacy_labels": [],
            "sdk_version": 36, "recent_activity": "LEVEL_1", "recall": null },
        "account": { "licensing": "LICENSED", "activity": null },
        "surroundings": { "access_risk": [], "play_protect": "NO_ISSUES", "location_risk": null },
    });
    let claims = json!({ "labs": [], "key_attestation": key, "play_integrity": { "decoded": verdict } });
    serde_json::from_value(claims).expect("claims")
}
