//! What a verdict is bound to beside its subject, in tags that tell nobody what they were made from.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Keyed hashes, cut to 16 bytes, of the circumstances in which a verdict was given; what is `None` binds nothing. As JSON, they
/// are base64url without padding, and what binds nothing is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// Of the client's address.
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    pub address: Option<[u8; 16]>,
    /// Of a fingerprint of the client's TLS.
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    pub tls: Option<[u8; 16]>,
    /// Of the user's session.
    #[serde(default, with = "text", skip_serializing_if = "Option::is_none")]
    pub session: Option<[u8; 16]>,
}

impl Bound {
    /// Whether it binds nothing at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

mod text {
    use super::{BASE64URL_NOPAD, Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(tag: &Option<[u8; 16]>, out: S) -> Result<S::Ok, S::Error> {
        match tag {
            Some(tag) => out.serialize_some(&BASE64URL_NOPAD.encode(tag)),
            None => out.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Option<[u8; 16]>, D::Error> {
        let Some(text) = Option::<String>::deserialize(source)? else { return Ok(None) };
        let tag = BASE64URL_NOPAD.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        tag.map(Some).ok_or_else(|| serde::de::Error::custom("not 16 bytes in base64url"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_binds_nothing_is_left_out() {
        assert!(Bound::default().is_empty());
        assert_eq!(serde_json::to_string(&Bound::default()).expect("JSON"), "{}");
        let bound = Bound { tls: Some([7; 16]), ..Bound::default() };
        let text = serde_json::to_string(&bound).expect("JSON");
        assert_eq!(text, r#"{"tls":"BwcHBwcHBwcHBwcHBwcHBw"}"#);
        assert_eq!(serde_json::from_str::<Bound>(&text).expect("tags"), bound);
        for bad in [r#"{"tls":"BwcH"}"#, r#"{"tls":"BwcHBwcHBwcHBwcHBwcHBx"}"#, r#"{"ip":"x"}"#] {
            assert!(serde_json::from_str::<Bound>(bad).is_err(), "{bad}");
        }
    }
}
