//! What Envoy is told about a request that passes, written as it is sent: it goes out with most answers, and differs in a few texts.

use crate::gateway::{IDENTITY_NAMES, Identity};
use crate::grpc::proto::envoy::config::core::v3::header_value_option::HeaderAppendAction;
use crate::wire::protobuf::Writer;

/// Enough for all that is told of most requests, in bytes.
const ALL: usize = 512;
/// Enough for most fields.
const ONE: usize = 128;

/// An `OkHttpResponse` with the fields of the identity. Envoy takes names out after it has set others: a name that is set is none to
/// be taken out.
pub(super) fn passed(identity: &Identity, namesakes: &[String]) -> Vec<u8> {
    let [mut response, mut option, mut field] = [ALL, ONE, ONE].map(Writer::with_capacity);
    for (name, value) in identity.fields() {
        field.clear();
        field.bytes(1, name.as_bytes());
        field.bytes(2, value.as_bytes());
        option.clear();
        option.bytes(1, field.as_slice());
        // Versions of Envoy look at either of the next two, and their defaults differ. The first one is false, which is empty.
        option.bytes(2, b"");
        option.varint(3, HeaderAppendAction::OverwriteIfExistsOrAdd as u64);
        response.bytes(2, option.as_slice());
    }
    for name in namesakes.iter().filter(|name| !IDENTITY_NAMES.iter().any(|set| name.eq_ignore_ascii_case(set))) {
        response.bytes(5, name.as_bytes());
    }
    response.into_bytes()
}

/// A `google.protobuf.Struct` with what filters after this one may want to know.
pub(super) fn metadata(identity: &Identity) -> Vec<u8> {
    let [mut all, mut entry, mut value] = [ALL, ONE, ONE].map(Writer::with_capacity);
    let mut add = |name: &str, value: &Writer| {
        entry.clear();
        entry.bytes(1, name.as_bytes());
        entry.bytes(2, value.as_slice());
        all.bytes(1, entry.as_slice());
    };
    let policy = identity.policy.map(String::from).unwrap_or_default();
    let texts = [
        ("decision", identity.decision),
        ("tier", identity.tier),
        ("instance", &identity.instance),
        ("policy_revision", &policy),
    ];
    for (name, text) in texts {
        value.clear();
        value.bytes(3, text.as_bytes());
        add(name, &value);
    }
    let mut list = Writer::default();
    for code in &identity.reasons {
        value.clear();
        value.bytes(3, code.as_bytes());
        list.bytes(1, value.as_slice());
    }
    value.clear();
    value.bytes(6, list.as_slice());
    add("reasons", &value);
    all.into_bytes()
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_types::value::Kind;
    use prost_types::{ListValue, Struct, Value};

    use super::*;
    use crate::grpc::proto::envoy::service::auth::v3::OkHttpResponse;

    const REVISION: &str = "0123456789abcdef";

    fn identity() -> Identity {
        Identity {
            decision: "allow",
            tier: "affirming",
            app: "shop".parse().ok(),
            instance: "x".repeat(200),
            reasons: vec!["one".into(), "two".into()],
            policy: REVISION.to_owned().try_into().ok(),
        }
    }

    #[test]
    fn f01_a_library_reads_the_fields_of_an_identity() {
        let namesakes = ["Bonafide-Verdict", "bonafide-token"].map(str::to_owned);
        let response = OkHttpResponse::decode(&*passed(&identity(), &namesakes)).expect("a message");
        assert_eq!(response.headers_to_remove, ["bonafide-token"]);
        let identity = identity();
        for (option, (name, value)) in response.headers.iter().zip(identity.fields()) {
            let field = option.header.as_ref().expect("a field");
            assert_eq!((field.key.as_str(), &*field.value, &*field.raw_value), (name, value.as_bytes(), &b""[..]));
            let overwrites = (option.append, option.append_action());
            assert_eq!(overwrites, (Some(false), HeaderAppendAction::OverwriteIfExistsOrAdd));
        }
        assert_eq!(response.headers.len(), IDENTITY_NAMES.len());
    }

    #[test]
    fn a_library_reads_the_metadata() {
        let metadata = Struct::decode(&*metadata(&identity())).expect("a message");
        let text = |text: &str| Value { kind: Some(Kind::StringValue(text.to_owned())) };
        let reasons = ListValue { values: vec![text("one"), text("two")] };
        let expected = [
            ("decision", text("allow")),
            ("tier", text("affirming")),
            ("instance", text(&"x".repeat(200))),
            ("reasons", Value { kind: Some(Kind::ListValue(reasons)) }),
            ("policy_revision", text(REVISION)),
        ];
        assert_eq!(metadata.fields, expected.map(|(name, value)| (name.to_owned(), value)).into());
    }
}
