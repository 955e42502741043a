//! Groups over a real store: order, numbers, faults, and the map.

mod intakes;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use broker_domain::ids::{ParticipantId, SubjectId};
use broker_domain::time::EntropyUnavailable;
use broker_store::Serial;
use broker_store::contract::samples::{at, id, settle, transfer_in};
use broker_store_sqlite::{Create, SqliteStore};
use evidence::jws::{Jwk, Jws};
use evidence::record::Role;
use ledger_core::leaf::{ActorClass, Leaf};
use ledger_core::tree::TreeSize;
use ledger_log::{LogData, MapConfig, MapFault};

use super::*;
use crate::group::{Carrier, Commit, Draft, SignedRecord};
use crate::records;

struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> Instant {
        at(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// A clock that somebody sets forward, and back.
#[derive(Default)]
struct SetForward(AtomicI64);

impl Clock for SetForward {
    fn now(&self) -> Instant {
        at(200 + self.0.load(Ordering::Relaxed))
    }

    fn jumped(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|seconds| *seconds > 300)
    }
}

struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyUnavailable> {
        for byte in bytes {
            let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            *byte = (state ^ (state >> 29))
                .wrapping_mul(0xbf58_476d_1ce4_e5b9)
                .to_be_bytes()[0];
        }
        Ok(())
    }
}

struct Town {
    store: Arc<SqliteStore>,
    committer: GroupCommitter,
    folder: tempfile::TempDir,
}

async fn committer(store: &Arc<SqliteStore>, folder: &Path) -> GroupCommitter {
    let data = DataView(Arc::clone(store) as Arc<dyn Store>);
    let size = data
        .head()
        .await
        .unwrap()
        .map_or(TreeSize::ZERO, |head| head.size);
    let map = LogMap::recover(folder.join("map"), MapConfig::default(), &data, size)
        .await
        .unwrap();
    GroupCommitter::new(
        Arc::clone(store) as Arc<dyn Store>,
        Arc::new(Ticking(AtomicI64::new(100))),
        Arc::new(Counting(AtomicU64::new(7))),
        Arc::new(Recent::starting_with(map.snapshot())),
        map,
    )
}

/// Participants 1 to 9 and nothing in the log.
async fn town() -> Town {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("store.db"), Create::IfMissing).await;
    let store = Arc::new(store.unwrap());
    let mut tx = store.begin("settle").await.unwrap();
    for number in 1..10 {
        settle(&mut *tx, number).await.unwrap();
    }
    tx.commit().await.unwrap();
    Town {
        committer: committer(&store, folder.path()).await,
        store,
        folder,
    }
}

fn draft(who: u8) -> Draft {
    let subject: SubjectId = ParticipantId::from_bytes([who; 16]).into();
    let record = records::subject_enrolled(subject, Role::Participant, at(0)).unwrap();
    let payload = record.to_jcs_bytes().unwrap();
    let jws = Jws::sign(&payload, &Jwk::Ed25519 { x: [3; 32] }, |_| [0; 64]).unwrap();
    Draft {
        subject,
        actor: ActorClass::Broker,
        signed: SignedRecord { record, jws },
    }
}

#[derive(Clone, Copy)]
enum Does {
    /// Appends a record.
    Appends,
    /// Appends a record, then is refused.
    Refused,
    /// Appends a record, then meets a conflict of its own.
    Conflicts,
    /// Writes a row that refers to a record that nobody makes: only the commit finds it.
    Poisons,
    /// Finds a table of the ledger in another state than it must be.
    BreaksLedger,
    /// Erases the subject.
    Erases,
    /// Erases the subject, then is refused.
    ErasesAndIsRefused,
}

struct Beat(u8, Does);

#[async_trait]
impl Commit for Beat {
    type Answer = Serial;
    type Refusal = &'static str;
    const NAME: &'static str = "beat";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, &'static str>, Fault> {
        let Self(who, does) = *self;
        if matches!(does, Does::Erases | Does::ErasesAndIsRefused) {
            group
                .erase_subject(ParticipantId::from_bytes([who; 16]).into())
                .await?;
            if matches!(does, Does::ErasesAndIsRefused) {
                return Ok(Err("not now"));
            }
            return Ok(Ok(group.append_leaf(vec![1, 0x43, 0, 0, 0, 0, 0, 0, 9])?));
        }
        let serial = group.append(&draft(who)).await?;
        match does {
            Does::Refused => return Ok(Err("no")),
            Does::Conflicts => return Err(Fault::Conflict { table: "batch" }),
            Does::Poisons => {
                let mut row = transfer_in(200, who);
                row.serial = Serial(1_000_000);
                group.tx.add_transfer(&row).await?;
            }
            Does::BreaksLedger => group.tx.add_subject(id(who), [0; 32]).await?,
            Does::Appends | Does::Erases | Does::ErasesAndIsRefused => {}
        }
        Ok(Ok(serial))
    }
}

type Said = Result<Result<u64, &'static str>, Fault>;

