//! A laboratory with phones of every kind, and a verifier that trusts it.

use std::sync::LazyLock;

use bonafide::appraisal::{Circumstances, KeyAttestationPolicy, Policy, Tier, appraise};
use bonafide::crypto::chain::ChainAnchors;
use bonafide::crypto::digest::{Digest, sha256};
use bonafide::crypto::path::AnchorOrigin;
use bonafide::endorsement::key_attestation_anchors;
use bonafide::evidence::Verified;
use bonafide::evidence::claims::{Claims, Format, KeyAttestationClaims};
use bonafide::evidence::key_attestation::{
    AppIdentity, Expectation, FactoryExpiry, IssuerRules, KeyAssertionExpectation, KeyAttestationFacts, Rejection,
    SharedUserId, verify_key_assertion, verify_key_attestation,
};
use bonafide::lab::key_attestation::{
    AndroidApp, ChainPlan, KeyAttestationLab, LabAndroid, Names, Profile, Provisioning,
};
use bonafide::time::Timestamp;

pub const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
pub const PACKAGE: &str = "com.example.shop";

static LAB: LazyLock<KeyAttestationLab> =
    LazyLock::new(|| KeyAttestationLab::from_seed(&[1; 32], Names::Lab, NOW).expect("a lab"));
static ANCHORS: LazyLock<ChainAnchors> =
    LazyLock::new(|| key_attestation_anchors(&[LAB.root_der().to_vec()]).expect("anchors"));
static GOOGLE: LazyLock<ChainAnchors> = LazyLock::new(|| key_attestation_anchors(&[]).expect("Google's roots"));
static APPS: LazyLock<[AppIdentity; 1]> = LazyLock::new(|| [identity(PACKAGE, &[signer()])]);

pub fn lab() -> &'static KeyAttestationLab {
    &LAB
}

pub fn signer() -> Digest {
    sha256(b"the certificate that the shop is signed with")
}

pub fn app() -> AndroidApp {
    AndroidApp::new(PACKAGE, &signer())
}

pub fn identity(package: &str, signers: &[Digest]) -> AppIdentity {
    AppIdentity { package: package.to_owned(), signers: Some(signers.iter().copied().collect()) }
}

pub fn challenge() -> Digest {
    sha256(b"a challenge")
}

pub fn phone(profile: Profile) -> LabAndroid {
    LAB.device_from_seed(&[2; 32], &app()).and_then(|phone| phone.with_profile(profile)).expect("a phone")
}

/// Made once: what stands above their keys is signed only here.
static PHONES: LazyLock<[LabAndroid; 5]> = LazyLock::new(|| {
    [
        Profile::remote(NOW),
        Profile::remote(NOW).strong_box(),
        Profile::factory(NOW),
        Profile::factory(NOW).strong_box(),
        Profile::factory(NOW).provisioned(Provisioning::ShortFactory),
    ]
    .map(phone)
});

/// One of each kind that there is.
pub fn phones() -> [LabAndroid; 5] {
    PHONES.clone()
}

pub fn remote() -> LabAndroid {
    PHONES[0].clone()
}

pub fn factory() -> LabAndroid {
    PHONES[2].clone()
}

pub fn factories() -> Vec<LabAndroid> {
    phones().into_iter().filter(|phone| phone.profile().provisioning != Provisioning::Remote).collect()
}

pub fn remotes() -> Vec<LabAndroid> {
    phones().into_iter().filter(|phone| phone.profile().provisioning == Provisioning::Remote).collect()
}

/// What the bench's verifier asks for, as an app's default is.
pub fn expectation(challenge: &[u8]) -> Expectation<'_> {
    Expectation {
        challenge: Some(challenge),
        apps: Some(&*APPS),
        shared_user_id: SharedUserId::Refused,
        public_key: None,
        factory_expiry: FactoryExpiry::Tolerated,
        issuers: IssuerRules::FactoryExcepted,
    }
}

pub fn verify_as(
    chain: &[Vec<u8>],
    expectation: Expectation<'_>,
    now: Timestamp,
) -> Result<KeyAttestationFacts, Rejection> {
    verify_key_attestation(chain, &ANCHORS, expectation, now).map(Verified::into_facts)
}

pub fn verify(chain: &[Vec<u8>]) -> Result<KeyAttestationFacts, Rejection> {
    verify_as(chain, expectation(&challenge()), NOW)
}

/// The code of the rejection; empty when there is none.
pub fn outcome(chain: &[Vec<u8>]) -> &'static str {
    verify(chain).err().map_or("", |rejection| rejection.code())
}

pub fn outcome_under_google(chain: &[Vec<u8>]) -> &'static str {
    let challenge = challenge();
    let outcome = verify_key_attestation(chain, &GOOGLE, expectation(&challenge), NOW);
    outcome.err().map_or("", |rejection| rejection.code())
}

fn forge(phone: &LabAndroid, change: impl FnOnce(&mut ChainPlan)) -> Vec<Vec<u8>> {
    phone.attest_with(&challenge(), change).expect("forged").chain
}

/// Attests with one change; gives the code of the rejection.
pub fn refused(phone: &LabAndroid, change: impl FnOnce(&mut ChainPlan)) -> &'static str {
    let rejection = verify(&forge(phone, change)).map(drop).expect_err("a fault");
    rejection.code()
}

