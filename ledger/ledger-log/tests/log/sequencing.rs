//! Batches, refusals and stops of the sequencer.

mod ahead;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use ledger_core::tree::TreeSize;
use ledger_log::{
    CommitFault, Committed, Committer, PublishFault, Sequencer, SequencerConfig, Stop, SubmitError,
};
use tokio::{sync::Semaphore, task::JoinHandle};

use crate::support::{Fails, Fault, Log, MemoryData};

#[derive(Clone, Copy, Debug)]
enum Job {
    /// Idempotency key and number of leaves.
    Append(u64, usize),
    Refused,
    RollsBack,
    InDoubt,
    LosesAnswers,
}

/// A service: remembers what each key appended, and writes one transaction per batch.
struct Service {
    data: MemoryData,
    done: HashMap<u64, u64>,
    batches: Arc<Mutex<Vec<usize>>>,
    gate: Arc<Semaphore>,
}

#[async_trait]
impl Committer for Service {
    type Job = Job;
    type Answer = Option<u64>;

    fn records(job: &Job) -> usize {
        if let Job::Append(_, count) = job {
            *count
        } else {
            1
        }
    }

    async fn commit(&mut self, jobs: Vec<Job>) -> Result<Committed<Option<u64>>, CommitFault> {
        self.gate.acquire().await.unwrap().forget();
        self.batches.lock().unwrap().push(jobs.len());
        let size = self.data.leaves_now().len() as u64;
        let mut leaves: Vec<Vec<u8>> = Vec::new();
        let mut answers = Vec::new();
        for job in jobs {
            match job {
                Job::Append(key, count) => {
                    let first = *self.done.entry(key).or_insert_with(|| {
                        let first = size + leaves.len() as u64;
                        leaves.extend((0..count).map(|i| format!("{key}-{i}").into_bytes()));
                        first
                    });
                    answers.push(Some(first));
                }
                Job::Refused => answers.push(None),
                Job::RollsBack => return Err(CommitFault::NotCommitted("constraint failed".into())),
                Job::InDoubt => return Err(CommitFault::Unknown("connection lost".into())),
                Job::LosesAnswers => {}
            }
        }
        let appended = (!leaves.is_empty()).then(|| self.data.append(leaves, size as i64 + 1));
        Ok(Committed { answers, appended })
    }
}

struct Running {
    log: Log,
    sequencer: Sequencer<Service>,
    task: JoinHandle<Result<(), Stop>>,
    batches: Arc<Mutex<Vec<usize>>>,
    gate: Arc<Semaphore>,
}

async fn start(config: SequencerConfig, open: bool) -> Running {
    let log = Log::new().await;
    let publisher = log.recover().await.unwrap();
    let (batches, gate) = (
        Arc::default(),
        Arc::new(Semaphore::new(if open { 10_000 } else { 0 })),
    );
    let (data, done) = (log.data.clone(), HashMap::new());
    let service = Service {
        data,
        done,
        batches: Arc::clone(&batches),
        gate: Arc::clone(&gate),
    };
    let (sequencer, task) = Sequencer::start(service, publisher, config);
    Running {
        log,
        sequencer,
        task,
        batches,
        gate,
    }
}

fn quick() -> SequencerConfig {
    SequencerConfig {
        linger: Duration::from_millis(1),
        ..SequencerConfig::default()
    }
}

/// Submits in the background, in order.
async fn submit_all(
    running: &Running,
    jobs: impl IntoIterator<Item = Job>,
) -> Vec<JoinHandle<Result<Option<u64>, SubmitError>>> {
    let mut handles = Vec::new();
    for job in jobs {
        let sequencer = running.sequencer.clone();
        handles.push(tokio::spawn(
            async move { Ok(sequencer.submit(job).await?.answer) },
        ));
        tokio::task::yield_now().await;
    }
    handles
}

#[tokio::test]
async fn an_answer_comes_after_its_checkpoint_is_public() {
    let running = start(quick(), true).await;
    for i in 0..5 {
        let published = running.sequencer.submit(Job::Append(i, 2)).await.unwrap();
        assert_eq!(published.answer, Some(i * 2));
        let public = running.log.check_files();
        assert_eq!(public.checkpoint(), published.checkpoint.checkpoint());
        assert_eq!(public.checkpoint(), running.sequencer.latest().checkpoint());
        assert_eq!(public.size().get(), i * 2 + 2);
    }
    drop(running.sequencer);
    running.task.await.unwrap().unwrap();
}

