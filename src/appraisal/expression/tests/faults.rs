//! Every fault, exactly where it is.

use super::*;

fn fault(text: &str) -> ExpressionFault {
    Expression::compile(text, &Names).err().unwrap_or_else(|| panic!("{text:?} is sound"))
}

/// The expression with the place of its fault between `«` and `»`, the message, and the hint or nothing.
#[track_caller]
fn check(rows: &[(&str, &str, &str)]) {
    for (marked, message, hint) in rows {
        let text = marked.replace(['«', '»'], "");
        let fault = fault(&text);
        let (before, inside, after) =
            (text.get(..fault.span.start), text.get(fault.span.clone()), text.get(fault.span.end..));
        let parts = [before, inside, after].map(|part| part.unwrap_or_else(|| panic!("{text}: {:?}", fault.span)));
        assert_eq!(format!("{}«{}»{}", parts[0], parts[1], parts[2]), *marked, "{fault:?}");
        assert_eq!(fault.message, *message, "{text}");
        assert_eq!(fault.hint.unwrap_or_default(), *hint, "{text}");
    }
}

#[test]
fn what_is_no_expression_is_shown_where_it_ends_to_be_one() {
    let ends = "the expression ends before it is complete";
    check(&[
        ("«»", ends, ""),
        ("  // nothing«»", ends, ""),
        ("key.locked &&«»", ends, ""),
        ("key.locked && «)»", "a value is missing here", ""),
        ("(key.locked«»", "expected `)`", ""),
        ("true ? false«»", "expected `:`", ""),
        ("1 in [1«»", "expected `]`", ""),
        ("1 in [«,»]", "a value is missing here", ""),
        ("key.«»", "a name is missing here", ""),
        ("has(«1»)", "a name is missing here", ""),
        ("has(key.level«,» 1)", "expected `)`", ""),
        ("true «true»", "expected the end, found \"true\"", ""),
        ("true «and» true", "expected the end, found \"and\"", "and is written `&&`"),
        ("true «or» true", "expected the end, found \"or\"", "or is written `||`"),
        ("1 < 2 «<» 3", "expected the end, found \"<\"", "join comparisons with `&&`"),
        ("1 in [1] «in» [2]", "expected the end, found \"in\"", "join comparisons with `&&`"),
        ("app.signers«[»0]", "expected the end, found \"[\"", "there is no indexing"),
        ("app.build «-» 1 == 2", "expected the end, found \"-\"", "there is no arithmetic"),
        ("«-»", "only a number may be negative", "there is no arithmetic"),
        ("«-app».build == 1", "only a number may be negative", "there is no arithmetic"),
        ("request.path.contains('a')«.»size()", "expected the end, found \".\"", "what a function gives has no parts"),
        ("«[»1]", "a list stands only right of `in`", ""),
        ("'a'.«length» == 1", "this value has no part \"length\"", ""),
        ("key.locked == «null»", "there is no null", "ask whether a fact is there with `has`"),
        ("«while».x", "\"while\" cannot be a name", ""),
        ("request.«in»", "\"in\" cannot be a name", ""),
    ]);
}

#[test]
fn strange_words_are_shown() {
    check(&[
        ("app.name == 'ä👍' «&» true", "'&' has no meaning here", "and is written `&&`"),
        ("true «|» true", "'|' has no meaning here", "or is written `||`"),
        ("app.build «=» 1", "'=' has no meaning here", "equality is written `==`"),
        ("app.build «+» 1 == 2", "'+' has no meaning here", "there is no arithmetic"),
        ("«{»}", "'{' has no meaning here", "there are no maps and messages"),
        ("key.locked «é»", "'é' has no meaning here", ""),
        ("app.name == «'abc»", "the text has no end", "close it with '"),
        ("app.name == «'abc»\n'", "the text has no end", "close it with '"),
        ("app.name == «\"\"\"abc\"\"»", "the text has no end", "close it with \"\"\""),
        ("app.name == «b'»a'", "there are no bytes here", ""),
        ("app.build == «1.5»", "numbers are whole here", "a version is written version(\"3.2\")"),
        ("app.build == «1u»", "numbers are whole here", "a version is written version(\"3.2\")"),
        ("app.build == «0x»", "numbers are whole here", "a version is written version(\"3.2\")"),
        ("app.build == «9223372036854775808»", "the number is too large", "numbers have 64 bits with their sign"),
        ("app.build == «-9223372036854775809»", "the number is too large", "numbers have 64 bits with their sign"),
        ("app.build == «0xFFFFFFFFFFFFFFFFF»", "the number is too large", "numbers have 64 bits with their sign"),
    ]);
    let hint = "a backslash is written `\\\\`, or the text as r\"...\"";
    for bad in
        [r"'ä«\q»'", r"'«\x»4'", r"'«\u»12é4'", r"'«\uD800»'", r"'«\U00110000»'", r"'«\4»00'", r"'«\»098'", r"'«\é»'"]
    {
        check(&[(bad, "there is no such escape", hint)]);
    }
}

