//! The task that keeps the public checkpoint.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use ledger_core::{
    checkpoint::SignedCheckpoint, cosignature::PosixSeconds, note::NoteSigner, policy::Quorum,
    tile::Resource, tree::LeafIndex,
};
use ledger_log::{
    Answering, Keeper, KeeperClock, KeeperConfig, KeeperStop, LockStore, LogId, PublicFault, PublicFile,
    PublicStore, Stop, StopKeeper, StoreFault, Stores, Swap, Unwitnessed, WitnessStop, WitnessView,
};
use tokio::task::JoinHandle;

use super::support::{Fake, Manner, NOW, Scene, Tree, at, log, scene, slow};

/// Nothing is locked here: only the file matters.
struct NoLock;

#[async_trait]
impl LockStore for NoLock {
    async fn load(&self, _: LogId) -> Result<Option<Vec<u8>>, StoreFault> {
        Ok(None)
    }

    async fn create(&self, _: LogId, _: &[u8]) -> Result<Swap, StoreFault> {
        Ok(Swap::Done)
    }

    async fn swap(&self, _: LogId, _: &[u8], _: &[u8]) -> Result<Swap, StoreFault> {
        Ok(Swap::Done)
    }
}

/// Every content that the file `checkpoint` had.
#[derive(Default)]
struct File(Mutex<Vec<Vec<u8>>>);

impl File {
    fn sizes(&self) -> Vec<u64> {
        self.0
            .lock()
            .unwrap()
            .iter()
            .map(|note| opened(note).size().get())
            .collect()
    }

    /// Size, and number of signature lines.
    fn now(&self) -> Option<(u64, usize)> {
        let notes = self.0.lock().unwrap();
        let last = opened(notes.last()?);
        Some((last.size().get(), last.note().signatures().len()))
    }
}

fn opened(note: &[u8]) -> SignedCheckpoint {
    SignedCheckpoint::open(note, log().vkey()).unwrap()
}

#[async_trait]
impl PublicStore for File {
    async fn read(&self, _: Resource) -> Result<Option<Vec<u8>>, StoreFault> {
        Ok(self.0.lock().unwrap().last().cloned())
    }

    async fn write(&self, _: Vec<PublicFile>) -> Result<(), PublicFault> {
        Ok(())
    }

    async fn replace_checkpoint(&self, note: Vec<u8>) -> Result<(), StoreFault> {
        self.0.lock().unwrap().push(note);
        Ok(())
    }
}

struct Hands(AtomicU64);

impl KeeperClock for Hands {
    fn now(&self) -> PosixSeconds {
        at(self.0.load(Ordering::SeqCst))
    }
}

/// What was kept for good.
#[derive(Default)]
struct Stops(Mutex<Vec<WitnessStop>>);

#[async_trait]
impl StopKeeper for Stops {
    async fn keep(&self, stop: &WitnessStop) -> Result<(), StoreFault> {
        self.0.lock().unwrap().push(stop.clone());
        Ok(())
    }
}

/// A keeper at work on a log of which somebody publishes checkpoints.
struct Desk {
    stores: Option<Stores>,
    file: Arc<File>,
    clock: Arc<Hands>,
    fakes: Vec<Arc<Fake>>,
    stops: Arc<Stops>,
    view: WitnessView,
    kept: JoinHandle<Result<(), KeeperStop>>,
}

impl Desk {
    async fn begin(k: usize, manners: Vec<Manner>, file: File) -> Self {
        let Scene { fakes, witnesses } = scene(k, manners);
        let (file, clock) = (Arc::new(file), Arc::new(Hands(AtomicU64::new(NOW))));
        let public = Arc::clone(&file) as Arc<dyn PublicStore>;
        let stores = Stores {
            rotation: ledger_log::Rotation::default(),
            signer: Arc::new(log()),
            lock: Arc::new(NoLock),
            public,
        };
        let (stores, handover) = stores.hand_over();
        let config = KeeperConfig {
            refresh: Duration::from_millis(50),
            pause: Duration::from_millis(1),
            retry: Duration::from_millis(5),
        };
        let stops = Arc::new(Stops::default());
        let hands = Arc::clone(&clock) as Arc<dyn KeeperClock>;
        let keeper = Keeper::new(
            witnesses,
            Tree::of("entry", 400),
            hands,
            Arc::clone(&stops) as Arc<dyn StopKeeper>,
            log().vkey().clone(),
            config,
        );
        let latest = Arc::new(Tree::of("entry", 1).signed());
        let (view, kept) = keeper.start(handover, latest).await.unwrap();
        Self {
            stores: Some(stores),
            file,
            clock,
            fakes,
            stops,
            view,
            kept,
        }
    }

    /// Step 7, as the publisher does it.
    async fn publish(&self, leaves: u64) {
        let note = Tree::of("entry", leaves).signed().note().to_string();
        let stores = self.stores.as_ref().unwrap();
        stores.public.replace_checkpoint(note.into_bytes()).await.unwrap();
    }

