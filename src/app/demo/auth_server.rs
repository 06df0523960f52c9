//! The auth server's part: it fetches challenges, passes on what the phone sends, and reads verdicts.

use anyhow::Context;

use super::callers::Calling;
use super::narration::Narration;
use super::setting::{APP, Setting};
use crate::grpc::proto::attestation_service_client::AttestationServiceClient;
use crate::grpc::proto::{
    AppAttestEvidence, AssertRequest, AssertResponse, AttestRequest, CreateChallengeRequest, Decision, Evidence,
    Purpose, TokenFormat, TokenRequest, Verdict, assert_request, evidence,
};
use crate::lab::app_attest::LabDevice;

/// What a phone hands to the auth server: client data, and an assertion over it.
struct Signed {
    client_data: Vec<u8>,
    assertion: Vec<u8>,
}

struct AuthServer {
    service: AttestationServiceClient<Calling>,
    instance: String,
}

/// A phone that the service knows, and the auth server that passes on what it sends.
pub(super) struct Enrolled {
    server: AuthServer,
    phone: LabDevice,
}

/// Enrols a software phone and lets it sign in every order.
pub(super) async fn enrol_and_assert(story: &mut Narration, setting: &Setting) -> anyhow::Result<Enrolled> {
    let mut phone = setting.phone()?;
    let mut server = AuthServer { service: setting.auth_server(), instance: String::new() };
    story.chapter("A software phone enrols and signs (its laboratory root is named in the configuration)");
    let verdict = server.enrol(&phone).await?;
    story.expect_verdict("enrols", &verdict, Decision::Allow, "lab_anchor")?;
    server.instance = verdict.instance;
    let first = server.signed(&mut phone).await?;
    let verdict = server.assert(&first).await?;
    story.expect_verdict("signs a request", &verdict, Decision::Allow, "lab_anchor")?;
    let verdict = server.assert(&first).await?;
    story.expect_verdict("the same bytes again", &verdict, Decision::Deny, "challenge_replayed")?;
    server.arrive_out_of_order(story, &mut phone).await?;
    server.arrive_broken(story, &mut phone).await?;
    Ok(Enrolled { server, phone })
}

impl Enrolled {
    /// Its pseudonym.
    pub(super) fn instance(&self) -> &str {
        &self.server.instance
    }

    /// Signs a fresh challenge, and has the verdict signed. A denial gives no token.
    pub(super) async fn signs_in(&mut self) -> anyhow::Result<(Verdict, Option<String>)> {
        let signed = self.server.signed(&mut self.phone).await?;
        let ear = TokenRequest { format: TokenFormat::Ear.into(), ..Default::default() };
        let answer = self.server.answered(&signed, Some(ear)).await?;
        Ok((answer.verdict.context("a verdict")?, answer.token.map(|token| token.token)))
    }
}

impl AuthServer {
    async fn challenge(&mut self, purpose: Purpose) -> anyhow::Result<Vec<u8>> {
        let request = CreateChallengeRequest { app: APP.to_owned(), purpose: purpose.into(), ..Default::default() };
        Ok(self.service.create_challenge(request).await?.into_inner().challenge.into_bytes())
    }

    async fn enrol(&mut self, phone: &LabDevice) -> anyhow::Result<Verdict> {
        let client_data = self.challenge(Purpose::Attest).await?;
        let attested = phone.attest(&client_data)?;
        let app_attest =
            AppAttestEvidence { attestation_object: attested.object.into(), key_id: attested.key_id.to_vec().into() };
        let request = AttestRequest {
            app: APP.to_owned(),
            client_data: client_data.into(),
            evidence: vec![Evidence { format: Some(evidence::Format::AppAttest(app_attest)) }],
            ..Default::default()
        };
        self.service.attest(request).await?.into_inner().verdict.context("a verdict")
    }

    async fn signed(&mut self, phone: &mut LabDevice) -> anyhow::Result<Signed> {
        let client_data = self.challenge(Purpose::Assert).await?;
        let assertion = phone.assert(&client_data)?;
        Ok(Signed { client_data, assertion })
    }

    async fn assert(&mut self, signed: &Signed) -> anyhow::Result<Verdict> {
        self.answered(signed, None).await?.verdict.context("a verdict")
    }

    async fn answered(&mut self, signed: &Signed, token: Option<TokenRequest>) -> anyhow::Result<AssertResponse> {
        let request = AssertRequest {
            app: APP.to_owned(),
            signer: Some(assert_request::Signer::Instance(self.instance.clone())),
            client_data: signed.client_data.clone().into(),
            proof: Some(assert_request::Proof::Assertion(signed.assertion.clone().into())),
            token,
            ..Default::default()
        };
        Ok(self.service.assert(request).await?.into_inner())
    }

    async fn arrive_out_of_order(&mut self, story: &mut Narration, phone: &mut LabDevice) -> anyhow::Result<()> {
        let second = self.signed(phone).await?;
        let third = self.signed(phone).await?;
        let verdict = self.assert(&third).await?;
        story.expect_verdict("the third arrives before the second", &verdict, Decision::Allow, "lab_anchor")?;
        let verdict = self.assert(&second).await?;
        story.expect_verdict("the second arrives late", &verdict, Decision::Allow, "lab_anchor")?;
        let client_data = self.challenge(Purpose::Assert).await?;
        let assertion = phone.assert_at(2, &client_data)?;
        let verdict = self.assert(&Signed { client_data, assertion }).await?;
        story.expect_verdict("its sign count comes again", &verdict, Decision::Deny, "sign_count_replayed")?;
        Ok(())
    }

    async fn arrive_broken(&mut self, story: &mut Narration, phone: &mut LabDevice) -> anyhow::Result<()> {
        let mut signed = self.signed(phone).await?;
        if let Some(last) = signed.assertion.last_mut() {
            *last ^= 1;
        }
        let verdict = self.assert(&signed).await?;
        story.expect_verdict("one bit flipped", &verdict, Decision::Deny, "app_attest_signature_invalid")?;
        Ok(())
    }
}
