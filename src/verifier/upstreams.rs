//! The vendors' services that the role asks.

use std::sync::Arc;

use crate::upstream::{IntegrityDecoder, StatusListSource};

/// The vendors' services that the role asks. Without one, what needs it is refused.
#[derive(Clone, Default)]
pub struct Upstreams {
    /// Where the status list of Android's certificates comes from.
    pub status_list: Option<Arc<dyn StatusListSource>>,
    /// Who opens integrity tokens, beside an app's own keys.
    pub decoder: Option<Arc<dyn IntegrityDecoder>>,
}
