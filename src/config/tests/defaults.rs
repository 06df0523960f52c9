//! What `docs/configuration.md` calls a default is one: written out, it changes nothing.

use toml::{Table, Value};

use super::{APP_IDS, parse};

const REFERENCE: &str = include_str!("../../../docs/configuration.md");

/// What the sections need beside defaults, and what gives a default its meaning.
fn base() -> Table {
    let digest = "0".repeat(64);
    let signers = format!("signer_digests = [\"{digest}\"]");
    let tls = "certificate = \"testdata/tls/server.pem\"\nkey = \"testdata/tls/server-key.pem\"";
    let text = format!(
        "[server.tls]\n{tls}\n[http]\n[gateway.http.tls]\n{tls}\n[store]\n[challenge]\n[cache]\n[log]\n[google]\n[status_list]\n\
        [token]\nissuer = \"https://verdicts.example.com\"\nseal_key_file = \"testdata/tls/server-key.pem\"\n\
        [[caller]]\nname = \"edge\"\nrole = \"gateway\"\nkey_sha256 = \"{digest}\"\n\
        [[app]]\nname = \"shop\"\n[app.app_attest]\n{APP_IDS}\nsign_count = \"window\"\n[app.signals]\n[app.binding]\n\
        [app.key_attestation]\npackage_names = [\"com.example.shop\"]\n{signers}\nsign_count = \"window\"\n\
        [app.play_integrity]\npackage_name = \"com.example.shop\"\n{signers}\noutage = \"hold\"\n[app.decisions]\n\
        [[app.rule]]\nname = \"own\"\nwhen = \"lab\"\ntier = \"warning\"\n"
    );
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// Every section, key and default of the reference where the default is a value.
fn documented() -> Vec<(&'static str, &'static str, Value)> {
    let mut section = "";
    let mut found = Vec::new();
    for line in REFERENCE.lines() {
        if let Some(title) = line.strip_prefix("## `") {
            section = title.trim_matches(['[', ']', '`']);
        }
        let Some((key, rest)) = line.strip_prefix("| `").and_then(|row| row.split_once("` | ")) else { continue };
        let default = rest.split(" | ").nth(1).and_then(|cell| cell.strip_prefix('`')?.split('`').next());
        found.extend(default.map(|literal| (section, key, value(literal))));
    }
    found
}

fn value(literal: &str) -> Value {
    let table: Table = format!("it = {literal}").parse().unwrap_or_else(|error| panic!("{literal}: {error}"));
    table.get("it").cloned().expect("a value")
}

/// The table of a section; of several with one name, the first.
fn table<'a>(document: &'a mut Table, section: &str) -> &'a mut Table {
    section.split('.').fold(document, |table, name| {
        let entry = table.get_mut(name).unwrap_or_else(|| panic!("no [{section}]"));
        let entry = if entry.is_array() { entry.get_mut(0).expect("one") } else { entry };
        entry.as_table_mut().expect("a table")
    })
}

fn read(document: &Table) -> String {
    let config = parse(&document.to_string()).unwrap_or_else(|faults| panic!("{document}\n{faults}"));
    format!("{config:#?}")
}

#[test]
fn every_default_of_the_reference_is_one() {
    let documented = documented();
    assert!(documented.len() > 90, "{}", documented.len());
    for (section, key, default) in documented {
        let (mut told, mut untold) = (base(), base());
        table(&mut untold, section).remove(key);
        // What has a meaning in one case alone goes with it.
        if key == "sign_count" || key == "outage" {
            for document in [&mut told, &mut untold] {
                table(document, section).remove(key);
            }
        }
        table(&mut told, section).insert(key.to_owned(), default.clone());
        assert_eq!(read(&told), read(&untold), "[{section}] {key} = {default}");
    }
}
