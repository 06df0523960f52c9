//! What holds for all bytes and all verdicts.

use bonafide::appraisal::{PlayIntegrityPolicy, Tier};
use bonafide::evidence::claims::PlayIntegrity;
use bonafide::evidence::claims::play_integrity::TokenKind;
use bonafide::evidence::play_integrity::{
    Payload, looks_like_token, open_classic_token, payload_in_answer, verify_integrity_payload,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::bench::{NOW, app, appraise_integrity, classic, expectation, standard};

/// Which of a document's values is changed, and into what.
fn change(value: &mut Value, at: &mut usize, to: &Value) {
    if *at == 0 {
        *value = to.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| change(item, at, to)),
        Value::Object(members) => members.values_mut().for_each(|member| change(member, at, to)),
        _ => {}
    }
}

/// Takes one member or item out.
fn remove(value: &mut Value, at: &mut usize) {
    match value {
        Value::Array(items) => {
            if *at < items.len() {
                items.remove(*at);
            }
            *at = at.wrapping_sub(items.len() + 1);
            items.iter_mut().for_each(|item| remove(item, at));
        }
        Value::Object(members) => {
            let name = members.keys().nth(*at).cloned();
            name.map(|name| members.remove(&name));
            *at = at.wrapping_sub(members.len() + 1);
            members.values_mut().for_each(|member| remove(member, at));
        }
        _ => {}
    }
}

fn words() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i64>().prop_map(|number| Value::from(number.to_string())),
        "[A-Z_]{0,24}".prop_map(Value::from),
        Just(Value::Null),
        Just(serde_json::json!({})),
        Just(serde_json::json!([])),
        Just(Value::from("UNEVALUATED")),
        Just(Value::from("UNKNOWN")),
    ]
}

/// How far a payload is trusted; a refusal is no trust at all.
fn trust(payload: &[u8]) -> Tier {
    let Ok(verified) = verify_integrity_payload(payload, expectation(TokenKind::Standard), NOW) else {
        return Tier::Contraindicated;
    };
    let integrity = PlayIntegrity::Decoded(Box::new(verified.into_facts().claims));
    appraise_integrity(integrity, &PlayIntegrityPolicy::careful(), NOW).tier()
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let keys = [app().keys.integrity_keys()];
        prop_assert!(open_classic_token(&bytes, &keys).is_err());
        let _ = (looks_like_token(&bytes), Payload::parse(&bytes), payload_in_answer(&bytes));
    }

    #[test]
    fn no_text_of_a_tokens_alphabet_opens(text in "[A-Za-z0-9_.-]{0,300}") {
        prop_assert!(open_classic_token(text.as_bytes(), &[app().keys.integrity_keys()]).is_err());
    }

    #[test]
    fn a_damaged_payload_is_read_or_refused_without_a_panic(at in 0..900_usize, byte: u8) {
        let mut payload = standard().write();
        if let Some(place) = payload.get_mut(at) {
            *place = byte;
        }
        let _ = trust(&payload);
    }

    #[test]
    fn no_change_makes_a_bad_verdict_good(at in 0..40_usize, to in words()) {
        let mut plan = standard();
        plan.device_labels = Some(serde_json::json!(["MEETS_BASIC_INTEGRITY"]));
        let mut payload: Value = serde_json::from_slice(&plan.write()).expect("JSON");
        prop_assert_eq!(trust(payload.to_string().as_bytes()), Tier::Contraindicated);
        change(&mut payload, &mut at.clone(), &to);
        prop_assert_eq!(trust(payload.to_string().as_bytes()), Tier::Contraindicated);
    }

    #[test]
    fn nothing_becomes_better_by_what_is_taken_out(at in 0..40_usize) {
        for verdict in ["PLAY_RECOGNIZED", "UNRECOGNIZED_VERSION"] {
            let mut plan = standard();
            plan.app_verdict = Some(verdict.into());
            let mut payload: Value = serde_json::from_slice(&plan.write()).expect("JSON");
            let before = trust(payload.to_string().as_bytes());
            remove(&mut payload, &mut at.clone());
            prop_assert!(trust(payload.to_string().as_bytes()) >= before);
        }
    }

    #[test]
    fn what_is_put_into_a_token_comes_out(payload in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let token = app().token(payload.clone()).expect("forged");
        prop_assert_eq!(open_classic_token(token.as_bytes(), &[app().keys.integrity_keys()]), Ok(payload));
    }
}

#[test]
fn the_good_verdict_is_affirmed_in_the_end() {
    assert_eq!(trust(&standard().write()), Tier::Affirming);
    let token = app().token(classic().write()).expect("forged");
    let payload = open_classic_token(token.as_bytes(), &[app().keys.integrity_keys()]).expect("opens");
    verify_integrity_payload(&payload, expectation(TokenKind::Classic), NOW).expect("holds");
}
