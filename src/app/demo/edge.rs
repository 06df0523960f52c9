//! Two gateways that a phone's requests pass: one asks as Envoy does, the other as nginx does.

use std::collections::HashMap;

use anyhow::bail;
use prost::Message;
use prost::bytes::Bytes;

use super::narration::Narration;
use super::setting::{APP, Setting};
use super::web::{self, Page};
use crate::gateway::{CALLER_KEY, CHALLENGE, IDENTITY_NAMES, TOKEN};
use crate::grpc::proto::envoy::config::core::v3::HeaderValueOption;
use crate::grpc::proto::envoy::service::auth::v3::attribute_context::{HttpRequest, Request};
use crate::grpc::proto::envoy::service::auth::v3::authorization_client::AuthorizationClient;
use crate::grpc::proto::envoy::service::auth::v3::check_response::HttpResponse;
use crate::grpc::proto::envoy::service::auth::v3::{AttributeContext, CheckRequest, OkHttpResponse};

const HOST: &str = "api.shop.example";

/// Shows what gateways do about a phone that is trusted, and about a request that wants more.
pub(super) async fn let_in(story: &mut Narration, setting: &Setting, token: &str) -> anyhow::Result<()> {
    story.chapter("Gateways ask about every request that carries the token");
    let envoy = ask_as_envoy(setting, token, "/cart").await?;
    story.expect("Envoy (ext_authz), GET /cart", envoy.status == 200, "200; the upstream is told")?;
    for (name, value) in identity(&envoy) {
        story.note(&format!("  {name}"), value);
    }
    let nginx = ask_as_nginx(setting, token, "/cart").await?;
    let same = nginx.status == 200 && identity(&nginx) == identity(&envoy);
    story.expect("nginx (forward-auth), GET /cart", same, "200; the upstream is told the same")?;
    let pay = ask_as_envoy(setting, token, "/pay").await?;
    let doubted = pay.status == 401 && pay.body.contains("custom_pay_needs_ios_18");
    story.expect("a rule of the app's own, GET /pay", doubted, &format!("{} {}", pay.status, pay.body))?;
    let asked = field(&pay, CHALLENGE).is_some();
    story.expect("  without a challenge to sign", !asked, "no proof makes a phone's system newer")?;
    Ok(())
}

/// Envoy's question about a request, and what it is to do.
pub(super) async fn ask_as_envoy(setting: &Setting, token: &str, path: &str) -> anyhow::Result<Page> {
    let text = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    let http = HttpRequest {
        method: text("GET"),
        scheme: text("https"),
        host: text(HOST),
        path: text(path),
        headers: HashMap::from([(TOKEN.to_owned(), text(token))]),
        ..Default::default()
    };
    let attributes = AttributeContext {
        request: Some(Request { http: Some(http) }),
        context_extensions: HashMap::from([("app".to_owned(), APP.to_owned())]),
        ..Default::default()
    };
    let request = CheckRequest { attributes: attributes.encode_to_vec().into() };
    let answer = AuthorizationClient::new(setting.edge()).check(request).await?.into_inner();
    match answer.http_response {
        Some(HttpResponse::OkResponse(passed)) => {
            let passed = OkHttpResponse::decode(passed)?;
            Ok(Page { status: 200, fields: fields(passed.headers), body: String::new() })
        }
        Some(HttpResponse::DeniedResponse(refused)) => {
            let status = refused.status.map_or(0, |status| status.code);
            Ok(Page { status: status.try_into()?, fields: fields(refused.headers), body: refused.body })
        }
        _ => bail!("Envoy was told nothing"),
    }
}

/// nginx's question about a request, and what it is to do.
pub(super) async fn ask_as_nginx(setting: &Setting, token: &str, path: &str) -> anyhow::Result<Page> {
    let fields = [
        (CALLER_KEY, setting.callers.gateway.key()),
        (TOKEN, token),
        ("x-original-method", "GET"),
        ("x-original-uri", path),
        ("x-original-host", HOST),
        ("x-original-scheme", "https"),
        ("x-original-addr", "192.0.2.1"),
    ];
    web::fetch(setting.web(), &format!("/forward-auth/nginx/{APP}?subject=token"), &fields).await
}

/// A field of an answer.
pub(super) fn field<'a>(page: &'a Page, name: &str) -> Option<&'a str> {
    page.fields.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
}

/// What the upstream is told of who asks.
fn identity(page: &Page) -> Vec<(&'static str, &str)> {
    IDENTITY_NAMES.iter().filter_map(|name| Some((*name, field(page, name)?))).collect()
}

fn fields(options: Vec<HeaderValueOption>) -> Vec<(String, String)> {
    let fields = options.into_iter().filter_map(|option| option.header);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    fields.map(|field| (field.key, text(&field.value))).collect()
}
