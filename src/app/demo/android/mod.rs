//! Android's part: software phones with a key and a token, and what becomes of them.

mod lab;

use anyhow::Context;
use data_encoding::HEXLOWER;

use super::gateway::checked;
use super::narration::Narration;
use super::setting::Setting;
use crate::crypto::digest::{Digest, sha256};
use crate::grpc::proto::{
    AssertRequest, AttestRequest, CreateChallengeRequest, Decision, Evidence, KeyAssertion, KeyAttestationEvidence,
    PlayIntegrityEvidence, Purpose, Verdict, assert_request, evidence,
};
use crate::lab::google::Decodes;
use crate::lab::key_attestation::{ChainPlan, LabAndroid, Profile, RootOfTrustPlan};

pub(super) use lab::{ANDROID_APP, AndroidLab};

/// What is shown of everything that the phone proved.
const SHOWN: [&str; 5] = ["security_level", "provisioning", "boot_state", "os_patch", "play_device_labels"];

/// A phone, and the auth server that passes on what it sends.
struct Passing<'a> {
    setting: &'a Setting,
    phone: LabAndroid,
}

/// What a phone sends to enrol.
struct Sent {
    client_data: Vec<u8>,
    chain: Vec<Vec<u8>>,
    token: String,
    /// The serial number of the certificate of the phone's attestation key.
    attestation_serial: Vec<u8>,
}

/// Enrols a phone, lets it sign, refuses what is not as it should be, and withdraws the phone's attestation key.
pub(super) async fn prove(story: &mut Narration, setting: &Setting) -> anyhow::Result<()> {
    story.chapter(
        "Android phones, forged whole: chains, tokens and Google are the laboratory's, under throw-away roots",
    );
    story.note("the laboratory plays Google", &format!("on {}", setting.android.google.address()));
    renew_list(story, setting).await?;
    let genuine = Passing { setting, phone: setting.android.phone()? };
    let sent = genuine.sends(|_| ()).await?;
    let instance = genuine.enrols(story, &sent).await?;
    genuine.signs(story, &instance).await?;
    genuine.extends_its_chain(story).await?;
    let unlocked = Profile { root_of_trust: RootOfTrustPlan::unlocked(), ..genuine.phone.profile().clone() };
    let unlocked = Passing { setting, phone: setting.android.phone()?.with_profile(unlocked)? };
    let verdict = unlocked.attest(&unlocked.sends(|_| ()).await?).await?;
    story.expect_reasons("a phone with an unlocked bootloader", &verdict, "key_attestation_bootloader_unlocked")?;
    setting.android.revoke(&sent.attestation_serial);
    story.note("Google lists the first phone's certificate", &HEXLOWER.encode(&sent.attestation_serial));
    renew_list(story, setting).await?;
    let verdict = checked(setting, ANDROID_APP, &instance).await?;
    story.expect_verdict("the gateway checks the phone again", &verdict, Decision::Deny, "chain_revoked")?;
    Ok(())
}

/// The service asks for the list by itself, half-way through its freshness; here nobody wants to wait so long.
async fn renew_list(story: &mut Narration, setting: &Setting) -> anyhow::Result<()> {
    let renewed = setting.role.renew_status_list().await.context("a source of the status list")??;
    story.note("the service asks for the status list", &format!("entries: {}", renewed.entries));
    Ok(())
}

