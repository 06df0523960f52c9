//! The configuration file, changed while the service runs.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bonafide::config::Config;
use bonafide::grpc::proto::check_verdict_request::Subject;
use bonafide::grpc::proto::verdict_service_client::VerdictServiceClient;
use bonafide::grpc::proto::{CheckVerdictRequest, Decision, Verdict};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::harness::codes;
use crate::http::fetch;
use crate::program::{Program, phone, stage};
use crate::promise::EVER;

/// No phone of the laboratory has a system this new.
const STRICTER: &str = "environment = \"production\"\nmin_os_version = \"99.0\"";

pub(crate) fn text(folder: &Path) -> String {
    fs::read_to_string(folder.join("bonafide.toml")).expect("reads")
}

/// Puts a text in the place of the file, as editors and deployments do.
pub(crate) fn replace(folder: &Path, text: &str) {
    fs::write(folder.join("next.toml"), text).expect("writes");
    fs::rename(folder.join("next.toml"), folder.join("bonafide.toml")).expect("renames");
}

pub(crate) fn stricter(text: &str) -> String {
    text.replace("environment = \"production\"", STRICTER)
}

pub(crate) fn revision(text: &str, folder: &Path) -> String {
    let config = Config::parse(text, folder).expect("is sound");
    config.verifier.apps[0].policy().revision().to_string()
}