    fn set(&self, witness: usize, manner: Manner) {
        *self.fakes[witness].manner.lock().unwrap() = manner;
    }

    async fn until(&self, so: impl Fn(&Self) -> bool) {
        let waited = async {
            while !so(self) {
                tokio::task::yield_now().await;
            }
        };
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, waited)
            .await
            .expect("it does not come to that");
    }

    async fn covers(&self, leaf: u64) -> Result<Vec<String>, Unwitnessed> {
        let patience = Duration::from_millis(400);
        let head = self
            .view
            .covering(LeafIndex::new(leaf).unwrap(), patience)
            .await?;
        assert!(head.checkpoint.size().get() > leaf);
        Ok(head.by.iter().map(ToString::to_string).collect())
    }
}

#[tokio::test]
async fn a_witnessed_checkpoint_is_published_with_its_cosignatures() {
    let desk = Desk::begin(2, vec![Manner::Honest, Manner::Honest], File::default()).await;
    for leaves in [2, 7, 300] {
        desk.publish(leaves).await;
        assert_eq!(desk.covers(leaves - 1).await.unwrap().len(), 2);
        assert_eq!(desk.file.now(), Some((leaves, 3)));
    }
    let state = desk.view.state();
    assert!(
        state
            .standings
            .iter()
            .all(|one| one.answering == Answering::Cosigned)
    );
    assert!(
        state
            .standings
            .iter()
            .all(|one| one.cosigned.unwrap().0.get() == 300)
    );
}

#[tokio::test]
async fn without_quorum_the_checkpoint_is_published_and_nothing_is_covered_until_it_comes() {
    let desk = Desk::begin(2, vec![Manner::Honest, Manner::Honest], File::default()).await;
    desk.publish(3).await;
    desk.covers(2).await.unwrap();
    desk.set(1, Manner::Down);
    desk.publish(9).await;
    desk.until(|desk| desk.file.now() == Some((9, 2))).await;
    assert!(matches!(desk.covers(8).await, Err(Unwitnessed::NotMet(_))));
    // Nor is what was covered before handed out while the quorum is lost.
    assert!(matches!(desk.view.stands(), Err(Unwitnessed::NotMet(_))));
    assert_eq!(desk.view.state().standings[1].answering, Answering::Unavailable);
    desk.set(1, Manner::Honest);
    assert_eq!(desk.covers(8).await.unwrap().len(), 2);
    assert_eq!(desk.file.now(), Some((9, 3)));
}

#[tokio::test]
async fn a_slow_witness_counts_when_it_has_answered() {
    let (manner, gate) = slow();
    let desk = Desk::begin(2, vec![Manner::Honest, manner], File::default()).await;
    desk.publish(5).await;
    // The time limit of a question is 100 ms here.
    desk.until(|desk| desk.file.now() == Some((5, 2))).await;
    assert_eq!(desk.view.state().standings[1].answering, Answering::Late);
    gate.add_permits(1);
    assert_eq!(desk.covers(4).await.unwrap().len(), 2);
    assert_eq!(desk.file.now(), Some((5, 3)));
}

#[tokio::test]
async fn witnesses_that_are_always_too_slow_count_for_what_they_were_asked_about() {
    let (first, gate) = slow();
    let (second, other) = slow();
    let desk = Desk::begin(2, vec![first, second], File::default()).await;
    desk.publish(5).await;
    desk.until(|desk| desk.view.state().awaited).await;
    for leaves in [9, 14] {
        desk.publish(leaves).await;
        // Larger by the time that either answers: what is public does not wait for them.
        desk.until(|desk| desk.file.now() == Some((leaves, 1))).await;
    }
    assert_eq!(
        desk.view.stands(),
        Err(Unwitnessed::NotAsked),
        "nobody vouched yet"
    );
    // Neither is asked about anything newer before both have said what they have to say.
    gate.add_permits(1);
    assert!(desk.covers(0).await.is_err(), "one of two is no quorum");
    assert!(desk.view.state().awaited);
    other.add_permits(1);
    assert_eq!(desk.covers(0).await.unwrap().len(), 2);
    for leaves in [20, 30] {
        desk.publish(leaves).await;
        desk.until(|desk| desk.file.now().unwrap().0 == leaves).await;
        // What was witnessed stands while they are at it.
        assert_eq!(desk.view.stands().unwrap().by.len(), 2);
        gate.add_permits(2);
        other.add_permits(2);
        assert_eq!(desk.covers(leaves - 1).await.unwrap().len(), 2);
    }
    let sizes = desk.file.sizes();
    assert!(sizes.is_sorted(), "{sizes:?}");
}

