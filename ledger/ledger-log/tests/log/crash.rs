//! Each durable step failing, and succeeding with its answer lost; then every row of the recovery table.

use std::{fs, sync::Arc};

use ledger_core::{note::NoteSigner, tree::NodeId};
use ledger_log::{LockStore, LogId, PublishFault, Publisher, RecoverError, UnixMicros};

use crate::support::{Fails, Fault, Log, signer};

#[tokio::test]
async fn after_any_crash_the_log_goes_on_and_loses_nothing() {
    let steps = [
        Fault::Swap(Fails::Before),
        Fault::Swap(Fails::After),
        Fault::Write(Fails::Before),
        Fault::Write(Fails::Half),
        Fault::Write(Fails::After),
        Fault::Replace(Fails::Before),
        Fault::Replace(Fails::After),
    ];
    for start in [0, 1, 250, 255, 256] {
        for fault in steps {
            let log = Log::new().await;
            let mut publisher = log.grow(&[start]).await;
            log.faults.set(fault);
            let failed = publisher.publish(log.append(7)).await;
            assert!(failed.is_err(), "{fault:?} at {start}");
            let later = publisher.publish(log.append(2)).await;
            assert!(
                matches!(later, Err(PublishFault::Stopped)),
                "{fault:?} at {start}"
            );
            // What readers see meanwhile is a complete log, old or new.
            log.check_files();

            let mut recovered = log
                .recover()
                .await
                .unwrap_or_else(|error| panic!("{fault:?}: {error}"));
            assert_eq!(
                log.check_files().size().get(),
                start as u64 + 9,
                "{fault:?} at {start}"
            );
            recovered.publish(log.append(3)).await.unwrap();
            assert_eq!(log.check_files().size().get(), start as u64 + 12);
        }
    }
}

#[tokio::test]
async fn a_crash_during_recovery_is_recovered_from() {
    for fault in [
        Fault::Swap(Fails::Before),
        Fault::Swap(Fails::After),
        Fault::Write(Fails::Half),
        Fault::Replace(Fails::Before),
        Fault::Replace(Fails::After),
    ] {
        let log = Log::new().await;
        log.grow(&[250]).await;
        log.append(300);
        log.faults.set(fault);
        assert!(log.recover().await.is_err(), "{fault:?}");
        log.recover().await.unwrap();
        assert_eq!(log.check_files().size().get(), 550, "{fault:?}");
    }
}

#[tokio::test]
async fn leaves_committed_but_never_signed_are_signed_at_the_next_start() {
    let log = Log::new().await;
    log.grow(&[3]).await;
    log.append(5000);
    log.recover().await.unwrap();
    assert_eq!(log.check_files().size().get(), 5003);
}

/// While one group is published the next is committed, and one more may wait: a crash then leaves several heads in the
/// data that nothing was signed for.
#[tokio::test]
async fn groups_committed_ahead_of_the_lock_are_signed_at_the_next_start() {
    for start in [0, 1, 254, 255, 256, 511] {
        for fault in [
            None,
            Some(Fault::Swap(Fails::Before)),
            Some(Fault::Write(Fails::Half)),
        ] {
            let log = Log::new().await;
            let mut publisher = log.grow(&[start]).await;
            let (first, _second, _third) = (log.append(3), log.append(300), log.append(2));
            if let Some(fault) = fault {
                log.faults.set(fault);
                publisher.publish(first).await.unwrap_err();
            }
            drop(publisher);
            let signed_before = log.lock.signed().len();
            let mut recovered = log.recover().await.unwrap();
            assert_eq!(
                log.check_files().size().get(),
                start as u64 + 305,
                "{fault:?} at {start}"
            );
            // Each group got the checkpoint that its receipts name, in order, and every file that it requires.
            let sizes: Vec<u64> = [3, 303, 305].map(|count| start as u64 + count).to_vec();
            let signed = log.lock.signed();
            let is_swapped = usize::from(matches!(fault, Some(Fault::Write(_))));
            assert_eq!(
                signed[signed_before..],
                sizes[is_swapped..],
                "{fault:?} at {start}"
            );
            for size in sizes {
                log.check_files_at(size as usize);
            }
            recovered.publish(log.append(1)).await.unwrap();
            assert_eq!(log.check_files().size().get(), start as u64 + 306);
        }
    }
}

#[tokio::test]
async fn lost_public_files_are_restored_from_the_data() {
    let log = Log::new().await;
    log.grow(&[600]).await;
    fs::remove_dir_all(log.path("tile")).unwrap();
    fs::remove_file(log.path("checkpoint")).unwrap();
    log.recover().await.unwrap();
    assert_eq!(log.check_files().size().get(), 600);
}

