//! What has to hold behind every gateway, whatever its kind.

use std::net::SocketAddr;
use std::time::Duration;

use bonafide::gateway::IDENTITY_NAMES;

use crate::client::{Said, get, head, send};
use crate::stage::{KEY, Stage};
use crate::upstream::Reached;

/// Everything that has to hold behind a gateway whose route takes an instance.
pub(crate) async fn holds_behind(gateway: SocketAddr, stage: Stage) {
    passes_with_the_identity(gateway, &stage).await;
    forged_identities_go_no_further(gateway, &stage).await;
    nobody_is_challenged(gateway).await;
    who_is_not_trusted_is_denied(gateway).await;
    what_counts_once_stands_there_once(gateway, &stage).await;
    the_judged_target_is_the_one_that_is_served(gateway, &stage).await;
    an_old_proof_is_stepped_up(gateway, &stage).await;
    without_the_service_nothing_passes(gateway, stage).await;
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

async fn passes_with_the_identity(gateway: SocketAddr, stage: &Stage) {
    let said = get(gateway, "/orders/42?q=a%2Fb", &[&stage.credential()]).await;
    assert_identity(&said, &stage.instance);
    assert_eq!(Reached::of(&said).0["target"], "/orders/42?q=a%2Fb");
    let body = head("POST", "/orders", &[&stage.credential(), "content-length: 5"]) + "hello";
    assert_eq!(Reached::of(&send(gateway, &body).await).0["method"], "POST");
}

async fn forged_identities_go_no_further(gateway: SocketAddr, stage: &Stage) {
    let forged = [
        "bonafide-verdict: deny",
        "bonafide-verdict-instance: victim",
        "BONAFIDE-VERDICT-TIER: forged",
        "Bonafide-Verdict-Reasons: forged",
        "bonafide-verdict-instance: second",
        "bonafide-token: forged",
        "bonafide-caller-key: forged",
    ];
    let credential = stage.credential();
    let lines: Vec<&str> = forged.into_iter().chain([credential.as_str()]).collect();
    let said = get(gateway, "/", &lines).await;
    if said.status == 200 {
        assert_identity(&said, &stage.instance);
    }
    assert!([200, 400, 403].contains(&said.status), "{said:?}");
    for hop in ["connection: bonafide-verdict-instance, bonafide-verdict", "connection: bonafide-caller-key"] {
        let said = get(gateway, "/", &[hop, "bonafide-verdict-instance: victim", &credential]).await;
        if said.status == 200 {
            let seen = Reached::of(&said);
            let (instances, verdicts) = (seen.all("bonafide-verdict-instance"), seen.all("bonafide-verdict"));
            assert!(instances.iter().all(|seen| *seen == stage.instance) && verdicts.len() <= 1, "{hop}: {said:?}");
        }
        assert!(!said.body.contains(KEY) && [200, 400, 403].contains(&said.status), "{hop}: {said:?}");
    }
    for disguised in ["bonafide_verdict: allow", "BONAFIDE_VERDICT_INSTANCE: victim", "bonafide-verdict_tier: forged"] {
        let said = get(gateway, "/", &[disguised, &credential]).await;
        if said.status == 200 {
            assert_identity(&said, &stage.instance);
        }
        assert!([200, 400, 403].contains(&said.status), "{disguised}: {said:?}");
    }
}

async fn nobody_is_challenged(gateway: SocketAddr) {
    for lines in [&[][..], &["bonafide-token: made.up.one"], &["authorization: Bearer x"]] {
        let said = get(gateway, "/", lines).await;
        assert_problem(&said, 401, "credential_missing");
        assert_eq!(said.header("www-authenticate"), Some("Bearer realm=\"bonafide\""));
    }
}

async fn who_is_not_trusted_is_denied(gateway: SocketAddr) {
    let said = get(gateway, "/", &["bonafide-instance: nobody"]).await;
    assert_problem(&said, 403, "instance_unknown");
    assert_eq!(said.json()["remedies"][0], "re_enrol");
    assert_eq!(said.header("www-authenticate"), None);
}

async fn what_counts_once_stands_there_once(gateway: SocketAddr, stage: &Stage) {
    let credential = stage.credential();
    for lines in [
        [credential.as_str(), "bonafide-instance: nobody"],
        ["bonafide-instance: nobody", &credential],
        [&credential, &credential],
        [&format!("{credential},nobody"), "accept: */*"],
    ] {
        assert_problem(&get(gateway, "/", &lines).await, 403, "credential_ambiguous");
    }
}

/// Either the gateway or the service refuses what readers take differently, or the API sees what was judged: the normal form.
async fn the_judged_target_is_the_one_that_is_served(gateway: SocketAddr, stage: &Stage) {
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
        let said = get(gateway, target, &[&stage.credential()]).await;
        if said.status == 200 {
            let seen = Reached::of(&said).0["target"].as_str().expect("a target").to_owned();
            assert!(["/pay", "/public/pay"].contains(&seen.as_str()), "{target} was served as {seen}");
        } else {
            assert!([400, 403, 404, 301, 302, 307, 308].contains(&said.status), "{target}: {said:?}");
        }
    }
}

async fn an_old_proof_is_stepped_up(gateway: SocketAddr, stage: &Stage) {
    stage.service.later(Duration::from_secs(24 * 3600));
    let said = get(gateway, "/", &[&stage.credential()]).await;
    assert_problem(&said, 401, "lab_anchor");
    assert_eq!(said.json()["reasons"][1], "proof_expired", "{said:?}");
    let demand = said.header("www-authenticate").expect("a demand");
    assert!(demand.starts_with("Bearer error=\"insufficient_user_authentication\""), "{demand}");
    assert_eq!(said.header("bonafide-challenge").map(str::len), Some(120), "{said:?}");
}

async fn without_the_service_nothing_passes(gateway: SocketAddr, stage: Stage) {
    let credential = stage.credential();
    stage.service.stop().await;
    let said = get(gateway, "/", &[&credential]).await;
    assert!([500, 502, 503, 504].contains(&said.status), "{said:?}");
    assert!(!said.body.contains("reached"), "{said:?}");
}
