//! Disks that are full, that became read-only, that lost the end of a file, or that changed one byte (`ledger.md` §15
//! items 7 and 8): the broker refuses with a reason or goes on, and never without what it acknowledged.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a test stops at the first surprise, and says what it could not try"
)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use audit_tests::keeper::{Keeper, checks_pass};
use audit_tests::operator::{contents, fiducie, status};
use audit_tests::programs::ledger_audit;
use audit_tests::server::Server;
use audit_tests::story::files_below;
use audit_tests::town::Town;

const LIMIT: Duration = Duration::from_secs(10);

/// Set in the process that a test becomes in a namespace of its own.
const NAMESPACE: &str = "FIDUCIE_TEST_NAMESPACE";

/// Whether the test with this name goes on here. Only root mounts file systems; anybody is root of a user namespace that he
/// made, so a test of anybody else runs in such a one, as a process of its own, and its outcome is that of the test.
fn goes_on_here(test: &str) -> bool {
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if is_root || env::var_os(NAMESPACE).is_some() {
        return true;
    }
    // Built here, once, by who may write the folder.
    let _ = audit_tests::programs::programs();
    let allowed = Command::new("unshare").args(["-Urm", "true"]).status();
    if !allowed.is_ok_and(|status| status.success()) {
        let message = "SKIPPED: neither root nor user namespaces, so no file system can be mounted here";
        assert!(
            env::var_os("CI").is_none(),
            "{message}, and this is where everything must be"
        );
        eprintln!("{message}");
        return false;
    }
    let status = Command::new("unshare")
        .args(["-Urm", "--"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(NAMESPACE, "1")
        .status()
        .unwrap();
    assert!(status.success(), "{test} failed in its namespace");
    false
}

/// A file system of its own, mounted somewhere; taken away again when this is dropped.
struct Mount {
    on: PathBuf,
    /// `-t`, kind and source: in a user namespace `mount` does not find them by the folder alone.
    what: &'static [&'static str],
}

impl Mount {
    fn tmpfs(options: &str, on: &Path) -> Self {
        let what = &["-t", "tmpfs", "tmpfs"];
        mount(&["-o", options], what, on);
        Self {
            on: on.to_owned(),
            what,
        }
    }

    fn bind(path: &Path) -> Self {
        mount(&["--bind"], &[path.to_str().unwrap()], path);
        Self {
            on: path.to_owned(),
            what: &[],
        }
    }

    fn change(&self, options: &str) {
        mount(&["-o", &format!("remount,{options}")], self.what, &self.on);
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.on).status();
    }
}

fn mount(options: &[&str], what: &[&str], on: &Path) {
    let output = Command::new("mount")
        .args(options)
        .args(what)
        .arg(on)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "mount {options:?} {what:?}: {said}");
}

/// Some records, acknowledged; then the broker is killed, so that its last group stands in the log of the database.
fn killed_after(town: &Town, keeper: &mut Keeper, batches: usize) {
    let server = Server::start(town);
    for _ in 0..batches {
        assert!(keeper.hand_in(town, server.address, LIMIT));
    }
    server.kill();
}

/// The town's data on a small disk of its own.
fn on_a_small_disk(town: &Town) -> Mount {
    let (data, aside) = (town.data(), town.aside("elsewhere"));
    fs::rename(&data, &aside).unwrap();
    fs::create_dir(&data).unwrap();
    let disk = Mount::tmpfs("size=64m,mode=0700", &data);
    let copied = Command::new("cp")
        .arg("-a")
        .arg(aside.join("."))
        .arg(&data)
        .status();
    assert!(copied.unwrap().success());
    disk
}

/// What stands on it, in KiB, as the file system counts.
fn used(folder: &Path) -> u64 {
    let output = Command::new("df")
        .args(["--output=used", "-k"])
        .arg(folder)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().nth(1).unwrap().trim().parse().unwrap()
}

