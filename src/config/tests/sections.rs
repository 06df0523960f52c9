//! The faults of every section but `[[app]]`.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{each_has_one_fault, faults, parse, with_app};
use crate::http::HttpConfig;
use crate::ids::AppName;
use crate::verifier::Grants;

const DIGEST: &str = "key_sha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"";

fn in_section(section: &str, cases: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    cases.iter().map(|(line, fault)| (with_app(&format!("[{section}]\n{line}")), *fault)).collect()
}

#[test]
fn faults_of_the_server() {
    each_has_one_fault(&in_section(
        "server",
        &[
            (
                "listen = \"localhost:7443\"",
                "2:10: expected an IP address and a port, for example \"127.0.0.1:7443\" or \"[::1]:7443\"",
            ),
            (
                "listen = 7443",
                "2:10: expected an IP address and a port, for example \"127.0.0.1:7443\" or \"[::1]:7443\", found an integer",
            ),
            (
                "plaintext = \"anywere\"",
                "2:13: expected one of \"loopback-only\", \"anywhere\"; did you mean \"anywhere\"?",
            ),
            ("call_timeout = \"10\"", "2:16: expected a duration such as \"250ms\", \"30s\", \"5m\" or \"2h\""),
            ("call_timeout = \"1ms\"", "2:16: expected 100ms to 5m"),
            ("drain_deadline = \"1h\"", "2:18: expected 0s to 10m"),
            ("max_connection_age = \"5s\"", "2:22: expected 10s to 24h"),
            ("max_concurrent_streams = 0", "2:26: expected 1 to 65536"),
            ("max_concurrent_streams = -1", "2:26: expected 1 to 65536"),
            ("max_concurrent_streams = \"9\"", "2:26: expected an integer, found a string"),
            ("lisen = \"[::1]:1\"", "2:1: unknown key \"lisen\" in [server]; did you mean \"listen\"?"),
            ("timeout = 3", "2:1: unknown key \"timeout\" in [server]"),
        ],
    ));
}

#[test]
fn faults_of_the_gateway() {
    let name = "expected the name of a header field in lower case, for example \"x-ja4\"";
    let name: &'static str = format!("2:26: {name}").leak();
    let session: &str = name.replace("2:26", "2:18").leak();
    let rules = [
        ("tell = \"code\"", "2:8: expected one of \"remedies\", \"codes\", \"nothing\"; did you mean \"codes\"?"),
        ("app = \"Shop\"", "2:7: a name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and starts with a letter or a digit"),
        ("tls_fingerprint_header = \"X-JA4\"", name),
        ("tls_fingerprint_header = \"x ja4\"", name),
        ("tls_fingerprint_header = \"bonafide-token\"", name),
        ("session_header = \"bonafide-session\"", session),
        ("listen = \"127.0.0.1:1\"", "2:1: unknown key \"listen\" in [gateway]"),
    ];
    each_has_one_fault(&in_section("gateway", &rules));
    let http = [
        ("max_connections = 0", "2:19: expected 1 to 1000000"),
        ("call_timeout = \"1ms\"", "2:16: expected 100ms to 5m"),
        ("idle_timeout = \"2h\"", "2:16: expected 1s to 1h"),
        ("lisen = 1", "2:1: unknown key \"lisen\" in [gateway.http]; did you mean \"listen\"?"),
    ];
    each_has_one_fault(&in_section("gateway.http", &http));
}

#[test]
fn proxies_on_other_machines_need_tls_and_keys() {
    let dangers = faults(&with_app("[gateway.http]\nlisten = \"0.0.0.0:7081\""));
    assert_eq!(dangers.len(), 2, "{dangers:?}");
    let config = parse(&with_app("[gateway]\n[gateway.http]")).expect("a configuration");
    assert!(config.gateway.is_some_and(|gateway| gateway.listen.ip().is_loopback() && gateway.tls.is_none()));
    let config = parse(&with_app("[gateway]\ntell = \"codes\"")).expect("a configuration");
    assert!(config.gateway.is_none() && config.grpc.gateway.tell == crate::gateway::Tell::Codes);
}