/// Commits one group; gives each job's answer.
async fn group(town: &mut Town, beats: &[(u8, Does)]) -> Result<Vec<Said>, CommitFault> {
    let (jobs, claims): (Vec<_>, Vec<_>) = beats
        .iter()
        .map(|(who, does)| Carrier::load(Beat(*who, *does)))
        .unzip();
    let committed = town.committer.commit(jobs).await?;
    let claims = claims.into_iter().zip(&committed.answers);
    Ok(claims.map(|(claim, verdict)| claim.redeem(verdict)).collect())
}

async fn leaves(town: &Town) -> Vec<Vec<u8>> {
    let rows = town
        .store
        .read()
        .await
        .unwrap()
        .leaves(0, u64::MAX)
        .await
        .unwrap();
    rows.into_iter().map(|row| row.bytes).collect()
}

async fn numbers_of(town: &Town, who: u8) -> Vec<u64> {
    let mut read = town.store.read().await.unwrap();
    let records = read.records_of(id(who), u64::MAX, 1_000).await.unwrap();
    records.iter().rev().map(|row| row.n).collect()
}

#[tokio::test]
async fn leaves_stand_in_another_order_than_their_requests() {
    let mut town = town().await;
    let beats: Vec<_> = (0..90_u8).map(|i| (1 + i % 9, Does::Appends)).collect();
    let places: Vec<u64> = group(&mut town, &beats)
        .await
        .unwrap()
        .into_iter()
        .map(|said| said.unwrap().unwrap())
        .collect();
    let mut sorted = places.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..90).collect::<Vec<_>>());
    // By chance two of ninety stand side by side in order about once.
    let in_order = places.windows(2).filter(|pair| pair[1] == pair[0] + 1).count();
    assert!(in_order < 10, "{in_order}");
    // Each place holds the record it was told for.
    let mut read = town.store.read().await.unwrap();
    for ((who, _), place) in beats.iter().zip(places) {
        assert_eq!(read.record(place).await.unwrap().unwrap().subject, id(*who));
    }
}

#[tokio::test]
async fn every_batch_ends_with_the_root_of_the_map() {
    let mut town = town().await;
    for count in [1_u8, 5, 2] {
        let beats: Vec<_> = (1..=count).map(|who| (who, Does::Appends)).collect();
        group(&mut town, &beats).await.unwrap();
        let log = leaves(&town).await;
        let Leaf::System(last) = Leaf::parse(log.last().unwrap()).unwrap() else {
            panic!("the last leaf is not the log's own");
        };
        let said = last.map_root().unwrap();
        assert_eq!(said.covers.get(), u64::try_from(log.len()).unwrap() - 1);
        let mut naive = ledger_core::map::MapTree::default();
        for (index, leaf) in (0..).zip(&log[..log.len() - 1]) {
            let place = ledger_core::tree::LeafIndex::new(index).unwrap();
            let entry = ledger_core::map::MapEntry::of_leaf(place, leaf).unwrap();
            if let Some(entry) = entry {
                naive.insert(entry).unwrap();
            }
        }
        assert_eq!(
            (said.entries, said.root),
            (u64::try_from(naive.len()).unwrap(), naive.root())
        );
    }
}

#[tokio::test]
async fn a_job_that_fails_alone_leaves_no_trace_and_no_gap() {
    let mut town = town().await;
    let beats = [
        (1, Does::Appends),
        (1, Does::Refused),
        (2, Does::Conflicts),
        (1, Does::Appends),
        (2, Does::Appends),
    ];
    let said = group(&mut town, &beats).await.unwrap();
    assert!(matches!(said[1], Ok(Err("no"))));
    assert!(matches!(said[2], Err(Fault::Conflict { table: "batch" })));
    assert_eq!(leaves(&town).await.len(), 4);
    assert_eq!(numbers_of(&town, 1).await, [1, 2]);
    assert_eq!(numbers_of(&town, 2).await, [1]);
}

#[tokio::test]
async fn a_job_that_makes_its_group_fail_is_left_out() {
    let mut town = town().await;
    group(&mut town, &[(1, Does::Appends)]).await.unwrap();
    let beats = [(1, Does::Appends), (2, Does::Poisons), (3, Does::Appends)];
    let said = group(&mut town, &beats).await.unwrap();
    assert!(matches!(said[0], Ok(Ok(_))));
    assert!(matches!(said[1], Err(Fault::NotCommitted)));
    assert!(matches!(said[2], Ok(Ok(_))));
    assert_eq!(numbers_of(&town, 2).await, [0; 0]);
    // What was staged for it is forgotten, and the map goes on.
    group(&mut town, &[(1, Does::Appends)]).await.unwrap();
    assert_eq!(numbers_of(&town, 1).await, [1, 2, 3]);
    let alone = group(&mut town, &[(2, Does::Poisons)]).await;
    assert!(matches!(alone, Err(CommitFault::NotCommitted(_))));
}

#[tokio::test]
async fn a_conflict_in_a_table_of_the_ledger_stops_the_log() {
    let mut town = town().await;
    let broken = group(&mut town, &[(1, Does::Appends), (2, Does::BreaksLedger)]).await;
    assert!(matches!(broken, Err(CommitFault::Unknown(_))));
    assert_eq!(leaves(&town).await.len(), 0);
}

