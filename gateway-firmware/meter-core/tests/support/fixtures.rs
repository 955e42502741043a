//! Where the shared fixtures are, and what to do when they are not.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::path::{Path, PathBuf};

/// The folder of that name among the shared fixtures, or `None` after saying so. On a build server their absence is
/// a failure.
pub fn fixtures(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FIDUCIE_FIXTURES").map_or_else(beside_the_workspace, PathBuf::from);
    let path = root.join(folder);
    if path.is_dir() {
        return Some(path);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "fixtures `{folder}` are missing"
    );
    println!("SKIPPED: fixtures `{folder}` are missing; set FIDUCIE_FIXTURES to their folder");
    None
}

fn beside_the_workspace() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = crate_folder
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").is_file());
    workspace.unwrap_or(crate_folder).join("../shared/fixtures")
}
