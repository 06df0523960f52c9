//! What expressions mean, and what is said of those that mean nothing.

mod faults;
mod laws;

use std::collections::BTreeSet;

use super::*;

/// The facts of these tests.
const NAMES: [(&str, Kind); 13] = [
    ("key.level", Kind::Choice(&["software", "tee", "strongbox"])),
    ("key.locked", Kind::Bool),
    ("key.patch", Kind::Text),
    ("app.build", Kind::Int),
    ("app.version", Kind::Version),
    ("app.name", Kind::Text),
    ("device.labels", Kind::ChoiceList(&["basic", "device", "strong"])),
    ("app.signers", Kind::TextList),
    ("request.path", Kind::Text),
    ("request.package", Kind::Text),
    ("gone.flag", Kind::Bool),
    ("gone.text", Kind::Text),
    ("request.host", Kind::Authority),
];

struct Names;

impl Schema for Names {
    fn fact(&self, name: &str) -> Option<(Slot, Kind)> {
        let at = NAMES.iter().position(|(own, _)| *own == name)?;
        Some((Slot(u16::try_from(at).expect("few")), NAMES[at].1))
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}

/// A phone of which everything is known but what is gone.
#[derive(Debug)]
struct Phone {
    labels: Vec<String>,
    signers: BTreeSet<String>,
    /// One bit for each fact that is known.
    known: u16,
    /// One bit for each fact of which it is not known whether it is there.
    unclear: u16,
    /// One bit for each fact that is stated by nothing that was sent.
    unsent: u16,
}

impl Phone {
    fn new() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Self {
            labels: texts(&["basic", "device"]),
            signers: texts(&["aa", "bb", "cc"]).into_iter().collect(),
            known: 0b11_1111_1111,
            unclear: 0,
            unsent: 0,
        }
    }
}

impl Facts for Phone {
    fn value(&self, slot: Slot) -> Option<Value<'_>> {
        if self.known & (1 << slot.0) == 0 {
            return None;
        }
        Some(match NAMES[usize::from(slot.0)].0 {
            "key.level" => Value::Text("tee"),
            "key.locked" => Value::Bool(true),
            "key.patch" => Value::Text("2025-01"),
            "app.build" => Value::Int(42),
            "app.version" => Value::Version("3.2.1".parse().expect("a version")),
            "app.name" => Value::Text("Läden 👍"),
            "device.labels" => Value::Texts(&self.labels),
            "app.signers" => Value::Texts(&self.signers),
            "request.path" => Value::Text("/pay/now"),
            "request.package" => Value::Text("3.10"),
            "gone.flag" => Value::Bool(true),
            _ => Value::Text("text"),
        })
    }

    fn presence(&self, slot: Slot) -> Option<bool> {
        let is_unclear = self.unclear & !self.known & (1 << slot.0) != 0;
        (!is_unclear).then(|| self.value(slot).is_some())
    }

    fn absence(&self, slot: Slot) -> Absence {
        if self.unsent & (1 << slot.0) == 0 { Absence::Unknown } else { Absence::Unsent }
    }
}

fn compiled(text: &str) -> Expression {
    Expression::compile(text, &Names).unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
}

fn truth(text: &str) -> Truth {
    compiled(text).holds(&Phone::new())
}

#[track_caller]
fn all(expected: Truth, texts: &[&str]) {
    for text in texts {
        assert_eq!(truth(text), expected, "{text}");
    }
}

