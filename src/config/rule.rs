//! `[[app.rule]]`: how built-in rules apply to an app, and the rules of its own.

use std::collections::BTreeMap;

use super::entry::{Entry, refuse_repeats};
use super::row;
use super::section::Section;
use crate::appraisal::{
    Application, Aspect, BuiltIn, Concern, Condition, Mode, OwnCode, OwnRule, Percent, PlayDialog, Remedy, Stance,
    built_in_rules,
};
use crate::wire::nearest::nearest;

/// The most rules of an app's own.
const RULES: usize = 64;
/// The longest text of a rule, in characters.
const TEXT: usize = 200;

static MODES: [(&str, Mode); 3] = [("enforce", Mode::Enforce), ("report", Mode::Report), ("off", Mode::Off)];
static TIERS: [(&str, Concern); 2] = [("warning", Concern::Warning), ("contraindicated", Concern::Contraindicated)];
static ASPECTS: [(&str, Aspect); 5] = [
    ("instance-identity", Aspect::InstanceIdentity),
    ("configuration", Aspect::Configuration),
    ("executables", Aspect::Executables),
    ("hardware", Aspect::Hardware),
    ("storage-opaque", Aspect::StorageOpaque),
];
static REMEDIES: [(&str, Remedy); 11] = [
    ("none", Remedy::None),
    ("retry_now", Remedy::RetryNow),
    ("new_challenge", Remedy::NewChallenge),
    ("re_enrol", Remedy::ReEnrol),
    ("update_app", Remedy::UpdateApp),
    ("update_os", Remedy::UpdateOs),
    ("contact_support", Remedy::ContactSupport),
    ("play_get_licensed", Remedy::ShowPlayDialog(PlayDialog::GetLicensed)),
    ("play_close_unknown_access_risk", Remedy::ShowPlayDialog(PlayDialog::CloseUnknownAccessRisk)),
    ("play_close_all_access_risk", Remedy::ShowPlayDialog(PlayDialog::CloseAllAccessRisk)),
    ("play_get_integrity", Remedy::ShowPlayDialog(PlayDialog::GetIntegrity)),
];

/// What an app says about rules.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) applications: BTreeMap<String, Application>,
    pub(super) own: Vec<OwnRule>,
}

impl Rules {
    /// What a row has a built-in rule make of its finding, where it says so.
    pub(super) fn stance(&self, code: &str) -> Option<Stance> {
        self.applications.get(code)?.tier.map(|tier| match tier {
            Concern::Warning => Stance::StepUp,
            Concern::Contraindicated => Stance::Deny,
        })
    }
}

/// One row, as far as it could be read.
enum Row {
    BuiltIn(String, Application),
    Own(OwnRule),
}

/// Reads all rules of an app that takes evidence of these formats.
pub(super) fn read(sections: Vec<Section<'_>>, formats: &[&str]) -> Rules {
    let built_in = built_in_rules();
    let mut rules = Rules::default();
    let mut names = Vec::new();
    for mut section in sections {
        let Some((entry, name)) = section.required("name").and_then(|entry| Some((entry, entry.text()?))) else {
            continue;
        };
        names.push((entry, name));
        match read_one(section, (entry, name), &built_in, formats) {
            Some(Row::BuiltIn(code, application)) => _ = rules.applications.insert(code, application),
            Some(Row::Own(_)) if rules.own.len() == RULES => {
                entry.refuse::<()>(format!("an app may have {RULES} rules of its own"));
            }
            Some(Row::Own(rule)) => rules.own.push(rule),
            None => {}
        }
    }
    refuse_repeats(&names, "rule");
    rules
}

