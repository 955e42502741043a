//! What an operator types, and what is refused.

use std::fs;

use super::support::{Home, Running, Tree, log, program};

fn said(arguments: &[&str]) -> (bool, String) {
    let output = program(arguments);
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn help_shows_a_newcomer_the_way() {
    let (ok, help) = said(&["--help"]);
    assert!(ok);
    for word in [
        "keygen --name",
        "serve --config",
        "show",
        "Getting started",
        "Never restore",
    ] {
        assert!(help.contains(word), "{word} in {help}");
    }
}

#[test]
fn keygen_writes_nothing_over() {
    let home = Home::new();
    let folder = home.folder.path().to_str().unwrap();
    let key = fs::read(home.folder.path().join("witness.key")).unwrap();
    let (ok, _) = said(&["keygen", "--name", "witness.example/w2", "--folder", folder]);
    assert!(!ok);
    assert_eq!(fs::read(home.folder.path().join("witness.key")).unwrap(), key);
    let (ok, text) = said(&["keygen", "--name", "a b", "--folder", folder]);
    assert!(!ok && text.contains("no key name"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_key_that_others_may_read_is_refused() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let home = Home::new();
    let key = home.folder.path().join("witness.key");
    assert_eq!(fs::metadata(&key).unwrap().mode() & 0o777, 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    let text = Running::start(&home.config()).err().unwrap();
    assert!(text.contains("chmod 600"), "{text}");
}

#[test]
fn a_second_process_on_the_same_state_refuses_to_start() {
    let home = Home::new();
    let first = home.serve();
    let text = Running::start(&home.config()).err().unwrap();
    assert!(text.contains("another process serves"), "{text}");
    assert_eq!(first.add(&Tree::of("entry", 1).request(0)).status, 200);
    first.kill();
    // The lock ends with the process, however it ended.
    home.serve();
}

#[test]
fn lost_or_foreign_state_is_refused() {
    let (home, other) = (Home::new(), Home::new());
    let state = home.folder.path().join("state");
    fs::rename(&state, home.folder.path().join("aside")).unwrap();
    let text = Running::start(&home.config()).err().unwrap();
    assert!(text.contains("no state folder"), "{text}");
    fs::rename(other.folder.path().join("state"), &state).unwrap();
    let text = Running::start(&home.config()).err().unwrap();
    assert!(text.contains("belongs to another key"), "{text}");
}

#[test]
fn show_tells_what_is_recorded_while_it_serves() {
    let home = Home::new();
    let running = home.serve();
    let config = home.config();
    let show = || said(&["show", "--config", config.to_str().unwrap()]);
    let (ok, text) = show();
    assert!(
        ok && text.contains("nothing yet") && text.contains(&home.key.to_string()),
        "{text}"
    );
    running.add(&Tree::of("entry", 4).request(0));
    running.add(&Tree::of("fork", 4).request(4));
    let (ok, text) = show();
    assert!(
        ok && text.contains("4 leaves") && text.contains("WARNING   1 checkpoints"),
        "{text}"
    );
    assert!(text.contains(&ledger_core::note::NoteSigner::vkey(&log()).to_string()));
}

#[cfg(unix)]
#[test]
fn it_ends_when_it_is_told() {
    let home = Home::new();
    let mut running = home.serve();
    let id = running.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &id])
        .status()
        .unwrap();
    assert!(killed.success());
    assert!(running.wait());
}
