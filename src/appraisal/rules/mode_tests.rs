//! Every built-in rule in every mode: for each there is a device about which it alone finds something.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::appraisal::fixture::{android, iphone};
use crate::appraisal::{
    AppAttestPolicy, Application, KeyAttestationPolicy, Mode, Outage, PlayIntegrityPolicy, Presence, Signal, Stance,
    StatusListPolicy,
};
use crate::endorsement::status_list::StatusList;
use crate::evidence::claims::play_integrity::{
    AccessRisk, ActivityLevel, AppVerdict, DeviceLabel, LicensingVerdict, LocationRisk, PlayProtect,
};
use crate::evidence::claims::{
    AppAttestClaims, BootState, Environment, Format, KeyAttestationClaims, Origin, PatchLevel, PlayIntegrity,
    PlayIntegrityClaims, Provisioning, Purpose, SecurityLevel, ValidationCategory,
};
use crate::evidence::play_integrity::TestingResponses;

/// A device and a policy that finds nothing about it, until something is changed.
struct Scene {
    claims: Claims,
    policy: Policy,
    list: Option<KeptList>,
    standing: Standing,
    bonds: Bonds,
}

type Change = fn(&mut Scene);

const CONTRA: Stance = Stance::Deny;
/// What was bound at the proof, and what a request presents of it.
const KEPT: Bond = Bond { bound: Some([1; 16]), presented: Some([1; 16]) };
const BROKEN: Bond = Bond { bound: Some([1; 16]), presented: Some([2; 16]) };
const UNSAID: Bond = Bond { bound: Some([1; 16]), presented: None };
const UNBOUND: Bond = Bond { bound: None, presented: Some([1; 16]) };
const SIGNAL: Signal = Signal { found: CONTRA, unknown: CONTRA };

/// About a request of an iPhone.
const OF_REQUESTS: &[(&str, Change)] = &[
    ("binding_address_mismatch", |scene| scene.address(BROKEN)),
    ("binding_address_missing", |scene| scene.address(UNSAID)),
    ("binding_address_unbound", |scene| scene.address(UNBOUND)),
    ("binding_tls_mismatch", |scene| scene.tls(BROKEN)),
    ("binding_tls_missing", |scene| scene.tls(UNSAID)),
    ("binding_tls_unbound", |scene| scene.tls(UNBOUND)),
    ("binding_session_mismatch", |scene| scene.session(BROKEN)),
    ("binding_session_missing", |scene| scene.session(UNSAID)),
    ("binding_session_unbound", |scene| scene.session(UNBOUND)),
];

/// About an iPhone.
const OF_IPHONES: &[(&str, Change)] = &[
    ("lab_anchor", |scene| scene.claims.labs.push(Format::AppAttest)),
    ("format_withdrawn", |scene| scene.policy.app_attest = None),
    ("instance_revoked", |scene| scene.standing = Standing::Revoked { until: None }),
    ("environment_unexpected", |scene| scene.app().environment = Environment::Development),
    ("category_inappropriate", |scene| {
        scene.app().validation_category = Some(ValidationCategory(8));
        scene.app_policy().validation_categories.insert(ValidationCategory(8));
    }),
    ("category_unexpected", |scene| scene.app().validation_category = Some(ValidationCategory(2))),
    ("category_absent", |scene| {
        scene.app().validation_category = None;
        scene.app_policy().absent_category = CONTRA;
    }),
    ("development_build", |scene| {
        scene.app().environment = Environment::Development;
        scene.app_policy().environment = Environment::Development;
    }),
    ("os_outdated", |scene| scene.app_policy().min_os_version = "99".parse().ok()),
    ("os_unknown", |scene| {
        scene.app().os_version = None;
        scene.app_policy().min_os_version = "18".parse().ok();
    }),
    ("signal_hook", |scene| scene.reports("hook")),
    ("signal_debugger", |scene| scene.reports("debugger")),
    ("signal_emulator", |scene| scene.reports("emulator")),
    ("signal_repackaged", |scene| scene.reports("repackaged")),
    ("signal_proxy", |scene| scene.reports("proxy")),
    ("signal_screen_capture", |scene| scene.reports("screen_capture")),
    ("signal_extension", |scene| scene.reports("x-vpn")),
];

