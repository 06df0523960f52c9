//! `bonafide policy`: what a configuration asks of devices, and what another one would change.

mod check;
mod owing;
mod table;
mod tally;

use std::path::PathBuf;

use super::CONFIG_FILE;
pub use check::report;
pub use tally::{PolicyRow, Report, Tally};

/// What can be asked about policies.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Say which policy each app of a configuration has, and which keys and rules make it another than a careful team would ship.
    ///
    /// Exit code 0: the file is sound; 1: it has faults; 2: it cannot be read.
    Check {
        /// The configuration file.
        #[arg(env = "BONAFIDE_CONFIG", default_value = CONFIG_FILE)]
        file: PathBuf,
    },
    /// Weigh what the store keeps under another configuration, and say what would change.
    ///
    /// Looks at the claims of every enrolled instance and at the last appraisals, under the configuration that runs and under the
    /// candidate. The store is read beside the service, which may be running, and nothing is written. Exit code 0: this is what
    /// would change; 1: more would get worse than --fail-on-worse allows; 2: it could not be rehearsed.
    Rehearse(Rehearse),
}

/// What is to be rehearsed.
#[derive(Debug, clap::Args)]
pub struct Rehearse {
    /// The configuration file that runs; it names the store.
    #[arg(long, short, env = "BONAFIDE_CONFIG", value_name = "FILE", default_value = CONFIG_FILE)]
    pub config: PathBuf,
    /// The configuration file that might take its place. Its store is not looked at.
    #[arg(long, value_name = "FILE")]
    pub candidate: PathBuf,
    /// How many of the last recorded appraisals to look at, unless all of them.
    #[arg(long, value_name = "N")]
    pub last: Option<u64>,
    /// Fail when more than this share would get worse, in percent: of the instances, or of the appraisals.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub fail_on_worse: Option<f64>,
    /// Write JSON.
    #[arg(long)]
    pub json: bool,
}

fn percent(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=100.0).contains(share));
    share.ok_or_else(|| "a share is a number from 0 to 100".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_number_from_0_to_100() {
        for (text, share) in [("0", 0.0), ("0.5", 0.5), ("100", 100.0)] {
            assert_eq!(percent(text).map(f64::to_bits), Ok(f64::to_bits(share)), "{text}");
        }
        for bad in ["", "-1", "100.1", "NaN", "inf", "5%"] {
            assert!(percent(bad).is_err(), "{bad}");
        }
    }
}
