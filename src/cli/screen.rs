//! The one place that writes to the terminal.
//!
//! Colour is for terminals only, and `NO_COLOR` is honoured; anstream sees to both. What strangers wrote goes through
//! [`plain`] first, so that it cannot move the cursor, change the title or turn the reading direction (F12).

use std::fmt::{self, Write as _};
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

/// For what holds.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// For what does not hold.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// For what was not looked at.
pub const FAINT: Style = Style::new().dimmed();
/// For headings and names.
pub const STRONG: Style = Style::new().bold();

/// Writes a finished text to standard output. A reader that has gone away is no fault.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a finding as one JSON document to standard output.
pub fn print_json(document: &impl serde::Serialize) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document)?;
    print(&format!("{text}\n"))
}

/// Writes why a command could not do its work. Nobody is left to tell when this cannot be written either.
pub fn complain(error: &anyhow::Error) {
    let text = plain(&format!("{error:#}"));
    let _ = writeln!(anstream::stderr().lock(), "{BAD}error{BAD:#}: {text}");
}

/// Writes at length why a command could not do its work, and gives the exit code that says so.
pub fn refuse(text: &str) -> io::Result<ExitCode> {
    anstream::stderr().lock().write_all(text.as_bytes())?;
    Ok(ExitCode::from(2))
}

/// The text in a style, and plain again after it.
pub fn styled(style: Style, text: impl fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The text with every character that a terminal would act on, or that hides or turns others, written as `\u{…}`.
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            hidden if acts(hidden) => _ = write!(shown, "\\u{{{:x}}}", u32::from(hidden)),
            visible => shown.push(visible),
        }
    }
    shown
}

/// Controls (C0, DEL, C1), line separators, and format characters: direction marks, zero widths, tags.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f12_nothing_that_a_terminal_acts_on_stays() {
        let hostile = "a\u{1b}[2J\u{9b}31m\r\n\u{7f}\u{202e}b\u{200b}\u{e0041}";
        let shown = plain(hostile);
        assert_eq!(shown, "a\\u{1b}[2J\\u{9b}31m\\u{d}\\u{a}\\u{7f}\\u{202e}b\\u{200b}\\u{e0041}");
        assert!(!shown.chars().any(acts));
    }

    #[test]
    fn readable_text_stays_as_it_is() {
        let text = "CN=Größe 東京, O=\"A\\B\"";
        assert_eq!(plain(text), text);
    }
}
