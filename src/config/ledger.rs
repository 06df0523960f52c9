//! The ledger: what is found wrong while a document is read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::fault::{Faults, Finding};
use super::place::Lines;

/// Collects findings, so that reading can go on after each.
pub(super) struct Ledger<'a> {
    text: &'a str,
    lines: Lines,
    base: &'a Path,
    broken: BTreeSet<usize>,
    findings: RefCell<Vec<(Kind, Finding)>>,
    secrets: RefCell<Vec<Range<usize>>>,
}

/// What a finding rests on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The text is not TOML.
    Syntax,
    /// Something that stands there is wrong by itself.
    Value,
    /// Something is missing or in the wrong table, which may be the echo of a table that could not be read.
    Shape,
}

impl<'a> Ledger<'a> {
    /// An empty ledger for `text`, whose relative paths start at `base`.
    pub(super) fn new(text: &'a str, base: &'a Path) -> Self {
        let lines = Lines::of(text);
        Self { text, lines, base, broken: BTreeSet::new(), findings: RefCell::default(), secrets: RefCell::default() }
    }

    /// Notes that the text is not TOML, once a line: what follows on the line is mostly an echo.
    pub(super) fn syntax(&mut self, error: &toml::de::Error) {
        let end = self.text.len()..self.text.len();
        let span = error.span().unwrap_or(end);
        if self.broken.insert(self.line(&span)) {
            self.conceal_line(span.start);
            self.note(Kind::Syntax, span, error.message().to_owned(), None);
        }
    }

    /// Notes that what stands at `span` is wrong.
    pub(super) fn refuse(&self, span: Range<usize>, message: String, hint: Option<String>) {
        self.note(Kind::Value, span, message, hint);
    }

    /// Notes what is wrong with the document as a whole: something is missing, or stands in the wrong table.
    pub(super) fn misplaced(&self, span: Range<usize>, message: String, hint: Option<String>) {
        self.note(Kind::Shape, span, message, hint);
    }

    /// Keeps what stands at `span` out of everything that is shown.
    pub(super) fn conceal(&self, span: Range<usize>) {
        self.secrets.borrow_mut().push(span);
    }

    /// The line on which `span` starts.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        self.lines.line(span.start)
    }

    /// Where the string at `span` starts between its quotes, unless an escape makes it another text than `text`.
    pub(super) fn start_of(&self, span: &Range<usize>, text: &str) -> Option<usize> {
        let written = self.text.get(span.clone())?;
        let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| written.starts_with(quote))?;
        let inner = written.get(quote.len()..)?.strip_suffix(quote)?;
        let inner = if quote.len() == 3 { inner.strip_prefix('\n').unwrap_or(inner) } else { inner };
        (inner == text).then(|| span.end - quote.len() - inner.len())
    }

    /// The path, seen from the folder of the configuration.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.base.join(path)
    }

    /// The faults, if there are any.
    pub(super) fn close(self, file: &str) -> Result<(), Faults> {
        let mut findings = self.findings.take();
        findings.retain(|(kind, finding)| self.stands(*kind, finding));
        if findings.is_empty() {
            return Ok(());
        }
        let text = blotted(self.text, &self.secrets.borrow());
        Err(Faults::found_in(text, file, findings.into_iter().map(|(_, finding)| finding)))
    }

    fn note(&self, kind: Kind, span: Range<usize>, message: String, hint: Option<String>) {
        self.findings.borrow_mut().push((kind, Finding { span, message, hint }));
    }

    /// Whether a finding is more than the echo of a syntax fault: the parser guesses what it could not read.
    fn stands(&self, kind: Kind, finding: &Finding) -> bool {
        let guessed = || finding.span.is_empty() || self.broken.contains(&self.line(&finding.span));
        match kind {
            _ if self.broken.is_empty() => true,
            Kind::Syntax => true,
            Kind::Value => !guessed(),
            Kind::Shape => false,
        }
    }

    /// Conceals the values of a line that cannot be read, when it seems to hold a secret.
    fn conceal_line(&self, at: usize) {
        let (start, end) = self.lines.around(at, self.text.len());
        let line = self.text.get(start..end).unwrap_or_default();
        if let Some(values) = line.find('=').filter(|_| names_a_secret(line)) {
            self.conceal(start + values + 1..end);
        }
    }
}

/// Whether a line that cannot be read seems to hold a secret.
fn names_a_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["key", "secret", "token", "password", "bearer"].iter().any(|word| lower.contains(word))
}

/// The text with every letter in the spans replaced, byte for byte, so that places stay where they are.
fn blotted(text: &str, spans: &[Range<usize>]) -> String {
    let mut hidden = vec![false; text.len()];
    for span in spans {
        hidden.get_mut(span.clone()).into_iter().for_each(|part| part.fill(true));
    }
    let blot = |letter: char, hidden: bool| match letter {
        letter if letter == '\n' || !hidden => letter.to_string(),
        letter => "*".repeat(letter.len_utf8()),
    };
    text.char_indices().map(|(at, letter)| blot(letter, hidden.get(at) == Some(&true))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_blotted_out_in_place() {
        assert_eq!(blotted("key = 'ü\nx'\n", std::slice::from_ref(&(7..11))), "key = '**\n*'\n");
    }
}
