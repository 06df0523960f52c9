//! Literals: texts in every form that CEL has, and whole numbers.

use std::num::IntErrorKind;
use std::ops::Range;

use super::fault::ExpressionFault;
use super::lexer::in_name;

/// A text that stood between quotes, and how many bytes it took with them.
pub(super) struct Quoted {
    pub(super) text: String,
    pub(super) length: usize,
}

/// The quotes, the longer ones first.
const QUOTES: [&str; 4] = ["\"\"\"", "'''", "\"", "'"];

/// The text at the start of `rest`, which stands at `at`; `None` when something else does.
pub(super) fn quoted(rest: &str, at: usize) -> Result<Option<Quoted>, ExpressionFault> {
    let Some(prefix) = rest.find(['"', '\'']).and_then(|end| rest.get(..end)) else {
        return Ok(None);
    };
    let raw = match prefix.to_ascii_lowercase().as_str() {
        "" => false,
        "r" => true,
        "b" | "br" | "rb" => return Err(ExpressionFault::new(at..at + prefix.len() + 1, "there are no bytes here")),
        _ => return Ok(None),
    };
    let behind = rest.get(prefix.len()..).unwrap_or_default();
    let Some(quote) = QUOTES.into_iter().find(|quote| behind.starts_with(quote)) else {
        return Ok(None);
    };
    let begin = prefix.len() + quote.len();
    let mut reading = Reading { rest: rest.get(begin..).unwrap_or_default(), at: at + begin };
    let mut text = String::new();
    while !reading.take(quote) {
        let start = reading.at;
        match reading.char() {
            Some('\\') if !raw => text.push(escape(&mut reading, start)?),
            Some('\n' | '\r') | None if quote.len() == 1 => return Err(unclosed(at, start, quote)),
            None => return Err(unclosed(at, start, quote)),
            Some(char) => text.push(char),
        }
    }
    Ok(Some(Quoted { text, length: reading.at - at }))
}

fn unclosed(at: usize, end: usize, quote: &str) -> ExpressionFault {
    ExpressionFault::new(at..end, "the text has no end").hint(format!("close it with {quote}"))
}

/// What is left of a text.
struct Reading<'a> {
    rest: &'a str,
    at: usize,
}

impl Reading<'_> {
    fn char(&mut self) -> Option<char> {
        let char = self.rest.chars().next()?;
        self.skip(char.len_utf8());
        Some(char)
    }

    fn take(&mut self, sign: &str) -> bool {
        let there = self.rest.starts_with(sign);
        if there {
            self.skip(sign.len());
        }
        there
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        self.at += bytes;
    }

    /// A character by its number in exactly so many digits.
    fn numbered(&mut self, digits: usize, radix: u32) -> Option<char> {
        let number = self.rest.get(..digits).filter(|digits| digits.chars().all(|char| char.is_digit(radix)))?;
        let char = u32::from_str_radix(number, radix).ok().and_then(char::from_u32);
        self.skip(digits);
        char
    }
}

/// The character that stands behind a backslash at `start`.
fn escape(reading: &mut Reading<'_>, start: usize) -> Result<char, ExpressionFault> {
    let digits = reading.rest;
    let found = match reading.char() {
        Some('a') => Some('\x07'),
        Some('b') => Some('\x08'),
        Some('f') => Some('\x0C'),
        Some('n') => Some('\n'),
        Some('r') => Some('\r'),
        Some('t') => Some('\t'),
        Some('v') => Some('\x0B'),
        Some(same @ ('\\' | '"' | '\'' | '`' | '?')) => Some(same),
        Some('x' | 'X') => reading.numbered(2, 16),
        Some('u') => reading.numbered(4, 16),
        Some('U') => reading.numbered(8, 16),
        Some('0'..='3') => {
            *reading = Reading { rest: digits, at: start + 1 };
            reading.numbered(3, 8)
        }
        _ => None,
    };
    found.ok_or_else(|| {
        let fault = ExpressionFault::new(start..reading.at, "there is no such escape");
        fault.hint("a backslash is written `\\\\`, or the text as r\"...\"")
    })
}

/// The number at the start of `rest`, which stands at `at`, and how many bytes it takes.
pub(super) fn number(rest: &str, at: usize) -> Result<(u64, usize), ExpressionFault> {
    let length = rest.find(|char| !in_name(char) && char != '.').unwrap_or(rest.len());
    let word = rest.get(..length).unwrap_or_default();
    let number = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => word.parse(),
    };
    number.map(|number| (number, length)).map_err(|why| match why.kind() {
        IntErrorKind::PosOverflow => too_large(at..at + length),
        _ => unwhole(at..at + length),
    })
}

fn unwhole(span: Range<usize>) -> ExpressionFault {
    ExpressionFault::new(span, "numbers are whole here").hint("a version is written version(\"3.2\")")
}

/// A number that does not fit.
pub(super) fn too_large(span: Range<usize>) -> ExpressionFault {
    ExpressionFault::new(span, "the number is too large").hint("numbers have 64 bits with their sign")
}