#[test]
fn true_is_what_the_facts_say() {
    all(
        Truth::True,
        &[
            "true",
            "!false",
            "!!true",
            "key.locked",
            "key.locked == true",
            "key.locked != !key.locked",
            "key.level == 'tee'",
            "\"strongbox\" != key.level",
            "key . level == 'tee' // and so on",
            "key.level in ['tee', \"strongbox\",]",
            "!(key.level in [])",
            "key.patch >= '2025-01' && key.patch < '2025-02'",
            "app.build == 42",
            "app.build == 0x2A && app.build > -1",
            "-9223372036854775808 < 9223372036854775807",
            "app.build in [41, 42]",
            "app.version == version('3.2.1')",
            "app.version < version('3.10') && app.version >= version(\"3\")",
            "app.version in [version('1'), version('3.2.1.0')]",
            "version(request.package) > version('3.9')",
            "size(request.path) == 8",
            "app.name.size() == 7",
            "size(device.labels) == 2 && app.signers.size() == 3",
            "'basic' in device.labels",
            "!('strong' in device.labels)",
            "request.package in app.signers || key.locked",
            "request.path.startsWith('/pay')",
            "request.path.endsWith(\"now\") && request.path.contains('ay/n')",
            "'abc'.contains('b')",
            "(key.locked ? request.path : app.name).startsWith('/')",
            "(key.locked ? 1 : 2) == 1",
            "false ? gone.flag : true",
            "false ? false : false ? false : true",
            "(key.locked ? key.level : 'none') == 'tee'",
            "key.locked\n\t&& // line\r\n\x0C true",
        ],
    );
}

#[test]
fn false_is_what_the_facts_deny() {
    all(
        Truth::False,
        &[
            "false",
            "!true",
            "key.level != 'tee'",
            "key.level == 'strongbox' || app.build > 42",
            "app.build <= 41",
            "'strong' in device.labels",
            "key.level in []",
            "request.path.startsWith('/Pay')",
            "true ? false : true",
            "app.version > version('3.2.1')",
        ],
    );
}

#[test]
fn operators_bind_as_in_cel() {
    all(
        Truth::True,
        &[
            "true || true && false",
            "!((true || true) && false)",
            "!false == true",
            "!(false == true)",
            "1 == 1 && 2 == 2 || false",
            "true ? true || false : false",
            "false && false ? false : true",
        ],
    );
}

#[test]
fn what_is_absent_is_unknown_unless_the_rest_decides() {
    all(
        Truth::Unknown,
        &[
            "gone.flag",
            "!gone.flag",
            "gone.flag == gone.flag",
            "gone.text != 'a'",
            "gone.text in ['a']",
            "gone.text in []",
            "'a' in [gone.text]",
            "gone.text in app.signers",
            "gone.text.startsWith('')",
            "''.startsWith(gone.text)",
            "size(gone.text) >= 0",
            "version(gone.text) > version('1')",
            "version(request.path) > version('1')",
            "gone.flag ? true : true",
            "true && gone.flag",
            "gone.flag || false",
        ],
    );
    all(Truth::False, &["false && gone.flag", "gone.flag && false", "true && gone.flag && false"]);
    all(Truth::True, &["true || gone.flag", "gone.flag || true", "'a' in [gone.text, 'a']"]);
}

/// `gone` was not sent, and `request` is not known.
#[track_caller]
fn all_of_part(expected: Truth, texts: &[&str]) {
    let phone = Phone { known: 0b00_1111_1111, unsent: 0b1100_0000_0000, ..Phone::new() };
    for text in texts {
        assert_eq!(compiled(text).holds(&phone), expected, "{text}");
    }
}

#[test]
fn what_rests_on_what_was_not_sent_is_neither_true_nor_false() {
    all_of_part(
        Truth::Unsent,
        &[
            "gone.flag",
            "!gone.flag",
            "gone.flag && true || false",
            "gone.text == request.package",
            "request.package != gone.text",
            "gone.text in []",
            "gone.text in [request.package]",
            "'a' in [gone.text]",
            "gone.text in app.signers",
            "request.package.contains(gone.text)",
            "size(gone.text) > 1 || version(gone.text) > version('1')",
            "gone.flag ? true : true",
            "request.package == 'a' ? gone.flag : !gone.flag",
            "(request.package == 'a' ? gone.text : gone.text) == 'a'",
        ],
    );
    all_of_part(
        Truth::Unknown,
        &[
            "request.package == 'a'",
            "request.package == 'a' && !has(gone.flag)",
            "request.package == 'a' && (!has(gone.flag) || gone.flag)",
            "request.package == 'a' || has(gone.flag) && gone.flag",
            "request.package == 'a' ? true : false",
        ],
    );
}

