//! Where the shared fixtures are, and what to do when they are not; and samples damaged by chance, for parsers.
//!
//! What it does: finds a folder or file of them for the tests of any crate, and damages what a test gives it. What it
//! deliberately does not: read them, or depend on anything, so that the crates without dependencies stay so. Only with the
//! feature `authenticator` there is also a passkey in software, which signs with `ring`.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

#[cfg(feature = "authenticator")]
pub mod authenticator;
mod mutations;

use std::env;
use std::path::{Path, PathBuf};

pub use mutations::{Printed, no_panic, one_spelling};

/// The folder or file of that name among the shared fixtures, or `None` after saying so. They are in the folder that
/// `FIDUCIE_FIXTURES` names, otherwise beside the workspace.
///
/// # Panics
/// When they are missing on a build server, where everything must be.
#[must_use]
pub fn fixtures(name: &str) -> Option<PathBuf> {
    let root = env::var_os("FIDUCIE_FIXTURES").map_or_else(beside_the_workspace, PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(env::var_os("CI").is_none(), "fixtures `{name}` are missing");
    eprintln!("SKIPPED: fixtures `{name}` are missing; set FIDUCIE_FIXTURES to their folder");
    None
}

fn beside_the_workspace() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = crate_folder
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file());
    workspace.unwrap_or(crate_folder).join("../shared/fixtures")
}
