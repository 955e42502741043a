//! npm's `oidc-provider`, installed once from the lock file and run on this machine.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::ports::{CLIENT, RETURN_URL, SECRET};

const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("oidc-provider/package.json")),
    (
        "package-lock.json",
        include_str!("oidc-provider/package-lock.json"),
    ),
    ("provider.mjs", include_str!("oidc-provider/provider.mjs")),
];

/// A provider that runs until the test ends.
pub struct Peer {
    child: Child,
    pub issuer: String,
}

impl Peer {
    /// One with our client; `None`, said aloud, where it cannot be installed.
    pub fn start() -> Option<Self> {
        Self::with(&json!({ "clients": [client()], "acr": ["low", "high"] }))
    }

    pub fn with(settings: &Value) -> Option<Self> {
        let folder = installed()?;
        let mut child = Command::new("node")
            .arg("provider.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Standard input stays open: the provider ends with it, even when this process is killed.
        writeln!(child.stdin.as_mut().unwrap(), "{settings}").unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let issuer = lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.starts_with("http://"));
        std::thread::spawn(move || lines.count());
        Some(Self {
            child,
            issuer: issuer.expect("the provider says where it listens"),
        })
    }

    /// The provider's keys are others from now on.
    pub fn rotate(&self) {
        ureq::get(format!("{}/rotate", self.issuer)).call().unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Our registration at the provider.
pub fn client() -> Value {
    json!({
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": [format!("{RETURN_URL}one"), format!("{RETURN_URL}two")],
        "post_logout_redirect_uris": ["http://127.0.0.1:9/signed-out"],
    })
}

/// The folder with the package and its script, beside the test's own program.
fn installed() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let contents: String = FILES.iter().map(|(_, text)| *text).collect();
    let digest = ring::digest::digest(&ring::digest::SHA256, contents.as_bytes());
    let name: String = digest
        .as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let folder = folder.join(format!("oidc-provider-{name}"));
    if folder.is_dir() {
        return Some(folder);
    }
    // Made beside and renamed: other tests install at the same time.
    let draft = folder.with_extension(std::process::id().to_string());
    fs::create_dir_all(&draft).unwrap();
    for (name, text) in FILES {
        fs::write(draft.join(name), text).unwrap();
    }
    let mut npm = Command::new("npm");
    npm.current_dir(&draft)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    let done = match npm.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(why) = done {
        let _ = fs::remove_dir_all(&draft);
        let message = format!("SKIPPED: `oidc-provider` could not be installed: {why}");
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
    Some(folder)
}
