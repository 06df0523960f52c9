//! Classic tokens: whose keys open them, and which algorithms do not.

use bonafide::evidence::play_integrity::{Rejection, looks_like_token, open_classic_token};
use bonafide::lab::play_integrity::{KeyForm, LabKeys, SignatureForm, TOKEN_FAULTS, TokenPlan};

use crate::bench::{app, classic};

fn open(change: impl FnOnce(&mut TokenPlan)) -> Result<Vec<u8>, Rejection> {
    let token = app().token_with(classic().write(), change).expect("forged");
    open_classic_token(token.as_bytes(), &[app().keys.integrity_keys()])
}

#[test]
fn c11_no_other_algorithm_opens_a_token() {
    for (name, key) in [
        ("A128KW", KeyForm::A128Kw),
        ("A192KW", KeyForm::Bytes(vec![7; 40])),
        ("dir", KeyForm::Direct),
        ("A256GCMKW", KeyForm::A256Kw),
        ("RSA-OAEP", KeyForm::Bytes(vec![7; 256])),
        ("RSA1_5", KeyForm::Bytes(vec![7; 256])),
        ("ECDH-ES+A256KW", KeyForm::A256Kw),
        ("PBES2-HS512+A256KW", KeyForm::A256Kw),
        ("none", KeyForm::Bytes(Vec::new())),
        ("", KeyForm::A256Kw),
        ("A256KW ", KeyForm::A256Kw),
    ] {
        let opened = open(|plan| {
            plan.header = format!(r#"{{"alg":"{name}","enc":"A256GCM"}}"#);
            plan.key = key;
        });
        assert_eq!(opened, Err(Rejection::TokenHeader("another algorithm")), "{name:?}");
    }
    for enc in ["A128GCM", "A192GCM", "A256CBC-HS512", "a256gcm", ""] {
        let opened = open(|plan| plan.header = format!(r#"{{"alg":"A256KW","enc":"{enc}"}}"#));
        assert_eq!(opened, Err(Rejection::TokenHeader("another algorithm")), "{enc:?}");
    }
}

#[test]
fn c11_no_other_signature_is_believed() {
    for (name, form) in [
        ("none", SignatureForm::None),
        ("None", SignatureForm::None),
        ("HS256", SignatureForm::PublicKeyAsSecret),
        ("RS256", SignatureForm::Es256),
        ("ES384", SignatureForm::Es256),
        ("EdDSA", SignatureForm::Es256),
        ("", SignatureForm::Es256),
    ] {
        let opened = open(|plan| {
            plan.signed_header = format!(r#"{{"alg":"{name}"}}"#);
            plan.signature = form;
        });
        assert_eq!(opened, Err(Rejection::SignedHeader("another algorithm")), "{name:?}");
    }
    for form in [SignatureForm::None, SignatureForm::PublicKeyAsSecret, SignatureForm::AnotherKey, SignatureForm::Der] {
        assert_eq!(open(|plan| plan.signature = form), Err(Rejection::SignatureInvalid), "{form:?}");
    }
}

#[test]
fn c12_neither_rounds_nor_compression_are_worked_off() {
    for more in [r#""p2c":2147483648,"p2s":"AAAAAAAAAAA""#, r#""p2c":1"#, r#""zip":"DEF""#, r#""zip":null"#] {
        let opened = open(|plan| plan.header = format!(r#"{{"alg":"A256KW","enc":"A256GCM",{more}}}"#));
        assert_eq!(opened, Err(Rejection::TokenHeader("a member that is not accepted")), "{more}");
    }
    let bomb = app().token(vec![0; 250_000]).expect("forged");
    let keys = [app().keys.integrity_keys()];
    assert_eq!(open_classic_token(bomb.as_bytes(), &keys), Err(Rejection::TooLarge { limit: 16 * 1024 }));
}

#[test]
fn members_that_choose_nothing_are_ignored() {
    let opened = open(|plan| {
        plan.header = r#"{"typ":"JWE","kid":"1","cty":"JWT","alg":"A256KW","enc":"A256GCM","new":{"a":[1]}}"#.into();
        plan.signed_header = r#"{"kid":"2","alg":"ES256","typ":"JWT"}"#.into();
    });
    assert_eq!(opened, Ok(classic().write()));
}

#[test]
fn keys_can_be_rotated_and_pairs_are_not_mixed() {
    let token = app().classic_token("bm9uY2U").expect("forged");
    let (ours, others) = (app().keys.integrity_keys(), LabKeys::from_seed(&[9; 32]).expect("keys").integrity_keys());
    for keys in [vec![ours.clone()], vec![others.clone(), ours.clone()], vec![ours.clone(), others.clone()]] {
        assert!(open_classic_token(token.as_bytes(), &keys).is_ok());
    }
    for keys in [vec![], vec![others.clone()]] {
        assert_eq!(open_classic_token(token.as_bytes(), &keys), Err(Rejection::NotDecrypted));
    }
    let mut mixed = ours.clone();
    mixed.verification = others.verification;
    assert_eq!(open_classic_token(token.as_bytes(), &[mixed, ours]), Err(Rejection::SignatureInvalid));
}

#[test]
fn f17_debug_shows_no_integrity_key() {
    let [decryption, verification] = app().keys.console_texts();
    let shown = format!("{:?} {:?}", app(), app().keys.integrity_keys());
    assert!(!shown.contains(&decryption) && !shown.contains(&verification), "{shown}");
    assert!(shown.contains("KeyEncryptionKey(…)") && shown.contains("LabKeys(…)"), "{shown}");
}

#[test]
fn c17_junk_is_refused_before_google_is_asked() {
    assert_eq!(looks_like_token(app().classic_token("bm9uY2U").expect("forged").as_bytes()), Ok(()));
    assert_eq!(looks_like_token(b"YQ..YQ.YQ.YQ"), Ok(()), "a key that is agreed on");
    let twin = looks_like_token(b"YR..YQ.YQ.YQ");
    assert_eq!(twin, Err(Rejection::TokenForm("a part is not base64url")), "e14: one token, one text");
    for junk in
        ["", "a", "a.b.c.d", "a.b.c.d.e.f", ".b.c.d.e", "a.b.c..e", "a.b.c.d.", "a.b.c.d.e ", "a.b.c.d.ü", "a.b.c.d=.e"]
    {
        assert!(matches!(looks_like_token(junk.as_bytes()), Err(Rejection::TokenForm(_))), "{junk:?}");
    }
    let long = format!("a.b.c.{}.e", "d".repeat(16 * 1024));
    assert_eq!(looks_like_token(long.as_bytes()), Err(Rejection::TooLarge { limit: 16 * 1024 }));
    assert_eq!(looks_like_token(&[b'.'; 16 * 1024]), Err(Rejection::TokenForm("another number of parts")));
}

#[test]
fn every_single_changed_letter_of_a_token_is_noticed() {
    let token = app().classic_token("bm9uY2U").expect("forged").into_bytes();
    let keys = [app().keys.integrity_keys()];
    for at in 0..token.len() {
        let mut changed = token.clone();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(open_classic_token(&changed, &keys).is_err(), "letter {at}");
        assert!(open_classic_token(&token[..at], &keys).is_err(), "{at} letters");
    }
}

#[test]
fn no_fault_of_a_token_has_the_title_of_another() {
    let mut titles: Vec<_> = TOKEN_FAULTS.iter().map(|fault| (fault.code, fault.title)).collect();
    titles.sort_unstable();
    titles.dedup();
    assert_eq!(titles.len(), TOKEN_FAULTS.len());
}
