//! A store of some hundred phones, and policies tried on it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bonafide::appraisal::{Application, Circumstances, Decisions, KeyAttestationPolicy, Mode, Policy, Tier, appraise};
use bonafide::crypto::digest::sha256;
use bonafide::evidence::claims::{Claims, KeyAttestationClaims, PatchLevel};
use bonafide::ids::{AppName, InstanceId, Position};
use bonafide::store::{EnrolOutcome, Enrolment, Instance, RedeemOutcome, Redemption, Spend, SqliteStore, Store};
use bonafide::verdict::{Bound, Frame, Freshness, Subject, Verdict};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::bench::{self, NOW, PACKAGE};

/// Patch levels of the phones, a third each.
const PATCHES: [u32; 3] = [202_401, 202_407, 202_501];

fn claims(patch: u32) -> Claims {
    let genuine = bench::accepted(&bench::remote(), |_| ()).claims;
    let patched = KeyAttestationClaims { os_patch: PatchLevel::of(patch.into()), ..genuine };
    Claims { key_attestation: Some(Box::new(patched)), ..Claims::default() }
}

fn verdict(app: &AppName, subject: Subject, claims: Claims) -> Verdict {
    let policy = KeyAttestationPolicy { status_list: None, ..KeyAttestationPolicy::careful() };
    let policy = Policy { key_attestation: Some(policy), ..Policy::default() };
    let appraisal = appraise(&claims, &policy, &Circumstances::at(NOW));
    let frame = Frame {
        app: app.clone(),
        policy: policy.revision(),
        decisions: Decisions::CAREFUL,
        issued_at: NOW,
        lifetime: Duration::from_secs(600),
        until: None,
        freshness: Freshness::NEVER,
    };
    Verdict::on(subject, claims, appraisal, frame)
}

fn spend(number: u16) -> Spend {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&number.to_be_bytes());
    Spend { id, expires_at: NOW.plus(Duration::from_secs(300)) }
}

async fn enrol(store: &SqliteStore, app: &AppName, number: u16, claims: Claims) {
    let key = *bench::remote().public_key();
    let id = InstanceId(spend(number).id);
    let instance = Instance {
        id,
        app: app.clone(),
        key,
        key_id: key.key_id(),
        account: None,
        confirmation: None,
        claims: claims.clone(),
        serials: Vec::new(),
        receipt: Vec::new(),
        enrolled_at: NOW,
        proven_at: NOW,
        sign_count: 0,
        claims_at: 0,
        bound: Bound::default(),
    };
    let verdict = verdict(app, Subject::Instance(id), claims);
    let enrolment =
        Enrolment { challenge: spend(number), instance, evidence: [0; 32], verdict, call: None, seen: Position(0) };
    assert_eq!(store.enrol(enrolment).await, Ok(EnrolOutcome::Enrolled));
}

/// 600 phones of one app, 60 of another, 6 of one that no configuration knows, and 3 verdicts on sessions.
async fn fill(store: &SqliteStore) {
    let [shop, bank, gone] = ["shop", "bank", "gone"].map(|name| name.parse::<AppName>().expect("a name"));
    let claims = PATCHES.map(claims);
    for number in 0..666_u16 {
        let app = if number < 600 {
            &shop
        } else if number < 660 {
            &bank
        } else {
            &gone
        };
        enrol(store, app, number, claims[usize::from(number % 3)].clone()).await;
    }
    for number in 1000..1003 {
        let verdict = verdict(&shop, Subject::Session([1; 32]), claims[0].clone());
        let redemption = Redemption { challenge: spend(number), verdict, call: None, now: NOW };
        assert_eq!(store.redeem(redemption).await, Ok(RedeemOutcome::Redeemed));
    }
}

fn write(folder: &Path, name: &str, apps: &[(&str, &str)]) {
    let mut text = "[store]\npath = \"store.db\"\n[status_list]\nsource = \"off\"\n".to_owned();
    let signer = HEXLOWER.encode(&bench::signer());
    for (app, more) in apps {
        text += &format!(
            "[[app]]\nname = \"{app}\"\n[app.key_attestation]\npackage_names = [\"{PACKAGE}\"]\n\
             signer_digests = [\"{signer}\"]\nstatus_list_stale = \"allow\"\n{more}\n"
        );
    }
    fs::write(folder.join(name), text).expect("writes");
}

fn rehearsed(folder: &Path, more: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bonafide"));
    command.args(["policy", "rehearse", "--json", "--config"]).arg(folder.join("running.toml"));
    let output = command.arg("--candidate").arg(folder.join("next.toml")).args(more).output().expect("runs");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    (output.status.code(), report)
}

fn standing(decision: &str, tier: &str) -> Value {
    json!({"decision": decision, "tier": tier})
}

