//! The ledger: what is found wrong while a document is read.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::fault::{Faults, Place};

/// Collects findings, so that reading can go on after each.
pub(super) struct Ledger<'a> {
    text: &'a str,
    base: &'a Path,
    findings: RefCell<Vec<Finding>>,
    secrets: RefCell<Vec<Range<usize>>>,
}

struct Finding {
    span: Range<usize>,
    kind: Kind,
    message: String,
    hint: Option<String>,
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
    pub(super) const fn new(text: &'a str, base: &'a Path) -> Self {
        Self { text, base, findings: RefCell::new(Vec::new()), secrets: RefCell::new(Vec::new()) }
    }

    /// Notes that the text is not TOML, once a line: what follows on the line is mostly an echo.
    pub(super) fn syntax(&self, error: &toml::de::Error) {
        let end = self.text.len()..self.text.len();
        let span = error.span().unwrap_or(end);
        self.conceal_line(span.start);
        let line = self.line(&span);
        let known = self.findings.borrow().iter().any(|finding| self.line(&finding.span) == line);
        if !known {
            self.note(span, Kind::Syntax, error.message().to_owned(), None);
        }
    }

    /// Notes that what stands at `span` is wrong.
    pub(super) fn refuse(&self, span: Range<usize>, message: String, hint: Option<String>) {
        self.note(span, Kind::Value, message, hint);
    }

    /// Notes what is wrong with the document as a whole: something is missing, or stands in the wrong table.
    pub(super) fn misplaced(&self, span: Range<usize>, message: String, hint: Option<String>) {
        self.note(span, Kind::Shape, message, hint);
    }

    /// Keeps what stands at `span` out of everything that is shown.
    pub(super) fn conceal(&self, span: Range<usize>) {
        self.secrets.borrow_mut().push(span);
    }

    /// The line on which `span` starts.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        Place::of(self.text, span.start).line
    }

    /// The path, seen from the folder of the configuration.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.base.join(path)
    }

    /// The faults, if there are any.
    pub(super) fn close(self, file: &str) -> Result<(), Faults> {
        let findings = self.findings.take();
        let broken = findings.iter().filter(|finding| finding.kind == Kind::Syntax);
        let broken = broken.map(|finding| self.line(&finding.span)).collect::<BTreeSet<_>>();
        let mut faults = Faults::none_in(blotted(self.text, &self.secrets.borrow()), file.to_owned());
        for finding in findings.into_iter().filter(|finding| finding.stands(&broken, self.line(&finding.span))) {
            faults.add(finding.span, finding.message, finding.hint);
        }
        if faults.as_slice().is_empty() { Ok(()) } else { Err(faults) }
    }

    /// Conceals the values of a line that cannot be read, when it seems to hold a secret.
    fn conceal_line(&self, at: usize) {
        let at = self.text.floor_char_boundary(at);
        let (before, after) = self.text.split_at_checked(at).unwrap_or((self.text, ""));
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let end = at + after.find('\n').unwrap_or(after.len());
        let line = self.text.get(start..end).unwrap_or_default();
        if let Some(values) = line.find('=').filter(|_| names_a_secret(line)) {
            self.conceal(start + values + 1..end);
        }
    }

    fn note(&self, span: Range<usize>, kind: Kind, message: String, hint: Option<String>) {
        self.findings.borrow_mut().push(Finding { span, kind, message, hint });
    }
}

impl Finding {
    /// Whether the finding is more than the echo of a syntax fault: the parser guesses what it could not read.
    fn stands(&self, broken: &BTreeSet<usize>, line: usize) -> bool {
        match self.kind {
            Kind::Syntax => true,
            Kind::Value => broken.is_empty() || !(broken.contains(&line) || self.span.is_empty()),
            Kind::Shape => broken.is_empty(),
        }
    }
}

/// Whether a word in the name of a key, or in a line, says that its value is not to be shown.
pub(super) fn names_a_secret(text: &str) -> bool {
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