#[test]
fn faults_of_the_small_sections() {
    let store = [
        ("kind = \"postgres\"", "2:8: expected one of \"sqlite\", \"memory\""),
        ("kind = \"memory\"\npath = \"x.db\"", "3:8: this has no meaning when kind = \"memory\""),
        ("path = \"\"", "2:8: expected a path"),
        ("path = \"/nowhere/at/all/x.db\"", "2:8: there is no folder /nowhere/at/all"),
        ("path = \"/\"", "2:8: / is a folder"),
    ];
    each_has_one_fault(&in_section("store", &store));
    let challenge = [
        ("lifetime = \"16m\"", "2:12: expected 10s to 15m"),
        ("lifetime = 300", "2:12: expected a duration such as \"250ms\", \"30s\", \"5m\" or \"2h\", found an integer"),
    ];
    each_has_one_fault(&in_section("challenge", &challenge));
    let cache = [
        ("capacity = \"64MB\"", "2:12: expected a size such as \"512KiB\", \"64MiB\" or \"2GiB\""),
        ("capacity = \"1KiB\"", "2:12: expected 1MiB to 64GiB"),
    ];
    each_has_one_fault(&in_section("cache", &cache));
    let filter =
        "2:10: a filter is a level (off, error, warn, info, debug, trace) or TARGET=LEVEL, with commas between several";
    let log = [("format = \"xml\"", "2:10: expected one of \"text\", \"json\""), ("filter = \"inf\"", filter)];
    each_has_one_fault(&in_section("log", &log));
}

#[test]
fn others_are_reached_only_with_tls_and_callers_or_in_so_many_words() {
    let caller = format!("[[caller]]\nname = \"edge\"\nrole = \"gateway\"\n{DIGEST}");
    let outside = "[server]\nlisten = \"0.0.0.0:7443\"\n";
    let plaintext = "2:10: plaintext would leave this machine; \
        add [server.tls], or set plaintext = \"anywhere\" if something in front speaks TLS";
    let open = "2:10: anyone who reaches this address could call; add a [[caller]], or listen on 127.0.0.1";
    assert_eq!(faults(&with_app(outside)), [open, plaintext]);
    assert_eq!(faults(&with_app(&format!("{outside}{caller}"))), [plaintext]);
    assert_eq!(faults(&with_app(&format!("{outside}plaintext = \"anywhere\""))), [open]);
    assert!(parse(&with_app(&format!("{outside}plaintext = \"anywhere\"\n{caller}"))).is_ok());
    for inside in ["127.0.0.1:0", "127.8.9.1:7443", "[::1]:7443", "[::ffff:127.0.0.1]:7443"] {
        assert!(parse(&with_app(&format!("[server]\nlisten = \"{inside}\""))).is_ok(), "{inside}");
    }
}

#[test]
fn faults_of_http() {
    each_has_one_fault(&in_section(
        "http",
        &[
            (
                "listen = 7080",
                "2:10: expected an IP address and a port, for example \"127.0.0.1:7443\" or \"[::1]:7443\", found an integer",
            ),
            (
                "listen = \"0.0.0.0:7080\"",
                "2:10: plaintext would leave this machine; listen on 127.0.0.1, or set plaintext = \"anywhere\" if only those \
                 who may know reach it",
            ),
            (
                "plaintext = \"anywere\"",
                "2:13: expected one of \"loopback-only\", \"anywhere\"; did you mean \"anywhere\"?",
            ),
            ("max_connections = 0", "2:19: expected 1 to 4096"),
            ("connection_timeout = \"2m\"", "2:22: expected 100ms to 1m"),
            ("path = \"/metrics\"", "2:1: unknown key \"path\" in [http]"),
        ],
    ));
}

#[test]
fn metrics_and_health_are_served_only_when_told() {
    let http = |text: &str| parse(&with_app(text)).expect("a configuration").http;
    assert_eq!(http(""), None);
    let usual = HttpConfig::on("127.0.0.1:7080".parse().expect("an address"));
    assert_eq!(http("[http]"), Some(usual));
    let told =
        "[http]\nlisten = \"0.0.0.0:1\"\nplaintext = \"anywhere\"\nmax_connections = 2\nconnection_timeout = \"1s\"";
    let listen = "0.0.0.0:1".parse().expect("an address");
    let connection_timeout = Duration::from_secs(1);
    assert_eq!(http(told), Some(HttpConfig { listen, max_connections: 2, connection_timeout }));
}

