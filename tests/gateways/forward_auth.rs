//! Forward-auth by itself: who is heard, and what is answered to what a proxy may pass on.

use bonafide::gateway::{CALLER_KEY, IDENTITY_NAMES};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Said, get, head, send};
use crate::stage::{KEY, Stage};

const CADDY: &str = "/forward-auth/caddy/shop?subject=instance";
const NGINX: &str = "/forward-auth/nginx/shop?subject=instance";
const FORWARDED: [&str; 5] = [
    "x-forwarded-method: GET",
    "x-forwarded-uri: /pay",
    "x-forwarded-host: shop.example",
    "x-forwarded-proto: https",
    "x-forwarded-for: 192.0.2.7",
];

async fn asked(stage: &Stage, target: &str, more: &[&str]) -> Said {
    let (key, credential) = (format!("{CALLER_KEY}: {KEY}"), stage.credential());
    let lines: Vec<&str> =
        FORWARDED.iter().copied().chain([key.as_str(), &credential]).chain(more.iter().copied()).collect();
    get(stage.gateway(), target, &lines).await
}

#[tokio::test]
async fn an_allowed_request_gets_every_field_of_the_identity_and_no_body() {
    let stage = Stage::set().await;
    for target in [CADDY, "/forward-auth/traefik/shop?subject=instance&mode=enforce"] {
        let said = asked(&stage, target, &[]).await;
        assert_eq!((said.status, said.body.as_str()), (200, ""), "{said:?}");
        assert_eq!(said.header("cache-control"), Some("no-store"));
        for name in IDENTITY_NAMES {
            assert!(said.header(name).is_some_and(|value| !value.is_empty()), "{name}: {said:?}");
        }
        assert_eq!(said.header("bonafide-verdict-instance"), Some(stage.instance.as_str()));
    }
}

#[tokio::test]
async fn f02_who_is_no_known_proxy_is_not_heard() {
    let stage = Stage::set().await;
    let credential = stage.credential();
    for key in [
        &[][..],
        &["bonafide-caller-key: made-up"],
        &["bonafide-caller-key: made-up", "bonafide-caller-key: edge-key-0123456789"],
        &["authorization: Bearer edge-key-0123456789"],
        &["bonafide_caller_key: edge-key-0123456789"],
    ] {
        let lines: Vec<&str> = FORWARDED.iter().chain([&credential.as_str()]).chain(key).copied().collect();
        let said = get(stage.gateway(), CADDY, &lines).await;
        assert_eq!((said.status, &said.json()["reasons"]), (503, &serde_json::Value::Null), "{key:?}: {said:?}");
        assert_eq!(said.header("bonafide-verdict"), None);
    }
}

#[tokio::test]
async fn f02_what_a_client_adds_to_the_description_is_refused() {
    let stage = Stage::set().await;
    for added in [
        "x-forwarded-uri: /public",
        "X-Forwarded-Uri: /public",
        "x_forwarded_uri: /public",
        "X_Forwarded_Proto: http",
        "x-forwarded-for: 192.0.2.8",
        "x-original-uri: /public",
        "x_original_method: GET",
    ] {
        for target in [CADDY, "/forward-auth/caddy/shop?subject=instance&mode=monitor"] {
            let said = asked(&stage, target, &[added]).await;
            assert_eq!((said.status, &said.json()["reasons"][0]), (403, &"forwarded_ambiguous".into()), "{added}");
        }
    }
    let said = asked(&stage, NGINX, &[]).await;
    assert_eq!(said.json()["reasons"][0], "forwarded_ambiguous", "another proxy's family");
    let said = asked(&stage, CADDY, &["x-forwarded-prefix: /x"]).await;
    assert_eq!(said.status, 200, "a field that nobody looks at");
}

#[tokio::test]
async fn f02_a_client_chooses_no_settings() {
    let stage = Stage::set().await;
    let key = format!("{CALLER_KEY}: {KEY}");
    for query in ["mode=monitor", "subject=instance&mode=monitor"] {
        let own = format!("x-forwarded-uri: /pay?{query}");
        let described = FORWARDED.iter().copied().filter(|line| !line.starts_with("x-forwarded-uri"));
        let lines: Vec<&str> = described.chain([key.as_str(), own.as_str()]).collect();
        let said = get(stage.gateway(), &format!("/forward-auth/caddy/shop?{query}"), &lines).await;
        assert_eq!((said.status, &said.json()["reasons"][0]), (403, &"forwarded_ambiguous".into()), "{query}");
    }
}