impl Passing<'_> {
    async fn enrols(&self, story: &mut Narration, sent: &Sent) -> anyhow::Result<String> {
        let verdict = self.attest(sent).await?;
        story.expect_verdict("enrols with chain and token", &verdict, Decision::Allow, "lab_anchor")?;
        let shown = verdict.facts.iter().filter(|fact| SHOWN.contains(&fact.name.as_str()));
        let facts: Vec<_> = shown.map(|fact| format!("{} {}", fact.name, fact.value)).collect();
        story.note("some of its facts", &facts.join(", "));
        let again = self.attest(sent).await?;
        story.expect_verdict("the same call again", &again, Decision::Allow, "lab_anchor")?;
        self.expect_decodes(story, &sent.token, 1)?;
        Ok(verdict.instance)
    }

    async fn signs(&self, story: &mut Narration, instance: &str) -> anyhow::Result<()> {
        let verdict = self.assert(instance, 1).await?;
        story.expect_verdict("signs a request, sign count 1", &verdict, Decision::Allow, "lab_anchor")?;
        let verdict = self.assert(instance, 1).await?;
        story.expect_verdict(
            "signs another with the same sign count",
            &verdict,
            Decision::Deny,
            "sign_count_replayed",
        )?;
        Ok(())
    }

    /// The attack that gave chains their rules: the genuine key signs a certificate for a key that anybody holds.
    async fn extends_its_chain(&self, story: &mut Narration) -> anyhow::Result<()> {
        let key = self.setting.android.attackers_key()?;
        let sent = self.sends(|plan| {
            let copied = plan.description.clone();
            // A chain that could not be extended is a good one, and its step then fails.
            plan.certify(key, Some(&copied)).ok();
        });
        let sent = sent.await?;
        let verdict = self.attest(&sent).await?;
        story.expect_reasons(
            "a chain that ends in the attacker's key",
            &verdict,
            "key_attestation_description_above_leaf",
        )?;
        self.expect_decodes(story, &sent.token, 0)
    }

    fn expect_decodes(&self, story: &mut Narration, token: &str, times: u32) -> anyhow::Result<()> {
        let Decodes { asked, decoded } = self.setting.android.google.decodes(token);
        let told = format!("asked about it: {asked}, decoded: {decoded}");
        Ok(story.expect("Google counts for its token", (asked, decoded) == (times, times), &told)?)
    }

    async fn challenge(&self, purpose: Purpose) -> anyhow::Result<Vec<u8>> {
        let app = ANDROID_APP.to_owned();
        let request = CreateChallengeRequest { app, purpose: purpose.into(), ..Default::default() };
        let challenge = self.setting.auth_server().create_challenge(request).await?.into_inner().challenge;
        Ok(challenge.into_bytes())
    }

    /// A chain and a token over a fresh challenge.
    async fn sends(&self, change: impl FnOnce(&mut ChainPlan)) -> anyhow::Result<Sent> {
        let client_data = self.challenge(Purpose::Attest).await?;
        let hash: Digest = sha256(&client_data);
        let mut attestation_serial = Vec::new();
        let attested = self.phone.attest_with(&hash, |plan| {
            attestation_serial.clone_from(&plan.attestation.certificate.serial);
            change(plan);
        })?;
        let token = self.setting.android.token(&hash)?;
        Ok(Sent { client_data, chain: attested.chain, token, attestation_serial })
    }

    async fn attest(&self, sent: &Sent) -> anyhow::Result<Verdict> {
        let certificate_chain = sent.chain.iter().cloned().map(Into::into).collect();
        let chain = evidence::Format::KeyAttestation(KeyAttestationEvidence { certificate_chain });
        let token = evidence::Format::PlayIntegrity(PlayIntegrityEvidence { token: sent.token.clone() });
        let request = AttestRequest {
            app: ANDROID_APP.to_owned(),
            client_data: sent.client_data.clone().into(),
            evidence: [chain, token].map(|format| Evidence { format: Some(format) }).into(),
            ..Default::default()
        };
        self.setting.auth_server().attest(request).await?.into_inner().verdict.context("a verdict")
    }

    /// A fresh challenge, signed with this sign count.
    async fn assert(&self, instance: &str, sign_count: u32) -> anyhow::Result<Verdict> {
        let client_data = self.challenge(Purpose::Assert).await?;
        let signature = self.phone.assert(&sha256(&client_data), sign_count)?.into();
        let request = AssertRequest {
            app: ANDROID_APP.to_owned(),
            signer: Some(assert_request::Signer::Instance(instance.to_owned())),
            client_data: client_data.into(),
            proof: Some(assert_request::Proof::KeyAssertion(KeyAssertion { sign_count, signature })),
            ..Default::default()
        };
        self.setting.auth_server().assert(request).await?.into_inner().verdict.context("a verdict")
    }
}
