//! Expressions: conditions over facts that an operator writes, in a part of CEL, the Common Expression Language.
//!
//! An expression is read once, with every name and type settled, and cannot fail afterwards. What it costs is bounded by
//! its length: nothing in it repeats. `docs/policy.md` says which part of CEL this is.

mod check;
mod fault;
mod functions;
mod lexer;
mod literal;
mod parser;
mod schema;
mod term;
#[cfg(test)]
mod tests;
mod version;

use serde::{Serialize, Serializer};

pub use fault::ExpressionFault;
pub use schema::{Absence, Facts, Kind, Schema, Slot, Texts, Truth, Value};
pub use version::{Version, VersionMalformed};

use parser::Parser;
use term::Condition;

/// The longest expression, in bytes.
pub const TEXT_LIMIT: usize = 2 << 10;
/// The most names, values and operations of an expression.
pub const NODE_LIMIT: usize = 256;
/// How deep an expression may nest.
pub const DEPTH_LIMIT: usize = 32;
/// The most elements of a list.
pub const LIST_LIMIT: usize = 64;

/// A condition that was found sound when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    text: Box<str>,
    condition: Condition,
    mentioned: Box<[Slot]>,
    needed: Box<[Slot]>,
}

impl Expression {
    /// Reads an expression against the facts that there are.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its place in `text`: what is no expression, or a larger one than the limits of this
    /// module allow; a name or function that does not exist; types that do not meet; a value that its fact never has; an
    /// expression that is not true or false.
    pub fn compile(text: &str, schema: &impl Schema) -> Result<Self, ExpressionFault> {
        Parser::new(text, schema)?.parse()
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds. Looks at each part at most once, allocates nothing and cannot fail: what rests on a fact that is
    /// absent is unknown, or neither true nor false where it was not sent; what is not of the kind that the schema promised is unknown.
    pub fn holds(&self, facts: &impl Facts) -> Truth {
        self.condition.truth(facts).into()
    }

    /// Every fact it mentions, once, in the order of slots.
    pub fn mentions(&self) -> impl Iterator<Item = Slot> {
        self.mentioned.iter().copied()
    }

    /// The facts it mentions outside `has()`, once, in the order of slots: the absence of one can make it unknown.
    pub fn needs(&self) -> impl Iterator<Item = Slot> {
        self.needed.iter().copied()
    }
}

/// An expression is written as its text.
impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.text)
    }
}