/// Attests with one change; gives the code of the rejection, empty when there is none.
pub fn code(phone: &LabAndroid, change: impl FnOnce(&mut ChainPlan)) -> &'static str {
    outcome(&forge(phone, change))
}

/// Attests with a change that is no fault.
#[track_caller]
pub fn accepted(phone: &LabAndroid, change: impl FnOnce(&mut ChainPlan)) -> KeyAttestationFacts {
    verify(&forge(phone, change)).expect("no fault")
}

pub fn verify_signed(phone: &LabAndroid, signature: &[u8], count: u32) -> Result<u32, &'static str> {
    let hash = challenge();
    let expectation = KeyAssertionExpectation { client_data_hash: &hash, key: phone.public_key() };
    let verified = verify_key_assertion(count, signature, expectation);
    verified.map(|verified| verified.facts().sign_count).map_err(|rejection| rejection.code())
}

/// The reasons that a careful policy, after a change, finds against a chain, without the prefix that they share and without
/// the one that names the laboratory; sorted. None of them leaves trust.
pub fn reasons_under(
    facts: &KeyAttestationFacts,
    change: impl FnOnce(&mut KeyAttestationPolicy),
) -> (Tier, Vec<String>) {
    let mut policy = KeyAttestationPolicy { status_list: None, ..KeyAttestationPolicy::careful() };
    change(&mut policy);
    let policy = Policy { key_attestation: Some(policy), ..Policy::default() };
    let claims = Claims { key_attestation: Some(Box::new(facts.claims.clone())), ..Claims::default() };
    let claims = claims.resting_on(facts.anchor, Format::KeyAttestation);
    let appraisal = appraise(&claims, &policy, &Circumstances::at(NOW));
    let codes = appraisal.reasons.iter().map(|reason| reason.code.to_string());
    let codes = codes.filter_map(|code| code.strip_prefix("key_attestation_").map(str::to_owned));
    (appraisal.tier(), codes.collect())
}

/// Attests with one change, which verifies and is denied; gives the reasons.
#[track_caller]
pub fn denied(phone: &LabAndroid, change: impl FnOnce(&mut ChainPlan)) -> Vec<String> {
    denied_under(phone, change, |_| ())
}

/// The same under a policy that asks for more.
#[track_caller]
pub fn denied_under(
    phone: &LabAndroid,
    change: impl FnOnce(&mut ChainPlan),
    policy: impl FnOnce(&mut KeyAttestationPolicy),
) -> Vec<String> {
    let (tier, reasons) = reasons_under(&accepted(phone, change), policy);
    assert_eq!(tier, Tier::Contraindicated, "{reasons:?}");
    reasons
}

/// Attests with a change that policy does not mind.
#[track_caller]
pub fn allowed(phone: &LabAndroid, change: impl FnOnce(&mut ChainPlan)) {
    allowed_under(phone, change, |_| ());
}

#[track_caller]
pub fn allowed_under(
    phone: &LabAndroid,
    change: impl FnOnce(&mut ChainPlan),
    policy: impl FnOnce(&mut KeyAttestationPolicy),
) {
    let (tier, reasons) = reasons_under(&accepted(phone, change), policy);
    assert_eq!(tier, Tier::Affirming, "{reasons:?}");
}

/// What a verified chain that policy trusts says of what policy looks at.
#[derive(Debug, PartialEq, Eq)]
pub struct Essence {
    key: Vec<u8>,
    challenge: Vec<u8>,
    claims: KeyAttestationClaims,
}

/// The essence of a chain; `None` when it is refused or denied.
pub fn essence(chain: &[Vec<u8>]) -> Option<Essence> {
    let facts = verify(chain).ok()?;
    let (tier, _) = reasons_under(&facts, |_| ());
    (tier == Tier::Affirming).then(|| Essence {
        key: facts.public_key,
        challenge: facts.description.challenge,
        claims: without_what_differs_between_phones(facts.claims),
    })
}

/// Versions, dates, hashes and the like, of which a careful policy asks for none; and purposes, of which it takes two.
fn without_what_differs_between_phones(mut claims: KeyAttestationClaims) -> KeyAttestationClaims {
    (claims.attestation_version, claims.keymint_version) = (0, 0);
    (claims.os_version, claims.os_patch, claims.vendor_patch, claims.boot_patch) = (None, None, None, None);
    (claims.created_at, claims.module_hash, claims.usage_count_limit) = (None, None, None);
    (claims.unknown_tags, claims.digests, claims.key_size, claims.algorithm) = (Vec::new(), Vec::new(), None, None);
    (claims.user, claims.model, claims.device_unique, claims.purposes) = Default::default();
    claims.packages.iter_mut().for_each(|package| package.version = 0);
    if let Some(boot) = &mut claims.boot {
        (boot.key, boot.hash) = ([].as_slice().into(), None);
    }
    claims
}

/// The laboratory's root and no other.
pub fn lab_alone() -> ChainAnchors {
    ChainAnchors::new(&[(AnchorOrigin::Lab, LAB.root_der())]).expect("an anchor")
}