#[test]
fn what_was_not_sent_adds_nothing_to_what_is_unknown() {
    all_of_part(
        Truth::False,
        &[
            "false && gone.flag",
            "has(gone.flag)",
            "gone.flag && request.package == 'a'",
            "request.package == 'a' && gone.flag",
            "request.package == 'a' && (true && gone.flag)",
            "(request.package == 'a' && gone.flag) == true",
            "request.package == 'a' ? gone.flag : false",
            "(request.package == 'a' ? gone.text : 'b') == 'a'",
        ],
    );
    all_of_part(
        Truth::True,
        &[
            "gone.flag || true",
            "gone.flag || request.package == 'a'",
            "!(gone.flag && request.package == 'a')",
            "(gone.flag && request.package == 'a') == false",
            "request.package in [gone.text, 'a'] || gone.flag",
            "request.package == 'a' ? true : gone.flag",
        ],
    );
}

#[test]
fn presence_is_always_known() {
    all(Truth::True, &["has(key.level)", "!has(gone.flag)", "has(gone.text) || has( request . package )"]);
    all(Truth::False, &["has(gone.text)", "has(gone.text) && gone.text == 'a'"]);
}

#[test]
fn texts_are_read_in_every_form_of_cel() {
    let same = [
        (r#""""a "b" c""""#, "a \"b\" c"),
        ("'''a 'b\nc'''", "a 'b\nc"),
        (r#"r"\d\""#, r"\d\"),
        ("R'''\\n'''", "\\n"),
        (r#""\a\b\f\n\r\t\v\\\?\"\'\`""#, "\x07\x08\x0C\n\r\t\x0B\\?\"'`"),
        (r"'\x41\X42\u00e4\U0001F44D\101\377'", "ABä👍A\u{FF}"),
        ("''", ""),
        ("\"\"", ""),
        ("'ä👍'", "ä👍"),
    ];
    for (literal, text) in same {
        let expression = compiled(&format!("{literal} == gone.text"));
        let facts = OneText(text);
        assert_eq!(expression.holds(&facts), Truth::True, "{literal}");
    }
}

/// Every fact is this text, whatever its kind.
struct OneText<'a>(&'a str);

impl Facts for OneText<'_> {
    fn value(&self, _: Slot) -> Option<Value<'_>> {
        Some(Value::Text(self.0))
    }
}

#[test]
fn facts_of_another_kind_than_promised_are_unknown() {
    let doubtful = [
        "key.locked",
        "app.build > 1",
        "app.version > version('1')",
        "'a' in app.signers",
        "app.build in [1]",
        "key.locked ? true : true",
    ];
    for text in doubtful {
        assert_eq!(compiled(text).holds(&OneText("a")), Truth::Unknown, "{text}");
    }
}

#[test]
fn an_expression_tells_what_it_mentions_and_what_it_needs() {
    let slots = |names: &[&str]| names.iter().map(|name| Names.fact(name).expect("a fact").0).collect::<Vec<_>>();
    let expression =
        compiled("has(gone.text) && gone.text == 'a' || has(gone.flag) && request.path.contains(app.name)");
    let mentioned = slots(&["app.name", "request.path", "gone.flag", "gone.text"]);
    assert_eq!(expression.mentions().collect::<Vec<_>>(), mentioned);
    assert_eq!(expression.needs().collect::<Vec<_>>(), slots(&["app.name", "request.path", "gone.text"]));
    assert_eq!(compiled("true").mentions().count(), 0);
}

#[test]
fn an_expression_is_written_as_its_text() {
    let text = "key.level == \"tee\"";
    assert_eq!(compiled(text).text(), text);
    assert_eq!(serde_json::to_string(&compiled(text)).expect("written"), r#""key.level == \"tee\"""#);
}
