//! TLS: the only protection that the status list has on its way.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use bonafide::upstream::google::GoogleFault;
use bonafide::upstream::{Endpoint, Fetched, GoogleConfig, ProxyAddress, StatusListSource, UpstreamFault};
use rustls::{ServerConfig, ServerConnection, Stream};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::fake::built;

const LIST: &[u8] = br#"{"entries":{"2a":{"status":"REVOKED"}}}"#;

fn file(name: &str) -> String {
    format!("{}/testdata/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file(name)).expect("a certificate of testdata")
}

/// A server with the certificate of `testdata/tls` that gives a list to everybody who comes; its port.
fn serve(host: &str) -> u16 {
    let key = PrivateKeyDer::from_pem_file(file("service-key.pem")).expect("a key of testdata");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate("service.pem")], key)
        .expect("a pair");
    let (listener, config) = (TcpListener::bind((host, 0)).expect("a port"), Arc::new(config));
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut socket = stream.expect("a connection");
            let mut tls = ServerConnection::new(Arc::clone(&config)).expect("a session");
            let mut stream = Stream::new(&mut tls, &mut socket);
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", LIST.len());
            // A client that does not trust the certificate goes away.
            let _ = stream.read(&mut [0; 4096]).and_then(|_| stream.write_all(&[head.as_bytes(), LIST].concat()));
        }
    });
    port
}

fn config(address: &str, extra_roots: Vec<Vec<u8>>) -> GoogleConfig {
    let status_list = Endpoint::parse(address).expect("an address");
    GoogleConfig { status_list, extra_roots, ..GoogleConfig::new(None) }
}

#[tokio::test]
async fn a12_a_list_counts_only_under_a_certificate_that_is_trusted() {
    let address = format!("https://localhost:{}/status", serve("127.0.0.1"));
    let ca = certificate("service-ca.pem").to_vec();
    let trusting = built(config(&address, vec![ca.clone()])).fetch(None).await;
    assert!(matches!(&trusting, Ok(Fetched::New { body, .. }) if body == LIST), "{trusting:?}");
    let distrusting = built(config(&address, Vec::new())).fetch(None).await;
    assert_eq!(distrusting, Err(UpstreamFault::NotConnected));
    let elsewhere = format!("https://127.0.0.2:{}/status", serve("127.0.0.2"));
    assert_eq!(built(config(&elsewhere, vec![ca])).fetch(None).await, Err(UpstreamFault::NotConnected));
}

#[tokio::test]
async fn what_cannot_be_used_is_told_when_it_is_built() {
    let clock = || Arc::new(bonafide::clock::SystemClock);
    let build = |config| bonafide::upstream::google::Google::build(config, clock()).err();
    assert_eq!(build(config("https://localhost/", vec![b"no root".to_vec()])), Some(GoogleFault::Root));
    assert_eq!(build(GoogleConfig::new(None)), None);
}

#[tokio::test]
async fn a_proxy_is_asked_for_what_goes_over_tls_and_for_nothing_else() {
    use crate::fake::{Act, Fake};
    let proxy = Fake::start(|_, _| Act::Answer(403, &[], Vec::new())).await;
    let mut config = config("https://localhost:1/status", Vec::new());
    config.proxy = ProxyAddress::parse(proxy.at("").as_str());
    assert_eq!(built(config.clone()).fetch(None).await, Err(UpstreamFault::NotConnected));
    assert_eq!((proxy.seen()[0].method.as_str(), proxy.seen()[0].target.as_str()), ("CONNECT", "localhost:1"));
    let direct = Fake::start(|_, _| Act::Answer(200, &[], LIST.to_vec())).await;
    config.status_list = direct.at("/status");
    assert!(built(config).fetch(None).await.is_ok());
    assert_eq!((proxy.seen().len(), direct.seen().len()), (1, 1));
}
