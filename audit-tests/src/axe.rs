//! npm's `axe-core`: rules of accessibility that others wrote, run inside our pages.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::programs::{has_tool, text};

const FILES: [(&str, &str); 2] = [
    ("package.json", include_str!("../tests/browser/axe/package.json")),
    (
        "package-lock.json",
        include_str!("../tests/browser/axe/package-lock.json"),
    ),
];

/// What is asked of every page: WCAG 2.2 A and AA, the French RGAA 4 as far as a machine can tell, and what the authors
/// recommend besides.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'RGAAv4', 'best-practice'];
    axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }).then(
        (result) => done(result.violations.flatMap((rule) =>
            rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} (${node.failureSummary})`))),
        (error) => done([`axe-core failed: ${error}`]));
";

/// The script that runs the rules and answers with a list of sentences. `None`, said aloud, where the package cannot be
/// installed.
#[must_use]
pub fn script() -> Option<String> {
    let folder = install()?;
    let rules = fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js")).unwrap();
    Some(format!("{rules};{RUN}"))
}

/// Installs it beside the test's own program.
fn install() -> Option<PathBuf> {
    if !has_tool("npm") || !has_tool("node") {
        return None;
    }
    let folder = env::current_exe().unwrap().with_file_name("axe-core-4.14.1");
    if folder.is_dir() {
        return Some(folder);
    }
    // Made beside and renamed: other tests install at the same time.
    let draft = folder.with_extension(std::process::id().to_string());
    fs::create_dir_all(&draft).unwrap();
    for (name, contents) in FILES {
        fs::write(draft.join(name), contents).unwrap();
    }
    let done = Command::new("npm")
        .current_dir(&draft)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .output()
        .unwrap();
    if !done.status.success() {
        let message = format!(
            "SKIPPED: `axe-core` could not be installed: {}",
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
    Some(folder)
}
