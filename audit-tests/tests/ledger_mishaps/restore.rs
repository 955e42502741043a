//! Restores that were cut in their middle.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use audit_tests::operator::{backup, fiducie, put_back, status};
use audit_tests::programs::has_tool;
use audit_tests::server::{Server, hand_in_within};
use audit_tests::town::Town;

use super::{Holder, envelope, feed, operator_is_content, size, until};

/// A town whose database is an older copy, the backup, and the size that was signed for.
fn set_back() -> (Town, PathBuf, u64) {
    let town = Town::found(1);
    let server = Server::start(&town);
    feed(&server, &town, 0..2);
    server.kill();
    let copy = backup(&town, "last-week.db");
    let server = Server::start(&town);
    feed(&server, &town, 2..5);
    let size = server.tree_size();
    let _ = server.stop();
    put_back(&copy, &town.data().join("broker.db"));
    (town, copy, size)
}

#[test]
fn a_restore_cut_after_its_transaction_is_finished_by_the_same_command() {
    if !has_tool("python3") {
        return;
    }
    let (town, copy, size) = set_back();
    let backup = copy.to_str().unwrap();
    let holder = Holder::of(&town.data().join("lock.db"));
    let (code, said) = fiducie(&town, &["ledger", "restore", "--backup", backup]);
    assert_eq!(code, 2, "{said}");
    drop(holder);
    let (_, object) = status(&town, &[]);
    assert_eq!(object["state"], "unsigned", "{object}");
    assert_eq!(object["lock_store"]["size"], size);
    let ahead = super::size(&object, "database");
    assert!(ahead > size);
    // The copy in place is the backup already replayed: it is not replaced by the backup once more.
    let (code, said) = fiducie(&town, &["ledger", "restore", "--backup", backup]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("had been replayed before"), "{said}");
    let (code, object) = status(&town, &["--full"]);
    assert_eq!((code, super::size(&object, "lock_store")), (0, ahead), "{object}");
    let (code, said) = fiducie(&town, &["ledger", "restore", "--backup", backup]);
    assert!(code == 2 && said.contains("nothing is missing"), "{said}");
    operator_is_content(&town);
}

#[test]
fn leaves_that_a_crash_left_unsigned_are_not_replaced_by_a_backup() {
    if !has_tool("python3") {
        return;
    }
    let town = Town::found(1);
    let server = Server::start(&town);
    feed(&server, &town, 0..2);
    server.kill();
    let copy = backup(&town, "last-week.db");
    let server = Server::start(&town);
    let before = server.tree_size();
    let holder = Holder::of(&town.data().join("lock.db"));
    let (address, open) = (server.address, envelope(&town, 9));
    thread::scope(|scope| {
        scope.spawn(|| hand_in_within(Duration::from_secs(20), address, &open));
        until(|| size(&status(&town, &[]).1, "database") > before);
        server.kill();
    });
    drop(holder);
    let (code, said) = fiducie(&town, &["ledger", "restore", "--backup", copy.to_str().unwrap()]);
    assert!(code == 2 && said.contains("newer than any backup"), "{said}");
    let server = Server::start(&town);
    assert_eq!(server.intake(&open).status, 200);
}

#[test]
fn what_an_interrupted_restore_leaves_is_named_and_removed_when_all_is_well() {
    let (town, copy, _) = set_back();
    let database = town.data().join("broker.db");
    let (draft, replaced) = (
        town.data().join("broker.db.restoring"),
        town.data().join("broker.db.replaced-1"),
    );
    // Cut between its two renames: nothing stands in the place of the database.
    fs::copy(&copy, &draft).unwrap();
    fs::rename(&database, &replaced).unwrap();
    let Err(said) = Server::try_start(&town) else {
        panic!("a broker started without a database");
    };
    for words in [
        "broker.db.restoring",
        "restore --backup FILE` again",
        "broker.db.replaced-1",
    ] {
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
    }
    assert!(draft.exists(), "removed while it may be needed");
    let (_, said) = fiducie(&town, &["ledger", "status"]);
    for words in [
        "left behind",
        "broker.db.restoring",
        "broker.db.replaced-1",
        "destroy it",
    ] {
        assert!(said.contains(words), "`{words}` is not in:\n{said}");
    }
    assert_eq!(status(&town, &[]).1["left_behind"].as_array().unwrap().len(), 2);
    let (code, said) = fiducie(&town, &["ledger", "restore", "--backup", copy.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
    assert!(!draft.exists());

    // Cut before: the database is whole, and the draft is a second copy of the backup and no more.
    fs::write(&draft, "half of a backup").unwrap();
    fs::write(town.data().join("broker.db.restoring-wal"), "").unwrap();
    let log = Server::start(&town).stop();
    assert!(log.contains("removed what an interrupted restore left"), "{log}");
    let (_, object) = status(&town, &[]);
    let left = object["left_behind"].as_array().unwrap();
    let only_replaced = left
        .iter()
        .all(|line| line.as_str().unwrap().contains(".replaced-"));
    assert!(
        only_replaced && !left.is_empty(),
        "only a person destroys what was replaced: {object}"
    );
    assert!(replaced.exists());
}
