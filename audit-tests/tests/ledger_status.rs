//! What an operator is told, and what repairs itself: the real program, its real files, and every mishap of the
//! recovery table (`ledger.md` §12; §15 items 7 and 9).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use audit_tests::operator::{backup, contents, fiducie, put_back, status};
use audit_tests::programs::ledger_audit;
use audit_tests::server::Server;
use audit_tests::story::files_below;
use audit_tests::town::{self, ORIGIN, RunningClock, Town, half_hour};
use broker_service::Broker;
use serde_json::Value;

/// Hands in that many batches of the first household.
fn feed(server: &Server, town: &Town, from: i64, batches: i64) {
    for n in from..from + batches {
        let at = half_hour(60).plus_seconds(n).as_micros();
        let answer = server.intake(&town.residents[0].gateway.envelope(&[("east", at, 4_711_042)]));
        assert_eq!(answer.status, 201, "{}", answer.head);
    }
}

/// A town with some records, its broker stopped.
fn town_with(batches: i64) -> Town {
    let town = Town::found(1);
    let server = Server::start(&town);
    feed(&server, &town, 0, batches);
    let _ = server.stop();
    town
}

fn state(object: &Value) -> &str {
    object["state"].as_str().unwrap()
}

/// `serve` refuses, and says what to do.
fn refuses(town: &Town, state: &str, says: &[&str]) -> String {
    let Err(said) = Server::try_start(town) else {
        panic!("the broker started");
    };
    for words in [&[state, "fiducie ledger status", "--explain"], says].concat() {
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
    }
    said
}

fn audit_passes(town: &Town) {
    let key = town.log_key().to_string();
    let (code, said) = ledger_audit(&["log", town.ledger().to_str().unwrap(), "--log-key", &key]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn status_tells_and_writes_nothing_also_while_a_broker_runs() {
    let town = town_with(3);
    let before = contents(&town.data());
    let (code, object) = status(&town, &["--full"]);
    assert_eq!((code, state(&object)), (0, "ready"), "{object}");
    assert_eq!(object["in_use"], false);
    assert_eq!(object["full"]["clean"], true, "{object}");
    assert_eq!(object["origin"], ORIGIN);
    for place in ["database", "lock_store", "public_folder"] {
        assert_eq!(object[place]["size"], object["database"]["size"]);
        assert_eq!(object[place]["root"], object["database"]["root"]);
    }
    assert!(before == contents(&town.data()), "a look changed a file");

    let server = Server::start(&town);
    feed(&server, &town, 10, 2);
    let (code, object) = status(&town, &["--full"]);
    assert_eq!((code, state(&object)), (0, "ready"), "{object}");
    assert_eq!(object["in_use"], true);
    assert_eq!(object["database"]["size"], server.tree_size());
    assert_eq!(object["full"]["clean"], true, "{object}");
    feed(&server, &town, 12, 2);

    // Killed: what was committed last stands in the log of the database alone.
    server.kill();
    let (code, object) = status(&town, &["--full"]);
    assert_eq!((code, state(&object)), (0, "ready"), "{object}");
    let (code, said) = fiducie(&town, &["ledger", "status"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("lock store") && said.contains("Next:"), "{said}");
}

#[test]
fn every_state_is_explained_without_a_broker() {
    let town = Town::found(1);
    fs::remove_dir_all(town.data()).unwrap();
    let (code, said) = fiducie(&town, &["ledger", "repair", "--explain"]);
    assert_eq!(code, 0, "{said}");
    for state in ledger_log::State::ALL {
        assert!(said.contains(&format!("\n{state}: ")), "{state}");
    }
    assert!(said.contains("fiducie ledger restore --backup FILE"));
}

#[test]
fn a_second_process_on_one_folder_does_not_start() {
    let town = town_with(1);
    let server = Server::start(&town);
    let Err(said) = Server::try_start(&town) else {
        panic!("a second broker started");
    };
    assert!(said.contains("another process uses the data folder"), "{said}");
    for command in [
        &["check"][..],
        &["migrate"],
        &["ledger", "restore"],
        &["ledger", "repair", "--do", "publish"],
    ] {
        let (code, said) = fiducie(&town, command);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("another process uses the data folder"), "{said}");
    }
    // The first goes on.
    feed(&server, &town, 5, 1);
    // However it ends, the folder is free again.
    server.kill();
    feed(&Server::start(&town), &town, 6, 1);
}

#[test]
fn a_clock_that_went_back_is_refused_and_says_how_far() {
    let town = town_with(1);
    let ahead = RunningClock::starting(RunningClock::system().plus_seconds(7_200));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let broker: Arc<Broker> = town::start(&town.data(), ahead).await;
        let resident = &town.residents[0];
        broker
            .withdraw(resident.participant, resident.consent.unwrap())
            .await
            .unwrap();
    });
    drop(runtime);
    refuses(&town, "clock-behind", &["set the clock"]);
    let (code, object) = status(&town, &[]);
    assert_eq!((code, state(&object)), (2, "clock-behind"));
    let (_, said) = fiducie(&town, &["ledger", "status"]);
    assert!(said.contains("BEHIND the newest batch by 7"), "{said}");
}

