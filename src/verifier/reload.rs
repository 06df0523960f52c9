//! The apps as they are configured now: another configuration takes their place as a whole, or not at all.

use std::collections::HashMap;
use std::sync::Arc;

use super::Verifier;
use super::app::App;
use super::config::AppConfig;
use super::fault::BuildFault;
use crate::ids::AppName;
use crate::upstream::IntegrityDecoder;

/// All apps of one configuration.
pub(super) type Apps = HashMap<AppName, Arc<App>>;

/// Who opens the integrity tokens of each app.
pub(super) type Decoders = HashMap<AppName, Arc<dyn IntegrityDecoder>>;

/// Makes apps ready.
pub(super) fn built(apps: Vec<AppConfig>, decoders: &Decoders) -> Result<Apps, BuildFault> {
    let built = apps.into_iter().map(|app| {
        let decoder = decoders.get(&app.name).map(Arc::clone);
        Ok((app.name.clone(), Arc::new(App::build(app, decoder)?)))
    });
    built.collect()
}

impl Verifier {
    /// Puts another configuration of the apps in force, all of it at once. Calls that have begun end under the former one; every
    /// verdict that was weighed under it is weighed again. Whoever opens integrity tokens stays: an app that was not there at
    /// the start has nobody but its own keys.
    ///
    /// A fault leaves everything as it was.
    pub fn reload(&self, apps: Vec<AppConfig>) -> Result<(), BuildFault> {
        let apps = built(apps, &self.decoders)?;
        self.apps.store(Arc::new(apps));
        self.cache.end_era();
        Ok(())
    }
}