/// About the key of an Android phone, under a policy that asks for nothing.
const OF_KEYS: &[(&str, Change)] = &[
    ("key_attestation_absent", |scene| {
        scene.claims.key_attestation = None;
        scene.key_policy().presence = Presence::Required;
    }),
    ("key_attestation_level_low", |scene| scene.key_policy().min_level = Some(SecurityLevel::StrongBox)),
    ("key_attestation_in_software", |scene| {
        scene.key().attestation_level = SecurityLevel::Software;
        scene.key().keymint_level = SecurityLevel::Software;
    }),
    ("key_attestation_levels_differ", |scene| {
        scene.key().attestation_level = SecurityLevel::StrongBox;
        scene.key_policy().equal_levels = true;
    }),
    ("key_attestation_level_not_of_chain", |scene| {
        scene.key().chain_level = Some(SecurityLevel::StrongBox);
        scene.key_policy().level_of_chain = true;
    }),
    ("key_attestation_boot_unstated", |scene| {
        scene.key().boot = None;
        scene.key_policy().locked = true;
    }),
    ("key_attestation_boot_state_unexpected", |scene| scene.key_policy().boot_states = Some(BTreeSet::new())),
    ("key_attestation_boot_key_unknown", |scene| {
        scene.key().boot.as_mut().expect("a boot").state = BootState::SelfSigned;
        scene.key_policy().self_signed_keys = Some(BTreeSet::new());
    }),
    ("key_attestation_bootloader_unlocked", |scene| {
        scene.key().boot.as_mut().expect("a boot").locked = false;
        scene.key_policy().locked = true;
    }),
    ("key_attestation_not_generated", |scene| {
        scene.key().origin = Some(Origin::Imported);
        scene.key_policy().generated = true;
    }),
    ("key_attestation_purpose_unexpected", |scene| {
        scene.key().purposes.push(Purpose::ATTEST_KEY);
        scene.key_policy().purposes = Some(BTreeSet::from([Purpose::SIGN]));
    }),
    ("key_attestation_not_enforced", |scene| {
        scene.key().misplaced_tags.push(2);
        scene.key_policy().enforced_by_hardware = true;
    }),
    ("key_attestation_shared_key", |scene| {
        scene.key().all_applications = true;
        scene.key_policy().own_key = true;
    }),
    ("key_attestation_app_outdated", |scene| {
        scene.key_policy().min_version_codes.insert("com.example.shop".to_owned(), 8);
    }),
    ("key_attestation_os_patch_old", |scene| {
        scene.key().os_patch = PatchLevel::of(202_001);
        scene.key_policy().min_os_patch = PatchLevel::of(202_501);
    }),
    ("key_attestation_vendor_patch_old", |scene| {
        scene.key().vendor_patch = PatchLevel::of(202_001);
        scene.key_policy().max_patch_age.vendor = Some(6);
    }),
    ("key_attestation_boot_patch_old", |scene| {
        scene.key().boot_patch = PatchLevel::of(202_001);
        scene.key_policy().max_patch_age.boot = Some(6);
    }),
    ("key_attestation_patch_unknown", |scene| {
        scene.key().boot_patch = None;
        scene.key_policy().max_patch_age.boot = Some(6);
    }),
    ("key_attestation_patch_implausible", |scene| {
        scene.key().os_patch = PatchLevel::of(209_901);
        scene.key_policy().plausible_patches = true;
    }),
    ("key_attestation_os_outdated", |scene| scene.key_policy().min_os_version = "99".parse().ok()),
    ("key_attestation_os_unknown", |scene| {
        scene.key().os_version = None;
        scene.key_policy().min_os_version = "14".parse().ok();
    }),
    ("key_attestation_not_remotely_provisioned", |scene| {
        scene.key().provisioning = Provisioning::Factory;
        scene.key_policy().remote_provisioning = true;
    }),
    ("key_attestation_farmed", |scene| scene.key_policy().max_certificates_issued = Some(7)),
    ("key_attestation_device_lost", |scene| {
        scene.key().remote.as_mut().expect("a section").reported_lost = true;
        scene.key_policy().not_lost = true;
    }),
    ("key_attestation_model_refused", |scene| {
        scene.key_policy().refused_models.insert("Pixel 9".to_owned());
    }),
    ("key_attestation_factory_expired", |scene| scene.key().factory_expired = true),
    ("chain_revoked", |scene| scene.is_listed("REVOKED")),
    ("chain_suspended", |scene| scene.is_listed("SUSPENDED")),
    ("chain_status_unrecognised", |scene| scene.is_listed("NEW")),
    ("status_list_stale", |scene| {
        scene.is_listed("REVOKED");
        scene.list = None;
    }),
];

