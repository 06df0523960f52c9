//! Envoy, with `deploy/envoy.yaml`.

use std::fs;
use std::path::Path;
use std::process::Command;

use bonafide::crypto::tls::TlsConfig;

use crate::client::{Said, get, head, send, send_bytes};
use crate::matrix;
use crate::program::{PATIENCE, Running, deployed, find, free_port};
use crate::route::Takes;
use crate::stage::{KEY, Stage};
use crate::tls::pem;
use crate::upstream::Reached;

/// Envoy with routes that take an instance.
async fn envoy(stage: &Stage) -> Option<Running> {
    envoy_for(Takes::Instance, stage).await
}

/// Envoy with routes that take this.
pub(crate) async fn envoy_for(takes: Takes, stage: &Stage) -> Option<Running> {
    envoy_with(takes, stage, &[]).await
}

/// Envoy with routes that take this, and further changes of its file.
pub(crate) async fn envoy_with(takes: Takes, stage: &Stage, more: &[(&str, &str)]) -> Option<Running> {
    let program = find("envoy")?;
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let changes = [
        ("port_value: 8080", format!("port_value: {port}")),
        ("port_value: 7443", format!("port_value: {}", stage.service.address.port())),
        ("port_value: 8000", format!("port_value: {}", stage.api.port())),
        ("subject: token", takes.extensions().to_owned()),
        ("timeout: 1s", format!("timeout: {PATIENCE}")),
    ];
    let changes: Vec<_> = changes.iter().map(|(old, new)| (*old, new.as_str())).chain(more.iter().copied()).collect();
    fs::write(folder.path().join("envoy.yaml"), deployed("envoy.yaml", &changes)).expect("written");
    let mut command = Command::new(program);
    command.args(["-c", "envoy.yaml", "--use-dynamic-base-id", "--concurrency", "1", "-l", "warning"]);
    command.env("BONAFIDE_CALLER_KEY", KEY);
    Some(Running::start(command, folder, port).await)
}

/// The client is told what to bring instead.
#[track_caller]
pub(crate) fn assert_demanded(said: &Said, demand: &str) {
    assert_eq!(said.status, 401, "{said:?}");
    assert!(said.header("www-authenticate").is_some_and(|field| field.starts_with(demand)), "{said:?}");
}

#[tokio::test]
async fn f01_behind_envoy_the_identity_is_ours() {
    for takes in [Takes::Token, Takes::Instance] {
        let stage = Stage::set().await;
        let Some(envoy) = envoy_for(takes, &stage).await else { return };
        matrix::holds_behind(envoy.address, stage, takes).await;
        assert!(!envoy.log().contains(KEY), "the key is in the log");
    }
}

#[tokio::test]
async fn a_token_passes_envoy_and_goes_no_further() {
    let stage = Stage::set().await;
    let Some(envoy) = envoy_for(Takes::Token, &stage).await else { return };
    let token = format!("bonafide-token: {}", stage.token);
    let said = get(envoy.address, "/pay", &[&token]).await;
    let reached = Reached::of(&said);
    assert_eq!(reached.all("bonafide-verdict-instance"), [stage.instance.as_str()]);
    assert!(!said.body.contains(&stage.token), "{said:?}");
    let (signed, signature) = stage.token.rsplit_once('.').expect("a signature");
    let other = format!("bonafide-token: {signed}.{}{}", &signature[1..], &signature[..1]);
    for refused in [other.as_str(), "bonafide-token: eyJhbGciOiJub25lIn0.e30."] {
        assert_demanded(&get(envoy.address, "/pay", &[refused]).await, "Bearer error=\"invalid_token\"");
    }
    assert_eq!(get(envoy.address, "/pay", &[&token, &token]).await.status, 403);
    assert_eq!(get(envoy.address, "/pay", &[&stage.credential()]).await.status, 401, "an instance is no token");
}

#[tokio::test]
async fn f20_a_route_without_a_check_gets_no_identity_and_one_that_monitors_gets_ours() {
    let stage = Stage::set().await;
    let Some(envoy) = envoy(&stage).await else { return };
    let forged = ["bonafide-verdict: allow", "bonafide-verdict-instance: victim", "Bonafide-Verdict-App: bank"];
    let unchecked = Reached::of(&get(envoy.address, "/healthz", &forged).await);
    assert_eq!(unchecked.own_names(), Vec::<String>::new());
    let monitored = Reached::of(&get(envoy.address, "/beta/x", &forged).await);
    assert_eq!(monitored.all("bonafide-verdict"), ["deny"]);
    assert_eq!(monitored.all("bonafide-verdict-instance"), ["none"]);
    assert_eq!(monitored.all("bonafide-verdict-reasons"), ["credential_missing"]);
}

