//! The list's JSON, read strictly: objects are objects, and no key stands twice.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::ListFault;

/// What counts of an entry.
#[derive(Deserialize)]
pub(super) struct EntryText<'a> {
    #[serde(borrow)]
    pub(super) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) reason: Option<Cow<'a, str>>,
}

/// Hands every entry of the list over; gives whether a key stood twice.
pub(super) fn entries(bytes: &[u8], each: impl FnMut(&str, &EntryText<'_>)) -> Result<bool, ListFault> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = reader.deserialize_map(List { each }).and_then(|duplicate| reader.end().map(|()| duplicate));
    read.map_err(|error| ListFault::Malformed { line: error.line(), column: error.column() })
}

/// The whole list.
struct List<F> {
    each: F,
}

impl<'de, F: FnMut(&str, &EntryText<'_>)> Visitor<'de> for List<F> {
    type Value = bool;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object with the object entries")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<bool, A::Error> {
        let (mut seen, mut duplicate) = (HashSet::new(), false);
        while let Some(Text(name)) = members.next_key()? {
            if name == "entries" {
                duplicate |= members.next_value_seed(Entries { each: &mut self.each })?;
            } else {
                members.next_value::<serde::de::IgnoredAny>()?;
            }
            duplicate |= !seen.insert(name);
        }
        if seen.contains("entries") { Ok(duplicate) } else { Err(serde::de::Error::missing_field("entries")) }
    }
}

/// The member `entries`.
struct Entries<'f, F> {
    each: &'f mut F,
}

impl<'de, F: FnMut(&str, &EntryText<'_>)> DeserializeSeed<'de> for Entries<'_, F> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de, F: FnMut(&str, &EntryText<'_>)> Visitor<'de> for Entries<'_, F> {
    type Value = bool;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of entries by serial number")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        let (mut seen, mut duplicate) = (HashSet::new(), false);
        while let Some(Text(key)) = members.next_key()? {
            let Object(entry) = members.next_value()?;
            (self.each)(&key, &entry);
            duplicate |= !seen.insert(key);
        }
        Ok(duplicate)
    }
}

/// A text that is borrowed from the input wherever it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An object: serde's own structures would read arrays too.
struct Object<T>(T);

impl<'de> Deserialize<'de> for Object<EntryText<'de>> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(AnObject(PhantomData))
    }
}

struct AnObject<'de>(PhantomData<&'de ()>);

impl<'de> Visitor<'de> for AnObject<'de> {
    type Value = Object<EntryText<'de>>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object with a status")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        EntryText::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}