#[tokio::test]
async fn erasing_takes_what_the_same_group_has_drafted() {
    let mut town = town().await;
    group(&mut town, &[(1, Does::Appends)]).await.unwrap();
    let beats = [
        (1, Does::Appends),
        (2, Does::Appends),
        (1, Does::Erases),
        (1, Does::Appends),
    ];
    let said = group(&mut town, &beats).await.unwrap();
    assert!(matches!(said[2], Ok(Ok(_))));
    assert!(matches!(said[3], Err(Fault::SubjectErased)));
    assert_eq!(numbers_of(&town, 1).await, [0; 0]);
    assert_eq!(numbers_of(&town, 2).await, [1]);
    // Two leaves of hers, one of the neighbour, the erasure, two map roots.
    assert_eq!(leaves(&town).await.len(), 6);
}

#[tokio::test]
async fn an_erasure_that_is_undone_gives_everything_back() {
    let mut town = town().await;
    let beats = [
        (1, Does::Appends),
        (1, Does::ErasesAndIsRefused),
        (1, Does::Appends),
    ];
    group(&mut town, &beats).await.unwrap();
    assert_eq!(numbers_of(&town, 1).await, [1, 2]);
}

#[tokio::test]
async fn a_second_writer_on_the_same_store_is_noticed() {
    let mut town = town().await;
    let mut other = committer(&town.store, town.folder.path()).await;
    group(&mut town, &[(1, Does::Appends)]).await.unwrap();
    let (job, _claim) = Carrier::load(Beat(2, Does::Appends));
    let refused = other.commit(vec![job]).await;
    assert!(matches!(refused, Err(CommitFault::Unknown(_))));
}

#[tokio::test]
async fn a_map_made_again_agrees_with_the_log_and_a_changed_log_does_not() {
    let mut town = town().await;
    for who in 1..5 {
        group(&mut town, &[(who, Does::Appends), (9, Does::Appends)])
            .await
            .unwrap();
    }
    let size = TreeSize::new(12).unwrap();
    let data = DataView(Arc::clone(&town.store) as Arc<dyn Store>);
    let folder = |name| town.folder.path().join(name);
    let again = LogMap::recover(folder("again"), MapConfig::default(), &data, size)
        .await
        .unwrap();
    assert_eq!(again.entries(), 8);
    let changed = Changed(Mutex::new(leaves(&town).await));
    let refused = LogMap::recover(folder("changed"), MapConfig::default(), &changed, size).await;
    assert!(matches!(refused, Err(MapFault::OtherRoot { index: 11 })));
}

/// A log whose first leaf was exchanged.
struct Changed(Mutex<Vec<Vec<u8>>>);

#[async_trait]
impl LogData for Changed {
    async fn head(&self) -> Result<Option<ledger_log::DataHead>, ledger_log::StoreFault> {
        Ok(None)
    }

    async fn heads_since(&self, _: TreeSize) -> Result<Vec<ledger_log::DataHead>, ledger_log::StoreFault> {
        Ok(Vec::new())
    }

    async fn heads_up_to(
        &self,
        _: TreeSize,
        _: usize,
    ) -> Result<Vec<ledger_log::DataHead>, ledger_log::StoreFault> {
        Ok(Vec::new())
    }

    async fn nodes(
        &self,
        _: &[ledger_core::tree::NodeId],
    ) -> Result<Vec<ledger_core::tree::Hash>, ledger_log::StoreFault> {
        Ok(Vec::new())
    }

    async fn leaves(&self, range: std::ops::Range<u64>) -> Result<Vec<Vec<u8>>, ledger_log::StoreFault> {
        let mut log = self.0.lock().unwrap().clone();
        log[0][40] ^= 1;
        Ok((range.start..range.end)
            .map(|index| log[usize::try_from(index).unwrap()].clone())
            .collect())
    }
}

#[tokio::test]
async fn nothing_is_recorded_under_a_clock_that_jumped_so_nothing_is_poisoned() {
    let mut town = town().await;
    let clock = Arc::new(SetForward::default());
    town.committer.writing.as_mut().unwrap().clock = Arc::clone(&clock) as Arc<dyn Clock>;
    group(&mut town, &[(1, Does::Appends)]).await.unwrap();
    let before = leaves(&town).await.len();
    // Ten years ahead, and back.
    clock.0.store(315_360_000, Ordering::Relaxed);
    let refused = group(&mut town, &[(2, Does::Appends), (3, Does::Appends)]).await;
    let Err(CommitFault::NotCommitted(why)) = refused else {
        panic!("a record was made in ten years")
    };
    assert!(why.to_string().contains("set forward by 315360000 s"), "{why}");
    assert_eq!(leaves(&town).await.len(), before);
    clock.0.store(1, Ordering::Relaxed);
    group(&mut town, &[(2, Does::Appends)]).await.unwrap();
    assert_eq!(leaves(&town).await.len(), before + 2);
}
