//! `bonafide policy rehearse`: what the store keeps, weighed under another configuration.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use tokio::runtime::Builder;

use crate::cli::policy::{PolicyRow, Rehearse, Report, Tally};
use crate::cli::{Finding, screen};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, Faults};
use crate::store::{Records, StoreFault, StoreReader, read_only};
use crate::time::Timestamp;
use crate::verdict::Subject;
use crate::verifier::Rehearsal;

/// How many records are in memory at a time.
const PAGE: u32 = 500;

/// Weighs what the store keeps under both configurations and prints what would change. Exit code 0, or 1 when more would get worse
/// than is allowed.
pub fn rehearse(args: &Rehearse) -> anyhow::Result<ExitCode> {
    let (running, candidate) = match both(&args.config, &args.candidate) {
        Ok(both) => both,
        Err(faults) => return Ok(screen::refuse(&config::check::refusal(&faults))?),
    };
    let Some(reader) = read_only(&running.store)? else {
        screen::print("the store is memory, which keeps nothing: there is nothing to rehearse\n")?;
        return Ok(ExitCode::SUCCESS);
    };
    let runtime = Builder::new_current_thread().build().context("the runtime does not start")?;
    let last = args.last.unwrap_or(u64::MAX);
    let report = runtime.block_on(rehearsed(&reader, (running, candidate), last, SystemClock.now()))?;
    if args.json {
        screen::print_json(&report)?;
    } else {
        screen::print(&report.shown())?;
    }
    let fails = args.fail_on_worse.is_some_and(|percent| report.is_worse_than(percent));
    Ok(if fails { Finding::Fails } else { Finding::Holds }.into())
}

fn both(running: &Path, candidate: &Path) -> Result<(Config, Config), Faults> {
    Ok((Config::load(running)?, Config::load(candidate)?))
}

async fn rehearsed(
    reader: &StoreReader,
    (running, candidate): (Config, Config),
    last: u64,
    now: Timestamp,
) -> anyhow::Result<Report> {
    let list = reader.status_list().await?;
    let rehearsal = Rehearsal::build(running.verifier.apps, candidate.verifier.apps, list.as_ref())?;
    let policies = rehearsal.policies().into_iter().map(|(app, policies)| PolicyRow::of(app, &policies));
    Ok(Report {
        policies: policies.collect(),
        status_list_fetched_at: list.map(|list| list.fetched_at),
        instances: instances(reader, &rehearsal, now).await?.sums(),
        appraisals: appraisals(reader, &rehearsal, last).await?.sums(),
    })
}

/// All instances, as they are known now.
async fn instances(records: &dyn Records, rehearsal: &Rehearsal, now: Timestamp) -> Result<Tally, StoreFault> {
    let (mut tally, mut after) = (Tally::default(), None);
    loop {
        let page = records.claims_after(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(tally) };
        after = Some(last.instance);
        for kept in &page {
            tally.count(&kept.app, &rehearsal.weigh(&kept.app, Subject::Instance(kept.instance), &kept.claims, now));
        }
    }
}

/// The last appraisals, each as of its own time.
async fn appraisals(records: &dyn Records, rehearsal: &Rehearsal, mut left: u64) -> Result<Tally, StoreFault> {
    let (mut tally, mut before) = (Tally::default(), None);
    while left > 0 {
        let page = records.appraisals_before(before, u32::try_from(left).unwrap_or(PAGE).min(PAGE)).await?;
        let Some(last) = page.last() else { break };
        before = Some(last.number);
        left = left.saturating_sub(u64::try_from(page.len()).unwrap_or(u64::MAX));
        for numbered in &page {
            let kept = &numbered.appraisal;
            tally.count(&kept.app, &rehearsal.weigh(&kept.app, numbered.subject(), &kept.claims, kept.at));
        }
    }
    Ok(tally)
}
