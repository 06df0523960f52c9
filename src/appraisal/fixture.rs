//! Claims for tests, as good phones show them.

use crate::evidence::claims::play_integrity::{
    AccountActivity, AccountDetails, ActivityLevel, AppIntegrity, AppVerdict, DeviceIntegrity, DeviceLabel,
    LicensingVerdict, LocationRisk, PlayProtect, Surroundings, TokenKind,
};
use crate::evidence::claims::{
    AppAttestClaims, Boot, BootState, Claims, DeviceModel, Environment, HexBytes, KeyAlgorithm, KeyAttestationClaims,
    KeyDigest, Origin, Package, PatchLevel, PlayIntegrity, PlayIntegrityClaims, Provisioning, Purpose,
    RemoteProvisioning, SecurityLevel, UserAuthentication, ValidationCategory,
};
use crate::time::Timestamp;

/// An iPhone's.
pub(super) fn iphone() -> Claims {
    let claims = AppAttestClaims {
        app_id: "1234567890.com.example.shop".to_owned(),
        environment: Environment::Production,
        validation_category: Some(ValidationCategory::APP_STORE),
        bundle_version: Some("3.10.1".to_owned()),
        os_version: "27.1".parse().ok(),
        os_build: Some("25B91".to_owned()),
    };
    Claims { app_attest: Some(Box::new(claims)), ..Claims::default() }
}

/// An Android phone's, which sent both pieces of evidence.
pub(super) fn android() -> Claims {
    let model = DeviceModel {
        brand: Some("google".to_owned()),
        manufacturer: Some("Google".to_owned()),
        model: Some("Pixel 9".to_owned()),
        ..DeviceModel::default()
    };
    Claims {
        key_attestation: Some(Box::new(KeyAttestationClaims { model, ..key_attestation() })),
        play_integrity: Some(PlayIntegrity::Decoded(Box::new(play_integrity()))),
        ..Claims::default()
    }
}

pub(super) fn key_attestation() -> KeyAttestationClaims {
    KeyAttestationClaims {
        attestation_version: 400,
        keymint_version: 400,
        attestation_level: SecurityLevel::TrustedEnvironment,
        keymint_level: SecurityLevel::TrustedEnvironment,
        chain_level: Some(SecurityLevel::TrustedEnvironment),
        provisioning: Provisioning::Remote,
        factory_expired: false,
        boot: Some(Boot { state: BootState::Verified, locked: true, key: HexBytes(vec![1; 32]), hash: None }),
        os_version: "16".parse().ok(),
        os_patch: PatchLevel::of(202_602),
        vendor_patch: PatchLevel::of(20_260_205),
        boot_patch: PatchLevel::of(20_260_105),
        origin: Some(Origin::Generated),
        purposes: vec![Purpose::SIGN],
        digests: vec![KeyDigest(4)],
        algorithm: Some(KeyAlgorithm::Ec),
        key_size: Some(256),
        packages: vec![Package { name: "com.example.shop".to_owned(), version: 7 }],
        signers: vec![HexBytes(vec![2; 32])],
        user: UserAuthentication::default(),
        all_applications: false,
        usage_count_limit: None,
        device_unique: false,
        module_hash: None,
        created_at: None,
        unknown_tags: vec![],
        misplaced_tags: vec![],
        remote: Some(RemoteProvisioning { certificates_issued: Some(8), ..RemoteProvisioning::default() }),
        model: DeviceModel::default(),
        serials: Vec::new(),
        device_ids: vec![],
    }
}

pub(super) fn play_integrity() -> PlayIntegrityClaims {
    PlayIntegrityClaims {
        kind: TokenKind::Standard,
        requested_at: Timestamp::EPOCH,
        testing_response: false,
        app: AppIntegrity {
            verdict: Some(AppVerdict::PlayRecognized),
            package_name: Some("com.example.shop".to_owned()),
            signers: vec![],
            version_code: Some(7),
        },
        device: DeviceIntegrity {
            labels: vec![DeviceLabel::Basic, DeviceLabel::Device],
            sdk_version: Some(36),
            recent_activity: Some(ActivityLevel::Level1),
            ..DeviceIntegrity::default()
        },
        account: AccountDetails {
            licensing: Some(LicensingVerdict::Licensed),
            activity: Some(AccountActivity::TypicalBasic),
        },
        surroundings: Surroundings {
            access_risk: Some(vec![]),
            play_protect: Some(PlayProtect::NoIssues),
            location_risk: Some(vec![LocationRisk::LowDevice]),
        },
        unknown_members: vec![],
    }
}