#[tokio::test]
async fn what_envoy_is_told_beside_the_header_fields_can_be_read_there() {
    let stage = Stage::set().await;
    let read = |name: &str| {
        let value = format!("%DYNAMIC_METADATA(envoy.filters.http.ext_authz:{name})%");
        format!("\n                        - {{ header: {{ key: x-read-{name}, value: \"{value}\" }} }}")
    };
    let read = ["decision", "tier", "instance", "reasons"].map(read).concat();
    let domains = "domains: [\"*\"]";
    let change = format!("{domains}\n                      response_headers_to_add:{read}");
    let Some(envoy) = envoy_with(Takes::Token, &stage, &[(domains, &change)]).await else { return };
    let told = |said: &Said| {
        let told = ["decision", "tier", "instance", "reasons"].map(|name| said.header(&format!("x-read-{name}")));
        told.map(|told| told.unwrap_or_default().to_owned())
    };
    let served = get(envoy.address, "/pay", &[&stage.shown(Takes::Token)]).await;
    assert_eq!(told(&served), ["allow", "affirming", &stage.instance, "[\"lab_anchor\"]"], "{served:?}");
    let monitored = get(envoy.address, "/beta/x", &[]).await;
    assert_eq!((monitored.status, &told(&monitored)[0][..]), (200, "deny"), "{monitored:?}");
}

#[tokio::test]
async fn envoy_asks_over_tls_as_the_document_says() {
    let stage = Stage::set_with(|config| {
        let client_ca = Some(pem("client-ca.pem"));
        config.grpc.tls = Some(TlsConfig { certificate: pem("service.pem"), key: pem("service-key.pem"), client_ca });
    })
    .await;
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gateways.md");
    let document = fs::read_to_string(document).expect("the document");
    let text = document.split("```yaml\n").find(|text| text.trim_start().starts_with("transport_socket:"));
    let text = text.and_then(|text| text.split("```").next()).expect("an example");
    let files = [("ca.pem", "service-ca.pem"), ("edge.pem", "client.pem"), ("edge-key.pem", "client-key.pem")];
    let text = files.iter().fold(text.replace("bonafide.example", "localhost"), |text, (named, file)| {
        text.replace(&format!("/etc/envoy/{named}"), &format!("{}/testdata/tls/{file}", env!("CARGO_MANIFEST_DIR")))
    });
    let place = "      # On another machine, add a transport_socket with TLS: see docs/gateways.md.\n";
    let Some(envoy) = envoy_with(Takes::Token, &stage, &[(place, &text)]).await else { return };
    assert_eq!(get(envoy.address, "/pay", &[&stage.shown(Takes::Token)]).await.status, 200);
    let elsewhere = text.replace("exact: localhost", "exact: other.example");
    let Some(envoy) = envoy_with(Takes::Token, &stage, &[(place, &elsewhere)]).await else { return };
    assert_eq!(get(envoy.address, "/pay", &[&stage.shown(Takes::Token)]).await.status, 503, "another name");
}

#[tokio::test]
async fn f22_a_body_whose_digest_counts_is_seen_whole_or_refused() {
    let stage = Stage::set().await;
    let Some(envoy) = envoy(&stage).await else { return };
    let credential = stage.credential();
    let post = |target: &str, length: usize, more: &'static str| {
        let lines = [credential.as_str(), &format!("content-length: {length}"), more];
        head("POST", target, &lines) + &"x".repeat(length)
    };
    assert_eq!(send(envoy.address, &post("/signed/x", 1000, "accept: */*")).await.status, 200);
    assert_eq!(send(envoy.address, &post("/signed/x", 65_537, "accept: */*")).await.status, 413);
    let claimed = post("/signed/x", 1000, "x-envoy-auth-partial-body: true");
    assert_eq!(send(envoy.address, &claimed).await.status, 200, "a client's word about it is nothing");
    assert_eq!(get(envoy.address, "/signed/x", &[&credential]).await.status, 200, "no body is a whole one");
}

#[tokio::test]
async fn f05_no_header_of_a_client_becomes_an_error() {
    let stage = Stage::set().await;
    let Some(envoy) = envoy(&stage).await else { return };
    for line in [
        "bonafide-instance: \u{e9}\u{2028}",
        "bonafide-token: %00",
        "x-forwarded-client-cert: Hash=0;Subject=\"a,b\";URI=\"x\"",
        "te: trailers",
        "x-envoy-original-path: /public",
        "grpc-timeout: 1n",
    ] {
        let said = get(envoy.address, "/", &[line]).await;
        assert!([400, 401, 403].contains(&said.status), "{line}: {said:?}");
    }
    let raw = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nbonafide-instance: \xff\xfe\r\n\r\n";
    let said = send_bytes(envoy.address, raw).await;
    assert!([400, 401, 403].contains(&said.status), "{said:?}");
}
