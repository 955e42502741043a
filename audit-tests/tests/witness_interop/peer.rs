//! The Python packages and processes of a test.

use std::env;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use audit_tests::programs::text;
use tempfile::TempDir;

const PACKAGES: [&str; 2] = ["aics-witness==0.1.0", "aics-tlog==0.2.1"];
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with both packages.
pub struct Peer {
    folder: TempDir,
}

impl Peer {
    /// Installs the packages; `None`, said aloud, where that cannot be.
    pub fn install() -> Option<Self> {
        let peer = Self {
            folder: TempDir::new().unwrap(),
        };
        let venv = peer.folder.path().join("venv");
        let made = run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        // The packages ask for Python 3.12; Debian 12 has 3.11, on which they run as well.
        let installed = made.and_then(|()| {
            run(Command::new(venv.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(["--ignore-requires-python", "--retries", "2"])
                .args(PACKAGES))
        });
        match installed {
            Ok(()) => Some(peer),
            Err(why) => {
                let message = format!("SKIPPED: {PACKAGES:?} could not be installed: {why}");
                assert!(env::var_os("CI").is_none(), "{message}");
                eprintln!("{message}");
                None
            }
        }
    }

    /// A file or folder of the test.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command of the packages, or `python`.
    pub fn command(&self, name: &str) -> Command {
        Command::new(self.path("venv/bin").join(name))
    }

    /// Runs it and gives back what it said; it must succeed.
    pub fn must(&self, name: &str, arguments: &[&str]) -> String {
        let output = self.command(name).args(arguments).output().unwrap();
        let said = said(&output);
        assert!(output.status.success(), "{name} {arguments:?}: {said}");
        said
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(())
    } else {
        Err(said(&output))
    }
}

fn said(output: &Output) -> String {
    text(&[output.stdout.as_slice(), &output.stderr].concat())
}

/// A server that runs until the test ends.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// Starts it and waits until a line of its log tells, after `marker`, where it listens.
    pub fn start(command: &mut Command, log: &Path, marker: &str) -> Self {
        let mut child = command
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log).unwrap())
            .spawn()
            .unwrap();
        let started = Instant::now();
        loop {
            let said = text(&fs::read(log).unwrap());
            let address = said
                .split(marker)
                .nth(1)
                .and_then(|rest| rest.split_whitespace().next());
            if let Some(address) = address.filter(|_| said.ends_with('\n')) {
                let address = address.parse().unwrap();
                return Self { child, address };
            }
            let ended = child.try_wait().unwrap().is_some();
            assert!(
                !ended && started.elapsed() < PATIENCE,
                "it does not listen: {said}"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