#[tokio::test]
async fn a_changed_file_on_the_edge_is_found_at_the_start() {
    for name in ["tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"] {
        let log = Log::new().await;
        log.grow(&[300]).await;
        let path = log.path(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[5] ^= 1;
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        assert!(
            matches!(log.recover().await, Err(RecoverError::Public(_))),
            "{name}"
        );
    }
}

#[tokio::test]
async fn changed_data_are_not_signed_for() {
    let log = Log::new().await;
    log.grow(&[300]).await;
    log.data.change_leaf(299);
    assert!(matches!(
        log.recover().await,
        Err(RecoverError::Contradiction { .. })
    ));
    log.data.change_leaf(299);
    log.data.change_node(NodeId { level: 8, index: 0 });
    assert!(matches!(
        log.recover().await,
        Err(RecoverError::RootMismatch { .. })
    ));

    let log = Log::new().await;
    log.grow(&[3]).await;
    log.append(2);
    log.data.change_leaf(4);
    assert!(matches!(
        log.recover().await,
        Err(RecoverError::Publish(PublishFault::HeadMismatch))
    ));
    assert_eq!(log.check_files().size().get(), 3);
}

/// Public files are never written over: one made of changed leaves would stand in the way of the right one for good.
#[tokio::test]
async fn changed_leaves_that_were_signed_for_are_not_written() {
    let log = Log::new().await;
    let mut publisher = log.grow(&[3]).await;
    log.faults.set(Fault::Write(Fails::Before));
    publisher.publish(log.append(600)).await.unwrap_err();
    log.data.change_leaf(17);
    assert!(matches!(
        log.recover().await,
        Err(RecoverError::RootMismatch {
            place: "lock store",
            ..
        })
    ));
    assert!(!log.path("tile/0/000").exists());
    log.data.change_leaf(17);
    log.recover().await.unwrap();
    assert_eq!(log.check_files().size().get(), 603);
}

#[tokio::test]
async fn a_restored_data_store_is_refused() {
    let mut log = Log::new().await;
    log.grow(&[5]).await;
    let backup = log.data.copy();
    log.grow(&[5]).await;
    log.data = backup;
    assert!(matches!(
        log.recover().await,
        Err(RecoverError::DataBehindLock { .. })
    ));
}

#[tokio::test]
async fn a_restored_lock_store_is_refused() {
    let mut log = Log::new().await;
    log.grow(&[5]).await;
    let backup = log.lock.copy();
    log.grow(&[5]).await;
    log.lock = backup;
    assert!(matches!(
        log.recover().await,
        Err(RecoverError::PublicAheadOfLock { .. })
    ));
}

#[tokio::test]
async fn another_history_of_the_same_size_is_refused() {
    let (one, other) = (Log::new().await, Log::new().await);
    one.grow(&[5]).await;
    let mut publisher = other.recover().await.unwrap();
    publisher
        .publish(other.data.append(vec![b"other".to_vec(); 5], 1))
        .await
        .unwrap();
    fs::copy(other.path("checkpoint"), one.path("checkpoint")).unwrap();
    assert!(matches!(
        one.recover().await,
        Err(RecoverError::RootMismatch {
            place: "public folder",
            ..
        })
    ));
    let with_other_data = Log {
        data: other.data.copy(),
        ..Log::new().await
    };
    let with_other_data = Log {
        lock: one.lock.copy(),
        ..with_other_data
    };
    assert!(matches!(
        with_other_data.recover().await,
        Err(RecoverError::RootMismatch {
            place: "lock store",
            ..
        })
    ));
}

#[tokio::test]
async fn a_clock_that_went_back_is_refused() {
    let log = Log::new().await;
    let mut publisher = log.grow(&[5]).await;
    // The last head has time 1: the same time again has not moved forward.
    let late = log.data.append(vec![b"late".to_vec()], 1);
    assert!(matches!(
        publisher.publish(late).await,
        Err(PublishFault::ClockWentBack { .. })
    ));
    assert_eq!(log.check_files().size().get(), 5);

    let log = Log::new().await;
    log.grow(&[5]).await;
    let now = UnixMicros(0);
    let refused = Publisher::recover(log.stores().await, &log.data, now).await;
    assert!(matches!(refused, Err(RecoverError::ClockBehind { .. })));
}

#[tokio::test]
async fn of_two_writers_on_one_lock_the_second_stops() {
    let log = Log::new().await;
    let mut first = log.grow(&[5]).await;
    let mut second = log.recover().await.unwrap();
    let appended = log.append(1);
    first.publish(appended.clone()).await.unwrap();
    assert!(matches!(
        second.publish(appended).await,
        Err(PublishFault::LockConflict)
    ));
    assert!(matches!(
        second.publish(log.append(1)).await,
        Err(PublishFault::Stopped)
    ));
    log.check_files();
}

#[tokio::test]
async fn a_changed_key_and_a_missing_row_are_refused() {
    let mut log = Log::new().await;
    log.grow(&[5]).await;
    log.signer = signer(2);
    assert!(matches!(
        log.recover().await,
        Err(RecoverError::ForeignCheckpoint {
            place: "lock store",
            ..
        })
    ));
    log.signer = signer(1);
    log.lock = crate::support::MemoryLock::default();
    assert!(matches!(log.recover().await, Err(RecoverError::LockMissing)));
    let again = Publisher::initialise(&log.stores().await).await;
    assert!(
        matches!(again, Err(RecoverError::AlreadyExists)),
        "a log never starts again at 0"
    );
    fs::remove_file(log.path("checkpoint")).unwrap();
    assert!(matches!(log.recover().await, Err(RecoverError::LockMissing)));
}

#[tokio::test]
async fn the_lock_row_holds_the_signed_note() {
    let log = Log::new().await;
    let publisher = log.grow(&[5]).await;
    let id = LogId::of_origin(log.signer.vkey().name());
    let row = Arc::new(log.lock.clone()).load(id).await.unwrap().unwrap();
    assert_eq!(row, publisher.latest().note().to_string().into_bytes());
    assert_eq!(row, fs::read(log.path("checkpoint")).unwrap());
}
