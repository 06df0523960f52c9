//! The API behind the gateways, and one that stands in for this service: they tell what has reached them.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use bonafide::gateway::PROBLEM;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::client::Said;

/// An API that answers every request with method, target and header fields, until the test's runtime ends.
pub(crate) async fn start() -> SocketAddr {
    serve(axum::Router::new().fallback(echo)).await
}

/// What proxies may ask in place of this service: it denies every request, and tells the client what it was asked.
pub(crate) async fn start_denying() -> SocketAddr {
    serve(axum::Router::new().fallback(deny)).await
}

async fn serve(router: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("listens");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn deny(request: Request) -> impl IntoResponse {
    let told = echo(request).await.0.to_string();
    (StatusCode::FORBIDDEN, [(PROBLEM, told.clone())], told)
}

async fn echo(request: Request) -> Json<Value> {
    let headers =
        request.headers().iter().map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]));
    let headers: Vec<Value> = headers.collect();
    Json(
        json!({ "reached": true, "method": request.method().as_str(), "target": request.uri().to_string(), "headers": headers }),
    )
}

/// What has reached the API.
#[derive(Debug)]
pub(crate) struct Reached(pub(crate) Value);

impl Reached {
    pub(crate) fn of(said: &Said) -> Self {
        assert_eq!(said.status, 200, "{said:?}");
        Self::told(said)
    }

    /// As it was told, whatever the status.
    pub(crate) fn told(said: &Said) -> Self {
        let reached = said.json();
        assert_eq!(reached["reached"], true, "{said:?}");
        Self(reached)
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0["headers"].as_array().expect("fields").iter();
        pairs.map(|pair| (pair[0].as_str().expect("a name"), pair[1].as_str().expect("a value")))
    }

    /// All values under a name.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.pairs().filter(|(each, _)| *each == name).map(|(_, value)| value).collect()
    }

    /// Names that an API may take for this service's, whatever marks they are written with.
    pub(crate) fn own_names(&self) -> Vec<String> {
        let plain = |name: &str| name.replace(|mark: char| !mark.is_ascii_alphanumeric(), "-");
        let mut names: Vec<_> = self
            .pairs()
            .map(|(name, _)| name)
            .filter(|name| plain(name).starts_with("bonafide-"))
            .map(str::to_owned)
            .collect();
        names.sort();
        names
    }
}
