//! Keys that tell: those without which an app would be another.

use toml::{Table, Value};

use super::{Config, Document};
use crate::ids::AppName;
use crate::verifier::AppConfig;

/// Who the app is. The file cannot do without, and nothing would be usual.
const IDENTITY: [&str; 5] = ["name", "app_ids", "package_names", "package_name", "signer_digests"];

/// One key of an app, in the words of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// The table that it stands in, in brackets.
    pub section: String,
    /// The key.
    pub key: String,
    /// What the file says.
    pub value: String,
}

impl Document {
    /// The keys that make something else of an app than leaving them out would, its own first, then section by section. Rules are
    /// none of them.
    pub fn telling(&self, app: &AppName) -> Vec<Telling> {
        let Some((document, at)) = self.table().and_then(|table| place(&table, app).map(|at| (table, at))) else {
            return Vec::new();
        };
        let Ok(config) = self.config() else { return Vec::new() };
        let tells = |path: &[&str]| {
            let without = self.saying(&without(&document, at, path)).config();
            // What cannot be left out alone holds something else up that is told.
            without.map_or(true, |without| settled(&without, app) != settled(&config, app))
        };
        let mut telling: Vec<_> = keys(&document, at).filter(|(path, _)| tells(path)).collect();
        telling.sort_by_key(|(path, _)| path.len());
        telling.into_iter().map(|(path, value)| Telling::of(&path, value)).collect()
    }
}

impl Telling {
    fn of(path: &[&str], value: &Value) -> Self {
        let (section, key) = match path {
            [section, key] => (format!("[app.{section}]"), *key),
            _ => ("[[app]]".to_owned(), path.last().copied().unwrap_or_default()),
        };
        Self { section, key: key.to_owned(), value: value.to_string() }
    }
}

fn settled<'a>(config: &'a Config, app: &AppName) -> Option<&'a AppConfig> {
    config.verifier.apps.iter().find(|config| config.name == *app)
}

fn place(document: &Table, app: &AppName) -> Option<usize> {
    let named = |table: &Value| table.get("name").and_then(Value::as_str) == Some(app.as_str());
    document.get("app")?.as_array()?.iter().position(named)
}

/// Every key of the app that may be left out.
fn keys(document: &Table, at: usize) -> impl Iterator<Item = (Vec<&str>, &Value)> {
    let app = document.get("app").and_then(|apps| apps.get(at)).and_then(Value::as_table);
    let entries = app.into_iter().flatten().filter(|(key, _)| *key != "rule");
    let all = entries.flat_map(|(key, value)| match value {
        Value::Table(section) => section.iter().map(|(own, value)| (vec![key.as_str(), own], value)).collect(),
        value => vec![(vec![key.as_str()], value)],
    });
    all.filter(|(path, _)| !path.last().is_some_and(|key| IDENTITY.contains(key)))
}

fn without(document: &Table, at: usize, path: &[&str]) -> Table {
    let mut document = document.clone();
    if let Some((key, sections)) = path.split_last() {
        let app = document.get_mut("app").and_then(|apps| apps.get_mut(at));
        let section = sections.iter().try_fold(app, |table, section| Some(table?.get_mut(section))).flatten();
        section.and_then(Value::as_table_mut).map(|table| table.remove(*key));
    }
    document
}