/// Whoever finds a record in the data store before its checkpoint is public waits for it.
#[tokio::test]
async fn a_size_is_awaited_until_its_checkpoint_is_public() {
    let running = start(quick(), false).await;
    let size = TreeSize::new(3).unwrap();
    let sequencer = running.sequencer.clone();
    let waiting = tokio::spawn(async move { sequencer.published(size).await });
    let first = submit_all(&running, [Job::Append(0, 2)]).await;
    running.gate.add_permits(1);
    for handle in first {
        handle.await.unwrap().unwrap();
    }
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished(), "two leaves are not three");
    running.gate.add_permits(1);
    running.sequencer.submit(Job::Append(1, 1)).await.unwrap();
    assert_eq!(
        waiting.await.unwrap().unwrap().checkpoint(),
        running.log.check_files().checkpoint()
    );
    // What is public already is not waited for.
    assert!(running.sequencer.published(size).await.is_some());
}

#[tokio::test]
async fn a_size_that_a_stopped_log_never_reached_is_not_awaited_for_ever() {
    let running = start(quick(), true).await;
    running.log.faults.set(Fault::Swap(Fails::Before));
    assert!(running.sequencer.submit(Job::Append(0, 1)).await.is_err());
    running.task.await.unwrap().unwrap_err();
    let size = TreeSize::new(1).unwrap();
    assert!(running.sequencer.published(size).await.is_none());
}

#[tokio::test]
async fn what_queues_up_during_a_batch_makes_the_next_one() {
    let running = start(quick(), false).await;
    let first = submit_all(&running, [Job::Append(0, 1)]).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let rest = submit_all(&running, (1..=300).map(|i| Job::Append(i, 1))).await;
    running.gate.add_permits(10);
    for (i, handle) in first.into_iter().chain(rest).enumerate() {
        assert_eq!(handle.await.unwrap().unwrap(), Some(i as u64));
    }
    // Up to the end of the tile, then what is left.
    assert_eq!(*running.batches.lock().unwrap(), [1, 255, 45]);
    running.log.check_files();
}

#[tokio::test]
async fn a_batch_ends_where_a_tile_is_full_unless_that_is_too_early() {
    let running = start(quick(), false).await;
    let begun = submit_all(&running, [Job::Append(0, 200)]).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let rest = submit_all(&running, (1..=500).map(|key| Job::Append(key, 1))).await;
    running.gate.add_permits(10);
    for handle in begun.into_iter().chain(rest) {
        handle.await.unwrap().unwrap();
    }
    // 56 leaves to the end of the first tile make no batch of their own; 56 to that of the second do not either.
    assert_eq!(*running.batches.lock().unwrap(), [1, 256, 244]);
    running.log.check_files();
}

#[tokio::test]
async fn a_batch_is_closed_by_records_and_a_large_job_stands_alone() {
    let running = start(quick(), false).await;
    let jobs = [
        Job::Append(0, 200),
        Job::Append(1, 56),
        Job::Append(2, 1),
        Job::Append(3, 700),
        Job::Append(4, 1),
    ];
    let handles = submit_all(&running, jobs).await;
    running.gate.add_permits(10);
    for handle in handles {
        handle.await.unwrap().unwrap();
    }
    assert_eq!(*running.batches.lock().unwrap(), [2, 1, 1, 1]);
    assert_eq!(running.log.check_files().size().get(), 958);
}

