//! Stages that run ahead of each other, and what a crash then leaves.

use std::{fs, time::Duration};

use ledger_log::{SequencerConfig, Stop, SubmitError};

use super::{Job, committed, one_by_one, quick, start, submit_all};
use crate::support::{Fails, Fault, Log};

/// One batch being shown, four signed, one that is signed and has nowhere to go, one committed.
const UNDER_WAY: u64 = 7;

/// Each job fills a batch: nothing is waited for.
fn one_a_batch() -> SequencerConfig {
    SequencerConfig {
        max_records: 1,
        ..quick()
    }
}

#[tokio::test]
async fn full_batches_are_committed_and_signed_while_those_before_are_shown() {
    let running = start(one_a_batch(), true).await;
    let held = running.log.hold.lock().await;
    let ahead = one_by_one(&running, 0..UNDER_WAY).await;
    // The next has nowhere to go.
    let next = submit_all(&running, [Job::Append(UNDER_WAY, 1)]).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(running.batches.lock().unwrap().len(), 7);
    assert!(!ahead[0].is_finished(), "nothing is public yet");
    drop(held);
    for handle in [ahead, next].into_iter().flatten() {
        handle.await.unwrap().unwrap();
    }
    assert_eq!(running.log.check_files().size().get(), 8);
}

#[tokio::test]
async fn while_two_batches_are_under_way_the_next_gathers_company() {
    let running = start(quick(), true).await;
    let held = running.log.hold.lock().await;
    let first = one_by_one(&running, 0..2).await;
    let mut rest = Vec::new();
    for key in 2..9 {
        rest.extend(submit_all(&running, [Job::Append(key, 1)]).await);
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    assert_eq!(*running.batches.lock().unwrap(), [1, 1]);
    drop(held);
    for handle in [first, rest].into_iter().flatten() {
        handle.await.unwrap().unwrap();
    }
    assert_eq!(*running.batches.lock().unwrap(), [1, 1, 7]);
    running.log.check_files();
}

/// What callers were given verifies at its own size: its partial tiles are there, or the full ones that they became.
#[tokio::test]
async fn what_is_shown_together_has_the_tiles_of_every_checkpoint() {
    let running = start(one_a_batch(), true).await;
    let held = running.log.hold.lock().await;
    let mut callers = Vec::new();
    for (key, count) in [(0, 1), (1, 3), (2, 300), (3, 2)] {
        let sequencer = running.sequencer.clone();
        callers.push(tokio::spawn(async move {
            sequencer
                .submit(Job::Append(key, count))
                .await
                .unwrap()
                .checkpoint
        }));
        committed(&running, callers.len()).await;
    }
    drop(held);
    let mut sizes = Vec::new();
    for caller in callers {
        sizes.push(caller.await.unwrap().size().get());
    }
    assert_eq!(sizes, [1, 4, 304, 306]);
    running.log.check_files();
    for (shown, name) in [
        (true, "tile/0/000.p/1"),
        (false, "tile/0/000.p/4"),
        (true, "tile/0/000"),
        (true, "tile/entries/000"),
        (true, "tile/0/001.p/48"),
        (true, "tile/0/001.p/50"),
        (true, "tile/1/000.p/1"),
    ] {
        assert_eq!(running.log.path(name).exists(), shown, "{name}");
    }
}

#[tokio::test]
async fn what_was_committed_behind_a_batch_that_is_not_published_is_unanswered() {
    let running = start(one_a_batch(), true).await;
    running.log.faults.set(Fault::Write(Fails::Before));
    let held = running.log.hold.lock().await;
    let ahead = one_by_one(&running, 0..UNDER_WAY).await;
    let next = submit_all(&running, [Job::Append(UNDER_WAY, 1)]).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    drop(held);
    for handle in ahead {
        assert!(matches!(handle.await.unwrap(), Err(SubmitError::Unanswered)));
    }
    for handle in next {
        assert!(matches!(handle.await.unwrap(), Err(SubmitError::Stopped)));
    }
    assert!(matches!(running.task.await.unwrap(), Err(Stop::Publish(_))));
    // All stand: recovery shows what was signed, and signs for the last.
    running.log.recover().await.unwrap();
    assert_eq!(running.log.check_files().size().get(), UNDER_WAY);
}

/// Receipts name the checkpoint of their own batch: after a crash the files of each are there, not of the last alone.
#[tokio::test]
async fn after_a_crash_every_checkpoint_signed_ahead_has_its_partial_tiles() {
    for (first, fault) in [
        (1, None),
        (1, Some(Fault::Write(Fails::Before))),
        (1, Some(Fault::Write(Fails::Half))),
        (1, Some(Fault::Replace(Fails::Before))),
        (253, None),
        (700, Some(Fault::Write(Fails::Half))),
    ] {
        let running = start(one_a_batch(), true).await;
        running.sequencer.submit(Job::Append(0, first)).await.unwrap();
        let shown = running.log.lock.signed().len();
        let held = running.log.hold.lock().await;
        one_by_one(&running, 1..UNDER_WAY + 1).await;
        // As kill -9 does: nothing is finished, nobody is told.
        running.task.abort();
        running.task.await.unwrap_err();
        drop(held);
        let signed = running.log.lock.signed().split_off(shown);
        assert!(signed.len() >= 6, "{signed:?} is not ahead");
        let public = running.log.check_files().size().get();
        assert_eq!(public, first as u64, "nothing was shown");
        if let Some(fault) = fault {
            running.log.faults.set(fault);
            assert!(running.log.recover().await.is_err(), "{fault:?}");
        }
        running.log.recover().await.unwrap();
        running.log.check_files();
        for size in running.log.lock.signed() {
            running.log.check_files_at(size as usize);
        }
    }
}

/// The old heads of a log whose folder is lost are not all made again: that would be some files for each batch ever made.
#[tokio::test]
async fn a_lost_folder_gets_the_partial_tiles_of_the_last_heads_alone() {
    let log = Log::new().await;
    log.grow(&[1; 30]).await;
    fs::remove_dir_all(log.path("tile")).unwrap();
    fs::remove_file(log.path("checkpoint")).unwrap();
    log.recover().await.unwrap();
    log.check_files();
    let widths: Vec<usize> = (1..=30)
        .filter(|width| log.path(&format!("tile/0/000.p/{width}")).exists())
        .collect();
    assert_eq!(widths, (22..=30).collect::<Vec<_>>());
}
