//! What Envoy knows of its clients' TLS: the certificate that it has validated, and a fingerprint.

use std::net::SocketAddr;

use bonafide::appraisal::{BindingPolicy, Stance};
use bonafide::crypto::digest::sha256;
use bonafide::gateway::{GatewayRules, Tell};
use bonafide::grpc::proto::{RequestContext, TokenRequest};
use data_encoding::HEXLOWER;
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};

use crate::client::{Said, exchange, head};
use crate::envoy::{assert_demanded, envoy_with};
use crate::program::Running;
use crate::route::Takes;
use crate::stage::{Stage, ear};
use crate::tls::{pem, proxy};
use crate::upstream::Reached;

const CLIENT: [&str; 2] = ["client.pem", "client-key.pem"];

/// Envoy that speaks TLS, looks at the certificates of clients that have one, and states the fingerprint as `docs/gateways.md` says.
async fn envoy(stage: &Stage) -> Option<Running> {
    let api = "type.googleapis.com/envoy.extensions";
    let file = |name: &str| format!("{{ filename: {}/testdata/tls/{name} }}", env!("CARGO_MANIFEST_DIR"));
    let (certificate, key, ca) = (file("service.pem"), file("service-key.pem"), file("client-ca.pem"));
    let tls = format!(
        r#"- transport_socket:
            name: tls
            typed_config:
              "@type": {api}.transport_sockets.tls.v3.DownstreamTlsContext
              common_tls_context:
                tls_certificates: [{{ certificate_chain: {certificate}, private_key: {key} }}]
                validation_context: {{ trusted_ca: {ca} }}
          filters:
"#
    );
    let inspector = format!(
        r#"listener_filters:
        - name: envoy.filters.listener.tls_inspector
          typed_config:
            "@type": {api}.filters.listener.tls_inspector.v3.TlsInspector
            enable_ja4_fingerprinting: true
      filter_chains:
"#
    );
    let overwritten = r#"- remove: bonafide-caller-key
                        - append:
                            header: { key: x-ja4, value: "%TLS_JA4_FINGERPRINT%" }
                            append_action: OVERWRITE_IF_EXISTS_OR_ADD
"#;
    let changes =
        [("- filters:\n", &*tls), ("filter_chains:\n", &inspector), ("- remove: bonafide-caller-key\n", overwritten)];
    envoy_with(Takes::Token, stage, &changes).await
}

/// What a client hears that shows this certificate.
async fn said(envoy: SocketAddr, shown: Option<[&str; 2]>, target: &str, lines: &[&str]) -> Said {
    let stream = TcpStream::connect(envoy).await.expect("connects");
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = proxy("service-ca.pem", shown).connect(name, stream).await.expect("a session");
    exchange(stream, head("GET", target, lines).as_bytes()).await
}

#[tokio::test]
async fn f06_a_bound_token_passes_envoy_with_the_certificate_that_it_has_validated() {
    let mut stage = Stage::set().await;
    let Some(envoy) = envoy(&stage).await else { return };
    let digest = |name| sha256(&CertificateDer::from_pem_slice(&pem(name)).expect("a certificate"));
    let bound = |name| TokenRequest { client_certificate_sha256: digest(name).to_vec().into(), ..ear() };
    let token = format!("bonafide-token: {}", stage.token_as(None, None, bound("client.pem")).await);
    let others = format!("bonafide-token: {}", stage.token_as(None, None, bound("server.pem")).await);
    let reached = Reached::of(&said(envoy.address, Some(CLIENT), "/pay", &[&token]).await);
    assert_eq!(reached.all("bonafide-verdict-instance"), [stage.instance.as_str()]);
    let forged = format!("x-forwarded-client-cert: Hash={}", HEXLOWER.encode(&digest("client.pem")));
    for (shown, lines, reason) in [
        (Some(CLIENT), [&others, "accept: */*"], "client_certificate_mismatch"),
        (None, [&token, "accept: */*"], "client_certificate_missing"),
        (None, [&token, &forged], "client_certificate_missing"),
    ] {
        let said = said(envoy.address, shown, "/pay", &lines).await;
        assert_demanded(&said, "Bearer error=\"invalid_token\"");
        assert_eq!(said.json()["reasons"][0], reason, "{said:?}");
    }
    let stranger = Some(["server.pem", "server-key.pem"]);
    assert_eq!(said(envoy.address, stranger, "/pay", &[&others]).await.status, 0, "of no CA that Envoy knows");
}

#[tokio::test]
async fn a_fingerprint_that_envoy_states_is_the_one_that_was_proved() {
    let mut stage = Stage::set_with(|config| {
        let tls_fingerprint_header = Some("x-ja4".to_owned());
        config.grpc.gateway = GatewayRules { tell: Tell::Codes, tls_fingerprint_header, ..GatewayRules::USUAL };
        for app in &mut config.verifier.apps {
            app.binding = BindingPolicy { tls_fingerprint: Stance::Deny, ..BindingPolicy::IGNORED };
        }
    })
    .await;
    let Some(envoy) = envoy(&stage).await else { return };
    let unchecked = Reached::of(&said(envoy.address, None, "/healthz", &["x-ja4: forged"]).await);
    let [fingerprint] = unchecked.all("x-ja4")[..] else { panic!("{unchecked:?}") };
    assert!(fingerprint.starts_with("t13d"), "{fingerprint}");
    let of = |tls_fingerprint: &str| {
        Some(RequestContext { tls_fingerprint: tls_fingerprint.to_owned(), ..RequestContext::default() })
    };
    let token = format!("bonafide-token: {}", stage.token_for(None, of(fingerprint)).await);
    let stolen = format!("bonafide-token: {}", stage.token_for(None, of("t13d_another")).await);
    assert_eq!(said(envoy.address, None, "/pay", &[&token, "x-ja4: forged"]).await.status, 200);
    let said = said(envoy.address, None, "/pay", &[&stolen, "x-ja4: t13d_another"]).await;
    assert_eq!((said.status, &said.json()["reasons"][1]), (403, &"binding_tls_mismatch".into()), "{said:?}");
}
