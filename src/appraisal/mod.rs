//! Appraisal: what verified claims are worth to an app. Policy is data, every rule runs, and each reason is named.

pub mod expression;

mod facts;
#[cfg(test)]
mod fixture;
mod policy;
mod reason;
mod remedy;
mod rules;
mod standing;
mod vector;

pub use facts::{FactNames, Request};
pub use policy::{
    AppAttestPolicy, Application, BindingPolicy, Concern, Condition, Decisions, KeyAttestationPolicy, Mode, Outage,
    OwnCode, OwnRule, PatchAges, Percent, PercentMalformed, PlayIntegrityPolicy, Policy, PolicyRevision, Presence,
    Restraint, RevisionMalformed, RuleNameMalformed, Signal, SignalsPolicy, Stance, StatusListPolicy,
};
pub use reason::{PlayDialog, Reason, Remedy};
pub use rules::{
    Appraisal, Bond, Bonds, BuiltIn, Circumstances, appraise, appraise_binding, appraise_part, appraise_request,
    built_in_rules, missing_key,
};
pub use standing::Standing;
pub use vector::{Aspect, Tier, TrustVector, Worth};
