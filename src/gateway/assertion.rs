//! A fresh assertion in a header field: parts with dots between them, of which the first says how many follow.

use data_encoding::BASE64URL_NOPAD;

use super::reasons::ASSERTION_MALFORMED;
use crate::verdict::Reason;
use crate::verifier::{AssertProof, FreshAssertion, KeyAssertion};

/// The longest field, in bytes.
pub(super) const ASSERTION_LIMIT: usize = 8 * 1024;

/// An Apple device: `app_attest.CLIENT_DATA.ASSERTION`.
const APP_ATTEST: &str = "app_attest";
/// An Android device: `key_attestation.CLIENT_DATA.SIGNATURE.SIGN_COUNT`.
const KEY_ATTESTATION: &str = "key_attestation";

/// What a client has sent as an assertion over its request. Whether it holds is not known yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SignedOver {
    client_data: Vec<u8>,
    signed: Vec<u8>,
    /// The sign count that an Android device states beside its signature.
    sign_count: Option<u32>,
}

impl SignedOver {
    /// Reads the field: the format's name, client data and proof in base64url without padding, and for Android the sign count in
    /// decimal. There is one way to write it.
    pub(super) fn read(text: &str) -> Result<Self, Reason> {
        Self::parse(text).ok_or(ASSERTION_MALFORMED)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let format = parts.next()?;
        let (client_data, signed) = (bytes(parts.next()?)?, bytes(parts.next()?)?);
        let sign_count = match (format, parts.next()) {
            (APP_ATTEST, None) => None,
            (KEY_ATTESTATION, Some(count)) => Some(number(count)?),
            _ => return None,
        };
        parts.next().is_none().then_some(Self { client_data, signed, sign_count })
    }

    /// What the role is asked about.
    pub(super) fn fresh(&self) -> FreshAssertion<'_> {
        let proof = match self.sign_count {
            None => AssertProof::AppAttest(&self.signed),
            Some(sign_count) => AssertProof::Android {
                assertion: KeyAssertion { sign_count, signature: &self.signed },
                integrity_token: "",
            },
        };
        FreshAssertion { client_data: &self.client_data, proof, session: b"" }
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok().filter(|bytes| !bytes.is_empty())
}

/// A number without leading zeros or a sign.
fn number(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_formats_are_read() {
        let apple = SignedOver::read("app_attest.YWJj.ZGVm").expect("an assertion");
        assert_eq!(apple, SignedOver { client_data: b"abc".to_vec(), signed: b"def".to_vec(), sign_count: None });
        assert!(matches!(apple.fresh().proof, AssertProof::AppAttest(b"def")));
        let android = SignedOver::read("key_attestation.YWJj.ZGVm.4294967295").expect("an assertion");
        let AssertProof::Android { assertion, integrity_token: "" } = android.fresh().proof else {
            panic!("{android:?}")
        };
        assert_eq!(
            (assertion.sign_count, assertion.signature, android.fresh().client_data),
            (u32::MAX, &b"def"[..], &b"abc"[..])
        );
    }

    #[test]
    fn nothing_else_is_read() {
        for text in [
            "",
            ".",
            "app_attest",
            "app_attest.YWJj",
            "app_attest.YWJj.",
            "app_attest..ZGVm",
            "app_attest.YWJj.ZGVm.",
            "app_attest.YWJj.ZGVm.1",
            "app_attest.YWJj.ZGU=",
            "app_attest.YWJj.ZGV",
            "app_attest.YWJj.Z+/m",
            "APP_ATTEST.YWJj.ZGVm",
            "key_attestation.YWJj.ZGVm",
            "key_attestation.YWJj.ZGVm.",
            "key_attestation.YWJj.ZGVm.01",
            "key_attestation.YWJj.ZGVm.+1",
            "key_attestation.YWJj.ZGVm.-1",
            "key_attestation.YWJj.ZGVm.4294967296",
            "key_attestation.YWJj.ZGVm.1.1",
            "play_integrity.YWJj.ZGVm",
        ] {
            assert_eq!(SignedOver::read(text), Err(ASSERTION_MALFORMED), "{text}");
        }
    }

    proptest! {
        #[test]
        fn there_is_one_way_to_write_it(text in "(app_attest|key_attestation)(\\.[A-Za-z0-9_=-]{0,6}){1,4}") {
            if let Ok(SignedOver { client_data, signed, sign_count }) = SignedOver::read(&text) {
                let parts = [&client_data, &signed].map(|part| BASE64URL_NOPAD.encode(part)).join(".");
                let again = match sign_count {
                    None => format!("{APP_ATTEST}.{parts}"),
                    Some(count) => format!("{KEY_ATTESTATION}.{parts}.{count}"),
                };
                prop_assert_eq!(again, text);
            }
        }
    }
}
