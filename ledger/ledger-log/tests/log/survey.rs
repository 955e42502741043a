//! A look says what a start would do, and changes nothing; the full check names every file that is wrong.

use std::{fs, sync::Arc};

use ledger_core::{
    checkpoint::SignedCheckpoint,
    note::NoteSigner,
    tree::{NodeId, TreeSize},
};
use ledger_log::{
    FolderStore, FullCheck, LogData, Rotation, State, Stated, Survey, UnixMicros, Wrong, full_check,
    rewrite_public,
};

use crate::support::{Fails, Fault, Log, signer};

async fn look(log: &Log) -> Survey {
    let public = FolderStore::existing(log.folder.path().to_path_buf());
    let now = UnixMicros(i64::MAX);
    let next = log.rotation.next.iter().map(|next| next.vkey().clone());
    let others: Vec<_> = next.chain(log.rotation.earlier.iter().cloned()).collect();
    Survey::of(log.signer.vkey(), &others, &log.lock, &public, &log.data, now).await
}

fn state(survey: &Survey) -> State {
    match &survey.verdict {
        Ok(state) => *state,
        Err(error) => error.state(),
    }
}

#[tokio::test]
async fn after_any_crash_a_look_says_that_a_start_heals_it() {
    for (fault, expected) in [
        (Fault::Swap(Fails::Before), State::Unsigned),
        (Fault::Swap(Fails::After), State::Unpublished),
        (Fault::Write(Fails::Half), State::Unpublished),
        (Fault::Replace(Fails::Before), State::Unpublished),
        (Fault::Replace(Fails::After), State::Ready),
    ] {
        let log = Log::new().await;
        let mut publisher = log.grow(&[255]).await;
        log.faults.set(fault);
        publisher.publish(log.append(7)).await.unwrap_err();
        for _ in 0..2 {
            assert_eq!(state(&look(&log).await), expected, "{fault:?}");
        }
        assert!(expected.heals());
        log.recover().await.unwrap();
        let survey = look(&log).await;
        assert_eq!(state(&survey), State::Ready, "{fault:?}");
        assert_eq!(survey.locked, survey.public);
        assert_eq!(survey.data.unwrap().size, survey.locked.unwrap().size());
    }
}

#[tokio::test]
async fn a_look_refuses_what_a_start_refuses_for_the_same_reason() {
    let mishaps: [fn(&mut Log); 6] = [
        |log| log.signer = signer(2),
        |log| log.lock = crate::support::MemoryLock::default(),
        |log| log.data.change_leaf(299),
        |log| log.data.change_node(NodeId { level: 8, index: 0 }),
        |log| log.data = crate::support::MemoryData::default(),
        |log| fs::write(log.path("checkpoint"), "no checkpoint").unwrap(),
    ];
    for (number, mishap) in mishaps.into_iter().enumerate() {
        let mut log = Log::new().await;
        log.grow(&[300]).await;
        mishap(&mut log);
        let seen = state(&look(&log).await);
        let Err(refused) = log.recover().await else {
            panic!("mishap {number} was not refused");
        };
        assert_eq!(seen, refused.state(), "mishap {number}");
        assert!(!seen.heals());
    }
}

/// What the key before signed, what both sign, and what the new one signs alone; and once the key before is forgotten.
#[tokio::test]
async fn while_the_key_changes_a_look_says_what_a_start_says() {
    let (old, new) = (signer(1), signer(2));
    let mut log = Log::new().await;
    log.grow(&[5]).await;
    log.append(2);
    log.signer = Arc::clone(&new);
    assert_eq!(state(&look(&log).await), State::ForeignLock);
    log.rotation.earlier = vec![old.vkey().clone()];
    let survey = look(&log).await;
    assert_eq!(state(&survey), State::Unsigned);
    assert_eq!(survey.locked.unwrap().size().get(), 5);
    assert!(survey.public.is_some());
    log.recover().await.unwrap();
    assert_eq!(state(&look(&log).await), State::Ready);

    log.rotation.next = Some(signer(3));
    log.grow(&[4]).await;
    assert_eq!(state(&look(&log).await), State::Ready);
    log.rotation = Rotation::default();
    assert_eq!(state(&look(&log).await), State::Ready);
    log.signer = signer(4);
    assert_eq!(state(&look(&log).await), State::ForeignLock);
}

async fn check(log: &Log) -> FullCheck {
    let public = FolderStore::existing(log.folder.path().to_path_buf());
    let head = log.data.head().await.unwrap().unwrap();
    let stated = Stated {
        place: "newest head",
        size: head.size,
        root: head.root,
    };
    let files = public.files().await.unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let scratch = scratch.path().to_path_buf();
    let mut found = full_check(&log.data, &public, &[stated], head.size, &files, scratch)
        .await
        .unwrap();
    // The leaves of these tests are words, which no map is made of.
    found.wrong.retain(|wrong| !matches!(wrong, Wrong::Leaf { .. }));
    found
}

#[tokio::test]
async fn a_changed_byte_in_any_tile_or_bundle_is_found_and_named() {
    let log = Log::new().await;
    log.grow(&[3, 250, 4, 255, 9]).await;
    let clean = check(&log).await;
    assert!(clean.is_clean(), "{clean:?}");
    let public = FolderStore::existing(log.folder.path().to_path_buf());
    let files = public.files().await.unwrap();
    assert!(files.len() > 6, "{files:?}");
    assert_eq!(clean.files, files.len() as u64);
    for resource in files {
        let path = log.path(&resource.to_string());
        let right = fs::read(&path).unwrap();
        for at in [0, right.len() / 2, right.len() - 1] {
            let mut wrong = right.clone();
            wrong[at] ^= 0x10;
            fs::remove_file(&path).unwrap();
            fs::write(&path, wrong).unwrap();
            assert_eq!(check(&log).await.wrong, [Wrong::Altered { resource }]);
        }
        fs::write(&path, right).unwrap();
    }
    assert!(check(&log).await.is_clean());
}

#[tokio::test]
async fn lost_files_are_named_and_written_again() {
    let log = Log::new().await;
    log.grow(&[3, 250, 4, 255, 9]).await;
    fs::remove_dir_all(log.path("tile")).unwrap();
    let found = check(&log).await;
    // Three tiles of leaves and one above, three bundles.
    assert_eq!(found.wrong.len(), 7, "{found:?}");
    assert!(
        found
            .wrong
            .iter()
            .all(|wrong| matches!(wrong, Wrong::Missing { .. }))
    );
    let public = FolderStore::open(log.folder.path().to_path_buf()).await.unwrap();
    let size = TreeSize::new(521).unwrap();
    rewrite_public(&log.data, &public, size).await.unwrap();
    assert!(check(&log).await.is_clean());
    let signed: SignedCheckpoint = log.check_files();
    assert_eq!(signed.size(), size);
}

#[tokio::test]
async fn a_changed_leaf_or_hash_in_the_data_is_found() {
    let log = Log::new().await;
    log.grow(&[300]).await;
    log.data.change_leaf(7);
    let found = check(&log).await;
    assert!(
        found
            .wrong
            .iter()
            .any(|wrong| matches!(wrong, Wrong::Root { .. })),
        "{found:?}"
    );
    log.data.change_leaf(7);
    log.data.change_node(NodeId { level: 8, index: 0 });
    let found = check(&log).await;
    assert!(matches!(found.wrong[..], [Wrong::StoredHash { .. }]), "{found:?}");
}
