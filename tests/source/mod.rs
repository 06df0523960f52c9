//! The sources of this repository, as the tests of its shape read them.

use std::fs;
use std::path::{Path, PathBuf};

/// A Rust file. All three texts have the same length, so that an offset means the same place in each.
pub(crate) struct Source {
    /// Seen from the root of the repository, with slashes.
    pub(crate) path: String,
    /// As it is.
    pub(crate) text: String,
    /// Comments and the contents of literals are blanks.
    pub(crate) code: String,
    /// What `#[cfg(test)]` takes out of the product is blanks as well.
    pub(crate) product: String,
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file with this extension below these folders.
pub(crate) fn files(folders: &[&str], extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Every Rust file below these folders.
pub(crate) fn sources(folders: &[&str]) -> Vec<Source> {
    files(folders, "rs").iter().map(|path| Source::read(path)).collect()
}

/// What a reader who builds the program gets: files under `src/` that are not tests alone.
pub(crate) fn product() -> Vec<Source> {
    let mut sources = sources(&["src"]);
    let tests: Vec<String> = sources.iter().flat_map(test_modules).collect();
    let is_test = |path: &str| {
        tests.iter().any(|module| path.starts_with(&format!("{module}/")) || path == format!("{module}.rs"))
    };
    sources.retain(|source| !is_test(&source.path));
    sources
}

impl Source {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a text");
        let path = path.strip_prefix(root()).expect("inside").to_string_lossy().replace('\\', "/");
        let code = without_literals(&text);
        let product = without_tests(&code);
        Self { path, text, code, product }
    }

    /// The line of an offset, from one.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.text[..offset].matches('\n').count() + 1
    }

    /// Every place where one of these words stands before a name: the word's offset, and the name.
    pub(crate) fn declarations(&self, words: &[&str]) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for word in words {
            for (at, _) in self.code.match_indices(&format!("{word} ")) {
                let name: String = self.code[at + word.len() + 1..].chars().take_while(|next| is_word(*next)).collect();
                if !self.code[..at].ends_with(is_word) && !name.is_empty() {
                    found.push((at, name));
                }
            }
        }
        found
    }
}

/// Whether a character can be a part of a name.
pub(crate) fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// Where the body of the item at `from` opens, or where the item ends without one: the types before may hold semicolons.
pub(crate) fn body(code: &str, from: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'{' | b';' if depth == 0 => return at,
            _ => {}
        }
    }
    code.len()
}

/// The offset after the bracket that closes the first one at or after `from`.
pub(crate) fn closing(code: &str, from: usize) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// Where the modules live that only tests have: `src/store/suite` for `#[cfg(test)] mod suite;` in `src/store/mod.rs`.
fn test_modules(source: &Source) -> Vec<String> {
    let folder = source.path.trim_end_matches("mod.rs").trim_end_matches("lib.rs").trim_end_matches(".rs");
    let folder = folder.trim_end_matches('/');
    let declared = |(at, _): (usize, &str)| {
        let item = source.code[at..].split([';', '{']).next()?;
        let name = item.split_once("mod ")?.1.trim();
        source.code[at + item.len()..].starts_with(';').then(|| format!("{folder}/{name}"))
    };
    source.code.match_indices("#[cfg(test)]").filter_map(declared).collect()
}

fn without_tests(code: &str) -> String {
    let mut bytes = code.as_bytes().to_vec();
    for (at, _) in code.match_indices("#[cfg(test)]") {
        let opening = body(code, at);
        let end = if code[opening..].starts_with('{') { closing(code, opening) } else { opening + 1 };
        blank(&mut bytes, at, end);
    }
    String::from_utf8(bytes).expect("only whole characters were blanked")
}

fn without_literals(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    while at < text.len() {
        let end = literal(text.as_bytes(), at);
        blank(&mut bytes, at, end);
        at = end.max(at + 1);
    }
    String::from_utf8(bytes).expect("only whole characters were blanked")
}

fn blank(bytes: &mut [u8], from: usize, to: usize) {
    bytes[from..to].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

/// The end of the comment or literal that starts at `at`; `at` itself when none does.
fn literal(text: &[u8], at: usize) -> usize {
    let after = |pattern: &[u8], from: usize| {
        let found = text[from..].windows(pattern.len()).position(|window| window == pattern);
        found.map_or(text.len(), |found| from + found + pattern.len())
    };
    let in_word = at > 0 && is_word(char::from(text[at - 1])) && text[at - 1] != b'b';
    match &text[at..] {
        [b'/', b'/', ..] => after(b"\n", at) - 1,
        [b'/', b'*', ..] => after(b"*/", at),
        [b'r', rest @ ..] if !in_word => {
            let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
            let closing = [b"\"".as_slice(), &b"#".repeat(hashes)].concat();
            if rest.get(hashes) == Some(&b'"') { after(&closing, at + hashes + 2) } else { at }
        }
        [b'"', ..] => string_end(text, at + 1, b'"'),
        [b'\'', b'\\', ..] => string_end(text, at + 1, b'\''),
        [b'\'', first, ..] => {
            let width =
                [1, 2, 3, 4][usize::from(*first >= 0xC0) + usize::from(*first >= 0xE0) + usize::from(*first >= 0xF0)];
            if text.get(at + 1 + width) == Some(&b'\'') { at + width + 2 } else { at }
        }
        _ => at,
    }
}

/// The offset after the quote that ends what started before `from`; a backslash hides what follows it.
fn string_end(text: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            _ if *byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}
