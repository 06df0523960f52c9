//! JSON (RFC 8259) that says one thing: no member twice at any level, bounded depth and size, nothing left over.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The deepest nesting that is read; verdicts of Play Integrity need five levels.
pub const DEPTH_LIMIT: usize = 8;
/// The most values that one document may hold.
pub const VALUE_LIMIT: usize = 512;

/// Why bytes are not a JSON text this service reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// Not JSON in UTF-8, or something follows it.
    #[error("not one JSON text in UTF-8")]
    Malformed,
    /// One name twice in one object.
    #[error("an object has the same member twice")]
    DuplicateMember,
    /// More than [`DEPTH_LIMIT`] levels.
    #[error("nested deeper than {DEPTH_LIMIT} levels")]
    TooDeep,
    /// More than [`VALUE_LIMIT`] values.
    #[error("more than {VALUE_LIMIT} values")]
    TooManyValues,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number without fraction and exponent, in the range of 64 bits with a sign.
    Integer(i64),
    /// Any other number; no evidence uses one.
    OtherNumber,
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Object(Members),
}

/// The members of an object, taken one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(Vec<(String, Json)>);

impl Members {
    /// Takes the member out.
    pub fn take(&mut self, name: &str) -> Option<Json> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1)
    }

    /// The names of the members that have not been taken, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// Reads exactly one JSON text.
pub fn read(bytes: &[u8]) -> Result<Json, JsonFault> {
    let (fault, left) = (Cell::new(JsonFault::Malformed), Cell::new(VALUE_LIMIT));
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let value = Limits { depth: DEPTH_LIMIT, left: &left, fault: &fault }.deserialize(&mut source);
    value.and_then(|value| source.end().map(|()| value)).map_err(|_| fault.get())
}

/// What a value may still take; says on the way out which limit was passed.
#[derive(Clone, Copy)]
struct Limits<'a> {
    depth: usize,
    left: &'a Cell<usize>,
    fault: &'a Cell<JsonFault>,
}

impl Limits<'_> {
    fn refuse<E: Error>(&self, fault: JsonFault) -> E {
        self.fault.set(fault);
        E::custom(fault)
    }

    fn below<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| self.refuse(JsonFault::TooDeep))?;
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Limits<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Json, D::Error> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| self.refuse(JsonFault::TooManyValues))?;
        self.left.set(left);
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Limits<'_> {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).map_or(Json::OtherNumber, Json::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::OtherNumber)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Json, A::Error> {
        let (below, mut items) = (self.below()?, Vec::new());
        while let Some(item) = source.next_element_seed(below)? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Json, A::Error> {
        let (below, mut members) = (self.below()?, Vec::<(String, Json)>::new());
        while let Some(name) = source.next_key::<String>()? {
            if members.iter().any(|(earlier, _)| *earlier == name) {
                return Err(self.refuse(JsonFault::DuplicateMember));
            }
            members.push((name, source.next_value_seed(below)?));
        }
        Ok(Json::Object(Members(members)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(text: &str) -> JsonFault {
        read(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn reads_every_kind_of_value() {
        let Ok(Json::Object(mut members)) =
            read(br#" {"a":[null,true,-1,1.0,1e2,18446744073709551615],"b":"\u00fc"} "#)
        else {
            panic!("an object")
        };
        let numbers = [Json::Null, Json::Bool(true), Json::Integer(-1)].into_iter();
        let list = Json::List(numbers.chain([Json::OtherNumber, Json::OtherNumber, Json::OtherNumber]).collect());
        assert_eq!(members.take("a"), Some(list));
        assert_eq!(members.take("a"), None);
        assert_eq!(members.names().collect::<Vec<_>>(), ["b"]);
        assert_eq!(members.take("b"), Some(Json::Text("ü".to_owned())));
    }

    #[test]
    fn e12_members_stand_once_at_every_level() {
        for twice in [r#"{"a":1,"a":1}"#, r#"[{"x":{"a":1,"\u0061":2}}]"#] {
            assert_eq!(fault(twice), JsonFault::DuplicateMember, "{twice}");
        }
    }

    #[test]
    fn e04_nothing_may_follow_a_json_text() {
        for bad in ["", "{}{}", "{} x", "{\"a\":1,}", "'a'", "01", "+1", "NaN", "\"\\ud800\"", "\u{feff}{}"] {
            assert_eq!(fault(bad), JsonFault::Malformed, "{bad}");
        }
        assert_eq!(read(b"\"\xFF\""), Err(JsonFault::Malformed));
    }

    #[test]
    fn depth_and_number_of_values_are_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(read(nested(DEPTH_LIMIT).as_bytes()).is_ok());
        assert_eq!(fault(&nested(DEPTH_LIMIT + 1)), JsonFault::TooDeep);
        assert_eq!(fault(&"[".repeat(100_000)), JsonFault::TooDeep);
        let list = |items: usize| format!("[{}]", vec!["0"; items].join(","));
        assert!(read(list(VALUE_LIMIT - 1).as_bytes()).is_ok());
        assert_eq!(fault(&list(VALUE_LIMIT)), JsonFault::TooManyValues);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = read(&bytes);
        }
    }
}