#[test]
fn names_that_do_not_exist_are_shown_with_the_nearest() {
    check(&[
        ("«key.leve» == 'tee'", "there is no fact \"key.leve\"", "did you mean \"key.level\"?"),
        ("has(«gone.txt»)", "there is no fact \"gone.txt\"", "did you mean \"gone.text\"?"),
        ("«weather» == 'fine'", "there is no fact \"weather\"", ""),
        ("«key»", "there is no fact \"key\"", ""),
        ("«key . locke»", "there is no fact \"key.locke\"", "did you mean \"key.locked\"?"),
        ("request.path.«startWith»('a')", "there is no function \"startWith\"", "did you mean \"startsWith\"?"),
        ("«sized»(app.name) == 1", "there is no function \"sized\"", "did you mean \"size\"?"),
        ("request.path.«version»() == 1", "version is no method", "write version(...)"),
        ("«contains»(request.path, 'a')", "contains is a method", "write text.contains(...)"),
        ("request.path.«matches»('a*')", "there is no function \"matches\"", "use startsWith, endsWith and contains"),
        (
            "app.signers.«exists»(s, s == 'a')",
            "there is no function \"exists\"",
            "nothing repeats here; ask a list with `in`",
        ),
    ]);
}

#[test]
fn types_that_do_not_meet_are_shown() {
    let order = "use `==`, `!=` or `in`";
    check(&[
        ("«app.name»", "true or false is needed here, and this is text", ""),
        ("«app.build» && true", "true or false is needed here, and this is a number", ""),
        ("true && «app.version»", "true or false is needed here, and this is a version", ""),
        ("!«app.signers»", "true or false is needed here, and this is a list", ""),
        ("«1» ? true : false", "true or false is needed here, and this is a number", ""),
        ("(true ? «1 : 'a'») == 1", "one branch is a number, the other text", ""),
        ("«app.build == '42'»", "a number cannot be compared with text", ""),
        ("«app.version < '3.2'»", "a version cannot be compared with text", "write version(\"3.2\")"),
        ("«app.signers == 'a'»", "a list cannot be compared with text", "ask for an element with `in`"),
        ("«app.signers == device.labels»", "lists cannot be compared", "ask for an element with `in`"),
        ("«key.locked < true»", "these values have no order", order),
        ("«key.level > 'software'»", "these values have no order", order),
        ("'tee' in «key.level»", "a list is needed here, and this is text", "use `contains`"),
        ("1 in «app.build»", "a list is needed here, and this is a number", ""),
        ("«1» in app.signers", "text is needed here, and this is a number", ""),
        ("«app.signers» in ['a']", "a single value is needed here, and this is a list", ""),
        ("«app.build in [1, 'a'»]", "a number cannot be compared with text", ""),
        ("«app.build».contains('4')", "text is needed here, and this is a number", ""),
        ("app.name.contains(«4»)", "text is needed here, and this is a number", ""),
        ("size(«app.build») == 1", "text is needed here, and this is a number", ""),
        ("version(«3») == app.version", "text is needed here, and this is a number", ""),
        (
            "app.version < version(«'3.x'»)",
            "a version is one to four numbers with dots between them, for example 3.2.1",
            "",
        ),
    ]);
}

#[test]
fn values_that_a_fact_never_has_are_shown() {
    let values = r#"is none of the values "software", "tee", "strongbox""#;
    let strange = |value: &str| format!("{value:?} {values}");
    check(&[
        ("key.level == «'strongBox'»", &strange("strongBox"), "did you mean \"strongbox\"?"),
        ("«'TPM'» != key.level", &strange("TPM"), ""),
        ("key.level in ['tee', «'te'»]", &strange("te"), "did you mean \"tee\"?"),
        (
            "«'stron'» in device.labels",
            r#""stron" is none of the values "basic", "device", "strong""#,
            "did you mean \"strong\"?",
        ),
    ]);
}

