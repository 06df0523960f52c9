//! Proxies that ask over TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use bonafide::crypto::tls::TlsConfig;
use bonafide::gateway::CALLER_KEY;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::client::{get, head};
use crate::stage::{KEY, Stage};

pub(crate) fn pem(name: &str) -> Vec<u8> {
    let path = format!("{}/testdata/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).expect("a file of testdata")
}

async fn stage(client_ca: Option<&str>) -> Stage {
    let client_ca = client_ca.map(pem);
    Stage::set_with(|config| {
        let tls = TlsConfig { certificate: pem("service.pem"), key: pem("service-key.pem"), client_ca };
        config.gateway.as_mut().expect("a gateway").tls = Some(tls);
    })
    .await
}

/// A proxy, or a client of one, that trusts this CA and shows this certificate.
pub(crate) fn proxy(ca: &str, shown: Option<[&str; 2]>) -> TlsConnector {
    let certificates =
        |name: &str| CertificateDer::pem_slice_iter(&pem(name)).collect::<Result<Vec<_>, _>>().expect("PEM");
    let mut roots = RootCertStore::empty();
    roots.add(certificates(ca).remove(0)).expect("a CA");
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let builder = builder.with_root_certificates(roots);
    let config = match shown {
        None => builder.with_no_client_auth(),
        Some([certificate, key]) => {
            let key = PrivateKeyDer::from_pem_slice(&pem(key)).expect("a key");
            builder.with_client_auth_cert(certificates(certificate), key).expect("an identity")
        }
    };
    TlsConnector::from(Arc::new(config))
}

/// The first line of the answer about the enrolled phone; `None` where there is none.
async fn answered(proxy: &TlsConnector, gateway: SocketAddr, credential: &str) -> Option<String> {
    let key = format!("{CALLER_KEY}: {KEY}");
    let lines = ["x-forwarded-method: GET", "x-forwarded-uri: /", "x-forwarded-host: shop.example", &key, credential];
    let stream = TcpStream::connect(gateway).await.expect("connects");
    let mut stream = proxy.connect(ServerName::try_from("localhost").expect("a name"), stream).await.ok()?;
    let question = head("GET", "/forward-auth/caddy/shop?subject=instance", &lines);
    stream.write_all(question.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    let line = String::from_utf8_lossy(&answer).lines().next()?.to_owned();
    Some(line)
}

#[tokio::test]
async fn a_proxy_that_trusts_the_certificate_is_answered() {
    let stage = stage(None).await;
    let credential = stage.credential();
    let ask = |ca| {
        let proxy = proxy(ca, None);
        let (gateway, credential) = (stage.gateway(), credential.clone());
        async move { answered(&proxy, gateway, &credential).await }
    };
    assert_eq!(ask("service-ca.pem").await.as_deref(), Some("HTTP/1.1 200 OK"));
    assert_eq!(ask("ca.pem").await, None, "another CA");
    assert_eq!(get(stage.gateway(), "/.well-known/jwks.json", &[]).await.status, 0, "plaintext");
}

#[tokio::test]
async fn f06_a_proxy_without_the_named_certificate_is_not_heard() {
    let stage = stage(Some("client-ca.pem")).await;
    let credential = stage.credential();
    let known = proxy("service-ca.pem", Some(["client.pem", "client-key.pem"]));
    assert_eq!(answered(&known, stage.gateway(), &credential).await.as_deref(), Some("HTTP/1.1 200 OK"));
    for shown in [None, Some(["server.pem", "server-key.pem"])] {
        let stranger = proxy("service-ca.pem", shown);
        assert_eq!(answered(&stranger, stage.gateway(), &credential).await, None, "{shown:?}");
    }
}
