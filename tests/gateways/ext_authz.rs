//! `envoy.service.auth.v3.Authorization` by itself: what is answered to whatever a proxy may pass on.

use std::collections::HashMap;

use bonafide::appraisal::{Aspect, Concern, Mode, OwnCode, OwnRule, Percent, Remedy};
use bonafide::gateway::IDENTITY_NAMES;
use bonafide::grpc::proto::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use bonafide::grpc::proto::envoy::config::core::v3::{HeaderMap, HeaderValue, HeaderValueOption};
use bonafide::grpc::proto::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use bonafide::grpc::proto::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use bonafide::grpc::proto::envoy::service::auth::v3::check_response::HttpResponse;
use bonafide::grpc::proto::envoy::service::auth::v3::{
    AttributeContext, CheckRequest, CheckResponse, DeniedHttpResponse, OkHttpResponse,
};
use prost::Message;
use prost_types::Struct;
use tonic::Code;

use crate::client::get;
use crate::stage::{KEY, Stage, by};

pub(crate) const ROUTE: [(&str, &str); 2] = [("app", "shop"), ("subject", "instance")];

pub(crate) fn asked(route: &[(&str, &str)], path: &str, headers: &[(&str, &str)]) -> CheckRequest {
    with(route, described(path, headers))
}

pub(crate) fn described(path: &str, headers: &[(&str, &str)]) -> HttpRequest {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.to_string().into()));
    HttpRequest {
        method: "GET".into(),
        path: path.to_owned().into(),
        host: "shop.example".into(),
        scheme: "https".into(),
        size: -1,
        protocol: "HTTP/1.1".into(),
        headers: headers.collect(),
        ..HttpRequest::default()
    }
}

pub(crate) fn with(route: &[(&str, &str)], http: HttpRequest) -> CheckRequest {
    let context_extensions = route.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let attributes = AttributeContext {
        request: Some(Request { http: Some(http) }),
        context_extensions: context_extensions.collect::<HashMap<_, _>>(),
        ..AttributeContext::default()
    };
    CheckRequest { attributes: attributes.encode_to_vec().into() }
}

pub(crate) async fn check(stage: &Stage, request: CheckRequest) -> CheckResponse {
    let mut client = AuthorizationClient::new(stage.service.channel.clone());
    client.check(by(KEY, request)).await.expect("an answer, whatever was asked").into_inner()
}

