//! The programs under test, built once, and how they are run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::{env, fs};

use serde_json::Value;

/// Where the programs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// `fiducie`.
    pub fiducie: PathBuf,
    /// `fiducie-gateway`.
    pub gateway: PathBuf,
    /// `ledger-audit`.
    pub ledger_audit: PathBuf,
    /// `ledger-witness`.
    pub ledger_witness: PathBuf,
}

/// The folder that holds the workspace.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The programs, of the sources as they are now. Built by cargo, which knows what is stale; a test runner that gives
/// each test a process of its own builds once a run.
pub fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let Some(run) = env::var_os("NEXTEST_RUN_ID") else {
            return parse(&build());
        };
        // Beside the test itself, where only who may replace the test may write.
        let note = env::current_exe().unwrap().with_file_name("audit-tests.programs");
        let first_line = format!("{}\n", run.to_string_lossy());
        let known = fs::read_to_string(&note).unwrap_or_default();
        if let Some(messages) = known.strip_prefix(&first_line) {
            return parse(messages);
        }
        let messages = build();
        // Visible only when whole: another test process may be reading.
        let draft = note.with_extension(std::process::id().to_string());
        fs::write(&draft, first_line + &messages).unwrap();
        fs::rename(&draft, &note).unwrap();
        parse(&messages)
    })
}

/// Builds the same targets as the test runner does, so that no dependency is built twice with other features. Returns
/// what cargo said about programs, one JSON object a line.
fn build() -> String {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What the runner tells a test about its own crate would make the build scripts of others run again, and everything
    // that stands on them be built again: here, and once more at the next ordinary build.
    for (name, _) in env::vars_os() {
        let about_us = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"];
        if about_us
            .iter()
            .any(|start| name.to_string_lossy().starts_with(start))
        {
            command.env_remove(name);
        }
    }
    let output = command
        .current_dir(workspace())
        .args(["build", "--locked", "--workspace", "--bins"])
        .args(["--message-format", "json-render-diagnostics"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "the programs do not build: {}",
        text(&output.stderr)
    );
    let lines = text(&output.stdout);
    lines
        .lines()
        .filter(|line| line.contains("\"executable\":\""))
        .map(|line| format!("{line}\n"))
        .collect()
}

fn parse(messages: &str) -> Programs {
    let find = |name: &str| {
        let found = messages.lines().find_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            let target = message.get("target")?;
            let is_it = target.get("name")? == name && target.get("kind")?.get(0)? == "bin";
            let is_test = message.get("profile")?.get("test")? == true;
            let path = message.get("executable")?.as_str()?;
            (is_it && !is_test).then(|| PathBuf::from(path))
        });
        found.unwrap_or_else(|| panic!("cargo named no program `{name}`"))
    };
    Programs {
        fiducie: find("fiducie"),
        gateway: find("fiducie-gateway"),
        ledger_audit: find("ledger-audit"),
        ledger_witness: find("ledger-witness"),
    }
}

/// Runs `ledger-audit`. Returns its exit status (0 verified, 1 refused, 2 could not check) and everything it said.
pub fn ledger_audit<I: AsRef<std::ffi::OsStr>>(arguments: &[I]) -> (i32, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(&programs().ledger_audit)
        .args(arguments)
        .output()
        .unwrap();
    (status.code().unwrap(), text(&[stdout, stderr].concat()))
}

/// Whether a public tool can be run. When it cannot, says so; on a machine that must have everything, fails.
#[must_use]
pub fn has_tool(name: &str) -> bool {
    let asked = Command::new(name).arg("--version").output();
    told(name, asked.is_ok_and(|output| output.status.success()))
}

/// The same for tools that know no `--version`: it is enough that there is one.
#[must_use]
pub fn has_command(name: &str) -> bool {
    told(name, Command::new(name).arg("-v").output().is_ok())
}

fn told(name: &str, found: bool) -> bool {
    if !found {
        let message = format!("SKIPPED: `{name}` is not installed");
        assert!(
            env::var_os("CI").is_none(),
            "{message}, and this is where everything must be"
        );
        eprintln!("{message}");
    }
    found
}

/// Bytes as text, whatever they are.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
