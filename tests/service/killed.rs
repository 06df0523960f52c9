//! What operators were answered before the program was killed.

use std::path::Path;

use bonafide::crypto::digest::sha256;
use bonafide::grpc::proto::RevokeInstanceRequest;
use bonafide::grpc::proto::attestation_service_client::AttestationServiceClient;
use bonafide::grpc::proto::instance_service_client::InstanceServiceClient;
use data_encoding::HEXLOWER;

use crate::program::{Program, phone, stage};
use crate::reloaded::{replace, text};
use crate::revocation::{by, is_revoked, named};

/// The program with an operator of the party that everyone belongs to while there is no caller.
async fn desk(folder: &Path) -> Program {
    let key = HEXLOWER.encode(&sha256(b"desk-key"));
    let caller = format!(
        "[[caller]]\nname = \"desk\"\nrelying_party = \"local\"\nrole = \"operator\"\nkey_sha256 = \"{key}\"\n"
    );
    replace(folder, &(text(folder) + &caller));
    Program::start(folder).await
}

#[tokio::test(flavor = "multi_thread")]
async fn d07_a_revocation_survives_kill_9_right_after_its_answer() {
    let (folder, lab) = stage();
    let open = text(folder.path());
    let program = Program::start(folder.path()).await;
    let mut phone = phone(&lab);
    let instance = program.enrol(&phone).await.instance;
    drop(program);

    let mut program = desk(folder.path()).await;
    let (app, why) = ("shop".to_owned(), "stolen".to_owned());
    let request = RevokeInstanceRequest { app, name: named(&instance), why, expire_time: None };
    let mut operators = InstanceServiceClient::new(program.channel.clone());
    operators.revoke_instance(by("desk", request)).await.expect("an answer");
    program.child.kill().expect("is killed");
    drop(program);

    replace(folder.path(), &open);
    let program = Program::start(folder.path()).await;
    is_revoked(&program.check(&instance).await);
    let proof = program.signed(&instance, &mut phone).await;
    let answer = AttestationServiceClient::new(program.channel.clone()).assert(proof).await.expect("an answer");
    is_revoked(&answer.into_inner().verdict.expect("a verdict"));
}
