//! What is kept in memory between calls. The store remains the truth: losing any of this costs time alone.

mod known;
mod lease;
mod tokens;
mod verdicts;
mod withdrawals;

pub use known::{InstanceCache, KnownInstance};
pub use lease::{LEASE, Lease};
pub use tokens::{KnownToken, TokenCache};
pub use verdicts::{Era, Grounded, VerdictCache};
pub use withdrawals::{Withdrawal, WithdrawalCache};