#[test]
fn a_host_that_a_request_never_has_is_shown() {
    let no_host = |text: &str| format!("{text:?} is no host in small letters, with its port unless that is 80 or 443");
    let no_part = |text: &str| format!("{text:?} is in no host and port in small letters");
    check(&[
        ("request.host == «'Admin.Example'»", &no_host("Admin.Example"), "write \"admin.example\""),
        ("true && «'api.example:443'» != request.host", &no_host("api.example:443"), "write \"api.example\""),
        ("request.host in ['a.example', «'b.example:80'»]", &no_host("b.example:80"), "write \"b.example\""),
        ("«'[2001:DB8::1]'» in [request.host]", &no_host("[2001:DB8::1]"), "write \"[2001:db8::1]\""),
        ("request.host == «'a.example.'»", &no_host("a.example."), ""),
        ("request.host == «''»", &no_host(""), ""),
        ("request.host == «'https://a.example'»", &no_host("https://a.example"), ""),
        ("request.host.startsWith(«'Admin.'»)", &no_part("Admin."), "write \"admin.\""),
        ("request.host.endsWith(«'.Example'»)", &no_part(".Example"), "write \".example\""),
        ("request.host.contains(«'a/b'»)", &no_part("a/b"), ""),
        ("request.host.contains(«4»)", "text is needed here, and this is a number", ""),
    ]);
    for sound in [
        "request.host == 'admin.example'",
        "request.host in ['a.example:8443', '[2001:db8::1]', '192.0.2.1']",
        "request.host.endsWith('.example') || request.host.contains(':443')",
        "request.host == app.name && request.host.startsWith(app.name) && size(request.host) > 3",
    ] {
        compiled(sound);
    }
}

#[test]
fn sizes_are_limited() {
    let long = format!("'{}' == ''", "ä".repeat(TEXT_LIMIT / 2));
    assert_eq!(
        (fault(&long).span, fault(&long).message.as_str()),
        (2047..2056, "an expression has at most 2048 bytes")
    );
    let exact = format!("true{}", " ".repeat(TEXT_LIMIT - 4));
    assert_eq!(truth(&exact), Truth::True);

    let joined = |count: usize| vec!["true"; count].join("||");
    assert_eq!(truth(&joined(NODE_LIMIT - 1)), Truth::True);
    assert_eq!(fault(&joined(NODE_LIMIT)).message, "an expression has at most 256 parts");
    assert_eq!(fault(&joined(NODE_LIMIT)).span, 255 * 6..255 * 6 + 4);

    let list = |count: usize| format!("1 in [{}]", vec!["1"; count].join(","));
    assert_eq!(truth(&list(LIST_LIMIT)), Truth::True);
    assert_eq!(fault(&list(LIST_LIMIT + 1)).message, "a list has at most 64 elements");
    assert_eq!(fault(&list(LIST_LIMIT + 1)).span, 6 + 128..6 + 129);
}

#[test]
fn depth_is_limited() {
    let nested = |count: usize| format!("{}true{}", "(".repeat(count), ")".repeat(count));
    assert_eq!(truth(&nested(DEPTH_LIMIT - 1)), Truth::True);
    let deep = "an expression nests at most 32 deep";
    assert_eq!((fault(&nested(DEPTH_LIMIT)).span, fault(&nested(1000)).message.as_str()), (32..36, deep));
    assert_eq!(fault(&format!("{}true", "!".repeat(2000))).message, deep);
    assert_eq!(fault(&format!("{}true", "true ? true : ".repeat(100))).message, deep);
    assert_eq!(fault(&"'a'.contains(".repeat(100)).message, deep);
    assert_eq!(fault(&"1 in [".repeat(100)).message, deep);
}

#[test]
fn places_are_counted_in_characters_and_lines() {
    let text = "app.name == 'ä👍' &&\r\n  'é' == nothing";
    assert_eq!(fault(text).place(text), (2, 10));
    let text = "app.name == 'ä👍' + 1";
    assert_eq!((fault(text).span, fault(text).place(text)), (21..22, (1, 18)));
    assert_eq!(fault("").place(""), (1, 1));
}