#[tokio::test]
async fn the_file_never_goes_back_and_loses_no_line() {
    let before = Desk::begin(2, vec![Manner::Honest, Manner::Honest], File::default()).await;
    before.publish(20).await;
    before.covers(19).await.unwrap();
    let note = before.file.0.lock().unwrap().last().unwrap().clone();

    let kept = File(Mutex::new(vec![note]));
    let desk = Desk::begin(2, vec![Manner::Down, Manner::Down], kept).await;
    // Nobody was asked since the start: what the file says does not open the gate yet.
    assert_eq!(desk.view.stands(), Err(Unwitnessed::NotAsked));
    desk.publish(20).await;
    desk.until(|desk| desk.view.state().quorum.is_some()).await;
    // It is the checkpoint that was witnessed, and lately.
    assert_eq!(desk.view.state().quorum, Some(Quorum::Met));
    assert_eq!(desk.file.now(), Some((20, 3)));
    desk.publish(7).await;
    desk.publish(30).await;
    desk.until(|desk| desk.file.now() == Some((30, 1))).await;
    let sizes = desk.file.sizes();
    assert!(sizes.is_sorted(), "{sizes:?}");
}

#[tokio::test]
async fn what_was_witnessed_grows_old() {
    let desk = Desk::begin(1, vec![Manner::Honest], File::default()).await;
    desk.publish(4).await;
    desk.covers(3).await.unwrap();
    desk.set(0, Manner::Down);
    desk.clock.0.store(NOW + 301, Ordering::SeqCst);
    assert!(desk.view.stands().is_err());
    desk.until(|desk| matches!(desk.view.state().quorum, Some(Quorum::NotMet(_))))
        .await;
    desk.set(0, Manner::CosignsAt(NOW + 300));
    desk.covers(3).await.unwrap();
}

#[tokio::test]
async fn witnesses_whose_clock_is_wrong_are_not_waited_for() {
    let desk = Desk::begin(1, vec![Manner::CosignsAt(NOW - 400)], File::default()).await;
    desk.publish(4).await;
    desk.until(|desk| matches!(desk.view.state().quorum, Some(Quorum::NotMet(_))))
        .await;
    assert!(!desk.view.state().awaited);
    desk.set(0, Manner::Honest);
    desk.covers(3).await.unwrap();
}

#[tokio::test]
async fn an_unchanged_checkpoint_is_handed_in_again() {
    let desk = Desk::begin(1, vec![Manner::Honest], File::default()).await;
    desk.publish(4).await;
    desk.covers(3).await.unwrap();
    desk.set(0, Manner::CosignsAt(NOW + 20));
    let fresh = |desk: &Desk| desk.view.stands().is_ok_and(|head| head.at == at(NOW + 20));
    desk.until(fresh).await;
    assert_eq!(desk.file.now(), Some((4, 2)));
}

#[tokio::test]
async fn a_larger_checkpoint_of_ours_stops_the_writer() {
    let shows = Some(Tree::of("entry", 50).signed().note().to_string());
    let size = "50\n".to_owned();
    let desk = Desk::begin(1, vec![Manner::Honest], File::default()).await;
    desk.publish(4).await;
    desk.covers(3).await.unwrap();
    let (
        Desk {
            file,
            fakes,
            kept,
            stores,
            stops,
            ..
        },
        writer,
    ) = (desk, tokio::spawn(std::future::pending::<Result<(), Stop>>()));
    let both = Keeper::beside(writer, kept);
    *fakes[0].manner.lock().unwrap() = Manner::Claims { size, shows };
    let stopped = tokio::time::timeout(Duration::from_secs(20), both)
        .await
        .unwrap()
        .unwrap();
    let Err(Stop::Keeper(KeeperStop::Witness(stop))) = stopped else {
        panic!("{stopped:?}")
    };
    assert_eq!((stop.ours.get(), stop.theirs.get()), (4, 50));
    assert_eq!(*stops.0.lock().unwrap(), [stop]);
    // Nothing is published any more.
    let note = Tree::of("entry", 9).signed().note().to_string();
    stores
        .unwrap()
        .public
        .replace_checkpoint(note.into_bytes())
        .await
        .unwrap();
    tokio::task::yield_now().await;
    assert_eq!(file.now(), Some((4, 2)));
}

#[tokio::test]
async fn a_forged_size_without_proof_stops_nothing() {
    let size = "50\n".to_owned();
    let liar = Manner::Claims { size, shows: None };
    let desk = Desk::begin(1, vec![Manner::Honest, liar], File::default()).await;
    desk.publish(4).await;
    desk.covers(3).await.unwrap();
    desk.until(|desk| desk.view.state().standings[1].answering == Answering::Faulty)
        .await;
    desk.publish(9).await;
    desk.covers(8).await.unwrap();
}

#[tokio::test]
async fn the_end_of_the_log_leaves_its_last_checkpoint_public() {
    let mut desk = Desk::begin(1, vec![Manner::Down], File::default()).await;
    desk.publish(4).await;
    desk.until(|desk| desk.file.now() == Some((4, 1))).await;
    desk.set(0, Manner::Honest);
    desk.publish(6).await;
    drop(desk.stores.take());
    let writer = tokio::spawn(std::future::ready(Ok(())));
    Keeper::beside(writer, desk.kept).await.unwrap().unwrap();
    assert_eq!(desk.file.now(), Some((6, 2)));
}
