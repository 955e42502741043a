//! What we publish, checked by programs that others wrote and we did not change.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, says what it could not check, and asks the machine what it has"
)]

#[path = "interop/browser_script.rs"]
mod browser_script;
#[path = "../../ledger/evidence/tests/evidence/compact.rs"]
mod compact;
#[path = "../../ledger/evidence/tests/consent/scene.rs"]
mod consent_scene;
#[path = "interop/consents.rs"]
mod consents;
#[path = "interop/disclosure.rs"]
mod disclosure;
#[allow(
    dead_code,
    reason = "shared with the tests of `evidence`, which use more of it"
)]
#[path = "../../ledger/evidence/tests/evidence/log.rs"]
mod history;
#[path = "interop/jose.rs"]
mod jose;
#[path = "interop/manifest.rs"]
mod manifest;
#[path = "interop/receipt_pdf.rs"]
mod receipt_pdf;
#[path = "interop/receipts.rs"]
mod receipts;
#[path = "interop/released.rs"]
mod released;

use std::env;
use std::process::Command;

use audit_tests::programs::text;

/// Runs a program and returns what it printed; fails with what it said when it fails.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// Installs a package of others. When that cannot be done, says so; on a machine that must have everything, fails.
fn installs(package: &str, command: &mut Command) -> bool {
    let output = command.output();
    if output.as_ref().is_ok_and(|output| output.status.success()) {
        return true;
    }
    let why = output.map_or_else(|error| error.to_string(), |output| text(&output.stderr));
    let message = format!("SKIPPED: `{package}` could not be installed: {why}");
    assert!(
        env::var_os("CI").is_none(),
        "{message}, and this is where everything must be"
    );
    eprintln!("{message}");
    false
}
