//! Faults: what is wrong with a configuration, each with its place.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::place::{Lines, Place};

/// How many faults are shown with their lines; nobody mends more at once.
const SHOWN: usize = 100;

/// Everything that is wrong with one configuration, in the order of the places.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults {
    file: String,
    text: String,
    faults: Vec<Fault>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, as it was named.
    pub file: String,
    /// Where in the file; `None` when it could not be read at all.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    span: Range<usize>,
}

impl Faults {
    /// The faults, in the order of their places.
    pub fn as_slice(&self) -> &[Fault] {
        &self.faults
    }

    /// Shows the faults with their lines of the file, for people. What looks like a secret is blotted out.
    pub fn render(&self, renderer: &Renderer) -> String {
        let shown = self.faults.iter().take(SHOWN).map(|fault| renderer.render(&[fault.as_group(&self.text)]));
        shown.collect::<Vec<_>>().join("\n\n")
    }

    /// A fault of the whole file: it cannot be read.
    pub(super) fn unreadable(file: String, message: String) -> Self {
        let fault = Fault { file: file.clone(), place: None, message, hint: None, span: 0..0 };
        Self { file, text: String::new(), faults: vec![fault] }
    }

    /// What was found in `text`, which must hold no secrets.
    pub(super) fn found_in(text: String, file: &str, findings: impl Iterator<Item = Finding>) -> Self {
        let lines = Lines::of(&text);
        let fault = |finding: Finding| finding.into_fault(file.to_owned(), &text, &lines);
        let mut faults = findings.map(fault).collect::<Vec<_>>();
        faults.sort_by(|one, other| (one.span.start, &one.message).cmp(&(other.span.start, &other.message)));
        Self { file: file.to_owned(), text, faults }
    }
}

/// A fault before its place is counted in lines.
pub(super) struct Finding {
    /// Where in the text.
    pub(super) span: Range<usize>,
    /// What is wrong.
    pub(super) message: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
}

impl Finding {
    fn into_fault(self, file: String, text: &str, lines: &Lines) -> Fault {
        let start = text.floor_char_boundary(self.span.start);
        let span = start..text.ceil_char_boundary(self.span.end).max(start);
        Fault { file, place: Some(lines.place(text, start)), message: self.message, hint: self.hint, span }
    }
}

impl Fault {
    fn as_group<'a>(&'a self, text: &'a str) -> Group<'a> {
        let title = Level::ERROR.primary_title(self.message.as_str());
        let group = match self.place {
            None => title.element(Origin::path(self.file.as_str())),
            Some(place) => title.element(self.as_snippet(text, place)),
        };
        group.elements(self.hint.as_deref().map(|hint| Level::HELP.message(hint)))
    }

    /// The lines that the fault lies on, and no others: a snippet costs what its source is long.
    fn as_snippet<'a>(&'a self, text: &'a str, place: Place) -> Snippet<'a, Annotation<'a>> {
        let Range { start, end } = self.span;
        let (before, after) = (text.get(..start).unwrap_or(text), text.get(end..).unwrap_or_default());
        let first = before.rfind('\n').map_or(0, |newline| newline + 1);
        let last = end + after.find('\n').unwrap_or(after.len());
        let lines = Snippet::source(text.get(first..last).unwrap_or_default()).line_start(place.line);
        lines.path(self.file.as_str()).annotation(AnnotationKind::Primary.span(start - first..end - first))
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.faults.iter().try_for_each(|fault| writeln!(out, "{fault}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:", self.file)?;
        if let Some(Place { line, column }) = self.place {
            write!(out, "{line}:{column}:")?;
        }
        write!(out, " {}", self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(out, "; {hint}"))
    }
}
