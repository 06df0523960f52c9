//! `config check`: what is to be said about a configuration file.

use std::path::Path;

use annotate_snippets::Renderer;

use super::{Config, Faults};
use crate::store::StoreConfig;

/// Says what a configuration amounts to, or everything that is wrong with it.
///
/// Both texts are styled: print them through anstream, which takes the styles away where there is no terminal.
pub fn report(path: &Path) -> Result<String, String> {
    let config = Config::load(path).map_err(|faults| refusal(&faults))?;
    let warnings = config.warnings().into_iter().map(|warning| format!("warning: {warning}\n")).collect::<String>();
    Ok(format!("{warnings}{} is sound: {}\n", path.display(), summary(&config)))
}

/// Everything that is wrong with a configuration, each fault with its line. Styled as well.
pub fn refusal(faults: &Faults) -> String {
    let count = faults.as_slice().len();
    let shown = faults.render(&Renderer::styled());
    format!("{shown}\n\n{count} fault{}\n", if count == 1 { "" } else { "s" })
}

fn summary(config: &Config) -> String {
    let transport = if config.grpc.tls.is_some() { "TLS" } else { "plaintext" };
    let store = match &config.store {
        StoreConfig::Sqlite { path } => path.display().to_string(),
        StoreConfig::Memory => "memory".to_owned(),
    };
    let apps = config.verifier.apps.iter().map(|app| app.name.as_str()).collect::<Vec<_>>().join(", ");
    let callers = config.grpc.callers.iter().map(|key| key.caller.name.as_str()).collect::<Vec<_>>().join(", ");
    let callers = if callers.is_empty() { "none" } else { callers.as_str() };
    format!("{transport} on {}, store {store}, apps {apps}, callers {callers}", config.grpc.listen)
}