#[test]
fn a_full_disk_loses_no_acknowledged_batch() {
    if !goes_on_here("a_full_disk_loses_no_acknowledged_batch") {
        return;
    }
    let town = Town::found(1);
    let mut keeper = Keeper::default();
    killed_after(&town, &mut keeper, 3);
    let disk = on_a_small_disk(&town);
    // Another byte of room is another place at which it fails.
    for room in [40, 90, 160, 400] {
        let server = Server::start(&town);
        disk.change(&format!("size={}k", used(&town.data()) + room));
        let before = keeper.promised();
        let mut refused = 0;
        for _ in 0..400 {
            refused += usize::from(!keeper.hand_in(&town, server.address, LIMIT));
            if refused == 2 {
                break;
            }
        }
        assert!(
            refused > 0,
            "{} batches fitted into {room} KiB",
            keeper.promised() - before
        );
        server.kill();
        disk.change("size=64m");
        keeper.all_is_well(&town, &format!("a disk with {room} KiB left"));
    }
    eprintln!("{} batches acknowledged beside a full disk", keeper.promised());
}

#[test]
fn a_read_only_disk_or_lock_store_signs_nothing_and_loses_nothing() {
    if !goes_on_here("a_read_only_disk_or_lock_store_signs_nothing_and_loses_nothing") {
        return;
    }
    let town = Town::found(1);
    let mut keeper = Keeper::default();
    killed_after(&town, &mut keeper, 3);
    let disk = on_a_small_disk(&town);
    disk.change("ro");
    let before = contents(&town.data());
    assert!(Server::try_start(&town).is_err(), "started on a read-only disk");
    assert!(before == contents(&town.data()));
    disk.change("rw");
    keeper.all_is_well(&town, "a read-only disk");

    let lock = town.data().join("lock.db");
    let bound = Mount::bind(&lock);
    bound.change("bind,ro");
    if let Ok(server) = Server::try_start(&town) {
        assert!(
            !keeper.hand_in(&town, server.address, LIMIT),
            "acknowledged without the lock store"
        );
        server.kill();
    }
    drop(bound);
    keeper.all_is_well(&town, "a read-only lock store");
}

/// Puts bytes in the place of a file that may be read-only.
fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(path, private).unwrap();
}

/// A file as a power cut may leave it: cut short, or with an end that was never written.
fn torn(bytes: &[u8]) -> Vec<Vec<u8>> {
    let len = bytes.len();
    let mut all = Vec::new();
    for keep in [0, len / 2, len.saturating_sub(4096), len.saturating_sub(1)] {
        all.push(bytes[..keep].to_vec());
        let mut zeroed = bytes[..keep].to_vec();
        zeroed.resize(len, 0);
        all.push(zeroed);
    }
    all.sort();
    all.dedup();
    all.retain(|one| one != bytes);
    all
}