fn read_one(
    mut section: Section<'_>,
    (entry, name): (Entry<'_>, &str),
    built_in: &[BuiltIn],
    formats: &[&str],
) -> Option<Row> {
    let own = ["when", "claim"].iter().any(|key| section.entry(key).is_some());
    let row = match built_in.iter().find(|rule| rule.code == name) {
        Some(_) if own => return entry.refuse("this rule is built in, and takes mode, percent and tier alone"),
        Some(rule) => application(&mut section, rule).map(|application| Row::BuiltIn(name.to_owned(), application)),
        None if own => own_rule(&mut section, (entry, name), formats).map(Row::Own),
        None => return unknown(entry, name, built_in),
    };
    section.finish();
    row
}

fn unknown<T>(entry: Entry<'_>, name: &str, built_in: &[BuiltIn]) -> Option<T> {
    let meant = nearest(name, built_in.iter().map(|rule| rule.code.as_str()));
    let hint = meant.map_or_else(
        || "a rule of the app's own has `when`, or `claim` and `is`".to_owned(),
        |meant| format!("did you mean {meant:?}?"),
    );
    entry.refuse_with(format!("no built-in rule is named {name:?}"), Some(hint))
}

/// Reads how a built-in rule applies.
fn application(section: &mut Section<'_>, rule: &BuiltIn) -> Option<Application> {
    if rule.is_firm {
        return firm_application(section, &rule.code);
    }
    let (mode, percent) = rollout(section);
    let tier = section.entry("tier").and_then(|entry| entry.one_of(&TIERS));
    Some(Application { mode, percent, tier })
}

/// A rule that always counts can only be made to count for more.
fn firm_application(section: &mut Section<'_>, code: &str) -> Option<Application> {
    let message = format!("{code} counts for everybody; the one change it takes is tier = \"contraindicated\"");
    let rollout = ["mode", "percent"].map(|key| section.entry(key));
    let tier = section.entry("tier").and_then(|entry| Some((entry, entry.one_of(&TIERS)?)));
    let weaker = tier.filter(|(_, tier)| *tier == Concern::Warning).map(|(entry, _)| entry);
    match rollout.into_iter().chain([weaker]).flatten().next() {
        Some(entry) => entry.refuse(message),
        None => Some(Application { tier: tier.map(|(_, tier)| tier), ..Application::USUAL }),
    }
}

fn rollout(section: &mut Section<'_>) -> (Mode, Percent) {
    let mode = section.read("mode", |entry| entry.one_of(&MODES), Mode::Enforce);
    let percent = section.entry("percent").and_then(|entry| match mode {
        Mode::Enforce => entry.integer(1..=100).and_then(|number| Percent::try_from(u8::try_from(number).ok()?).ok()),
        Mode::Report | Mode::Off => entry.refuse("this has no meaning unless mode = \"enforce\""),
    });
    (mode, percent.unwrap_or(Percent::ALL))
}

fn own_rule(section: &mut Section<'_>, (entry, name): (Entry<'_>, &str), formats: &[&str]) -> Option<OwnRule> {
    let code = OwnCode::of(name).map_err(|fault| entry.refuse::<()>(fault.to_string())).ok();
    let when = condition(section, formats);
    let (mode, percent) = rollout(section);
    let tier = section.required("tier").and_then(|entry| entry.one_of(&TIERS));
    let effect = section.read("effect", |entry| entry.one_of(&ASPECTS), Aspect::Configuration);
    let remedy = section.read("remedy", |entry| entry.one_of(&REMEDIES), Remedy::None);
    let usual = || format!("the rule {name} of this app has found something");
    let text = section.entry("text").map_or_else(|| Some(usual()), text);
    Some(OwnRule { code: code?, when: when?, tier: tier?, effect, remedy, text: text?, mode, percent })
}

fn condition(section: &mut Section<'_>, formats: &[&str]) -> Option<Condition> {
    let (when, row) = (section.entry("when"), row::read(section));
    let (entry, condition) = match (when, row) {
        (Some(when), None) => (when, expression(when)?),
        (Some(when), Some(_)) => return when.refuse("a rule has `when` or `claim`, not both"),
        (None, row) => row??,
    };
    let foreign = condition.needs().find(|format| !formats.contains(format));
    match foreign {
        Some(format) => entry.refuse(format!("the app takes no evidence of {format}, so this is never looked at")),
        None => Some(condition),
    }
}

fn expression(entry: Entry<'_>) -> Option<Condition> {
    let text = entry.text()?;
    text.parse().map_err(|fault| entry.refuse_part::<()>(&fault)).ok()
}

fn text(entry: Entry<'_>) -> Option<String> {
    let text = entry.text()?;
    let plain = !text.is_empty() && text.chars().count() <= TEXT && !text.chars().any(char::is_control);
    if plain { Some(text.to_owned()) } else { entry.refuse(format!("expected 1 to {TEXT} characters on one line")) }
}