#[tokio::test]
async fn g04_what_a_stricter_policy_would_do_is_counted_to_the_last_phone() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&folder.path().join("store.db")).expect("opens");
    fill(&store).await;
    write(folder.path(), "running.toml", &[("shop", ""), ("bank", "")]);
    write(
        folder.path(),
        "next.toml",
        &[("shop", "min_os_patch = \"2024-08\""), ("bank", "min_os_patch = \"2024-02\"")],
    );
    let (allowed, denied) = (standing("allow", "affirming"), standing("deny", "contraindicated"));
    let row = |app: &str, count: u64| json!({"app": app, "platform": "android", "from": allowed, "to": denied, "count": count});
    let reason = |app: &str, count: u64| {
        let code = "key_attestation_os_patch_old";
        json!({
            "app": app, "platform": "android", "code": code, "newly_found": count, "no_longer_found": 0,
            "weighed_otherwise": 0, "tier_worse": count, "tier_better": 0,
        })
    };
    let sums = |looked_at: u64, shop: u64| {
        let worse = shop + 20;
        json!({
            "looked_at": looked_at, "unknown": 6, "tier_changed": worse, "decision_changed": worse, "worse": worse,
            "better": 0, "moves": [row("bank", 20), row("shop", shop)],
            "reasons": [reason("bank", 20), reason("shop", shop)],
        })
    };
    // The store is open here, as it is in a service that runs.
    let (code, report) = rehearsed(folder.path(), &["--fail-on-worse", "63.7"]);
    assert_eq!((&report["instances"], &report["appraisals"]), (&sums(660, 400), &sums(663, 403)));
    assert_eq!(code, Some(1), "423 of 663 are 63.8 %");
    assert_eq!(rehearsed(folder.path(), &["--fail-on-worse", "63.9"]), (Some(0), report.clone()));
    drop(store);
    assert_eq!(rehearsed(folder.path(), &[]), (Some(0), report));
}

#[tokio::test]
async fn an_app_that_goes_leaves_no_verdict_and_one_that_comes_states_some() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&folder.path().join("store.db")).expect("opens");
    fill(&store).await;
    write(folder.path(), "running.toml", &[("shop", ""), ("bank", "")]);
    write(folder.path(), "next.toml", &[("shop", ""), ("gone", "")]);
    let (code, report) = rehearsed(folder.path(), &["--last", "3"]);
    assert_eq!(code, Some(0));
    let allowed = standing("allow", "affirming");
    let moves = json!([
        {"app": "bank", "platform": "android", "from": allowed, "to": null, "count": 60},
        {"app": "gone", "platform": "android", "from": null, "to": allowed, "count": 6},
    ]);
    let instances = &report["instances"];
    assert_eq!((&instances["moves"], &instances["worse"], &instances["better"]), (&moves, &json!(60), &json!(6)));
    assert_eq!(instances["looked_at"], json!(666));
    assert_eq!((&report["appraisals"]["looked_at"], &report["appraisals"]["worse"]), (&json!(3), &json!(0)));
    assert_eq!(report["policies"][0]["candidate"], Value::Null);
}

/// A rule that counts for half of all, as a file says it and as a policy has it.
const HALF: &str = "min_os_patch = \"2024-08\"\n[[app.rule]]\nname = \"key_attestation_os_patch_old\"\npercent = 50";

fn half() -> Policy {
    let min_os_patch = PatchLevel::of(202_408);
    let policy = KeyAttestationPolicy { min_os_patch, status_list: None, ..KeyAttestationPolicy::careful() };
    let percent = 50.try_into().expect("a share");
    let application = Application { mode: Mode::Enforce, percent, tier: None };
    let applications = [("key_attestation_os_patch_old".to_owned(), application)].into();
    Policy { key_attestation: Some(policy), applications, ..Policy::default() }
}

#[tokio::test]
async fn sessions_belong_to_the_share_of_a_rollout_to_which_they_belong_in_service() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&folder.path().join("store.db")).expect("opens");
    let shop: AppName = "shop".parse().expect("a name");
    let (policy, claims) = (half(), claims(PATCHES[0]));
    let mut hit = 0_u64;
    for number in 0..200_u16 {
        let subject = Subject::Session(sha256(&number.to_be_bytes()));
        let about = Circumstances { subject: subject.as_bytes(), ..Circumstances::at(NOW) };
        hit += u64::from(appraise(&claims, &policy, &about).tier() == Tier::Contraindicated);
        let verdict = verdict(&shop, subject, claims.clone());
        let redemption = Redemption { challenge: spend(number), verdict, call: None, now: NOW };
        assert_eq!(store.redeem(redemption).await, Ok(RedeemOutcome::Redeemed));
    }
    assert!((70..130).contains(&hit), "{hit} of 200 are half of them");
    write(folder.path(), "running.toml", &[("shop", "")]);
    write(folder.path(), "next.toml", &[("shop", HALF)]);
    let (_, report) = rehearsed(folder.path(), &[]);
    assert_eq!(report["appraisals"]["tier_changed"], json!(hit));
}

#[tokio::test]
async fn a_rule_that_comes_to_count_for_more_is_named_with_the_phones_whose_tier_it_changes() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(&folder.path().join("store.db")).expect("opens");
    fill(&store).await;
    let of_tier = |tier: &str| {
        format!("min_os_patch = \"2024-08\"\n[[app.rule]]\nname = \"key_attestation_os_patch_old\"\ntier = \"{tier}\"")
    };
    write(folder.path(), "running.toml", &[("shop", &of_tier("warning"))]);
    write(folder.path(), "next.toml", &[("shop", &of_tier("contraindicated"))]);
    let (_, report) = rehearsed(folder.path(), &[]);
    let row = json!({
        "app": "shop", "platform": "android", "code": "key_attestation_os_patch_old", "newly_found": 0,
        "no_longer_found": 0, "weighed_otherwise": 400, "tier_worse": 400, "tier_better": 0,
    });
    let instances = &report["instances"];
    assert_eq!((&instances["tier_changed"], &instances["reasons"]), (&json!(400), &json!([row])));
}
