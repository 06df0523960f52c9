//! What is shared in memory is written like any other.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(super) fn serialize<T: Serialize, S: Serializer>(value: &Option<Arc<T>>, out: S) -> Result<S::Ok, S::Error> {
    value.as_deref().serialize(out)
}

pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    source: D,
) -> Result<Option<Arc<T>>, D::Error> {
    Ok(Option::deserialize(source)?.map(Arc::new))
}
