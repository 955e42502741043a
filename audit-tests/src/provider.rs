//! npm's `oidc-provider` as a real provider for a real browser: the same package and script as in the tests of
//! `broker-identity`.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::programs::{has_tool, text};

const FILES: [(&str, &str); 3] = [
    (
        "package.json",
        include_str!("../../broker/broker-identity/tests/identity/oidc-provider/package.json"),
    ),
    (
        "package-lock.json",
        include_str!("../../broker/broker-identity/tests/identity/oidc-provider/package-lock.json"),
    ),
    (
        "provider.mjs",
        include_str!("../../broker/broker-identity/tests/identity/oidc-provider/provider.mjs"),
    ),
];
/// The broker's name and secret at every provider of the tests.
pub const CLIENT: &str = "fiducie";
/// See [`CLIENT`].
pub const SECRET: &str = "a secret of at least thirty-two characters";

/// The package, installed beside the test's own program.
pub struct Package(PathBuf);

impl Package {
    /// Where the package and all that it needs are installed.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.0
    }

    /// Installs it; `None`, said aloud, where that cannot be.
    #[must_use]
    pub fn install() -> Option<Self> {
        if !has_tool("npm") || !has_tool("node") {
            return None;
        }
        let contents: String = FILES.iter().map(|(_, text)| *text).collect();
        let digest = ring::digest::digest(&ring::digest::SHA256, contents.as_bytes());
        let name = format!("oidc-provider-{}", hex::encode(&digest.as_ref()[..8]));
        let folder = env::current_exe().unwrap().with_file_name(name);
        if folder.is_dir() {
            return Some(Self(folder));
        }
        // Made beside and renamed: other tests install at the same time.
        let draft = folder.with_extension(std::process::id().to_string());
        fs::create_dir_all(&draft).unwrap();
        for (name, text) in FILES {
            fs::write(draft.join(name), text).unwrap();
        }
        let done = Command::new("npm")
            .current_dir(&draft)
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .output()
            .unwrap();
        if !done.status.success() {
            let message = format!(
                "SKIPPED: `oidc-provider` could not be installed: {}",
                text(&done.stderr)
            );
            assert!(
                env::var_os("CI").is_none(),
                "{message}, and this is where everything must be"
            );
            eprintln!("{message}");
            return None;
        }
        if fs::rename(&draft, &folder).is_err() {
            // Somebody else was first.
            fs::remove_dir_all(&draft).unwrap();
        }
        Some(Self(folder))
    }
}

/// A provider that runs until it is dropped.
pub struct Provider {
    child: Child,
    /// Its issuer.
    pub issuer: String,
}

impl Provider {
    /// One that sends browsers back to this address.
    #[must_use]
    pub fn start(package: &Package, back: &str) -> Self {
        let mut child = Command::new("node")
            .arg("provider.mjs")
            .current_dir(&package.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let client = json!({ "client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [back] });
        let settings = json!({ "clients": [client], "acr": ["low", "high"] });
        // Standard input stays open: the provider ends with it, even when this process is killed.
        writeln!(child.stdin.as_mut().unwrap(), "{settings}").unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let issuer = lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.starts_with("http://"));
        std::thread::spawn(move || lines.count());
        Self {
            child,
            issuer: issuer.expect("the provider says where it listens"),
        }
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
