//! Files: the configuration itself and those it names.

use std::fs;

use super::{each_has_one_fault, faults, parse, with_app};
use crate::config::{Config, check};

fn tls(lines: &str) -> String {
    with_app(&format!("[server.tls]\n{lines}"))
}

fn pair(certificate: &str, key: &str) -> String {
    tls(&format!("certificate = \"testdata/tls/{certificate}\"\nkey = \"testdata/tls/{key}\""))
}

#[test]
fn certificates_and_their_keys_are_read() {
    let pairs = [
        ("server.pem", "server-key.pem"),
        ("server.pem", "server-key-sec1.pem"),
        ("rsa.pem", "rsa-key.pem"),
        ("rsa.pem", "rsa-key-pkcs1.pem"),
        ("ed25519.pem", "ed25519-key.pem"),
    ];
    for (certificate, key) in pairs {
        let config = parse(&pair(certificate, key)).expect(key);
        let tls = config.grpc.tls.expect("TLS");
        assert!(tls.certificate.starts_with(b"-----BEGIN CERTIFICATE") && tls.client_ca.is_none());
    }
}

#[test]
fn f17_debug_shows_no_key() {
    let caller =
        "[[caller]]\nname = \"edge\"\nrole = \"gateway\"\nkey_sha256 = \"".to_owned() + &"0f".repeat(32) + "\"\n";
    let config = parse(&(caller + &pair("server.pem", "server-key.pem"))).expect("a configuration");
    let shown = format!("{config:?} {config:#?}");
    assert!(shown.contains("TlsConfig { client_ca: false, .. }"), "{shown}");
    assert!(!shown.contains("PRIVATE") && !shown.contains("45, 45, 45") && !shown.contains("15, 15, 15"), "{shown}");
}

#[test]
fn faults_of_tls_files() {
    let pem = "certificate = \"testdata/tls/server.pem\"";
    let root = env!("CARGO_MANIFEST_DIR");
    let none = format!("2:15: cannot read {root}/testdata/tls/none.pem: No such file or directory (os error 2)");
    let folder = format!("2:15: cannot read {root}/testdata: not a file");
    let key = "key = \"testdata/tls/server-key.pem\"";
    let client_ca = format!("{pem}\n{key}\nclient_ca = \"testdata/tls/server-key.pem\"");
    let no_key = "3:7: the file holds no private key (PKCS #8, PKCS #1 or SEC 1, not encrypted)";
    each_has_one_fault(&[
        (tls(&format!("certificate = \"testdata/tls/none.pem\"\n{key}")), &none),
        (tls(&format!("certificate = \"testdata\"\n{key}")), &folder),
        (pair("server-key.pem", "server-key.pem"), "2:15: the file holds no certificate (BEGIN CERTIFICATE)"),
        (pair("server.pem", "server.pem"), no_key),
        (pair("server.pem", "other-key.pem"), "3:7: the private key does not belong to the certificate"),
        (tls(&client_ca), "4:13: the file holds no certificate (BEGIN CERTIFICATE)"),
        (tls(key), "1:1: \"certificate\" is missing in [server.tls]"),
        (tls(pem), "1:1: \"key\" is missing in [server.tls]"),
        (
            tls(&format!("{pem}\nkey = \"-----BEGIN PRIVATE KEY-----\"")),
            "3:7: expected the path of a file, not what it holds",
        ),
    ]);
}

#[test]
fn damaged_pem_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = fs::read_to_string("testdata/tls/server.pem").expect("a file");
    let damage = [
        ("the file is not well-formed PEM", whole.replace("-----END", "----END")),
        ("certificate 1 of the file cannot be read", whole.replacen("MII", "MIJ", 1)),
        ("the file holds no certificate (BEGIN CERTIFICATE)", String::new()),
    ];
    for (message, text) in damage {
        let path = folder.path().join("damaged.pem");
        fs::write(&path, text).expect("written");
        let text = with_app("") + &format!("lab_roots = [{:?}]\n", path.display().to_string());
        assert_eq!(faults(&text), [format!("6:14: {message}")]);
    }
}

#[test]
fn lab_roots_are_read_as_der() {
    let text = with_app("") + "lab_roots = [\"testdata/tls/ca.pem\", \"testdata/tls/rsa.pem\"]\n";
    let config = parse(&text).expect("a configuration");
    let roots = &config.verifier.apps[0].app_attest.as_ref().expect("a section").lab_roots;
    assert!(roots.len() == 2 && roots.iter().all(|root| root.starts_with(&[0x30, 0x82])));
}

#[test]
fn paths_are_seen_from_the_folder_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("data")).expect("a folder");
    let file = folder.path().join("x.toml");
    fs::write(&file, with_app("[store]\npath = \"data/x.db\"")).expect("written");
    let config = Config::load(&file).expect("a configuration");
    assert!(format!("{:?}", config.store).contains(&format!("{:?}", folder.path().join("data/x.db"))));
    let said = check::report(&file).expect("sound");
    assert!(said.contains(" is sound: plaintext on 127.0.0.1:7443, store "), "{said}");
    assert!(said.ends_with("data/x.db, apps shop, callers none\n"), "{said}");
}

#[test]
fn files_that_cannot_be_read_are_faults_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("x.toml");
    let fault = || Config::load(&file).expect_err("a fault").to_string().replace(&file.display().to_string(), "FILE");
    assert_eq!(fault(), "FILE: cannot be read: No such file or directory (os error 2)\n");
    fs::write(&file, b"a = 1\nb = \"\xff\"\n").expect("written");
    assert_eq!(fault(), "FILE:2:6: the file is not UTF-8 from here on\n");
    fs::write(&file, "#".repeat(300_000)).expect("written");
    assert_eq!(fault(), "FILE: is longer than 256KiB\n");
    assert!(check::report(&file).expect_err("a fault").ends_with("1 fault\n"));
}
