//! `fiducie demo` on a real port, as a newcomer starts it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::process::Process;
use crate::programs::programs;

/// A demonstration that runs.
pub struct Demo {
    /// The program.
    pub process: Process,
    home: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
    /// One-time code of the household without gateway.
    pub code: String,
}

impl Demo {
    /// Starts it with these arguments besides, and reads what it tells the newcomer.
    #[must_use]
    pub fn start(arguments: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        let mut demo = Command::new(&programs().fiducie);
        demo.args(["demo", "--listen", "127.0.0.1:0", "--keep"])
            .arg(home.path().join("demo"))
            .args(arguments);
        let mut process = Process::start(&mut demo, home.path().join("demo.log"));
        let said = process
            .until(|said| said.contains("Ctrl-C").then(|| said.to_owned()))
            .unwrap_or_else(|said| panic!("the demo did not start:\n{said}"));
        let word = |mark: &str| {
            let rest = said.split(mark).nth(1).unwrap();
            rest.split_whitespace().next().unwrap().to_owned()
        };
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port(&word("demo ready:")))),
            code: word("--code "),
            process,
            home,
        }
    }

    /// The address of a page, by the name that passkeys are for.
    #[must_use]
    pub fn page(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.address.port())
    }

    /// The researcher's own key, which opens her releases.
    #[must_use]
    pub fn researcher_key(&self) -> PathBuf {
        self.home.path().join("demo/researcher.agekey")
    }

    /// A place for files of the test.
    #[must_use]
    pub fn aside(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

/// The port of an address by name, as the newcomer is told it.
fn port(url: &str) -> u16 {
    let port = url.strip_prefix("http://localhost:");
    port.unwrap_or_else(|| panic!("no name in {url}"))
        .parse()
        .unwrap()
}
