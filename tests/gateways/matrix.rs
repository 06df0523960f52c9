//! What has to hold behind every gateway, whatever its kind.

use std::net::SocketAddr;
use std::time::Duration;

use bonafide::gateway::IDENTITY_NAMES;

use crate::client::{Said, get, head, send};
use crate::envoy::assert_demanded;
use crate::route::Takes;
use crate::stage::{KEY, Stage};
use crate::upstream::Reached;

/// A gateway, and the header line that its routes take from the phone.
struct Behind {
    gateway: SocketAddr,
    stage: Stage,
    takes: Takes,
    credential: String,
}

/// Everything that has to hold behind a gateway whose routes take this.
pub(crate) async fn holds_behind(gateway: SocketAddr, stage: Stage, takes: Takes) {
    let credential = stage.shown(takes);
    let behind = Behind { gateway, stage, takes, credential };
    passes_with_the_identity(&behind).await;
    forged_identities_go_no_further(&behind).await;
    no_other_protocol_is_gone_on_in(&behind).await;
    nobody_is_challenged(&behind).await;
    who_is_not_trusted_is_refused(&behind).await;
    what_counts_once_stands_there_once(&behind).await;
    the_judged_target_is_the_one_that_is_served(&behind).await;
    what_is_old_has_to_be_renewed(&behind).await;
    without_the_service_nothing_passes(behind).await;
}

impl Behind {
    /// Asks with the credential, and these header lines before it.
    async fn shown(&self, target: &str, lines: &[&str]) -> Said {
        let lines: Vec<&str> = lines.iter().copied().chain([self.credential.as_str()]).collect();
        get(self.gateway, target, &lines).await
    }

    /// Names of the credential that counts here, and of the other one.
    const fn names(&self) -> (&'static str, &'static str) {
        match self.takes {
            Takes::Token | Takes::TokenOnce => ("bonafide-token", "bonafide-instance"),
            Takes::Instance => ("bonafide-instance", "bonafide-token"),
        }
    }
}

/// The identity has reached the API, whole and once, and nothing else of this service's has.
fn assert_identity(said: &Said, instance: &str) {
    let reached = Reached::of(said);
    assert_eq!(reached.own_names(), sorted(IDENTITY_NAMES), "{said:?}");
    let told = IDENTITY_NAMES.map(|name| reached.all(name).join("|"));
    assert_eq!(&told[..5], ["allow", "affirming", "shop", instance, "lab_anchor"], "{said:?}");
    assert!(told[5].len() >= 16, "a revision: {said:?}");
    assert!(!said.body.contains(KEY), "the gateway's key has reached the API: {said:?}");
}

fn sorted(names: [&str; 6]) -> Vec<String> {
    let mut names = names.map(str::to_owned).to_vec();
    names.sort();
    names
}

fn assert_problem(said: &Said, status: u16, reason: &str) {
    assert_eq!(said.status, status, "{said:?}");
    assert_eq!(said.header("content-type"), Some("application/problem+json"), "{said:?}");
    assert_eq!(said.header("cache-control"), Some("no-store"), "{said:?}");
    let problem = said.json();
    assert_eq!((&problem["status"], &problem["reasons"][0]), (&status.into(), &reason.into()), "{said:?}");
    assert!(!said.headers.iter().any(|(name, _)| name.starts_with("bonafide-verdict")), "told to a client: {said:?}");
}

async fn passes_with_the_identity(behind: &Behind) {
    let said = behind.shown("/orders/42?q=a%2Fb", &[]).await;
    assert_identity(&said, &behind.stage.instance);
    assert_eq!(Reached::of(&said).0["target"], "/orders/42?q=a%2Fb");
    let body = head("POST", "/orders", &[&behind.credential, "content-length: 5"]) + "hello";
    assert_eq!(Reached::of(&send(behind.gateway, &body).await).0["method"], "POST");
}

async fn forged_identities_go_no_further(behind: &Behind) {
    let instance = &behind.stage.instance;
    let forged = [
        "bonafide-verdict: deny",
        "bonafide-verdict-instance: victim",
        "BONAFIDE-VERDICT-TIER: forged",
        "Bonafide-Verdict-Reasons: forged",
        "bonafide-verdict-instance: second",
        &format!("{}: forged", behind.names().1),
        "bonafide-caller-key: forged",
    ];
    let said = behind.shown("/", &forged).await;
    if said.status == 200 {
        assert_identity(&said, instance);
    }
    assert!([200, 400, 403].contains(&said.status), "{said:?}");
    for hop in ["connection: bonafide-verdict-instance, bonafide-verdict", "connection: bonafide-caller-key"] {
        let said = behind.shown("/", &[hop, "bonafide-verdict-instance: victim"]).await;
        if said.status == 200 {
            assert_identity(&said, instance);
        }
        assert!(!said.body.contains(KEY) && [200, 400, 403].contains(&said.status), "{hop}: {said:?}");
    }
    for disguised in [
        "bonafide_verdict: allow",
        "BONAFIDE_VERDICT_INSTANCE: victim",
        "bonafide-verdict_tier: forged",
        "bonafide.verdict.instance: victim",
    ] {
        let said = behind.shown("/", &[disguised]).await;
        if said.status == 200 {
            assert_identity(&said, instance);
        }
        assert!([200, 400, 403].contains(&said.status), "{disguised}: {said:?}");
    }
}

