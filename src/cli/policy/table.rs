//! A rehearsal for people.

use super::tally::{PolicyRow, ReasonRow, Report, Sums};
use crate::cli::screen::{STRONG, styled};
use crate::verifier::Outcome;

const RULE_COLUMNS: [&str; 8] =
    ["app", "platform", "rule", "found", "not found", "weighed otherwise", "tier worse", "tier better"];

impl Report {
    /// The report as tables. Styled.
    pub fn shown(&self) -> String {
        let mut text = String::new();
        text.extend(self.policies.iter().map(policy));
        match self.status_list_fetched_at {
            Some(at) => text += &format!("status list of {at}\n"),
            None => text += "no status list is kept\n",
        }
        for (name, sums) in [("instances", &self.instances), ("appraisals", &self.appraisals)] {
            text += &format!("\n{}: {}\n", styled(STRONG, name), summary(sums));
            text += &aligned(&moves(sums));
            text += &aligned(&reasons(sums));
        }
        text
    }
}

fn policy(row: &PolicyRow) -> String {
    let PolicyRow { app, running, candidate, request_rules, binding_differs } = row;
    let [running, candidate] = [running, candidate].map(|one| one.as_deref().unwrap_or("(no such app)"));
    let mut text = format!("{} policy {running} -> {candidate}\n", styled(STRONG, app));
    if !request_rules.is_empty() {
        let (count, names) = (request_rules.len(), request_rules.join(", "));
        text += &format!("  rules that look at requests are not rehearsed: {count} ({names})\n");
    }
    if *binding_differs {
        text += "  [app.binding] differs, which is not rehearsed\n";
    }
    text
}

fn summary(sums: &Sums) -> String {
    let Sums { looked_at, unknown, tier_changed, decision_changed, worse, better, .. } = sums;
    let share = sums.worse_share();
    let rest = if *unknown == 0 { String::new() } else { format!("; {unknown} more are of apps that neither knows") };
    format!(
        "{looked_at} looked at, {tier_changed} change tier, {decision_changed} change decision, \
         {worse} get worse ({share:.1} %), {better} get better{rest}"
    )
}

fn moves(sums: &Sums) -> Vec<Vec<String>> {
    let rows = sums.moves.iter().map(|row| {
        let (app, platform) = (row.app.to_string(), row.platform.name().to_owned());
        vec![app, platform, standing(row.from), "->".to_owned(), standing(row.to), row.count.to_string()]
    });
    rows.collect()
}

fn standing(standing: Option<Outcome>) -> String {
    standing.map_or_else(|| "no verdict".to_owned(), |one| format!("{}, {}", one.decision.name(), one.tier.name()))
}

/// What each rule changes, under a line that says what the columns count; nothing where no rule does.
fn reasons(sums: &Sums) -> Vec<Vec<String>> {
    let rows = sums.reasons.iter().map(|row| {
        let ReasonRow { newly_found, no_longer_found, weighed_otherwise, tier_worse, tier_better, .. } = row;
        let counts = [
            format!("+{newly_found}"),
            format!("-{no_longer_found}"),
            weighed_otherwise.to_string(),
            tier_worse.to_string(),
            tier_better.to_string(),
        ];
        [vec![row.app.to_string(), row.platform.name().to_owned(), row.code.clone()], counts.to_vec()].concat()
    });
    let heading = (!sums.reasons.is_empty()).then(|| RULE_COLUMNS.map(str::to_owned).to_vec());
    heading.into_iter().chain(rows).collect()
}

/// Rows in columns, each as wide as its widest cell.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(String::len).max().unwrap_or(0);
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(at, cell)| format!("{cell:<width$}", width = width(at)));
        format!("  {}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
