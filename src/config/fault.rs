//! Faults: what is wrong with a configuration, each with its place.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

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

/// A place in a text; both numbers start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, counted in characters.
    pub column: usize,
}

impl Faults {
    /// The faults, in the order of their places.
    pub fn as_slice(&self) -> &[Fault] {
        &self.faults
    }

    /// Shows every fault with its line of the file, for people. What looks like a secret is blotted out.
    pub fn render(&self, renderer: &Renderer) -> String {
        let shown = self.faults.iter().map(|fault| renderer.render(&[fault.as_group(&self.text)]));
        shown.collect::<Vec<_>>().join("\n\n")
    }

    /// A fault of the whole file: it cannot be read.
    pub(super) fn unreadable(file: String, message: String) -> Self {
        let fault = Fault { file: file.clone(), place: None, message, hint: None, span: 0..0 };
        Self { file, text: String::new(), faults: vec![fault] }
    }

    /// No faults yet in `text`, which must hold no secrets.
    pub(super) const fn none_in(text: String, file: String) -> Self {
        Self { file, text, faults: Vec::new() }
    }

    /// Adds a fault, keeping the order.
    pub(super) fn add(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        let span = on_characters(&self.text, span);
        let place = Some(Place::of(&self.text, span.start));
        let fault = Fault { file: self.file.clone(), place, message, hint, span };
        let after = |earlier: &Fault| (earlier.span.start, &earlier.message) <= (fault.span.start, &fault.message);
        let at = self.faults.partition_point(after);
        self.faults.insert(at, fault);
    }
}

impl Fault {
    fn as_group<'a>(&'a self, text: &'a str) -> Group<'a> {
        let title = Level::ERROR.primary_title(self.message.as_str());
        let group = match self.place {
            None => title.element(Origin::path(self.file.as_str())),
            Some(_) => {
                let here = AnnotationKind::Primary.span(self.span.clone());
                title.element(Snippet::source(text).path(self.file.as_str()).annotation(here))
            }
        };
        group.elements(self.hint.as_deref().map(|hint| Level::HELP.message(hint)))
    }
}

impl Place {
    /// The place of the byte `at` of `text`.
    pub(super) fn of(text: &str, at: usize) -> Self {
        let before = text.get(..at).unwrap_or(text);
        let (lines, last) = before.rsplit_once('\n').unwrap_or(("", before));
        let line = if before.contains('\n') { lines.matches('\n').count() + 2 } else { 1 };
        Self { line, column: last.chars().count() + 1 }
    }
}

/// The span, cut and widened so that it starts and ends between two characters of the text.
fn on_characters(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    start..text.ceil_char_boundary(span.end).max(start)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        let text = "a\nüb\n\nc";
        let places = [0, 1, 2, 4, 5, 6, 7, 8, 99].map(|at| Place::of(text, at)).map(|at| (at.line, at.column));
        assert_eq!(places, [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 1), (4, 1), (4, 2), (4, 2)]);
    }
}
