//! One run of `fiducie demo --script`, with the folder it leaves.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::programs::{programs, text};

/// What a run left.
pub struct Story {
    home: TempDir,
    /// One object a line of standard output.
    pub beats: Vec<Value>,
    /// Standard output as it was.
    pub stdout: String,
    /// Standard error as it was.
    pub stderr: String,
}

impl Story {
    /// Runs the script to its end, with these arguments besides.
    #[must_use]
    pub fn run(arguments: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        let output = Command::new(&programs().fiducie)
            .args(["demo", "--script", "--keep"])
            .arg(home.path().join("story"))
            .args(arguments)
            .env("RUST_LOG", "trace")
            .output()
            .unwrap();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "the script failed:\n{stdout}\n{stderr}");
        let beats = stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        Self {
            home,
            beats,
            stdout,
            stderr,
        }
    }

    /// The folder of the run.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.home.path().join("story")
    }

    /// A folder beside it, for what a test makes.
    #[must_use]
    pub fn aside(&self, name: &str) -> PathBuf {
        let folder = self.home.path().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A member of a beat, which must be a string.
    #[must_use]
    pub fn said(&self, beat: &str, member: &str) -> &str {
        let found = self.beats.iter().find(|line| line["beat"] == beat);
        found
            .and_then(|line| line[member].as_str())
            .unwrap_or_else(|| panic!("beat `{beat}` has no `{member}`"))
    }

    /// The evidence files of the run.
    #[must_use]
    pub fn bundles(&self) -> Vec<PathBuf> {
        let mut bundles = files_below(&self.folder().join("evidence"));
        bundles.push(self.folder().join("release/evidence.json"));
        bundles
    }
}

/// All files below a folder, in order of their names.
#[must_use]
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { &mut folders } else { &mut files }.push(path);
        }
    }
    files.sort();
    files
}