/// The batches that were committed so far.
async fn committed(running: &Running, count: usize) {
    while running.batches.lock().unwrap().len() < count {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Submits jobs one after the other, each once the one before is committed: each makes a batch of its own.
async fn one_by_one(
    running: &Running,
    keys: std::ops::Range<u64>,
) -> Vec<JoinHandle<Result<Option<u64>, SubmitError>>> {
    let mut handles = Vec::new();
    for key in keys {
        handles.extend(submit_all(running, [Job::Append(key, 1)]).await);
        committed(running, usize::try_from(key).unwrap() + 1).await;
    }
    handles
}

#[tokio::test]
async fn full_batches_follow_each_other() {
    let running = start(quick(), true).await;
    let handles = submit_all(&running, (0..2_000).map(|key| Job::Append(key, 1))).await;
    for handle in handles {
        handle.await.unwrap().unwrap();
    }
    assert_eq!(running.log.check_files().size().get(), 2_000);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let running = start(SequencerConfig { queue: 2, ..quick() }, false).await;
    let first = submit_all(&running, [Job::Append(0, 1)]).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    let waiting = submit_all(&running, [Job::Append(1, 1), Job::Append(2, 1)]).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(matches!(
        running.sequencer.submit(Job::Append(3, 1)).await,
        Err(SubmitError::Full)
    ));
    running.gate.add_permits(10);
    for handle in first.into_iter().chain(waiting) {
        handle.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn refusals_and_repetitions_append_nothing() {
    let running = start(quick(), true).await;
    let before = running.sequencer.submit(Job::Append(7, 1)).await.unwrap();
    let again = running.sequencer.submit(Job::Append(7, 1)).await.unwrap();
    let refused = running.sequencer.submit(Job::Refused).await.unwrap();
    assert_eq!((again.answer, refused.answer), (before.answer, None));
    assert_eq!(running.log.check_files().size().get(), 1);
}

#[tokio::test]
async fn a_rolled_back_batch_fails_alone() {
    let running = start(quick(), true).await;
    running.sequencer.submit(Job::Append(0, 1)).await.unwrap();
    let failed = running.sequencer.submit(Job::RollsBack).await;
    assert!(matches!(failed, Err(SubmitError::NotCommitted(_))));
    running.sequencer.submit(Job::Append(1, 1)).await.unwrap();
    assert_eq!(running.log.check_files().size().get(), 2);
}

#[tokio::test]
async fn a_fault_from_the_swap_on_stops_the_log() {
    for fault in [
        Fault::Swap(Fails::After),
        Fault::Write(Fails::Half),
        Fault::Replace(Fails::Before),
    ] {
        let running = start(quick(), true).await;
        running.sequencer.submit(Job::Append(0, 1)).await.unwrap();
        running.log.faults.set(fault);
        let failed = running.sequencer.submit(Job::Append(1, 1)).await;
        assert!(matches!(failed, Err(SubmitError::Unanswered)), "{fault:?}");
        assert!(matches!(running.task.await.unwrap(), Err(Stop::Publish(_))));
        assert!(matches!(
            running.sequencer.submit(Job::Append(2, 1)).await,
            Err(SubmitError::Stopped)
        ));
        assert!(!running.sequencer.is_running());
        running.log.recover().await.unwrap();
        assert_eq!(running.log.check_files().size().get(), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn a_commit_in_doubt_stops_the_log_and_the_queue_is_told() {
    let running = start(
        SequencerConfig {
            max_records: 1,
            ..quick()
        },
        false,
    )
    .await;
    let handles = submit_all(&running, [Job::InDoubt, Job::Append(1, 1), Job::Append(2, 1)]).await;
    running.gate.add_permits(10);
    let mut results = Vec::new();
    for handle in handles {
        results.push(handle.await.unwrap().unwrap_err());
    }
    assert!(matches!(results[0], SubmitError::Unanswered));
    assert!(matches!(
        results[1..],
        [SubmitError::Stopped, SubmitError::Stopped]
    ));
    assert!(matches!(running.task.await.unwrap(), Err(Stop::Commit(_))));
    assert_eq!(running.log.data.leaves_now().len(), 0);
}

#[tokio::test]
async fn a_committer_that_forgets_an_answer_stops_the_log() {
    let running = start(quick(), true).await;
    assert!(matches!(
        running.sequencer.submit(Job::LosesAnswers).await,
        Err(SubmitError::Unanswered)
    ));
    assert!(matches!(
        running.task.await.unwrap(),
        Err(Stop::Answers { answers: 0, jobs: 1 })
    ));
}

#[tokio::test]
async fn a_second_sequencer_on_the_same_lock_stops_at_its_first_batch() {
    let running = start(quick(), true).await;
    let late = running.log.recover().await.unwrap();
    let service = Service {
        data: running.log.data.copy(),
        done: HashMap::new(),
        batches: Arc::default(),
        gate: Arc::new(Semaphore::new(10)),
    };
    let (second, task) = Sequencer::start(service, late, quick());
    running.sequencer.submit(Job::Append(0, 1)).await.unwrap();
    assert!(matches!(
        second.submit(Job::Append(9, 1)).await,
        Err(SubmitError::Unanswered)
    ));
    assert!(matches!(
        task.await.unwrap(),
        Err(Stop::Publish(PublishFault::LockConflict))
    ));
    running.sequencer.submit(Job::Append(1, 1)).await.unwrap();
    assert_eq!(running.log.check_files().size().get(), 2);
}