#[test]
fn another_key_is_refused() {
    let (town, other) = (town_with(1), Town::found(1));
    let key = |town: &Town| town.data().join("keys/checkpoint.key");
    let own = fs::read(key(&town)).unwrap();
    let replace = |bytes: &[u8]| {
        fs::remove_file(key(&town)).unwrap();
        fs::write(key(&town), bytes).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(key(&town), private).unwrap();
    };
    replace(&fs::read(key(&other)).unwrap());
    refuses(&town, "foreign-lock", &["lock store", "`keys/`"]);
    assert_eq!(state(&status(&town, &[]).1), "foreign-lock");
    replace(&own);
    let _ = Server::start(&town);
}

#[test]
fn another_origin_is_refused() {
    let town = town_with(1);
    let path = town.aside("fiducie.toml");
    let config = fs::read_to_string(&path).unwrap();
    fs::write(&path, config.replace(ORIGIN, "other.fiducie.invalid/ledger")).unwrap();
    refuses(&town, "lock-missing", &["`origin` changed"]);
    assert_eq!(state(&status(&town, &[]).1), "lock-missing");
    fs::write(&path, config).unwrap();
    let _ = Server::start(&town);
}

#[test]
fn a_lost_lock_store_is_never_made_again() {
    let town = town_with(1);
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(town.data().join(format!("lock.db{ending}")));
    }
    let Err(said) = Server::try_start(&town) else {
        panic!("started without a lock store");
    };
    assert!(said.contains("no lock store at"), "{said}");
    assert!(said.contains("fiducie ledger repair --explain"), "{said}");
    let (code, object) = status(&town, &[]);
    assert_eq!((code, state(&object)), (2, "lock-missing"));
    for command in [
        &["check"][..],
        &["ledger", "restore"],
        &["ledger", "repair"],
        &["ledger", "repair", "--do", "publish"],
        &["ledger", "repair", "--do", "public-files"],
    ] {
        assert_eq!(fiducie(&town, command).0, 2, "{command:?}");
        assert!(
            !town.data().join("lock.db").exists(),
            "{command:?} made a lock store"
        );
    }
    let (_, said) = fiducie(&town, &["ledger", "status"]);
    assert!(said.contains("another `origin`"), "{said}");
}

#[test]
fn an_old_lock_store_is_refused() {
    let town = town_with(1);
    let lock = town.data().join("lock.db");
    let copy = town.aside("lock.copy");
    put_back(&lock, &copy);
    feed(&Server::start(&town), &town, 3, 1);
    put_back(&copy, &lock);
    refuses(&town, "public-ahead-of-lock", &["put the newest `lock.db` back"]);
    assert_eq!(state(&status(&town, &[]).1), "public-ahead-of-lock");
    for action in ["publish", "public-files"] {
        assert_eq!(fiducie(&town, &["ledger", "repair", "--do", action]).0, 2);
    }
}