fn restore(folder: &Path, before: &std::collections::BTreeMap<PathBuf, Vec<u8>>) {
    for path in files_below(folder) {
        if !before.contains_key(&path) {
            fs::remove_file(path).unwrap();
        }
    }
    for (path, bytes) in before {
        if fs::read(path).ok().as_ref() != Some(bytes) {
            let _ = fs::remove_file(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            replace_or_make(path, bytes);
        }
    }
}

fn replace_or_make(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(path, private).unwrap();
}

/// Fsync was answered and the end of the file is gone all the same, or a file was hit that is no record at all. What is
/// allowed: all is there, or nothing is signed and the state has a name. After the bytes are back, all is well.
#[test]
fn a_torn_end_of_any_file_is_healed_or_refused_by_name() {
    let town = Town::found(1);
    let mut keeper = Keeper::default();
    killed_after(&town, &mut keeper, 100);
    // The cache of the map is written now and then only; and this is a backup of it that grows old.
    let (code, said) = fiducie(&town, &["ledger", "repair", "--do", "map"]);
    assert_eq!(code, 0, "{said}");
    killed_after(&town, &mut keeper, 40);
    let before = contents(&town.data());
    let edge = |path: &Path| {
        let name = path
            .strip_prefix(town.data())
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let is_edge = name.contains(".p/") && name.starts_with("ledger/tile");
        is_edge || name == "ledger/checkpoint" || name.starts_with("map/") || name == "broker.db-wal"
    };
    let (mut healed, mut refused) = (0, std::collections::BTreeMap::<String, usize>::new());
    let files: Vec<_> = before.keys().filter(|path| edge(path)).cloned().collect();
    for kind in ["broker.db-wal", "ledger/checkpoint", "ledger/tile", "map/"] {
        assert!(
            files.iter().any(|path| path.to_string_lossy().contains(kind)),
            "no {kind}"
        );
    }
    for path in newest_of_each_folder(&files) {
        let name = path.strip_prefix(town.data()).unwrap().display().to_string();
        for (which, bytes) in torn(&before[&path]).iter().enumerate() {
            replace(&path, bytes);
            let after = format!("tear {which} of {name}");
            match Server::try_start(&town) {
                Ok(server) => {
                    keeper.nothing_is_lost(&server, &after);
                    server.kill();
                    healed += 1;
                }
                Err(said) => {
                    let (code, object) = status(&town, &[]);
                    let state = object["state"].as_str().unwrap_or_default().to_owned();
                    assert!(code == 2 && said.contains(&state), "{after}: {state}\n{said}");
                    *refused.entry(state).or_default() += 1;
                }
            }
            restore(&town.data(), &before);
        }
    }
    eprintln!("{healed} healed, refused: {refused:?}");
    assert!(healed > 0 && refused.values().sum::<usize>() > 0);
    keeper.all_is_well(&town, "every tear");
}

/// One file of each folder, the last that was written.
fn newest_of_each_folder(files: &[PathBuf]) -> Vec<PathBuf> {
    let mut by_folder = std::collections::BTreeMap::new();
    for path in files {
        let width = |path: &Path| path.file_name().unwrap().to_string_lossy().parse::<u32>().ok();
        let key = match width(path) {
            Some(_) => path.parent().unwrap().to_owned(),
            None => path.clone(),
        };
        let known: &mut PathBuf = by_folder.entry(key).or_insert_with(|| path.clone());
        if width(path) > width(known) {
            known.clone_from(path);
        }
    }
    by_folder.into_values().collect()
}

/// `fiducie check --full` by the operator's own means, `ledger-audit` by anybody's: neither believes a tile.
#[test]
fn one_changed_byte_in_any_tile_is_found_by_the_operator_and_by_a_mirror() {
    let town = Town::found(1);
    let mut keeper = Keeper::default();
    killed_after(&town, &mut keeper, 140);
    keeper.all_is_well(&town, "a kill");
    let (ledger, key) = (town.ledger().display().to_string(), town.log_key().to_string());
    let (_, object) = status(&town, &[]);
    let size = object["database"]["size"].as_u64().unwrap();
    let mut tried = 0;
    for path in files_below(&town.ledger().join("tile")) {
        let name = path.strip_prefix(town.ledger()).unwrap().display().to_string();
        // Older partial tiles are nobody's: no reader of this size asks for them.
        if let Some((full, width)) = name.rsplit_once(".p/") {
            let is_newest = name.starts_with("tile/1/") || size % 256 == width.parse::<u64>().unwrap();
            if !is_newest || town.ledger().join(full).exists() {
                continue;
            }
        }
        let right = fs::read(&path).unwrap();
        for place in [0, right.len() / 2, right.len() - 1] {
            let mut wrong = right.clone();
            wrong[place] ^= 0x10;
            replace(&path, &wrong);
            let (code, said) = fiducie(&town, &["check", "--full"]);
            assert!(
                code == 2 && said.contains(&name),
                "byte {place} of {name}: {said}"
            );
            let mirror = town.aside(&format!("mirror-{tried}"));
            let (code, said) =
                ledger_audit(&["mirror", &ledger, mirror.to_str().unwrap(), "--log-key", &key]);
            assert_ne!(code, 0, "byte {place} of {name}: {said}");
            tried += 1;
        }
        replace(&path, &right);
    }
    eprintln!("{tried} changed bytes found, each by both");
    assert!(tried >= 12, "{tried}");
    checks_pass(&town, "every byte was put back");
}
