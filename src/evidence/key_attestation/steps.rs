//! The checks of a chain, one a row, in order: verification runs the rows until one refuses, `inspect` shows them all.

use std::cell::OnceCell;

use super::application_id::ApplicationId;
use super::attestation::{self, KeyAttestationFacts};
use super::description::KeyDescription;
use super::identity::{AppIdentity, SharedUserId, made_by_one_of};
use super::provisioning::provisioning;
use super::rejection::{Rejection, require};
use super::rules::{Chain, FactoryExpiry, IssuerRules, KEY_DESCRIPTION_OID};
use crate::crypto::certificate::Certificate;
use crate::crypto::certificate_facts::CertificateFacts;
use crate::crypto::chain::{ChainAnchors, ChainPath};
use crate::crypto::digest::{Digest, equal_in_constant_time};
use crate::crypto::key::P256PublicKey;
use crate::evidence::Verified;
use crate::time::Timestamp;

/// What an attestation has to be, besides genuine.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The challenge that the device was given; an empty one never matches. The service passes SHA-256 of the client data, 32
    /// bytes; `None` asks for no challenge, which only tools may do.
    pub challenge: Option<&'a [u8]>,
    /// The apps that are expected, one of which must fit; `None` asks for no app, which only tools may do.
    pub apps: Option<&'a [AppIdentity]>,
    /// Whether the app may share its user id with others.
    pub shared_user_id: SharedUserId,
    /// The `SubjectPublicKeyInfo` that is expected, if one is.
    pub public_key: Option<&'a [u8]>,
    /// What becomes of expired certificates from a factory.
    pub factory_expiry: FactoryExpiry,
    /// What issuers have to be.
    pub issuers: IssuerRules,
}

/// A chain before its checks, with all that they need.
pub struct KeyAttestationCheck<'a> {
    pub(super) leaf: Certificate<'a>,
    pub(super) leaf_facts: CertificateFacts,
    pub(super) key: Option<P256PublicKey>,
    path: OnceCell<Result<ChainPath, Rejection>>,
    description: OnceCell<Result<KeyDescription, Rejection>>,
    chain: &'a [Vec<u8>],
    anchors: &'a ChainAnchors,
    expectation: Expectation<'a>,
    pub(super) now: Timestamp,
}

type Run = fn(&KeyAttestationCheck<'_>) -> Result<(), Rejection>;

/// One check of a chain.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// What is checked, in a few words.
    pub title: &'static str,
    /// The part of the [`Expectation`] that the check compares with; `None` when it needs no expectation.
    pub compares_with: Option<&'static str>,
    run: Run,
}

const fn step(title: &'static str, compares_with: Option<&'static str>, run: Run) -> Step {
    Step { title, compares_with, run }
}

/// All checks after reading the certificates, in their order.
pub const STEPS: [Step; 12] = [
    step("certificates lead to a trusted root", None, |check| check.path().map(drop)),
    step("serial numbers can be looked up", None, |check| check.on_chain(|chain| chain.can_be_looked_up())),
    step("no extension stands twice", None, |check| check.on_chain(|chain| chain.repeats_no_extension())),
    step("the leaf alone is described", None, |check| check.on_chain(|chain| chain.describes_the_leaf_alone())),
    step("critical extensions are known", None, |check| check.on_chain(|chain| chain.is_understood())),
    step("issuers may issue certificates", None, |check| {
        check.on_chain(|chain| chain.may_issue(check.expectation.issuers))
    }),
    step("issuers are in force", None, |check| {
        check.on_chain(|chain| chain.is_in_force(check.expectation.factory_expiry, check.now))
    }),
    step("key description is well-formed", None, |check| check.description().map(drop)),
    step("key description fits the certified key", None, |check| check.key_fits()),
    step("challenge is the expected one", Some("challenge"), |check| check.challenge()),
    step("made by an expected app", Some("app"), |check| check.app()),
    step("certified key is the expected one", Some("public_key"), |check| check.key()),
];

impl Step {
    /// Runs this check alone.
    pub fn run(&self, check: &KeyAttestationCheck<'_>) -> Result<(), Rejection> {
        (self.run)(check)
    }
}

