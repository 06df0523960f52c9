//! The words of an expression.

use std::ops::Range;

use super::fault::ExpressionFault;
use super::literal::{Quoted, number, quoted};

/// A word and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) form: Form,
    pub(super) span: Range<usize>,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A name, also one with a meaning of its own, such as `in`.
    Name,
    /// A whole number without a sign.
    Number(u64),
    /// A text between quotes, with its escapes resolved.
    Text(String),
    /// One of the signs.
    Sign(&'static str),
    /// The text is over.
    End,
}

/// The signs, each before those that it begins with.
const SIGNS: [&str; 18] =
    ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "?", ":", "(", ")", "[", "]", ",", ".", "-"];

/// Splits a text into its words; the last one is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ExpressionFault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at = skip_blanks(text, at);
        let token = next(text, at)?;
        at = token.span.end;
        let over = token.form == Form::End;
        tokens.push(token);
        if over {
            return Ok(tokens);
        }
    }
}

/// Where blanks and comments, which go from `//` to the end of the line, are over.
fn skip_blanks(text: &str, mut at: usize) -> usize {
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let word = rest.trim_start_matches(['\t', '\n', '\x0C', '\r', ' ']);
        at += rest.len() - word.len();
        if !word.starts_with("//") {
            return at;
        }
        at += word.find('\n').unwrap_or(word.len());
    }
}

fn next(text: &str, at: usize) -> Result<Token, ExpressionFault> {
    let rest = text.get(at..).unwrap_or_default();
    let Some(first) = rest.chars().next() else {
        return Ok(Token { form: Form::End, span: at..at });
    };
    if let Some(Quoted { text, length }) = quoted(rest, at)? {
        return Ok(Token { form: Form::Text(text), span: at..at + length });
    }
    if first.is_ascii_digit() {
        let (number, length) = number(rest, at)?;
        return Ok(Token { form: Form::Number(number), span: at..at + length });
    }
    let name = rest.find(|char| !in_name(char)).unwrap_or(rest.len());
    if name > 0 {
        return Ok(Token { form: Form::Name, span: at..at + name });
    }
    let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign)).ok_or_else(|| strange(first, at))?;
    Ok(Token { form: Form::Sign(sign), span: at..at + sign.len() })
}

/// Whether a character may stand in a name, behind its first character also a digit.
pub(super) const fn in_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

fn strange(char: char, at: usize) -> ExpressionFault {
    let span = at..at + char.len_utf8();
    let fault = ExpressionFault::new(span, format!("{char:?} has no meaning here"));
    match char {
        '&' => fault.hint("and is written `&&`"),
        '|' => fault.hint("or is written `||`"),
        '=' => fault.hint("equality is written `==`"),
        '+' | '*' | '/' | '%' => fault.hint("there is no arithmetic"),
        '{' | '}' => fault.hint("there are no maps and messages"),
        _ => fault,
    }
}
