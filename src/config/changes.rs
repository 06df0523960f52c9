//! What sets two configurations apart, section by section, without a word about values.

use super::{Config, UpstreamConfig};
use crate::gateway::GatewayRules;
use crate::grpc::GrpcConfig;
use crate::http::GatewayConfig;
use crate::upstream::GoogleConfig;
use crate::verifier::AppConfig;

impl Config {
    /// The sections beside `[[app]]` that differ, by the names that they have in the file. Files that are named count with what they
    /// hold.
    pub fn sections_apart(&self, other: &Self) -> Vec<&'static str> {
        let (ours, theirs) = (&self.verifier, &other.verifier);
        let kept = self.store != other.store || ours.appraisals_kept != theirs.appraisals_kept;
        let list = list_of(self) != list_of(other);
        let sections = [
            ("[server]", server(&self.grpc) != server(&other.grpc)),
            ("[[caller]]", self.grpc.callers != other.grpc.callers),
            ("[http]", self.http != other.http),
            ("[store]", kept),
            ("[challenge]", ours.challenge_lifetime != theirs.challenge_lifetime),
            ("[cache]", ours.cache_capacity != theirs.cache_capacity),
            ("[log]", self.log != other.log),
            ("[google]", google(&self.upstream) != google(&other.upstream)),
            ("[status_list]", list),
            ("[token]", ours.token != theirs.token),
            ("[gateway]", gateway(self) != gateway(other)),
        ];
        sections.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
    }

    /// The apps, as they are with these upstreams in the place of their own: who opens tokens, and who therefore stands behind what
    /// the tokens say.
    pub fn apps_beside(&self, upstream: &UpstreamConfig) -> Vec<AppConfig> {
        self.verifier.apps.iter().cloned().map(|app| upstream.standing_behind(app)).collect()
    }
}

fn server(grpc: &GrpcConfig) -> GrpcConfig {
    GrpcConfig { callers: Vec::new(), gateway: GatewayRules::USUAL, ..grpc.clone() }
}

/// `[gateway]` without the callers.
fn gateway(config: &Config) -> impl PartialEq + '_ {
    let http = config.gateway.clone().map(|http| GatewayConfig { callers: Vec::new(), ..http });
    (&config.grpc.gateway, http)
}

/// `[google]` without what stands in `[status_list]`.
fn google(upstream: &UpstreamConfig) -> GoogleConfig {
    let usual = GoogleConfig::new(None);
    let google = upstream.google.clone();
    GoogleConfig { status_list: usual.status_list, status_list_timeout: usual.status_list_timeout, ..google }
}

fn list_of(config: &Config) -> impl PartialEq + '_ {
    let UpstreamConfig { google, status_list } = &config.upstream;
    (status_list, &google.status_list, google.status_list_timeout, config.verifier.status_list_max_shrink)
}
