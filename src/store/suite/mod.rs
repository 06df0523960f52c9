//! How every backend behaves. A behaviour is an async function over a store, and becomes a test for each backend.

mod fixture;

pub(in crate::store) use fixture::*;

/// A test of each behaviour on each backend. A further backend is one line here and one function in `fixture`.
macro_rules! behaviours {
    (@on $backend:ident: $($name:ident),+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let opened = crate::store::suite::$backend();
            super::$name(opened.store()).await;
        })+
    };
    ($($name:ident),+ $(,)?) => {
        mod on_memory { behaviours!(@on memory: $($name),+); }
        mod on_sqlite { behaviours!(@on sqlite: $($name),+); }
    };
}

mod advancing;
mod calls;
mod decoding;
mod enrolling;
mod feed;
mod forgetting;
mod model;
mod races;
mod recording;
mod redeeming;
mod standing;
mod status_lists;
mod tokens;