#[test]
fn faults_of_callers() {
    let caller = |text: &str| with_app(&format!("[[caller]]\n{text}"));
    let name = "a name is 1 to 64 of a-z, 0-9, '.', '_' and '-', and starts with a letter or a digit";
    let rest = format!("role = \"gateway\"\n{DIGEST}");
    assert_eq!(faults(&caller(&format!("name = \"Edge\"\n{rest}"))), [format!("2:8: {name}")]);
    assert_eq!(faults(&caller(&format!("name = \"edge\"\nrelying_party = \"\"\n{rest}"))), [format!("3:17: {name}")]);
    each_has_one_fault(&[
        (caller(&rest), "1:1: \"name\" is missing in [caller]"),
        (caller(&format!("name = \"edge\"\n{DIGEST}")), "1:1: \"role\" is missing in [caller]"),
        (caller("name = \"edge\"\nrole = \"gateway\""), "1:1: \"key_sha256\" is missing in [caller]"),
        (
            caller(&format!("name = \"edge\"\nrole = \"gatway\"\n{DIGEST}")),
            "3:8: expected one of \"auth-server\", \"gateway\", \"operator\"; did you mean \"gateway\"?",
        ),
        (with_app("[caller]"), "1:1: expected [[caller]], in double brackets"),
        (with_app("caller = [3]"), "1:11: expected a table, found an integer"),
    ]);
}

#[test]
fn f19_callers_are_granted_apps_that_there_are() {
    let granted =
        |apps: &str| with_app(&format!("[[caller]]\nname = \"desk\"\nrole = \"operator\"\napps = {apps}\n{DIGEST}"));
    let apps = |text: &str| parse(text).expect("sound").grpc.callers.remove(0).caller.apps;
    let shop: BTreeSet<AppName> = ["shop".parse().expect("a name")].into();
    assert_eq!(apps(&granted("[\"shop\"]")), Grants::Only(shop));
    let all = format!("[[caller]]\nname = \"desk\"\nrole = \"operator\"\n{DIGEST}");
    assert_eq!(apps(&with_app(&all)), Grants::All);
    each_has_one_fault(&[
        (granted("[\"shopp\"]"), "4:9: no app of this name is configured"),
        (granted("[]"), "4:8: expected at least one app"),
        (granted("\"shop\""), "4:8: expected a list, found a string"),
    ]);
}

#[test]
fn callers_are_told_apart_by_name_and_key() {
    let named = |name: &str, digest: &str| format!("[[caller]]\nname = \"{name}\"\nrole = \"gateway\"\n{digest}\n");
    let other = DIGEST.replace('9', "8");
    let taken = |what: &str, line| format!("this {what} is taken: it already stands on line {line}");
    let one_name = named("a", DIGEST) + &named("a", &other);
    assert_eq!(faults(&with_app(&one_name)), [format!("6:8: {}", taken("name", 2))]);
    let one_key = named("a", DIGEST) + &named("b", &DIGEST.replace("9f86d081884c", "9F86D081884C"));
    assert_eq!(faults(&with_app(&one_key)), [format!("8:14: {}", taken("key", 4))]);
}

#[test]
fn f17_keys_are_neither_taken_nor_shown() {
    let hint = "the key itself is never written down: set key_sha256 to what `printf %s \"$KEY\" | openssl dgst -sha256 -r` prints first";
    let start = "[[caller]]\nname = \"edge\"\nrole = \"gateway\"\n";
    let plain = with_app(&format!("{start}{DIGEST}\nkey = \"hunter2\""));
    assert_eq!(faults(&plain), [format!("5:1: unknown key \"key\" in [caller]; {hint}")]);
    let empty = "key_sha256 = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"";
    let empty = with_app(&format!("{start}{empty}"));
    assert_eq!(faults(&empty), [format!("4:14: this is the SHA-256 of an empty key; {hint}")]);
    let swapped = with_app(&format!("{start}key_sha256 = \"hunter2\""));
    assert_eq!(faults(&swapped), ["4:14: expected 64 hexadecimal digits"]);
    let other = with_app("[store]\ndb_password = 'hunter2'");
    assert_eq!(faults(&other), ["2:1: unknown key \"db_password\" in [store]"]);
    let unknown = with_app("[server]\napi = 'hunter2'\nx = { y = 'hunter2' }");
    assert_eq!(faults(&unknown), ["2:1: unknown key \"api\" in [server]", "3:1: unknown key \"x\" in [server]"]);
    let broken = with_app(&format!("{start}key = hunter2 hunter2"));
    let open = with_app(&format!("{start}secret = \"hunter2"));
    let inside = with_app("[server.tls]\nkey = '''-----BEGIN PRIVATE KEY-----\nhunter2\n'''");
    for text in [plain, swapped, other, unknown, broken, open, inside] {
        let shown = parse(&text).expect_err("faults");
        let all = shown.render(&annotate_snippets::Renderer::plain()) + &shown.to_string() + &format!("{shown:?}");
        assert!(!all.contains("hunter2"), "{all}");
    }
}
