//! The software phone.

use std::sync::Arc;

use super::assertion::AssertionPlan;
use super::authority::KeyAttestationLab;
use super::authorization::AndroidApp;
use super::chain::{AttestedKey, ChainPlan, LinkPlan};
use super::profile::Profile;
use crate::crypto::digest::Digest;
use crate::crypto::key::P256PublicKey;
use crate::lab::LabFault;
use crate::lab::key::LabKey;

/// A phone with one key, which signs as often as it is asked to.
#[derive(Clone, Debug)]
pub struct LabAndroid {
    pub(super) lab: KeyAttestationLab,
    seed: [u8; 32],
    pub(super) key: LabKey,
    pub(super) public_key: P256PublicKey,
    pub(super) app: AndroidApp,
    pub(super) profile: Profile,
    pub(super) issuers: Arc<Vec<Known>>,
}

/// A genuine certificate, signed beforehand.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) plan: LinkPlan,
    der: Vec<u8>,
}

impl LabAndroid {
    pub(super) fn new(lab: KeyAttestationLab, seed: &[u8; 32], app: &AndroidApp) -> Result<Self, LabFault> {
        let key = LabKey::p256(seed, "android")?;
        let public_key = P256PublicKey::from_spki(&key.spki()?).map_err(|_| LabFault::Seed)?;
        let (app, profile) = (app.clone(), Profile::remote(lab.0.now));
        let issuers = known(&lab, seed, &profile)?;
        Ok(Self { lab, seed: *seed, key, public_key, app, profile, issuers })
    }

    /// The same device with another profile.
    pub fn with_profile(self, profile: Profile) -> Result<Self, LabFault> {
        let issuers = known(&self.lab, &self.seed, &profile)?;
        Ok(Self { profile, issuers, ..self })
    }

    /// The key that the device attests and signs with.
    pub fn public_key(&self) -> &P256PublicKey {
        &self.public_key
    }

    /// The same key as a laboratory has it, to sign with it what the device would not.
    pub fn key(&self) -> &LabKey {
        &self.key
    }

    /// What the device is and runs.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Attests the key over a challenge; the same challenge gives the same chain.
    pub fn attest(&self, challenge: &[u8]) -> Result<AttestedKey, LabFault> {
        self.attest_with(challenge, |_| ())
    }

    /// Attests the key after a change to the plan.
    pub fn attest_with(&self, challenge: &[u8], change: impl FnOnce(&mut ChainPlan)) -> Result<AttestedKey, LabFault> {
        let mut plan = ChainPlan::of(self, challenge)?;
        change(&mut plan);
        plan.forge(self)
    }

    /// Signs the hash of client data with a sign count of the app's own.
    pub fn assert(&self, client_data_hash: &Digest, sign_count: u32) -> Result<Vec<u8>, LabFault> {
        self.assert_with(client_data_hash, sign_count, |_| ())
    }

    /// Signs after a change to the plan.
    pub fn assert_with(
        &self,
        client_data_hash: &Digest,
        sign_count: u32,
        change: impl FnOnce(&mut AssertionPlan),
    ) -> Result<Vec<u8>, LabFault> {
        let mut plan = AssertionPlan::of(client_data_hash, sign_count);
        change(&mut plan);
        plan.sign(&self.key)
    }

    /// The certificate of a plan: signed anew where it differs from every genuine one.
    pub(super) fn certificate(&self, link: &LinkPlan, signer: &LabKey) -> Result<Vec<u8>, LabFault> {
        let above = self.issuers.iter().skip(1).map(|known| &known.plan.key).chain([&self.lab.0.root_key]);
        let spki = signer.spki()?;
        for (known, key) in self.issuers.iter().zip(above) {
            if known.plan.certificate == link.certificate && key.spki()? == spki {
                return Ok(known.der.clone());
            }
        }
        link.certificate.sign(signer)
    }
}

fn known(lab: &KeyAttestationLab, seed: &[u8; 32], profile: &Profile) -> Result<Arc<Vec<Known>>, LabFault> {
    let links = lab.0.issuers(seed, profile)?;
    let above = links.iter().skip(1).map(|link| link.key.clone()).chain([lab.0.root_key.clone()]).collect::<Vec<_>>();
    let sign = |(plan, signer): (LinkPlan, LabKey)| {
        let der = plan.certificate.sign(&signer)?;
        Ok(Known { plan, der })
    };
    links.into_iter().zip(above).map(sign).collect::<Result<Vec<_>, _>>().map(Arc::new)
}