#[tokio::test]
async fn nginx_gets_the_problem_in_a_field_as_well() {
    let stage = Stage::set().await;
    let key = format!("{CALLER_KEY}: {KEY}");
    let lines = [
        "x-original-method: GET",
        "x-original-uri: /pay",
        "x-original-host: shop.example",
        &key,
        "bonafide-instance: nobody",
    ];
    let said = get(stage.gateway(), NGINX, &lines).await;
    assert_eq!((said.status, said.header("bonafide-problem")), (403, Some(said.body.as_str())));
    assert_eq!(asked(&stage, CADDY, &["bonafide-instance: nobody"]).await.header("bonafide-problem"), None);
}

#[tokio::test]
async fn f05_a_route_that_is_not_configured_serves_nobody() {
    let stage = Stage::set().await;
    for target in [
        "/forward-auth/caddy/Shop?subject=instance",
        "/forward-auth/caddy/unknown?subject=instance",
        "/forward-auth/caddy/shop?subject=any",
        "/forward-auth/caddy/shop?subject=instance&mode",
        "/forward-auth/caddy/shop?app=bank&subject=instance",
        "/forward-auth/caddy/shop?subject=instance&subject=token",
    ] {
        let said = asked(&stage, target, &[]).await;
        assert_eq!((said.status, &said.json()["status"]), (503, &503.into()), "{target}");
    }
    for target in ["/forward-auth/envoy/shop", "/forward-auth/caddy", "/forward-auth/caddy/", "/"] {
        assert_eq!(asked(&stage, target, &[]).await.status, 404, "{target}");
    }
    assert_eq!(send(stage.gateway(), &head("POST", CADDY, &["content-length: 0"])).await.status, 405);
}

#[tokio::test]
async fn f07_forward_auth_and_metrics_have_listeners_of_their_own() {
    let stage = Stage::set().await;
    for path in ["/metrics", "/livez", "/readyz"] {
        assert_eq!(get(stage.gateway(), path, &[]).await.status, 404, "{path}");
    }
    assert_eq!(get(stage.service.http.expect("an address"), CADDY, &[]).await.status, 404);
}

#[tokio::test]
async fn connections_stay_open_and_end_with_the_service() {
    let stage = Stage::set().await;
    let key = format!("{CALLER_KEY}: {KEY}\r\n{}\r\n{}", FORWARDED.join("\r\n"), stage.credential());
    let request = format!("GET {CADDY} HTTP/1.1\r\nhost: x\r\n{key}\r\n\r\n");
    let mut stream = TcpStream::connect(stage.gateway()).await.expect("connects");
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).await.expect("writes");
        let mut answer = [0; 4096];
        let length = stream.read(&mut answer).await.expect("reads");
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..length]));
    }
    stage.service.stop().await;
    assert_eq!(stream.read(&mut [0; 64]).await.unwrap_or(0), 0, "the end");
}

#[tokio::test]
async fn f11_who_shows_no_key_holds_no_connection() {
    let stage = Stage::set().await;
    for target in ["/.well-known/jwks.json", "/.well-known/bonafide-configuration", CADDY, "/introspect", "/"] {
        let mut stream = TcpStream::connect(stage.gateway()).await.expect("connects");
        let request = format!("GET {target} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.repeat(100).as_bytes()).await.expect("writes");
        let mut answers = Vec::new();
        stream.read_to_end(&mut answers).await.ok();
        let answers = String::from_utf8_lossy(&answers).to_lowercase();
        assert_eq!(answers.matches("http/1.1 ").count(), 1, "{target}: {answers}");
        assert!(answers.contains("connection: close"), "{target}: {answers}");
    }
}

#[tokio::test]
async fn f11_heads_without_end_are_not_read() {
    let stage = Stage::set().await;
    let long = format!("x: {}", "y".repeat(200_000));
    assert!([0, 400, 431].contains(&asked(&stage, CADDY, &[&long]).await.status));
    let many: Vec<String> = (0..300).map(|at| format!("x-{at}: y")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!([0, 400, 431].contains(&asked(&stage, CADDY, &many).await.status));
    assert_eq!(asked(&stage, CADDY, &[]).await.status, 200);
}