/// About what Google says of an Android phone.
const OF_TOKENS: &[(&str, Change)] = &[
    ("play_integrity_absent", |scene| scene.claims.play_integrity = None),
    ("play_integrity_testing", |scene| {
        scene.token().testing_response = true;
        scene.token_policy().testing_responses = TestingResponses::Taken;
    }),
    ("play_integrity_testing_withdrawn", |scene| scene.token().testing_response = true),
    ("play_integrity_outdated", |scene| {
        scene.token().requested_at = now().minus(Duration::from_secs(61));
        scene.token_policy().refresh_every = Some(Duration::from_secs(60));
    }),
    ("play_integrity_app_not_recognised", |scene| {
        scene.token().app.verdict = Some(AppVerdict::UnrecognizedVersion);
    }),
    ("play_integrity_app_unevaluated", |scene| scene.token().app.verdict = Some(AppVerdict::Unevaluated)),
    ("play_integrity_version_outdated", |scene| scene.token_policy().min_version_code = Some(8)),
    ("play_integrity_device_label_missing", |scene| {
        scene.token().device.labels = vec![DeviceLabel::Basic];
    }),
    ("play_integrity_updates_unproved", |scene| {
        scene.token().device.labels.push(DeviceLabel::Strong);
        scene.token().device.sdk_version = Some(32);
        scene.token_policy().device_labels.insert(DeviceLabel::Strong);
    }),
    ("play_integrity_unlicensed", |scene| {
        scene.token().account.licensing = Some(LicensingVerdict::Unlicensed);
    }),
    ("play_integrity_licence_unknown", |scene| scene.token().account.licensing = None),
    ("play_integrity_activity_high", |scene| {
        scene.token().device.recent_activity = Some(ActivityLevel::Level4);
        scene.token_policy().recent_activity = SIGNAL;
    }),
    ("play_integrity_activity_unknown", |scene| {
        scene.token().device.recent_activity = None;
        scene.token_policy().recent_activity = SIGNAL;
    }),
    ("play_integrity_access_risk", |scene| {
        scene.token().surroundings.access_risk = Some(vec![AccessRisk::UnknownOverlays]);
        scene.token_policy().access_risk = SIGNAL;
    }),
    ("play_integrity_access_risk_unknown", |scene| {
        scene.token().surroundings.access_risk = None;
        scene.token_policy().access_risk = SIGNAL;
    }),
    ("play_integrity_known_access_risk", |scene| {
        scene.token().surroundings.access_risk = Some(vec![AccessRisk::KnownOverlays]);
        scene.token_policy().known_access_risk = CONTRA;
    }),
    ("play_integrity_harmful_apps", |scene| {
        scene.token().surroundings.play_protect = Some(PlayProtect::HighRisk);
        scene.token_policy().play_protect = SIGNAL;
    }),
    ("play_integrity_play_protect_unknown", |scene| {
        scene.token().surroundings.play_protect = None;
        scene.token_policy().play_protect = SIGNAL;
    }),
    ("play_integrity_location_risk", |scene| {
        scene.token().surroundings.location_risk = Some(vec![LocationRisk::HighNetwork]);
        scene.token_policy().location_risk = SIGNAL;
    }),
    ("play_integrity_location_unknown", |scene| {
        scene.token().surroundings.location_risk = None;
        scene.token_policy().location_risk = SIGNAL;
    }),
    ("play_integrity_unavailable", |scene| scene.outage(Outage::Refuse)),
    ("play_integrity_unavailable_tolerated", |scene| scene.outage(Outage::StepUp)),
    ("play_integrity_held", |scene| scene.outage(Outage::Hold(Duration::from_secs(60)))),
];

fn now() -> Timestamp {
    Timestamp::parse("2026-03-15T00:00:00Z").expect("a time")
}

impl Scene {
    fn of(claims: Claims) -> Self {
        let policy = Policy {
            app_attest: Some(AppAttestPolicy::careful()),
            key_attestation: Some(KeyAttestationPolicy::default()),
            play_integrity: Some(PlayIntegrityPolicy::careful()),
            ..Policy::default()
        };
        let bonds = Bonds { address: KEPT, tls_fingerprint: KEPT, user_session: KEPT };
        Self { claims, policy, list: None, standing: Standing::Good, bonds }
    }

    fn address(&mut self, bond: Bond) {
        (self.policy.binding.address, self.bonds.address) = (CONTRA, bond);
    }

    fn tls(&mut self, bond: Bond) {
        (self.policy.binding.tls_fingerprint, self.bonds.tls_fingerprint) = (CONTRA, bond);
    }

    fn session(&mut self, bond: Bond) {
        (self.policy.binding.user_session, self.bonds.user_session) = (CONTRA, bond);
    }

    fn app(&mut self) -> &mut AppAttestClaims {
        self.claims.app_attest.as_mut().expect("claims")
    }

    fn app_policy(&mut self) -> &mut AppAttestPolicy {
        self.policy.app_attest.as_mut().expect("a policy")
    }

    fn key(&mut self) -> &mut KeyAttestationClaims {
        self.claims.key_attestation.as_mut().expect("claims")
    }

    fn key_policy(&mut self) -> &mut KeyAttestationPolicy {
        self.policy.key_attestation.as_mut().expect("a policy")
    }

    fn token(&mut self) -> &mut PlayIntegrityClaims {
        match &mut self.claims.play_integrity {
            Some(PlayIntegrity::Decoded(claims)) => claims,
            other => panic!("{other:?}"),
        }
    }