/// Verifies a chain of DER certificates, leaf first, at the time `now`: sizes first, then every row of [`STEPS`].
///
/// The root may be left out. Errors with the first check that fails.
pub fn verify_key_attestation(
    chain: &[Vec<u8>],
    anchors: &ChainAnchors,
    expectation: Expectation<'_>,
    now: Timestamp,
) -> Result<Verified<KeyAttestationFacts>, Rejection> {
    let check = KeyAttestationCheck::new(chain, anchors, expectation, now)?;
    STEPS.iter().try_for_each(|step| step.run(&check))?;
    check.facts().map(Verified::new)
}

impl<'a> KeyAttestationCheck<'a> {
    /// Makes the checks ready; errors when the chain is too long or too short, or the leaf cannot be read.
    pub fn new(
        chain: &'a [Vec<u8>],
        anchors: &'a ChainAnchors,
        expectation: Expectation<'a>,
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        attestation::check_sizes(chain)?;
        let leaf = chain.first().ok_or(Rejection::CertificateCount(0))?;
        let leaf = Certificate::parse(leaf).map_err(|_| Rejection::CertificateMalformed)?;
        let (leaf_facts, key) = (leaf.facts(), leaf.p256_key().ok());
        let (path, description) = (OnceCell::new(), OnceCell::new());
        Ok(Self { leaf, leaf_facts, key, path, description, chain, anchors, expectation, now })
    }

    pub(super) fn path(&self) -> Result<&ChainPath, Rejection> {
        let verified = || match self.chain {
            [leaf, above @ ..] => Ok(self.anchors.verify(leaf, above)?),
            [] => Err(Rejection::CertificateCount(0)),
        };
        self.path.get_or_init(verified).as_ref().map_err(Clone::clone)
    }

    pub(super) fn on_chain<T>(&self, read: impl FnOnce(Chain<'_>) -> Result<T, Rejection>) -> Result<T, Rejection> {
        let issuers: Vec<_> = self.path()?.issuers.iter().map(|issuer| issuer.facts()).collect();
        let provisioning = provisioning(&issuers);
        read(Chain { leaf: &self.leaf_facts, issuers: &issuers, provisioning })
    }

    /// The key description, as soon as it can be read, believed or not.
    pub fn description(&self) -> Result<&KeyDescription, Rejection> {
        let read = || {
            let value = self.leaf_facts.extension(&KEY_DESCRIPTION_OID).ok_or(Rejection::DescriptionMissing)?;
            Ok(KeyDescription::parse(value)?)
        };
        self.description.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    pub(super) fn into_description(self) -> Result<KeyDescription, Rejection> {
        self.description.into_inner().unwrap_or(Err(Rejection::DescriptionMissing))
    }

    /// The app that made the key, as the operating system states it; `None` when the description names none.
    pub fn application_id(&self) -> Result<Option<ApplicationId>, Rejection> {
        let stated = self.description()?.software.application_id.as_deref();
        Ok(stated.map(ApplicationId::parse).transpose()?)
    }

    fn key_fits(&self) -> Result<(), Rejection> {
        let fits = attestation::describes_key(self.description()?, self.key.as_ref());
        require(fits, Rejection::KeyContradicted)
    }

    fn challenge(&self) -> Result<(), Rejection> {
        let Some(expected) = self.expectation.challenge else { return self.description().map(drop) };
        let equal = equal_in_constant_time(&self.description()?.challenge, expected);
        require(equal && !expected.is_empty(), Rejection::ChallengeMismatch)
    }

    fn app(&self) -> Result<(), Rejection> {
        let Some(apps) = self.expectation.apps else { return self.application_id().map(drop) };
        let stated = self.application_id()?.ok_or(Rejection::ApplicationIdMissing)?;
        let signers: Vec<&[u8]> = stated.signers.iter().map(Digest::as_slice).collect();
        made_by_one_of(&stated.packages, &signers, apps, self.expectation.shared_user_id)
    }

    fn key(&self) -> Result<(), Rejection> {
        let expected = self.expectation.public_key;
        require(expected.is_none_or(|expected| expected == self.leaf.spki()), Rejection::KeyMismatch)
    }
}
