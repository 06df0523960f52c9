//! The apps as they are configured now: another configuration takes their place as a whole, or not at all.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Verifier;
use super::app::App;
use super::config::AppConfig;
use super::fault::BuildFault;
use crate::appraisal::PolicyRevision;
use crate::ids::AppName;
use crate::upstream::IntegrityDecoder;

/// All apps of one configuration.
pub(super) type Apps = HashMap<AppName, Arc<App>>;

/// Makes apps ready.
pub(super) fn built(apps: Vec<AppConfig>, decoder: Option<&Arc<dyn IntegrityDecoder>>) -> Result<Apps, BuildFault> {
    let built = apps.into_iter().map(|app| Ok((app.name.clone(), Arc::new(App::build(app, decoder.map(Arc::clone))?))));
    built.collect()
}

/// How many rules of all apps do not count for everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RulesAside {
    /// How many report, for some instances or for all.
    pub reporting: usize,
    /// How many are off.
    pub off: usize,
}

impl Verifier {
    /// How many rules do not count for everybody, as the apps are configured now.
    pub fn rules_aside(&self) -> RulesAside {
        self.apps.load().values().map(|app| app.policy()).fold(RulesAside::default(), |sum, policy| RulesAside {
            reporting: sum.reporting + policy.reporting_rules().len(),
            off: sum.off + policy.silent_rules().len(),
        })
    }

    /// Puts another configuration of the apps in force, all of it at once. Calls that have begun end under the former one; every
    /// verdict that was weighed under it is weighed again. Whoever opens integrity tokens stays, and does so for apps that are new.
    /// An app that is gone is unknown from then on; its instances stay in the store.
    ///
    /// A fault leaves everything as it was.
    pub fn reload(&self, apps: Vec<AppConfig>) -> Result<(), BuildFault> {
        let apps = built(apps, self.decoder.as_ref())?;
        self.apps.store(Arc::new(apps));
        self.cache.end_era();
        Ok(())
    }

    /// The policy that is in force for each app, in the order of their names.
    pub fn policies(&self) -> BTreeMap<AppName, PolicyRevision> {
        self.apps.load().values().map(|app| (app.name.clone(), app.revision())).collect()
    }
}
