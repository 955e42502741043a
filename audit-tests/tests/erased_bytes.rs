//! After an erasure nothing in any file of the broker links to the person any more: not a key, a salt, a record, an
//! identifier or a sealed value. Her tags stay in the log by design; without her key nobody can tell that two of them
//! belong together.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::fs;

use audit_tests::operator::contents;
use audit_tests::remains::{self, bytes_of};
use audit_tests::server::Server;
use audit_tests::town::{self, Resident, RunningClock, Town, half_hour, random};
use broker_domain::identity::Passkey;
use broker_domain::ids::AccountId;
use broker_domain::policy::Principal;
use broker_store::contract::samples;
use broker_store::{AccountRow, IdentityRow, PasskeyRow, SessionRole, SessionRow, SignInRow, Store as _};
use broker_store_sqlite::{Create, SqliteStore};
use ledger_core::leaf::Leaf;
use ledger_core::tile::parse_entries;

#[test]
fn no_file_links_to_an_erased_person() {
    let town = Town::found(2);
    let server = Server::start(&town);
    for n in 0..6 {
        for resident in &town.residents[..2] {
            let at = half_hour(20 - n).as_micros();
            let answer = server.intake(&resident.gateway.envelope(&[("east", at, 4_711_042 + n)]));
            assert_eq!(answer.status, 201);
        }
    }
    server.kill();
    let [erased, stays, _] = &town.residents[..] else {
        panic!("three households")
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (gone, kept) = runtime.block_on(async {
        sign_in(&town, &[erased, stays]).await;
        let broker = town::start(&town.data(), RunningClock::starting(RunningClock::system())).await;
        let (gone, kept) = (
            remains::of(&broker, erased).await,
            remains::of(&broker, stays).await,
        );
        let before = bytes_of(&town.data());
        assert_eq!(
            gone.secrets.found_in(&before),
            gone.kinds,
            "the search does not find what is there"
        );
        broker
            .erase(Principal::Participant(erased.participant), erased.participant)
            .await
            .unwrap();
        gone.secrets
            .must_be_absent("a file of the running broker", &bytes_of(&town.data()));
        (gone, kept)
    });
    drop(runtime);

    // File by file: database, its log and index, lock store, map, public files, staging.
    let files = contents(&town.data());
    assert!(files.keys().any(|path| path.ends_with("broker.db")));
    assert!(files.keys().any(|path| path.ends_with("lock.db")));
    for (path, bytes) in &files {
        if !path.starts_with(town.data().join("keys")) {
            gone.secrets.must_be_absent(&path.display().to_string(), bytes);
        }
    }
    assert_eq!(kept.secrets.found_in(&bytes_of(&town.data())), kept.kinds);
    tags_stay_in_the_log_alone(&town, &gone);
}

/// Gives people accounts, with everything by which they sign in.
async fn sign_in(town: &Town, people: &[&Resident]) {
    let store = SqliteStore::open(&town.data().join("broker.db"), Create::Never)
        .await
        .unwrap();
    let mut tx = store.begin("sign in").await.unwrap();
    for resident in people {
        let (account, role) = (
            AccountId::from(random()),
            SessionRole::Participant(resident.participant),
        );
        let at = half_hour(0);
        let row = AccountRow {
            id: account,
            created_at: at,
            frozen_at: None,
        };
        tx.add_account(&row).await.unwrap();
        tx.add_role(account, role).await.unwrap();
        let passkey = PasskeyRow {
            account,
            id: random::<16>().into(),
            passkey: Passkey {
                credential: random::<20>().to_vec(),
                state: random::<90>().to_vec(),
                public_key: random::<77>().to_vec(),
                ..samples::passkey(1, 1).passkey
            },
            ..samples::passkey(1, 1)
        };
        tx.add_passkey(&passkey).await.unwrap();
        let identity = IdentityRow {
            account,
            id: random::<16>().into(),
            subject: random(),
            ..samples::identity(1, 1)
        };
        tx.add_identity(&identity).await.unwrap();
        tx.replace_recovery_codes(account, &[random(), random()])
            .await
            .unwrap();
        let session = SessionRow {
            id: random::<16>().into(),
            token_hash: random(),
            csrf: random(),
            account,
            expires_at: at.plus_seconds(86_400),
            ..samples::session(1, role, 0)
        };
        tx.add_session(&session, at).await.unwrap();
        let line = SignInRow {
            id: random::<16>().into(),
            account,
            at,
            ..samples::sign_in(1, 1, 0)
        };
        tx.add_sign_in(&line, at.plus_seconds(-60), 9).await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
}

/// The tags stand in the public files and in the leaves of the database, and are keyed hashes of a key that is nowhere:
/// no two of them have a byte string in common that another leaf does not share as well.
fn tags_stay_in_the_log_alone(town: &Town, gone: &remains::Remains) {
    let mut found = 0;
    for (path, bytes) in contents(&town.ledger()) {
        if !path.to_string_lossy().contains("tile/entries/") {
            continue;
        }
        let width = path
            .file_name()
            .unwrap()
            .to_string_lossy()
            .parse::<u16>()
            .unwrap();
        let width = if path.parent().unwrap().extension().is_some() {
            width
        } else {
            256
        };
        for entry in parse_entries(&bytes, width).unwrap() {
            let Ok(Leaf::Subject(leaf)) = Leaf::parse(entry) else {
                continue;
            };
            if gone.tags.contains(&leaf.tag) {
                found += 1;
                // What else stands in the leaf is shared with others: version, kind, class, hour.
                assert_eq!(leaf.to_bytes().len(), 72);
            }
        }
    }
    assert!(found >= gone.tags.len(), "an erasure must not rewrite the log");
    let key = hex::encode(gone.key.expose());
    let log: Vec<u8> = contents(&town.ledger()).into_values().flatten().collect();
    assert!(!String::from_utf8_lossy(&log).contains(&key));
    // The erasure names no record: its handle needs the key too.
    let handle = gone.key.erasure_handle();
    let handles = log
        .windows(32)
        .filter(|window| window == handle.as_bytes())
        .count();
    assert!(handles >= 1, "no erasure leaf");
    assert!(fs::metadata(town.data().join("broker.db")).is_ok());
}
