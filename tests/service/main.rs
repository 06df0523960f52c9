//! The real service on loopback, with the embedded store and software phones: what relying parties and attackers see.

mod assertions;
mod callers;
mod checks;
mod enrolment;
mod harness;
mod lifecycle;
mod limits;
