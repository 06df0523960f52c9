//! Appraisal: what verified claims are worth to an app. Policy is data, every rule runs, and each reason is named.

pub mod expression;

mod policy;
mod reason;
mod remedy;
mod rules;
mod vector;

pub use policy::{
    AppAttestPolicy, Application, BindingPolicy, Concern, Decisions, KeyAttestationPolicy, Mode, Outage, PatchAges,
    Percent, PercentMalformed, PlayIntegrityPolicy, Policy, PolicyRevision, Presence, Restraint, RevisionMalformed,
    Signal, SignalsPolicy, Stance, StatusListPolicy,
};
pub use reason::{PlayDialog, Reason, Remedy};
pub use rules::{
    Appraisal, Bond, Bonds, BuiltIn, Circumstances, appraise, appraise_binding, appraise_part, built_in_rules,
    missing_key,
};
pub use vector::{Aspect, Tier, TrustVector, Worth};