pub(crate) fn passed(response: CheckResponse) -> OkHttpResponse {
    assert_eq!(response.status.as_ref().map(|status| status.code), Some(0), "{response:?}");
    match response.http_response {
        Some(HttpResponse::OkResponse(passed)) => OkHttpResponse::decode(passed).expect("a message"),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn refused(response: CheckResponse) -> (i32, DeniedHttpResponse) {
    let code = response.status.as_ref().map_or(0, |status| status.code);
    match response.http_response {
        Some(HttpResponse::DeniedResponse(refused)) if code != 0 => (code, refused),
        other => panic!("{code}: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn assert_refused(response: CheckResponse, status: i32, reason: &str) {
    let (code, refused) = refused(response);
    assert_eq!(refused.status.map(|status| status.code), Some(status), "{}", refused.body);
    let expected = if status == 401 { Code::Unauthenticated } else { Code::PermissionDenied };
    assert_eq!(code, i32::from(expected));
    let problem: serde_json::Value = serde_json::from_str(&refused.body).expect("JSON");
    assert_eq!(problem["reasons"][0], reason, "{problem}");
}

fn told(headers: &[HeaderValueOption]) -> Vec<(String, String)> {
    let each = headers.iter().map(|option| {
        let overwrites = (option.append, option.append_action());
        assert_eq!(overwrites, (Some(false), HeaderAppendAction::OverwriteIfExistsOrAdd));
        let header = option.header.clone().expect("a field");
        let text = |bytes: &[u8]| str::from_utf8(bytes).expect("text").to_owned();
        (header.key, text(&header.value))
    });
    each.collect()
}

#[tokio::test]
async fn f01_every_identity_field_is_set_and_every_namesake_taken_out() {
    let stage = Stage::set().await;
    let headers = [
        ("bonafide-instance", stage.instance.as_str()),
        ("bonafide-verdict", "forged"),
        ("bonafide-verdict-else", "forged"),
        ("bonafide-token", "x"),
        ("accept", "*/*"),
    ];
    let response = check(&stage, asked(&ROUTE, "/", &headers)).await;
    let metadata = Struct::decode(response.dynamic_metadata.clone()).expect("metadata").fields;
    let mut names: Vec<_> = metadata.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["decision", "instance", "policy_revision", "reasons", "tier"]);
    let passed = passed(response);
    let told = told(&passed.headers);
    assert_eq!(told.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), IDENTITY_NAMES);
    assert!(told.iter().all(|(_, value)| !value.is_empty()) && told[3].1 == stage.instance, "{told:?}");
    let mut removed = passed.headers_to_remove;
    removed.sort();
    assert_eq!(removed, ["bonafide-instance", "bonafide-token", "bonafide-verdict-else"]);
}

#[tokio::test]
async fn f01_a_name_in_disguise_is_refused_where_nothing_else_is() {
    let stage = Stage::set().await;
    let headers = [("bonafide-instance", stage.instance.as_str()), ("bonafide_verdict", "allow")];
    assert_refused(check(&stage, asked(&ROUTE, "/", &headers)).await, 403, "header_spelling");
    let monitor = [ROUTE[0], ROUTE[1], ("mode", "monitor")];
    assert_refused(check(&stage, asked(&monitor, "/", &headers)).await, 403, "header_spelling");
    assert_refused(check(&stage, asked(&monitor, "/beta/..;/pay", &[])).await, 403, "path_ambiguous");
    let told = told(&passed(check(&stage, asked(&monitor, "/", &[])).await).headers);
    assert_eq!((told[0].1.as_str(), told[4].1.as_str()), ("deny", "credential_missing"));
}

#[tokio::test]
async fn f03_an_ambiguous_target_is_refused() {
    let stage = Stage::set().await;
    let credential = [("bonafide-instance", stage.instance.as_str())];
    for path in ["/a/%2e%2e/pay", "/a%2fb", "//pay", "/a/../b", "/a;b", "/a\\b", "/a%00", "/a#b", "", "*"] {
        assert_refused(check(&stage, asked(&ROUTE, path, &credential)).await, 403, "path_ambiguous");
    }
    passed(check(&stage, asked(&ROUTE, "/a/b?x=%2f..%2f", &credential)).await);
}

#[tokio::test]
async fn f04_two_credentials_are_refused() {
    let stage = Stage::set().await;
    let joined = format!("{0},{0}", stage.instance);
    for headers in [
        &[("bonafide-instance", joined.as_str())][..],
        &[("bonafide-instance", &stage.instance), ("Bonafide-Instance", &stage.instance)],
        &[("bonafide-instance", &stage.instance), ("dpop", "a, b")],
    ] {
        assert_refused(check(&stage, asked(&ROUTE, "/", headers)).await, 403, "credential_ambiguous");
    }
    let field = |value: &str| HeaderValue {
        key: "bonafide-instance".to_owned(),
        raw_value: value.to_owned().into(),
        ..HeaderValue::default()
    };
    let one_by_one = |headers| HttpRequest {
        method: "GET".into(),
        path: "/".into(),
        host: "shop.example".into(),
        header_map: Some(HeaderMap { headers }),
        ..HttpRequest::default()
    };
    let once = one_by_one(vec![field(&stage.instance)]);
    passed(check(&stage, with(&ROUTE, once)).await);
    let twice = one_by_one(vec![field(&stage.instance), field("nobody")]);
    assert_refused(check(&stage, with(&ROUTE, twice)).await, 403, "credential_ambiguous");
}

#[tokio::test]
async fn f05_what_a_client_chooses_never_becomes_an_error() {
    let stage = Stage::set().await;
    let garbage = || prost::bytes::Bytes::from_static(b"\xff\xfe\x00\r\n");
    let http = HttpRequest {
        method: garbage(),
        path: garbage(),
        protocol: "HTTP/1.1".into(),
        host: garbage(),
        scheme: garbage(),
        body: garbage(),
        raw_body: garbage(),
        size: i64::MIN,
        headers: HashMap::from([("bonafide-instance".to_owned(), garbage()), (String::new(), garbage())]),
        header_map: Some(HeaderMap { headers: vec![HeaderValue { raw_value: garbage(), ..HeaderValue::default() }] }),
    };
    assert_refused(check(&stage, with(&ROUTE, http)).await, 403, "path_ambiguous");
    let method = HttpRequest { method: "G T".into(), ..described("/", &[]) };
    assert_refused(check(&stage, with(&ROUTE, method)).await, 403, "request_malformed");
    let many: Vec<(String, String)> = (0..900).map(|at| (format!("x-{at}"), "y".repeat(1000))).collect();
    let many: Vec<_> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_refused(check(&stage, asked(&ROUTE, "/", &many)).await, 401, "credential_missing");
    let (_, empty) = refused(check(&stage, CheckRequest::default()).await);
    assert_eq!(empty.status.map(|status| status.code), Some(503), "no app: the gateway is not configured");
    for wrong in [[("app", "Shop"), ROUTE[1]], [("app", "unknown"), ROUTE[1]], [ROUTE[0], ("subject", "any")]] {
        let (code, refused) = refused(check(&stage, asked(&wrong, "/", &[("bonafide-instance", "x")])).await);
        let status = refused.status.map(|status| status.code);
        assert_eq!((code, status), (i32::from(Code::Unavailable), Some(503)), "{wrong:?}");
    }
}

#[tokio::test]
async fn f22_a_body_that_was_cut_is_refused_where_its_digest_counts() {
    let stage = Stage::set().await;
    let route = [ROUTE[0], ROUTE[1], ("body", "digest")];
    let post = |partial: &[&str], size: i64, body: &'static str| {
        let mut http = described("/", &[("bonafide-instance", &stage.instance)]);
        let fields = partial.iter().map(|partial| HeaderValue {
            key: "x-envoy-auth-partial-body".to_owned(),
            value: (*partial).to_owned().into(),
            ..HeaderValue::default()
        });
        http.header_map = Some(HeaderMap { headers: fields.collect() });
        with(&route, HttpRequest { method: "POST".into(), size, raw_body: body.into(), ..http })
    };
    passed(check(&stage, post(&["false"], 5, "hello")).await);
    passed(check(&stage, post(&["false"], -1, "hello")).await);
    let mut as_text = described("/", &[("bonafide-instance", &stage.instance), ("x-envoy-auth-partial-body", "false")]);
    (as_text.method, as_text.size, as_text.body) = ("POST".into(), 5, "h!llo".into());
    assert_refused(check(&stage, with(&route, as_text)).await, 403, "body_partial");
    for cut in [
        post(&["true"], 5, "hello"),
        post(&["false"], 9, "hello"),
        post(&["false", "false"], 5, "hello"),
        post(&["False"], 5, "hello"),
        post(&[], 5, "hello"),
        post(&[], -1, ""),
    ] {
        assert_refused(check(&stage, cut).await, 403, "body_partial");
    }
}

#[tokio::test]
async fn f20_a_token_reaches_an_api_that_verifies_it_itself() {
    let stage = Stage::set().await;
    let token = [("bonafide-token", stage.token.as_str()), ("bonafide-instance", "x")];
    let removed = |response| {
        let mut removed = passed(response).headers_to_remove;
        removed.sort();
        removed
    };
    let usual = check(&stage, asked(&[("app", "shop")], "/", &token)).await;
    assert_eq!(removed(usual), ["bonafide-instance", "bonafide-token"]);
    let forwarding = check(&stage, asked(&[("app", "shop"), ("token", "forward")], "/", &token)).await;
    assert_eq!(removed(forwarding), ["bonafide-instance"]);
    let elsewhere = check(&stage, asked(&[("app", "bank")], "/", &token)).await;
    assert_refused(elsewhere, 401, "token_app");
}

#[tokio::test]
async fn answers_are_counted_by_gateway_and_outcome() {
    let stage = Stage::set().await;
    let credential = [("bonafide-instance", stage.instance.as_str())];
    check(&stage, asked(&ROUTE, "/", &credential)).await;
    check(&stage, asked(&ROUTE, "/", &[])).await;
    check(&stage, asked(&[ROUTE[0], ("mode", "monitor")], "/", &[])).await;
    check(&stage, asked(&[], "/", &[])).await;
    let text = get(stage.service.http.expect("an address"), "/metrics", &[]).await.body;
    for (outcome, count) in
        [("pass", "1.0"), ("monitored", "1.0"), ("challenge", "1.0"), ("deny", "0.0"), ("unable", "1.0")]
    {
        let line = format!("bonafide_gateway_answers_total{{gateway=\"envoy\",outcome=\"{outcome}\"}} {count}");
        assert!(text.lines().any(|each| each == line), "{line} is missing in\n{text}");
    }
    assert!(text.contains("bonafide_refusals_total{reason=\"credential_missing\"} 2.0"), "{text}");
}

#[tokio::test]
async fn behind_envoy_nobody_states_a_digest_of_header_fields() {
    let own = |when: &str| OwnRule {
        code: OwnCode::of("asked").expect("a name"),
        when: when.parse().expect("an expression"),
        tier: Concern::Contraindicated,
        effect: Aspect::Configuration,
        remedy: Remedy::ContactSupport,
        text: "found".to_owned(),
        mode: Mode::Enforce,
        percent: Percent::ALL,
    };
    let answer = async |when: &str| {
        let stage = Stage::set_with(|config| config.verifier.apps[0].own_rules = vec![own(when)]).await;
        check(&stage, asked(&ROUTE, "/", &[("bonafide-instance", &stage.instance), ("accept", "*/*")])).await
    };
    let (_, refused) = refused(answer("request.headers_sha256 == \"x\"").await);
    let problem: serde_json::Value = serde_json::from_str(&refused.body).expect("JSON");
    assert_eq!(problem["reasons"], serde_json::json!(["lab_anchor", "custom_asked"]));
    passed(answer("has(request.headers_sha256) && request.headers_sha256 == \"x\"").await);
}

#[tokio::test]
async fn f06_a_forwarded_certificate_of_the_client_is_not_looked_at() {
    let stage = Stage::set().await;
    let forged = "Hash=00;Cert=\"-----BEGIN%20CERTIFICATE\";URI=spiffe://x/admin,By=\"a\";Subject=\"\\\",Hash=1\"";
    let headers = [("bonafide-instance", stage.instance.as_str()), ("x-forwarded-client-cert", forged)];
    let told = told(&passed(check(&stage, asked(&ROUTE, "/", &headers)).await).headers);
    assert_eq!(told[3].1, stage.instance);
    let mut stranger = AuthorizationClient::new(stage.service.channel.clone());
    let status = stranger.check(by("made up", asked(&ROUTE, "/", &headers))).await.expect_err("nobody's key");
    assert_eq!(status.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn f14_a_client_is_told_as_much_as_is_configured() {
    use bonafide::gateway::{GatewayRules, Tell};
    for (tell, expected) in [
        (Tell::Remedies, (r#"["re_enrol"]"#, "null")),
        (Tell::Codes, (r#"["re_enrol"]"#, r#"["instance_unknown"]"#)),
        (Tell::Nothing, ("null", "null")),
    ] {
        let stage = Stage::set_with(|config| config.grpc.gateway = GatewayRules { tell, ..GatewayRules::USUAL }).await;
        let (_, refused) = refused(check(&stage, asked(&ROUTE, "/", &[("bonafide-instance", "nobody")])).await);
        let problem: serde_json::Value = serde_json::from_str(&refused.body).expect("JSON");
        let told = (problem["remedies"].to_string(), problem["reasons"].to_string());
        assert_eq!((told.0.as_str(), told.1.as_str()), expected, "{tell:?}");
    }
}

#[tokio::test]
async fn f21_a_tunnel_is_refused_where_nothing_is_enforced_too() {
    let stage = Stage::set().await;
    let upgrade = |protocol| [("bonafide-instance", stage.instance.as_str()), ("upgrade", protocol)];
    for route in [&ROUTE[..], &[ROUTE[0], ROUTE[1], ("mode", "monitor")]] {
        for protocol in ["h2c", "HTTP/2.0", "websocket,h2c", ""] {
            assert_refused(check(&stage, asked(route, "/", &upgrade(protocol))).await, 403, "tunnel_asked");
        }
        let connect = HttpRequest { method: "CONNECT".into(), ..described("/", &upgrade("websocket")) };
        assert_refused(check(&stage, with(route, connect)).await, 403, "tunnel_asked");
        passed(check(&stage, asked(route, "/", &upgrade("WebSocket"))).await);
    }
}
