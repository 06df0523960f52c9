//! Fetching the status list.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderValue, IF_NONE_MATCH};
use tokio::time::Instant;

use super::counts::Tally;
use super::exchange::{Answer, Http};
use super::freshness::{age, entity_tag, fresh_for};
use crate::endorsement::status_list::LIST_LIMIT;
use crate::upstream::{Endpoint, EntityTag, Fetched, GoogleConfig, UpstreamFault};

pub(super) struct StatusListClient {
    http: Http,
    endpoint: Endpoint,
    timeout: Duration,
    tally: Arc<Tally>,
}

impl StatusListClient {
    pub(super) fn new(config: &GoogleConfig, http: Http, tally: Arc<Tally>) -> Self {
        Self { http, endpoint: config.status_list.clone(), timeout: config.status_list_timeout, tally }
    }

    pub(super) async fn fetch(&self, known: Option<&EntityTag>) -> Result<Fetched, UpstreamFault> {
        let outcome = self.ask(known).await;
        self.tally.fetched(&outcome);
        outcome
    }

    async fn ask(&self, known: Option<&EntityTag>) -> Result<Fetched, UpstreamFault> {
        let mut request = self.http.client().get(self.endpoint.as_str()).header(ACCEPT, "application/json");
        if let Some(value) = known.and_then(|tag| HeaderValue::from_str(tag.as_str()).ok()) {
            request = request.header(IF_NONE_MATCH, value);
        }
        let request = request.build().map_err(|_| UpstreamFault::Form)?;
        let Answer { status, headers, body } =
            self.http.exchange(request, LIST_LIMIT, Instant::now() + self.timeout).await?;
        match status {
            304 if known.is_some() => Ok(Fetched::Unchanged { fresh_for: fresh_for(&headers), age: age(&headers) }),
            200 => {
                let body = shaped(body?)?;
                Ok(Fetched::New { body, fresh_for: fresh_for(&headers), age: age(&headers), tag: entity_tag(&headers) })
            }
            other => Err(UpstreamFault::Status(other)),
        }
    }
}

/// A body that begins as an object does, whatever its content type says; the list itself is read by whoever wants it.
fn shaped(body: Vec<u8>) -> Result<Vec<u8>, UpstreamFault> {
    if body.trim_ascii_start().starts_with(b"{") { Ok(body) } else { Err(UpstreamFault::Form) }
}
