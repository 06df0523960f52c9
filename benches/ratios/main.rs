//! The promises of `docs/performance.md`, each as a ratio against a baseline in the same run: `cargo bench --bench ratios`.
//!
//! The two sides of a ratio are run in turns, so that what else the machine does falls on both. Words on the command line
//! choose the ratios whose name contains one of them. Exit code 1 when a promise is not held.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a bench stops at a surprise")]

mod appraisal;
mod checks;
mod gathering;
mod integrity;
mod key_attestation;
mod memory;
mod paired;
mod phones;
mod prepared;
mod raw;
mod service;
mod store;
mod verification;

use std::process::ExitCode;

use paired::Ratio;

/// A promise: its name, and how it is measured.
type Promise = (&'static str, fn() -> Ratio);

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
    println!("{:<58} {:>12} {:>12} {:>8}  limit", "ratio", "measured", "baseline", "ratio");
    let all: [Promise; 22] = [
        // First, while nothing lies about in the heap that a cache could take up again.
        ("memory of a cached verdict, iPhone", memory::apple),
        ("memory of a cached verdict, Android", memory::android),
        ("memory of a cached verdict, Android with its claims", memory::android_with_claims),
        ("attestation, first under its intermediate", verification::first_attestation),
        ("attestation, intermediate known", verification::next_attestation),
        ("assertion", verification::assertion),
        ("factory chain, from scratch", key_attestation::first_factory_chain),
        ("factory chain, issuers known", key_attestation::next_factory_chain),
        ("remote chain, from scratch", key_attestation::first_remote_chain),
        ("remote chain, authorities known", key_attestation::next_remote_chain),
        ("assertion by an Android key", key_attestation::assertion),
        ("classic integrity token", integrity::classic_token),
        ("appraisal of an Android phone, default rules", appraisal::by_default_rules),
        ("appraisal of an Android phone, ten rules in CEL as well", appraisal::by_ten_own_rules_too),
        ("store advance, 64 in flight against 1", store::advance),
        ("CheckVerdict by instance against an empty unary call", checks::by_instance),
        ("CheckVerdict by token against an empty unary call", checks::by_token),
        ("ext_authz Check against an empty unary call", checks::ext_authz),
        ("p99 of CheckVerdict by instance against an empty call's", checks::by_instance_p99),
        ("p99 of CheckVerdict by token against an empty call's", checks::by_token_p99),
        ("p99 of ext_authz Check against an empty call's", checks::ext_authz_p99),
        ("durable Assert against a store in memory", service::durable_assert),
    ];
    let mut exit = ExitCode::SUCCESS;
    for (name, measure) in all.into_iter().filter(|(name, _)| is_wanted(name)) {
        let ratio = measure();
        println!("{name:<58} {ratio}");
        if !ratio.is_held() {
            exit = ExitCode::FAILURE;
        }
    }
    exit
}
