//! From words to terms, by the grammar of CEL, one function for each level of binding.

use std::collections::BTreeSet;
use std::ops::Range;

use super::check::{self, Typed};
use super::fault::ExpressionFault;
use super::functions::{self, Function, Method};
use super::lexer::{Form, Token, tokens};
use super::literal::too_large;
use super::schema::{Kind, Schema, Slot};
use super::term::{Comparison, Condition, Term};
use super::{DEPTH_LIMIT, Expression, LIST_LIMIT, NODE_LIMIT, TEXT_LIMIT};

type Parsed<T = Typed> = Result<T, ExpressionFault>;

/// Names that CEL keeps for itself, except as parts of longer names.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

/// Reads one expression.
pub(super) struct Parser<'a, S> {
    text: &'a str,
    schema: &'a S,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    nodes: usize,
    mentioned: BTreeSet<Slot>,
    needed: BTreeSet<Slot>,
}

impl<'a, S: Schema> Parser<'a, S> {
    pub(super) fn new(text: &'a str, schema: &'a S) -> Parsed<Self> {
        if text.len() > TEXT_LIMIT {
            let span = text.floor_char_boundary(TEXT_LIMIT)..text.len();
            return Err(ExpressionFault::new(span, format!("an expression has at most {TEXT_LIMIT} bytes")));
        }
        let (mentioned, needed) = (BTreeSet::new(), BTreeSet::new());
        Ok(Self { text, schema, tokens: tokens(text)?, at: 0, depth: 0, nodes: 0, mentioned, needed })
    }

    pub(super) fn parse(mut self) -> Parsed<Expression> {
        let whole = self.expression()?;
        if self.form() != &Form::End {
            return Err(self.stray());
        }
        Ok(Expression {
            text: self.text.into(),
            condition: whole.into_condition()?,
            mentioned: self.mentioned.into_iter().collect(),
            needed: self.needed.into_iter().collect(),
        })
    }

    fn expression(&mut self) -> Parsed {
        self.nested(Self::conditional)
    }

    fn conditional(&mut self) -> Parsed {
        let condition = self.disjunction()?;
        if !self.take("?") {
            return Ok(condition);
        }
        self.count(&condition.span)?;
        let yes = self.disjunction()?;
        self.expect(":")?;
        let no = self.expression()?;
        check::either(condition, yes, no)
    }

    fn disjunction(&mut self) -> Parsed {
        self.joined("||", Self::conjunction, Condition::Any)
    }

    fn conjunction(&mut self) -> Parsed {
        self.joined("&&", Self::relation, Condition::All)
    }

    /// One operand, or several with a sign between them.
    fn joined(
        &mut self,
        sign: &str,
        operand: fn(&mut Self) -> Parsed,
        join: fn(Box<[Condition]>) -> Condition,
    ) -> Parsed {
        let first = operand(self)?;
        if !self.stands(0, sign) {
            return Ok(first);
        }
        self.count(&first.span)?;
        let mut span = first.span.clone();
        let mut conditions = vec![first.into_condition()?];
        while self.take(sign) {
            let next = operand(self)?;
            span.end = next.span.end;
            conditions.push(next.into_condition()?);
        }
        Ok(Typed::condition(join(conditions.into()), span))
    }

    fn relation(&mut self) -> Parsed {
        let left = self.unary()?;
        if self.word() == "in" {
            self.count(&left.span)?;
            self.at += 1;
            return self.membership(left);
        }
        let Some(comparison) = Comparison::of(self.word()) else {
            return Ok(left);
        };
        self.count(&left.span)?;
        self.at += 1;
        let right = self.unary()?;
        check::compare(comparison, left, right)
    }

    fn membership(&mut self, term: Typed) -> Parsed {
        if !self.take("[") {
            let list = self.unary()?;
            return check::within(term, list);
        }
        let mut elements = Vec::new();
        while !self.stands(0, "]") {
            if elements.len() == LIST_LIMIT {
                return Err(self.fault(format!("a list has at most {LIST_LIMIT} elements")));
            }
            elements.push(self.expression()?);
            if !self.take(",") {
                break;
            }
        }
        let end = self.expect("]")?.end;
        check::among(term, elements, end)
    }

    fn unary(&mut self) -> Parsed {
        let start = self.span().start;
        if self.take("!") {
            self.count(&(start..start + 1))?;
            let operand = self.nested(Self::unary)?;
            let span = start..operand.span.end;
            return Ok(Typed::condition(Condition::Not(Box::new(operand.into_condition()?)), span));
        }
        if self.take("-") {
            return self.negative(start);
        }
        self.member()
    }

    fn negative(&mut self, start: usize) -> Parsed {
        let span = start..self.span().end;
        let Form::Number(number) = *self.form() else {
            return Err(ExpressionFault::new(span, "only a number may be negative").hint("there is no arithmetic"));
        };
        self.at += 1;
        self.integer(0_i64.checked_sub_unsigned(number), span)
    }

    fn integer(&mut self, number: Option<i64>, span: Range<usize>) -> Parsed {
        self.count(&span)?;
        let number = number.ok_or_else(|| too_large(span.clone()))?;
        Ok(Typed { term: Term::Int(number), kind: Kind::Int, span })
    }

