//! TLS: who is let in, and what garbage does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bonafide::app::Service;
use bonafide::clock::SystemClock;
use bonafide::grpc::TlsConfig;
use bonafide::grpc::proto::attestation_service_client::AttestationServiceClient;
use bonafide::grpc::proto::{CreateChallengeRequest, Purpose};
use bonafide::lab::app_attest::AppAttestLab;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig};

use crate::harness::{START, config};

fn pem(name: &str) -> Vec<u8> {
    let path = format!("{}/testdata/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("a file of testdata")
}

/// A service with the certificate of `testdata/tls`; it ends with the test's runtime.
async fn serve(client_ca: Option<Vec<u8>>) -> (SocketAddr, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config(&folder, &AppAttestLab::new(START).expect("a laboratory"));
    config.grpc.tls = Some(TlsConfig { certificate: pem("service.pem"), key: pem("service-key.pem"), client_ca });
    let service = Service::start(config, Arc::new(SystemClock)).await.expect("starts");
    let address = service.address();
    tokio::spawn(service.run(std::future::pending()));
    (address, folder)
}

/// Whether a client that trusts the certificate gets a challenge.
async fn is_answered(address: SocketAddr) -> bool {
    let trust =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem("service-ca.pem"))).domain_name("localhost");
    let endpoint = Channel::from_shared(format!("https://{address}")).expect("an address");
    let Ok(channel) = endpoint.tls_config(trust).expect("a trust").connect().await else { return false };
    let request =
        CreateChallengeRequest { app: "shop".to_owned(), purpose: Purpose::Attest.into(), ..Default::default() };
    AttestationServiceClient::new(channel).create_challenge(request).await.is_ok()
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_is_answered() {
    let (address, _folder) = serve(None).await;
    assert!(is_answered(address).await);
    let plaintext = Channel::from_shared(format!("http://{address}")).expect("an address").connect().await;
    let request = CreateChallengeRequest::default();
    let refused = match plaintext {
        Ok(channel) => AttestationServiceClient::new(channel).create_challenge(request).await.is_err(),
        Err(_) => true,
    };
    assert!(refused, "plaintext was answered");
}

#[tokio::test]
async fn f06_a_client_without_the_named_certificate_is_refused() {
    let (address, _folder) = serve(Some(pem("ca.pem"))).await;
    assert!(!is_answered(address).await);
}

#[tokio::test]
async fn f10_garbage_in_place_of_a_handshake_harms_nobody_else() {
    let (address, _folder) = serve(None).await;
    for garbage in
        [&[0x16, 0x03, 0x01, 0xFF, 0xFF, 0x01][..], &[0; 4096], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x80\x2e"]
    {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        stream.write_all(garbage).await.expect("writes");
        drop(stream);
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(is_answered(address).await);
}