    fn token_policy(&mut self) -> &mut PlayIntegrityPolicy {
        self.policy.play_integrity.as_mut().expect("a policy")
    }

    /// The app reports this against itself, and the policy minds.
    fn reports(&mut self, signal: &str) {
        let signals = &mut self.policy.signals;
        (signals.proxy, signals.screen_capture, signals.extension) = (CONTRA, CONTRA, CONTRA);
        let reported = BTreeSet::from([signal.parse().expect("a signal")]);
        self.claims = std::mem::take(&mut self.claims).with_signals(Some(reported), now());
    }

    /// A certificate of the chain is on a young list with this status.
    fn is_listed(&mut self, status: &str) {
        let list = format!(r#"{{"entries":{{"a0":{{"status":"{status}"}}}}}}"#);
        let list = StatusList::parse(list.as_bytes()).expect("a list");
        self.list = Some(KeptList::new(Arc::new(list), now(), Duration::from_secs(60)));
        self.key().serials = vec!["a0".parse().expect("a serial number")];
        self.key_policy().status_list = Some(StatusListPolicy::CAREFUL);
    }

    /// Google cannot be asked; what it said last is good and young.
    fn outage(&mut self, outage: Outage) {
        self.token().requested_at = now();
        let last = Some(Box::new(self.token().clone()));
        self.claims.play_integrity = Some(PlayIntegrity::Unavailable { since: now(), last });
        self.token_policy().outage = outage;
    }

    /// What device and request are worth with the rule in this mode.
    fn weighed(&self, code: &str, mode: Mode) -> [Appraisal; 2] {
        let applications = [(code.to_owned(), Application { mode, ..Application::USUAL })].into();
        let policy = Policy { applications, ..self.policy.clone() };
        let (status_list, standing) = (self.list.as_ref(), self.standing);
        let circumstances = Circumstances { status_list, subject: &[1; 16], standing, ..Circumstances::at(now()) };
        [appraise(&self.claims, &policy, &circumstances), appraise_binding(&policy, &self.bonds, &circumstances)]
    }

    /// The codes that count, and those that are only reported, with the rule in this mode.
    fn found(&self, code: &str, mode: Mode) -> [Vec<String>; 2] {
        let [device, request] = self.weighed(code, mode);
        let codes = |reasons: [Vec<Reason>; 2]| reasons.concat().iter().map(|reason| reason.code.to_string()).collect();
        [codes([device.reasons, request.reasons]), codes([device.reported, request.reported])]
    }
}

fn scenes() -> Vec<(&'static str, Scene)> {
    let on_android = OF_KEYS.iter().chain(OF_TOKENS).map(|scene| (scene, Scene::of(android())));
    let on_iphone = OF_IPHONES.iter().chain(OF_REQUESTS).map(|scene| (scene, Scene::of(iphone())));
    let changed = |((code, change), mut scene): (&(&'static str, Change), Scene)| {
        let before = scene.found(code, Mode::Enforce).concat();
        assert!(before.is_empty(), "before the change: {before:?}");
        change(&mut scene);
        (*code, scene)
    };
    on_iphone.chain(on_android).map(changed).collect()
}

#[test]
fn g04_every_built_in_rule_has_a_scene() {
    let scenes = scenes();
    let shown: BTreeSet<_> = scenes.iter().map(|(code, _)| (*code).to_owned()).collect();
    let rules: BTreeSet<_> = built_in_rules().into_iter().map(|rule| rule.code).collect();
    assert_eq!(shown, rules);
    assert_eq!(shown.len(), scenes.len());
}

#[test]
fn g04_every_built_in_rule_obeys_its_mode_or_is_firm() {
    let scenes = scenes();
    for rule in built_in_rules() {
        let code = &rule.code;
        let (_, scene) = scenes.iter().find(|(each, _)| each == code).unwrap_or_else(|| panic!("no scene: {code}"));
        let (nothing, found) = (Vec::<String>::new, || vec![code.clone()]);
        let counts = [found(), nothing()];
        let expected = if rule.is_firm {
            [counts.clone(), counts.clone(), counts]
        } else {
            [counts, [nothing(), found()], [nothing(), nothing()]]
        };
        assert_eq!([Mode::Enforce, Mode::Report, Mode::Off].map(|mode| scene.found(code, mode)), expected, "{code}");
    }
}

#[test]
fn g04_a_rule_that_reports_is_worth_as_much_as_one_that_is_off() {
    for (code, scene) in scenes() {
        let worth = |mode| scene.weighed(code, mode).map(|found| (found.vector, found.is_barred));
        assert_eq!(worth(Mode::Report), worth(Mode::Off), "{code}");
        let lowers =
            worth(Mode::Enforce).iter().zip(worth(Mode::Off)).all(|(counts, not)| counts.0.tier() >= not.0.tier());
        assert!(lowers, "{code}");
    }
}
