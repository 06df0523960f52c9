//! Samples: what is measured, as data, before anyone writes it in a form.

use std::borrow::Cow;

/// One value at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The name: `a-z`, `0-9` and `_`, with the unit at its end. Counters are shown with `_total` after it.
    pub name: &'static str,
    /// What it means, in a line.
    pub help: &'static str,
    /// What may happen to the value.
    pub kind: Kind,
    /// What tells it from other samples of the name: codes and names of this program, and never what a caller chose.
    pub labels: Vec<(&'static str, Cow<'static, str>)>,
    /// The value.
    pub value: f64,
}

/// What may happen to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, and starts at 0 with the program.
    Counter,
    /// It goes up and down.
    Gauge,
}
