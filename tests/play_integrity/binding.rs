//! Whose token it is, for what, and when.

use std::time::Duration;

use bonafide::evidence::claims::play_integrity::{AppVerdict, SignerDigest, TokenKind};
use bonafide::evidence::play_integrity::{
    Expectation, Rejection, TokenKinds, open_classic_token, verify_integrity_payload,
};
use bonafide::lab::play_integrity::LabApp;
use serde_json::json;

use crate::bench::{MAX_AGE, NOW, app, binding, binding_of, expectation, standard, verify, verify_as};

#[test]
fn c04_the_package_is_the_one_that_google_saw() {
    let other = || Some(json!("com.example.other"));
    assert_eq!(verify(|plan| plan.package_name = other()), Err(Rejection::AppMismatch));
    assert_eq!(verify(|plan| plan.request_package_name = other()), Err(Rejection::RequestPackageMismatch));
    for near in ["com.example.sho", "com.example.shop2", "COM.example.shop", "com.example.shop ", ""] {
        assert_eq!(verify(|plan| plan.package_name = Some(json!(near))), Err(Rejection::AppMismatch), "{near:?}");
    }
    assert_eq!(verify(|plan| plan.package_name = None), Err(Rejection::AppMismatch));
}

#[test]
fn c04_the_signer_counts_although_play_recognises_the_app() {
    let ours = app().signer.to_string();
    assert!(verify(|plan| plan.signers = Some(json!([format!("{ours}=")]))).is_ok(), "with padding");
    let other = SignerDigest([7; 32]).to_string();
    for signers in [json!([other]), json!([ours, other]), json!([other, ours]), json!([])] {
        assert_eq!(verify(|plan| plan.signers = Some(signers.clone())), Err(Rejection::SignerMismatch), "{signers}");
    }
    assert_eq!(verify(|plan| plan.signers = None), Err(Rejection::SignerMismatch));
    let nobody = Expectation { signers: &[], ..expectation(TokenKind::Standard) };
    assert_eq!(verify_as(nobody, |_| ()), Err(Rejection::SignerMismatch));
}

#[test]
fn c05_an_app_that_was_not_evaluated_is_nobody() {
    let facts = verify(|plan| *plan = plan.clone().emptied()).expect("holds, and says nothing");
    assert_eq!((facts.claims.app.verdict, facts.claims.app.package_name), (Some(AppVerdict::Unevaluated), None));
    let named = verify(|plan| {
        *plan = plan.clone().emptied();
        plan.package_name = Some(json!("com.example.other"));
    });
    assert_eq!(named, Err(Rejection::AppMismatch));
    let new_word = verify(|plan| {
        *plan = plan.clone().emptied();
        plan.app_verdict = Some(json!("ALMOST_RECOGNIZED"));
    });
    assert_eq!(new_word, Err(Rejection::AppMismatch));
}

#[test]
fn c06_the_binding_is_whole_and_exact() {
    let good = binding();
    for near in [&good[..42], &format!("{good}="), &format!("{good}A"), &good.to_ascii_lowercase(), "", " "] {
        let refused = verify(|plan| plan.request_hash = Some(json!(near)));
        assert_eq!(refused, Err(Rejection::BindingMismatch), "{near:?}");
        let expected = Expectation { binding: near, ..expectation(TokenKind::Standard) };
        assert_eq!(verify_as(expected, |_| ()), Err(Rejection::BindingMismatch), "{near:?}");
    }
    let empty = Expectation { binding: "", ..expectation(TokenKind::Standard) };
    assert_eq!(verify_as(empty, |plan| plan.request_hash = Some(json!(""))), Err(Rejection::BindingMismatch));
}

#[test]
fn c06_swapping_user_path_or_body_breaks_the_binding() {
    for client_data in [
        &br#"{"challenge":"c","request":"user-2 POST /pay 10"}"#[..],
        br#"{"challenge":"c","request":"user-1 POST /admin 10"}"#,
        br#"{"challenge":"c","request":"user-1 POST /pay 1000"}"#,
        br#"{"challenge":"d","request":"user-1 POST /pay 10"}"#,
    ] {
        let issued = binding_of(br#"{"challenge":"c","request":"user-1 POST /pay 10"}"#);
        let binding = binding_of(client_data);
        let expected = Expectation { binding: &binding, ..expectation(TokenKind::Standard) };
        let refused = verify_as(expected, |plan| plan.request_hash = Some(json!(issued)));
        assert_eq!(refused, Err(Rejection::BindingMismatch));
    }
}

#[test]
fn c06_exactly_one_binding_of_the_expected_kind() {
    let both = verify(|plan| plan.nonce = Some(json!(binding())));
    assert_eq!(both, Err(Rejection::BindingForm));
    assert_eq!(verify(|plan| plan.request_hash = None), Err(Rejection::BindingForm));
    let classic = |kinds| {
        let expected = Expectation { kinds, ..expectation(TokenKind::Standard) };
        verify_as(expected, |plan| (plan.request_hash, plan.nonce) = (None, plan.request_hash.clone()))
    };
    assert_eq!(classic(TokenKinds::Only(TokenKind::Standard)), Err(Rejection::KindUnexpected));
    for kinds in [TokenKinds::Any, TokenKinds::Only(TokenKind::Classic)] {
        assert_eq!(classic(kinds).expect("classic").claims.kind, TokenKind::Classic);
    }
}

#[test]
fn c07_a_verdict_for_one_app_is_nothing_for_another() {
    let other = LabApp::from_seed(&[1; 32], "com.example.bank", NOW).expect("an app");
    let verdict = other.verdict(TokenKind::Standard, binding()).write();
    let refused = verify_integrity_payload(&verdict, expectation(TokenKind::Standard), NOW);
    assert_eq!(refused, Err(Rejection::RequestPackageMismatch));
    let mut plan = other.verdict(TokenKind::Standard, binding());
    plan.request_package_name = Some(json!(app().package_name));
    let refused = verify_integrity_payload(&plan.clone().write(), expectation(TokenKind::Standard), NOW);
    assert_eq!(refused, Err(Rejection::AppMismatch));
    plan.package_name = Some(json!(app().package_name));
    let refused = verify_integrity_payload(&plan.write(), expectation(TokenKind::Standard), NOW);
    assert_eq!(refused, Err(Rejection::SignerMismatch));
}

#[test]
fn c07_a_token_for_one_app_is_not_opened_for_another() {
    let other = LabApp::from_seed(&[1; 32], "com.example.bank", NOW).expect("an app");
    let token = other.classic_token(binding()).expect("forged");
    let opened = open_classic_token(token.as_bytes(), &[app().keys.integrity_keys()]);
    assert_eq!(opened, Err(Rejection::NotDecrypted));
}

#[test]
fn both_ends_of_the_time_are_inside_it() {
    let millis = Duration::from_millis(1);
    let at = |now| verify_integrity_payload(&standard().write(), expectation(TokenKind::Standard), now).map(drop);
    assert_eq!(at(NOW.plus(MAX_AGE)), Ok(()));
    assert_eq!(at(NOW.plus(MAX_AGE + millis)), Err(Rejection::Expired));
    assert_eq!(at(NOW.minus(Expectation::SKEW)), Ok(()));
    assert_eq!(at(NOW.minus(Expectation::SKEW + millis)), Err(Rejection::NotYetValid));
}