/// The verdict, once it is under this policy.
async fn under(program: &Program, instance: &str, policy: &str) -> Verdict {
    let since = Instant::now();
    loop {
        let verdict = program.check(instance).await;
        if verdict.policy_revision == policy {
            return verdict;
        }
        assert!(since.elapsed() < EVER, "still under {}", verdict.policy_revision);
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_under_load_every_answer_is_of_one_policy_or_the_other() {
    let (folder, lab) = stage();
    let program = Program::start(folder.path()).await;
    let instance = program.enrol(&phone(&lab)).await.instance;
    let (first, second) = (text(folder.path()), stricter(&text(folder.path())));
    let [old, new] = [&first, &second].map(|text| revision(text, folder.path()));
    let stop = Arc::new(AtomicBool::new(false));
    let asking = (0..4).map(|_| {
        let (channel, stop) = (program.channel.clone(), Arc::clone(&stop));
        let (instance, old, new) = (instance.clone(), old.clone(), new.clone());
        tokio::spawn(async move {
            let (mut client, mut seen) = (VerdictServiceClient::new(channel), [0_usize; 2]);
            while !stop.load(Ordering::Relaxed) {
                let subject = Some(Subject::Instance(instance.clone()));
                let request = CheckVerdictRequest { app: "shop".to_owned(), subject, ..Default::default() };
                let answer = client.check_verdict(request).await.expect("an answer").into_inner();
                let verdict = answer.verdict.expect("a verdict");
                let is_new = verdict.policy_revision == new;
                assert!(is_new || verdict.policy_revision == old);
                let expected = if is_new { Decision::Deny } else { Decision::Allow };
                assert_eq!(verdict.decision(), expected, "{verdict:?}");
                assert_eq!(codes(&verdict).contains(&"os_outdated"), is_new, "{verdict:?}");
                seen[usize::from(is_new)] += 1;
            }
            seen
        })
    });
    let asking: Vec<_> = asking.collect();
    for (next, policy) in [(&second, &new), (&first, &old), (&second, &new)] {
        replace(folder.path(), next);
        under(&program, &instance, policy).await;
    }
    program.logged(&[&format!("\"from\":\"{old}\""), &format!("\"to\":\"{new}\""), "\"app\":\"shop\""]).await;
    stop.store(true, Ordering::Relaxed);
    for task in asking {
        let seen = task.await.expect("no failed and no wrong answer");
        assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_a_bad_file_changes_nothing_and_says_where() {
    let (folder, lab) = stage();
    let program = Program::start(folder.path()).await;
    let instance = program.enrol(&phone(&lab)).await.instance;
    let good = text(folder.path());
    replace(folder.path(), &stricter(&good).replace("min_os_version", "min_os_vers"));
    program.logged(&["bonafide.toml:13:1: unknown key", "min_os_vers"]).await;
    program.logged(&["everything stays as it was"]).await;
    sleep(Duration::from_millis(800)).await;
    assert_eq!(program.count_logged("everything stays as it was"), 1, "once for each content");
    fs::remove_file(folder.path().join("bonafide.toml")).expect("removes");
    program.logged(&["cannot be read"]).await;
    assert_eq!(program.check(&instance).await.decision(), Decision::Allow);
    replace(folder.path(), &stricter(&good));
    let verdict = under(&program, &instance, &revision(&stricter(&good), folder.path())).await;
    assert_eq!(verdict.decision(), Decision::Deny, "a good one is taken up again");
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_reads_the_file_and_those_it_names_at_once() {
    let (folder, lab) = stage();
    let program = Program::start(folder.path()).await;
    let instance = program.enrol(&phone(&lab)).await.instance;
    sleep(Duration::from_millis(800)).await;
    assert_eq!(program.count_logged("as it was"), 0, "what it has started with is no news");
    program.signal("HUP");
    program.logged(&["the configuration of the apps is as it was"]).await;
    let other =
        bonafide::lab::app_attest::AppAttestLab::new(bonafide::clock::Clock::now(&bonafide::clock::SystemClock));
    fs::write(folder.path().join("lab.pem"), other.expect("a laboratory").root_pem()).expect("writes");
    let newcomer = phone(&lab);
    program.signal("HUP");
    program.logged(&["this policy is in force"]).await;
    assert_eq!(program.check(&instance).await.decision(), Decision::Allow);
    assert_eq!(codes(&program.enrol(&newcomer).await), ["app_attest_untrusted_chain"]);
    assert!(program.address.starts_with("127."), "it was not restarted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swapped_symbolic_link_is_a_change() {
    let (folder, lab) = stage();
    let first = text(folder.path());
    for (name, text) in [("first", first.clone()), ("second", stricter(&first))] {
        fs::create_dir(folder.path().join(name)).expect("a folder");
        fs::write(folder.path().join(name).join("bonafide.toml"), text).expect("writes");
    }
    fs::remove_file(folder.path().join("bonafide.toml")).expect("removes");
    symlink("first", folder.path().join("..data")).expect("links");
    symlink("..data/bonafide.toml", folder.path().join("bonafide.toml")).expect("links");
    let program = Program::start(folder.path()).await;
    let instance = program.enrol(&phone(&lab)).await.instance;
    symlink("second", folder.path().join("..next")).expect("links");
    fs::rename(folder.path().join("..next"), folder.path().join("..data")).expect("renames");
    let verdict = under(&program, &instance, &revision(&stricter(&first), folder.path())).await;
    assert_eq!(verdict.decision(), Decision::Deny);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_next_start_is_named_and_the_rest_is_taken_up() {
    let (folder, lab) = stage();
    let program = Program::start(folder.path()).await;
    let instance = program.enrol(&phone(&lab)).await.instance;
    let changed = stricter(&text(folder.path()))
        .replace("path = \"bonafide.db\"", "path = \"other.db\"\n[challenge]\nlifetime = \"77s\"");
    replace(folder.path(), &changed);
    program.logged(&["[store]", "at the next start"]).await;
    let line = program.logged(&["[challenge]", "at the next start"]).await;
    let mut event: Value = serde_json::from_str(&line).expect("JSON");
    event.as_object_mut().expect("fields").remove("timestamp").expect("a time");
    let named = json!({"level": "WARN", "target": "bonafide::app::reload",
        "message": "a change takes effect at the next start", "section": "[challenge]"});
    assert_eq!(event, named, "the section is named, and no value of it");
    let verdict = under(&program, &instance, &revision(&changed, folder.path())).await;
    assert_eq!(verdict.decision(), Decision::Deny);
    assert_eq!(program.count_logged("at the next start"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_that_need_what_is_made_at_the_start_are_refused_with_everything_else() {
    let (folder, lab) = stage();
    let program = Program::start(folder.path()).await;
    let instance = program.enrol(&phone(&lab)).await.instance;
    let first = text(folder.path());
    let signer = ["00"; 32].join(":");
    let android = format!("package_names = [\"com.example.shop\"]\nsigner_digests = [\"{signer}\"]\n");
    let chains = format!("{}[[app]]\nname = \"droid\"\n[app.key_attestation]\n{android}", stricter(&first));
    replace(folder.path(), &chains);
    program.logged(&["app droid: the status list is fetched from the next start on only"]).await;
    assert_eq!(program.check(&instance).await.decision(), Decision::Allow, "all or nothing");
    replace(folder.path(), &format!("{chains}[status_list]\nsource = \"off\"\n"));
    program.logged(&["\"app\":\"droid\"", "\"from\":\"none\"", "this policy is in force"]).await;
    replace(folder.path(), &first);
    program.logged(&["\"app\":\"droid\"", "no longer known"]).await;
    assert_eq!(program.check(&instance).await.decision(), Decision::Allow);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_only_google_could_serve_waits_for_google() {
    let (folder, lab) = stage();
    let program = Program::start(folder.path()).await;
    let instance = program.enrol(&phone(&lab)).await.instance;
    let first = text(folder.path());
    let signer = ["00"; 32].join(":");
    let android = format!("package_name = \"com.example.shop\"\nsigner_digests = [\"{signer}\"]\n");
    let tokens = format!("{}[[app]]\nname = \"droid\"\n[app.play_integrity]\n{android}", stricter(&first));
    replace(folder.path(), &format!("{tokens}[google]\nmetadata_server = \"google-cloud\"\n"));
    program.logged(&["app droid: Google opens its tokens from the next start on only"]).await;
    assert_eq!(program.check(&instance).await.decision(), Decision::Allow, "all or nothing");
    replace(folder.path(), &tokens);
    program.logged(&["app droid: nothing opens its integrity tokens"]).await;
    let verdict = under(&program, &instance, &revision(&stricter(&first), folder.path())).await;
    assert_eq!(verdict.decision(), Decision::Deny);
}

/// Written in place, a little at a time: every beginning that ends between two apps would be a sound file. One that stays as it is for
/// two looks counts, so where the machine held up the writer itself, nothing can be said, and it is written again.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_being_written_is_not_taken_up() {
    for _ in 0..5 {
        if being_written().await < PAUSE {
            return;
        }
    }
    panic!("nobody could write without a pause here");
}

/// A pause in writing that is shorter than the time between two looks, even where the first of them was late.
const PAUSE: Duration = Duration::from_millis(150);

/// The longest pause; where it was short, the file has not been taken up before it was whole.
async fn being_written() -> Duration {
    let (folder, lab) = stage();
    let program = Program::start(folder.path()).await;
    let instance = program.enrol(&phone(&lab)).await.instance;
    let first = text(folder.path());
    let more = stricter(&first).replace("name = \"shop\"", "name = \"other\"");
    let more = more.split_once("[[app]]").map(|(_, app)| format!("[[app]]{app}")).expect("an app");
    let whole = format!("{}{more}", first.replace("name = \"shop\"", "name = \"early\""));
    let whole = format!("{whole}[[app]]{}", first.split_once("[[app]]").expect("an app").1);
    let file = folder.path().join("bonafide.toml");
    let writing = thread::spawn(move || write_slowly(&file, whole.as_bytes()));
    let mut allowed = true;
    while !writing.is_finished() {
        allowed &= is_allowed(&program, &instance).await;
    }
    let pause = writing.join().expect("no panic");
    if pause < PAUSE {
        assert!(allowed, "before it was whole");
        program.logged(&["\"app\":\"early\"", "this policy is in force"]).await;
        assert_eq!(program.check(&instance).await.decision(), Decision::Allow);
        assert_eq!(program.count_logged("was not taken up") + program.count_logged("no longer known"), 0);
    }
    pause
}

/// Writes for a second or more; gives the longest time for which the file stayed as it was.
fn write_slowly(file: &Path, whole: &[u8]) -> Duration {
    let (mut since, mut longest) = (Instant::now(), Duration::ZERO);
    let mut file = fs::File::create(file).expect("a file");
    for piece in whole.chunks(4) {
        let begun = Instant::now();
        file.write_all(piece).expect("writes");
        longest = longest.max(since.elapsed());
        since = begun;
        thread::sleep(Duration::from_millis(5));
    }
    longest
}

/// No while nobody knows the app, too.
async fn is_allowed(program: &Program, instance: &str) -> bool {
    let subject = Some(Subject::Instance(instance.to_owned()));
    let request = CheckVerdictRequest { app: "shop".to_owned(), subject, ..Default::default() };
    let answer = VerdictServiceClient::new(program.channel.clone()).check_verdict(request).await;
    answer.is_ok_and(|answer| answer.into_inner().verdict.expect("a verdict").decision() == Decision::Allow)
}

#[tokio::test(flavor = "multi_thread")]
async fn reloads_and_policies_are_counted() {
    let (folder, lab) = stage();
    let first = format!("{}[http]\nlisten = \"127.0.0.1:0\"\n", text(folder.path()));
    replace(folder.path(), &first);
    let program = Program::start(folder.path()).await;
    let line = program.logged(&["metrics and health"]).await;
    let event: Value = serde_json::from_str(&line).expect("JSON");
    let address: SocketAddr = event["http"].as_str().expect("an address").parse().expect("an address");
    let instance = program.enrol(&phone(&lab)).await.instance;
    let policy = revision(&stricter(&first), folder.path());
    replace(folder.path(), &stricter(&first));
    under(&program, &instance, &policy).await;
    program.signal("HUP");
    program.logged(&["as it was"]).await;
    replace(folder.path(), "nonsense");
    program.logged(&["was not taken up"]).await;
    // What is logged is counted a moment later.
    let (since, mut told) = (Instant::now(), String::new());
    for line in ["applied\"} 1", "unchanged\"} 1", "refused\"} 1"] {
        while !told.contains(&format!("bonafide_reloads_total{{outcome=\"{line}")) {
            assert!(since.elapsed() < EVER, "{line} in {told}");
            sleep(Duration::from_millis(20)).await;
            told = fetch(address, "/metrics").await.1;
        }
    }
    assert!(told.contains(&format!("bonafide_policy_info{{app=\"shop\",revision=\"{policy}\"}} 1")), "{told}");
}
