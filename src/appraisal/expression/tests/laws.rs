//! What holds for all expressions.

use proptest::prelude::*;

use super::*;

/// What terms of each kind look like.
fn condition() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("true".to_owned()),
        Just("key.locked".to_owned()),
        Just("gone.flag".to_owned()),
        Just("has(gone.flag)".to_owned()),
        Just("request.path == gone.text".to_owned()),
        Just("(has(key.level) ? gone.text : request.path) in ['/pay/now', app.name]".to_owned()),
        Just("has(key.level)".to_owned()),
        Just("key.level == 'tee'".to_owned()),
        Just("key.level in ['strongbox', gone.text, 'tee']".to_owned()),
        Just("app.build < 43".to_owned()),
        Just("version(request.package) > app.version".to_owned()),
        Just("'basic' in device.labels".to_owned()),
        Just("size(app.signers) > 3".to_owned()),
        Just("request.path.startsWith(app.name)".to_owned()),
    ];
    leaf.prop_recursive(4, 32, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| format!("!({inner})")),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(" && "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|any| format!("({})", any.join(" || "))),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("(({left}) == ({right}))")),
            (inner.clone(), inner.clone(), inner).prop_map(|(if_, yes, no)| format!("({if_} ? {yes} : {no})")),
        ]
    })
}

/// Words in an order of no sense.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "(",
        ")",
        "[",
        "]",
        "!",
        "&&",
        "||",
        "==",
        "<",
        "?",
        ":",
        ",",
        ".",
        "-",
        "in",
        "has",
        "size",
        "version",
        "1",
        "'a'",
        "true",
        "key.level",
        "key.locked",
        "app.build",
        "app.signers",
        ".contains(",
        "é",
        "\\",
        "\"",
        "//",
        "\n",
    ]);
    prop::collection::vec(word, 0..40).prop_map(|words| words.join(" "))
}

/// The outcome where all else is known to be absent.
fn outcome(text: &str, known: u16) -> Option<Truth> {
    outcome_of(text, &Phone { known, ..Phone::new() })
}

/// Whether it may hold, and whether it may not.
const fn may(truth: Truth) -> [bool; 2] {
    match truth {
        Truth::True => [true, false],
        Truth::False => [false, true],
        Truth::Unknown => [true, true],
        Truth::Unsent => [false, false],
    }
}

/// Whether all that `part` may be is among what `whole` may be.
fn is_in(part: Truth, whole: Truth) -> bool {
    may(part).iter().zip(may(whole)).all(|(part, whole)| !part || whole)
}

fn outcome_of(text: &str, phone: &Phone) -> Option<Truth> {
    let expression = Expression::compile(text, &Names);
    if let Err(fault) = &expression {
        assert!(text.get(fault.span.clone()).is_some(), "{fault:?}");
        assert!(fault.place(text).0 > 0 && !fault.message.is_empty());
    }
    Some(expression.ok()?.holds(phone))
}

proptest! {
    #[test]
    fn any_text_is_an_expression_or_has_a_fault_in_it(text in any::<String>(), known in any::<u16>()) {
        outcome(&text, known);
    }

    #[test]
    fn any_words_are_an_expression_or_have_a_fault_in_them(text in words(), known in any::<u16>()) {
        outcome(&text, known);
    }

    #[test]
    fn what_may_be_is_no_more_when_more_is_known(
        text in condition(),
        (known, unclear, unsent) in any::<(u16, u16, u16)>(),
        (there, settled) in any::<(u16, u16)>(),
    ) {
        let (expression, unsent) = (compiled(&text), unsent & !unclear);
        let before = expression.holds(&Phone { known, unclear, unsent, ..Phone::new() });
        let (known, unclear) = (known | (there & unclear), unclear & !settled);
        let after = expression.holds(&Phone { known, unclear, unsent, ..Phone::new() });
        prop_assert!(is_in(after, before), "{before:?} {after:?}");
        let everything = expression.holds(&Phone { known: u16::MAX, unsent, ..Phone::new() });
        prop_assert!([Truth::True, Truth::False].contains(&everything));
    }

    #[test]
    fn sending_nothing_makes_nothing_else_so(text in condition(), known in any::<u16>(), unsent in any::<u16>()) {
        let expression = compiled(&text);
        let [all, some] = [0, unsent].map(|unsent| expression.holds(&Phone { known, unsent, ..Phone::new() }));
        prop_assert!(is_in(some, all), "{some:?} {all:?}");
    }

    #[test]
    fn nothing_that_is_needed_is_missing_from_what_is_told(text in condition()) {
        let expression = compiled(&text);
        let needed = expression.needs().fold(0, |known, slot| known | 1 << slot.0);
        for unsent in [0, u16::MAX] {
            let truth = expression.holds(&Phone { known: needed, unsent, ..Phone::new() });
            prop_assert!([Truth::True, Truth::False].contains(&truth), "{truth:?}");
        }
    }

    #[test]
    fn the_laws_of_de_morgan_hold(
        (left, right) in (condition(), condition()),
        (known, unclear, unsent) in any::<(u16, u16, u16)>(),
    ) {
        let phone = Phone { known, unclear, unsent, ..Phone::new() };
        let both = outcome_of(&format!("!(({left}) && ({right}))"), &phone);
        prop_assert_eq!(both, outcome_of(&format!("!({left}) || !({right})"), &phone));
        let swapped = outcome_of(&format!("!(({right}) && ({left}))"), &phone);
        prop_assert_eq!(both, swapped);
    }
}
