//! `bonafide lab`: what others do, for tests.

use std::net::SocketAddr;
use std::path::PathBuf;

/// The parts that can be played.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Play Google on this machine: access tokens, the decoding of integrity tokens, the status list and the roots.
    ///
    /// Says where it listens and what a service that is to use it has to be told, and goes on until SIGTERM or SIGINT. It is
    /// steered over HTTP; docs/lab.md says how. Nothing that it states is worth anything. Exit code 0: it was stopped; 2: it
    /// could not start.
    Google(Google),
}

/// What a fake Google starts with.
#[derive(Debug, clap::Args)]
pub struct Google {
    /// Where to listen: an address of this machine alone. Port 0 asks for a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// The folder to write the key file of the service account to. It is made when it is not there.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// A package that is linked to the service account's project. Repeat for each.
    #[arg(long, value_name = "NAME")]
    pub package: Vec<String>,
    /// A root to publish, PEM. Repeat for each.
    #[arg(long, value_name = "FILE")]
    pub root: Vec<PathBuf>,
}
