//! Programs that may be installed: found, started with a configuration of `deploy/`, and ended by their own handle.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::iter;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// How long a program may take to listen, in steps of 50 ms.
const STEPS: u32 = 1800;

/// How long a gateway waits for the service, as gateways write it: more than `deploy/` says, for a machine that may be busy.
pub(crate) const PATIENCE: &str = "30s";

/// Where a program is: named by `BONAFIDE_NAME`, put into `target/gateways` by `.ci/run`, or on the path. Says so if it is nowhere.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let named = env::var_os(format!("BONAFIDE_{}", name.to_uppercase())).map(PathBuf::from);
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/gateways/bin").join(name);
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from);
    let on_path = env::split_paths(&path).chain(system).map(|folder| folder.join(name));
    let found = named.into_iter().chain([installed]).chain(on_path).find(|file| file.is_file());
    if found.is_none() {
        say_aloud(&format!("{name} is not installed, so nothing is known about this service with it"));
    }
    found
}

/// Says what was not tested, past the test runner, which shows nothing of a test that passes.
pub(crate) fn say_aloud(what: &str) {
    writeln!(io::stderr(), "NOT RUN: {what}").ok();
}

/// A text of `deploy/` with other values; each of the old ones has to stand there, and not in what was put in before it: an address,
/// where a port could be a part of another.
pub(crate) fn deployed(file: &str, changes: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file);
    let text = fs::read_to_string(path).expect("a file of deploy/");
    changes.iter().fold(text, |text, (old, new)| {
        assert!(text.contains(old), "{file} holds no {old}");
        text.replace(old, new)
    })
}

/// A port of loopback that was free a moment ago, below those that a system hands out by itself: no listener of another test gets
/// it before the program does.
pub(crate) fn free_port() -> u16 {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let next = || 20_000 + (process::id() * 64 + ASKED.fetch_add(1, Ordering::Relaxed)) % 10_000;
    let mut ports = iter::repeat_with(|| u16::try_from(next()).expect("a port"));
    ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).expect("a free one")
}

/// A program that runs until it is dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) folder: TempDir,
    pub(crate) address: SocketAddr,
}

impl Running {
    /// Starts a program in its folder, and waits until it listens on the port.
    pub(crate) async fn start(mut command: Command, folder: TempDir, port: u16) -> Self {
        let log = fs::File::create(folder.path().join("log")).expect("a log");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log).current_dir(folder.path());
        // Whatever it keeps, it keeps there.
        command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path()).env("XDG_CONFIG_HOME", folder.path());
        let child = command.spawn().expect("starts");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut running = Self { child, folder, address };
        for _ in 0..STEPS {
            if TcpStream::connect(address).await.is_ok() {
                return running;
            }
            let ended = running.child.try_wait().expect("a state");
            assert!(ended.is_none(), "it ended at once:\n{}", running.log());
            sleep(Duration::from_millis(50)).await;
        }
        panic!("it does not listen:\n{}", running.log());
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