/// Whoever may go on in another protocol goes on unchecked, as anybody.
async fn no_other_protocol_is_gone_on_in(behind: &Behind) {
    for protocol in ["h2c", "foo", "websocket, h2c"] {
        let asks = ["connection: Upgrade, HTTP2-Settings", &format!("upgrade: {protocol}"), "http2-settings: AAMAAABk"];
        let said = behind.shown("/", &asks).await;
        if said.status == 200 {
            assert_identity(&said, &behind.stage.instance);
            assert_eq!(Reached::of(&said).all("upgrade"), Vec::<&str>::new(), "{protocol}: {said:?}");
        }
        assert!([200, 400, 403].contains(&said.status), "{protocol}: {said:?}");
    }
}

async fn nobody_is_challenged(behind: &Behind) {
    let other = format!("{}: made.up.one", behind.names().1);
    for lines in [&[][..], &[other.as_str()], &["authorization: Bearer x"]] {
        let said = get(behind.gateway, "/", lines).await;
        assert_problem(&said, 401, "credential_missing");
        assert_eq!(said.header("www-authenticate"), Some("Bearer realm=\"bonafide\""));
    }
}

async fn who_is_not_trusted_is_refused(behind: &Behind) {
    let said = get(behind.gateway, "/", &[&format!("{}: made.up.one", behind.names().0)]).await;
    if behind.takes == Takes::Instance {
        assert_problem(&said, 403, "instance_unknown");
        assert_eq!(said.json()["remedies"][0], "re_enrol");
        assert_eq!(said.header("www-authenticate"), None);
    } else {
        assert_problem(&said, 401, "token_malformed");
        assert_demanded(&said, "Bearer error=\"invalid_token\"");
    }
}

async fn what_counts_once_stands_there_once(behind: &Behind) {
    let (credential, other) = (behind.credential.as_str(), format!("{}: nobody", behind.names().0));
    for lines in [
        [credential, &other],
        [&other, credential],
        [credential, credential],
        [&format!("{credential},nobody"), "accept: */*"],
    ] {
        assert_problem(&get(behind.gateway, "/", &lines).await, 403, "credential_ambiguous");
    }
}

/// Either the gateway or the service refuses what readers take differently, or the API sees what was judged: the normal form.
async fn the_judged_target_is_the_one_that_is_served(behind: &Behind) {
    for target in [
        "/public/%2e%2e/pay",
        "/public/../pay",
        "/public/..%2fpay",
        "/public%2fpay",
        "/public%5cpay",
        "/public//pay",
        "//pay",
        "/public/..;/pay",
        "/pay%00",
        "/%70ay",
        "/pay%23x",
        "/public\\..\\pay",
    ] {
        let said = behind.shown(target, &[]).await;
        if said.status == 200 {
            let seen = Reached::of(&said).0["target"].as_str().expect("a target").to_owned();
            assert!(["/pay", "/public/pay"].contains(&seen.as_str()), "{target} was served as {seen}");
        } else {
            assert!([400, 403, 404, 301, 302, 307, 308].contains(&said.status), "{target}: {said:?}");
        }
    }
}

/// A proof by another one, for which there is a challenge; a token by another one, for which the client goes to who signs them.
async fn what_is_old_has_to_be_renewed(behind: &Behind) {
    behind.stage.service.later(Duration::from_secs(24 * 3600));
    let said = behind.shown("/", &[]).await;
    if behind.takes == Takes::Instance {
        assert_problem(&said, 401, "lab_anchor");
        assert_eq!(said.json()["reasons"][1], "proof_expired", "{said:?}");
        assert_demanded(&said, "Bearer error=\"insufficient_user_authentication\"");
        assert_eq!(said.header("bonafide-challenge").map(str::len), Some(120), "{said:?}");
    } else {
        assert_problem(&said, 401, "token_expired");
        assert_demanded(&said, "Bearer error=\"invalid_token\"");
        assert_eq!(said.header("bonafide-challenge"), None, "{said:?}");
    }
}

async fn without_the_service_nothing_passes(behind: Behind) {
    let Behind { gateway, stage, credential, .. } = behind;
    stage.service.stop().await;
    let said = get(gateway, "/", &[&credential]).await;
    assert!([500, 502, 503, 504].contains(&said.status), "{said:?}");
    assert!(!said.body.contains("reached"), "{said:?}");
}