    /// A value, perhaps with a method called on it. What methods give has no methods.
    fn member(&mut self) -> Parsed {
        let subject = self.primary()?;
        if !self.take(".") {
            return Ok(subject);
        }
        let (name, span) = self.name()?;
        if !self.stands(0, "(") {
            return Err(ExpressionFault::new(span, format!("this value has no part {name:?}")));
        }
        self.count(&span)?;
        let method = Method::named(name, span)?;
        self.expect("(")?;
        match method {
            Method::Size => {
                let span = subject.span.start..self.expect(")")?.end;
                functions::size(subject, span)
            }
            Method::Search(search) => {
                let part = self.expression()?;
                let end = self.expect(")")?.end;
                functions::search(search, subject, part, end)
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        let span = self.span();
        match self.form().clone() {
            Form::Name => self.named(),
            Form::Number(number) => {
                self.at += 1;
                self.integer(i64::try_from(number).ok(), span)
            }
            Form::Text(text) => {
                self.at += 1;
                self.count(&span)?;
                Ok(Typed { term: Term::Text(text.into()), kind: Kind::Text, span })
            }
            Form::Sign("(") => {
                self.at += 1;
                let inner = self.expression()?;
                let end = self.expect(")")?.end;
                Ok(Typed { span: span.start..end, ..inner })
            }
            Form::Sign("[") => Err(self.fault("a list stands only right of `in`")),
            Form::Sign(_) => Err(self.fault("a value is missing here")),
            Form::End => Err(self.fault("the expression ends before it is complete")),
        }
    }

    /// What begins with a name.
    fn named(&mut self) -> Parsed {
        let (name, span) = (self.word(), self.span());
        self.count(&span)?;
        if let Ok(value) = name.parse() {
            self.at += 1;
            return Ok(Typed { term: Term::Bool(value), kind: Kind::Bool, span });
        }
        if self.stands(1, "(") {
            self.at += 1;
            return self.function(Function::named(name, span.clone())?, span.start);
        }
        let (slot, kind, span) = self.fact()?;
        self.needed.insert(slot);
        Ok(Typed { term: Term::Fact(slot), kind, span })
    }

    fn function(&mut self, function: Function, start: usize) -> Parsed {
        self.expect("(")?;
        if function == Function::Has {
            let (slot, ..) = self.fact()?;
            let end = self.expect(")")?.end;
            return Ok(Typed::condition(Condition::Has(slot), start..end));
        }
        let argument = self.expression()?;
        let span = start..self.expect(")")?.end;
        if function == Function::Size { functions::size(argument, span) } else { functions::version(argument, span) }
    }

    /// A fact by its name. A part that is followed by a parenthesis is a method.
    fn fact(&mut self) -> Parsed<(Slot, Kind, Range<usize>)> {
        if RESERVED.contains(&self.word()) {
            return Err(self.fault(format!("{:?} cannot be a name", self.word())));
        }
        let (first, mut span) = self.name()?;
        let mut name = first.to_owned();
        while self.stands(0, ".") && !self.stands(2, "(") {
            self.at += 1;
            let (part, place) = self.name()?;
            name = format!("{name}.{part}");
            span.end = place.end;
        }
        let Some((slot, kind)) = self.schema.fact(&name) else {
            let fault = ExpressionFault::new(span, format!("there is no fact {name:?}"));
            return Err(fault.suggest(&name, self.schema.names()));
        };
        self.mentioned.insert(slot);
        Ok((slot, kind, span))
    }

    fn name(&mut self) -> Parsed<(&'a str, Range<usize>)> {
        let (word, span) = (self.word(), self.span());
        if self.form() != &Form::Name {
            return Err(self.fault("a name is missing here"));
        }
        match word {
            "null" => Err(self.fault("there is no null").hint("ask whether a fact is there with `has`")),
            "in" | "true" | "false" => Err(self.fault(format!("{word:?} cannot be a name"))),
            _ => {
                self.at += 1;
                Ok((word, span))
            }
        }
    }

    /// Reads something one level deeper.
    fn nested(&mut self, read: fn(&mut Self) -> Parsed) -> Parsed {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(self.fault(format!("an expression nests at most {DEPTH_LIMIT} deep")));
        }
        let inner = read(self)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn count(&mut self, span: &Range<usize>) -> Parsed<()> {
        self.nodes += 1;
        if self.nodes <= NODE_LIMIT {
            return Ok(());
        }
        Err(ExpressionFault::new(span.clone(), format!("an expression has at most {NODE_LIMIT} parts")))
    }

    fn form(&self) -> &Form {
        self.tokens.get(self.at).map_or(&Form::End, |token| &token.form)
    }

    fn span(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.text.len()..self.text.len(), |token| token.span.clone())
    }

    /// The next word as it is written.
    fn word(&self) -> &'a str {
        self.text.get(self.span()).unwrap_or_default()
    }

    /// Whether a sign stands so many words ahead.
    fn stands(&self, ahead: usize, sign: &str) -> bool {
        let form = self.tokens.get(self.at + ahead).map(|token| &token.form);
        matches!(form, Some(Form::Sign(own)) if *own == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let there = self.stands(0, sign);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, sign: &str) -> Parsed<Range<usize>> {
        let span = self.span();
        if self.take(sign) { Ok(span) } else { Err(self.fault(format!("expected `{sign}`"))) }
    }

    /// A fault at the next word.
    fn fault(&self, message: impl Into<String>) -> ExpressionFault {
        ExpressionFault::new(self.span(), message)
    }

    /// Something follows what could have been the whole.
    fn stray(&self) -> ExpressionFault {
        let fault = self.fault(format!("expected the end, found {:?}", self.word()));
        match self.word() {
            "and" => fault.hint("and is written `&&`"),
            "or" => fault.hint("or is written `||`"),
            "[" => fault.hint("there is no indexing"),
            "-" => fault.hint("there is no arithmetic"),
            "." => fault.hint("what a function gives has no parts"),
            "in" => fault.hint("join comparisons with `&&`"),
            word if Comparison::of(word).is_some() => fault.hint("join comparisons with `&&`"),
            _ => fault,
        }
    }
}