#[test]
fn a_lost_public_folder_is_written_again() {
    let town = town_with(140);
    let before = contents(&town.ledger());
    fs::remove_dir_all(town.ledger()).unwrap();
    let (code, object) = status(&town, &[]);
    assert_eq!((code, state(&object)), (0, "unpublished"), "{object}");
    let (code, said) = fiducie(&town, &["ledger", "repair"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("--do publish"), "{said}");
    assert!(!town.ledger().join("checkpoint").exists());
    let (code, said) = fiducie(&town, &["ledger", "repair", "--do", "public-files"]);
    assert_eq!(code, 0, "{said}");
    let after = contents(&town.ledger());
    for (path, bytes) in &after {
        assert!(
            before.get(path).is_none_or(|then| then == bytes),
            "{}",
            path.display()
        );
    }
    assert!(after.contains_key(&town.ledger().join("tile/entries/000")));
    audit_passes(&town);
    let _ = Server::start(&town);
}

/// The middle of a file.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn an_altered_public_file_anywhere_is_found_named_and_kept() {
    let town = town_with(140);
    // Far from the edge: a start does not read it.
    flip(&town.ledger().join("tile/entries/000"));
    assert_eq!(state(&status(&town, &[]).1), "ready");
    let (code, object) = status(&town, &["--full"]);
    assert_eq!(code, 2);
    let wrong = object["full"]["wrong"].to_string();
    assert!(wrong.contains("`tile/entries/000`"), "{wrong}");
    let (code, said) = fiducie(&town, &["check", "--full"]);
    assert_eq!(code, 2);
    assert!(said.contains("`tile/entries/000`"), "{said}");
    // A broker that runs reads every file once, and ends.
    let said = Server::start(&town).gives_up();
    assert!(
        said.contains("`tile/entries/000` holds other bytes than were signed for"),
        "{said}"
    );
    assert!(said.contains("repair --do public-files"), "{said}");

    // On the edge: a start refuses.
    let edge = files_below(&town.ledger()).into_iter();
    let edge = edge
        .filter(|path| path.to_string_lossy().contains("tile/0/001.p/"))
        .max_by_key(|path| {
            let width = path.file_name().unwrap().to_string_lossy().into_owned();
            width.parse::<u32>().unwrap()
        });
    flip(&edge.unwrap());
    refuses(&town, "public-changed", &["repair --do public-files"]);

    let (code, said) = fiducie(&town, &["ledger", "repair", "--do", "public-files"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.matches("kept as evidence").count(), 2, "{said}");
    let kept = files_below(&town.data().join("set-aside"));
    assert_eq!(kept.len(), 2, "{kept:?}");
    audit_passes(&town);
    let (code, said) = fiducie(&town, &["check", "--full"]);
    assert_eq!(code, 0, "{said}");

    // The checkpoint itself.
    flip(&town.ledger().join("checkpoint"));
    refuses(&town, "foreign-public", &["repair --do public-files"]);
    let (code, said) = fiducie(&town, &["ledger", "repair", "--do", "public-files"]);
    assert_eq!(code, 0, "{said}");
    audit_passes(&town);
    let _ = Server::start(&town);
}

#[test]
fn a_deleted_map_is_made_again() {
    let town = town_with(3);
    fs::remove_dir_all(town.data().join("map")).unwrap();
    assert_eq!(status(&town, &["--full"]).0, 0);
    let (code, said) = fiducie(&town, &["ledger", "repair", "--do", "map"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("the map was made again"), "{said}");
    assert!(!files_below(&town.data().join("map")).is_empty());
    fs::remove_dir_all(town.data().join("map")).unwrap();
    feed(&Server::start(&town), &town, 9, 1);
}

#[test]
fn a_changed_leaf_is_refused_and_nothing_is_written_from_it() {
    let town = town_with(140);
    // A database in which one leaf was changed by hand, with every stored hash left as it was.
    assert_eq!(
        fiducie(&town, &["migrate"]).0,
        0,
        "takes the log of the database into it"
    );
    let copy = backup(&town, "changed.db");
    let mut bytes = fs::read(&copy).unwrap();
    let leaf = fs::read(town.ledger().join("tile/entries/000")).unwrap()[2..74].to_vec();
    let at = bytes
        .windows(leaf.len())
        .position(|window| window == leaf)
        .unwrap();
    bytes[at + 70] ^= 1;
    fs::write(&copy, bytes).unwrap();
    put_back(&copy, &town.data().join("broker.db"));
    let (code, object) = status(&town, &["--full"]);
    assert_eq!(code, 2, "{object}");
    fs::remove_dir_all(town.ledger()).unwrap();
    let (code, said) = fiducie(&town, &["ledger", "repair", "--do", "public-files"]);
    assert_eq!(code, 2, "{said}");
    assert!(!town.ledger().join("tile").exists(), "{said}");
}
