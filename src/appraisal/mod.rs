//! Appraisal: what verified claims are worth to an app. Policy is data, every rule runs, and each reason is named.

pub mod expression;

mod policy;
mod reason;
mod remedy;
mod rules;
mod vector;

pub use policy::{
    AppAttestPolicy, BindingPolicy, KeyAttestationPolicy, Outage, PatchAges, PlayIntegrityPolicy, Policy,
    PolicyRevision, Presence, RevisionMalformed, Signal, SignalsPolicy, Stance, StatusListPolicy,
};
pub use reason::{PlayDialog, Reason, Remedy};
pub use rules::{Appraisal, Bond, Bonds, Circumstances, appraise, appraise_binding, appraise_part, missing_key};
pub use vector::{Tier, TrustVector, Worth};
