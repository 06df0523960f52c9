//! `[token]` and the audiences of callers.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::{each_has_one_fault, parse, with_app};
use crate::config::{Config, Warning};
use crate::verdict::ear::EarProfile;

const MEMORY: &str = "[store]\nkind = \"memory\"\n";

fn token(lines: &str) -> String {
    with_app(&format!("{MEMORY}[token]\nissuer = \"https://verdicts.example.com\"\n{lines}"))
}

#[test]
fn without_the_section_nothing_is_signed() {
    assert!(parse(&with_app("")).expect("a configuration").verifier.token.is_none());
    let config = parse(&token("")).expect("a configuration").verifier.token.expect("a section");
    assert_eq!((config.lifetime, config.profile), (Duration::from_secs(300), EarProfile::Ear04));
    assert_eq!(config.schedule.publish_ahead, Duration::from_secs(86_400));
    let short = parse(&token("rotate_every = \"2h\"")).expect("a configuration").verifier.token.expect("a section");
    assert_eq!(short.schedule.publish_ahead, Duration::from_secs(3600), "published for half of its time");
}

#[test]
fn f17_the_secret_is_read_from_a_file_that_others_should_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("seal.key");
    fs::write(&file, "s3cret-s3cret-s3cret-s3cret-s3cret\n").expect("written");
    let text = with_app("[token]\nissuer = \"https://v.example\"\nseal_key_file = \"seal.key\"");
    for (mode, exposed) in [(0o600, false), (0o640, true), (0o604, true)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("set");
        let config = Config::parse(&text, folder.path()).expect("a configuration");
        assert_eq!(config.warnings().contains(&Warning::SealExposed), exposed, "{mode:o}");
        assert!(!format!("{config:?}").contains("s3cret") && config.verifier.token.is_some_and(|it| it.seal.is_some()));
    }
    fs::write(&file, format!("  {}\n", "x".repeat(31))).expect("written");
    let faults = Config::parse(&text, folder.path()).expect_err("a fault").to_string();
    assert!(faults.contains("the file holds less than 32 bytes"), "{faults}");
}

#[test]
fn faults_of_tokens() {
    let issuer = "4:10: expected an https URL without query, fragment and closing slash, for example \
        \"https://verdicts.example.com\"";
    let bad = |text: &str| with_app(&format!("{MEMORY}[token]\nissuer = {text:?}"));
    each_has_one_fault(&[
        (bad("http://verdicts.example.com"), issuer),
        (bad("https://"), issuer),
        (bad("https://v.example/"), issuer),
        (bad("https://v.example?x"), issuer),
        (with_app(&format!("{MEMORY}[token]")), "3:1: \"issuer\" is missing in [token]"),
        (with_app("[token]\nissuer = \"https://v.example\""), "1:1: \"seal_key_file\" is missing in [token]"),
        (token("lifetime = \"2h\""), "5:12: expected 10s to 1h"),
        (token("publish_ahead = \"1m\""), "5:17: expected 10m to 360h"),
        (token("rotate_every = \"2h\"\npublish_ahead = \"2h\""), "6:17: expected 10m to 1h"),
        (
            token("ear_profile = \"ear-05\""),
            "5:15: expected one of \"ear-04\", \"ear-veraison-2023\"; did you mean \"ear-04\"?",
        ),
    ]);
}

#[test]
fn audiences_belong_to_auth_servers() {
    let caller = |role: &str| {
        let key = "0f".repeat(32);
        let caller =
            format!("[[caller]]\nname = \"a\"\nrole = {role:?}\nkey_sha256 = {key:?}\naudiences = [\"x\", \"y\"]\n");
        caller + &token("")
    };
    let config = parse(&caller("auth-server")).expect("a configuration").verifier.token.expect("a section");
    let audiences = config.audiences.get(&"a".parse().expect("a name")).expect("a caller");
    assert_eq!(audiences.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["x", "y"]);
    each_has_one_fault(&[(caller("gateway"), "5:13: only an auth server has tokens signed")]);
}

#[test]
fn keys_that_nobody_can_fetch_are_told() {
    let served = |gateway: &str| parse(&format!("{}\n{gateway}", token(""))).expect("a configuration").warnings();
    assert!(served("").contains(&Warning::KeysUnpublished));
    assert!(!served("[gateway.http]\n").contains(&Warning::KeysUnpublished));
}
