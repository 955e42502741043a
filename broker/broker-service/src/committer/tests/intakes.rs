//! Intakes among other jobs: what they read ahead is never older than the job before them, and what they leave to be
//! written is there when the next job looks.

use broker_domain::gateway::{Measuring, Settings};
use broker_domain::ids::TransferId;
use broker_store::contract::samples::batch;
use broker_store::{BatchRow, InboundRow, RecordRow, TransferRow};

use super::*;
use crate::group::{Footprint, Job, Recorded};

/// What a job of this test does.
#[derive(Clone, Copy)]
enum Does {
    /// Hands in batch `1` of the participant `0`, unless measuring is off.
    HandsIn(u8, u8),
    /// Switches measuring off.
    SwitchesOff(u8),
    /// Erases the person.
    Erases(u8),
    /// Looks whether a batch is there.
    LooksFor(u8, u8),
}

/// Another one for each batch of each participant.
const fn transfer_of(who: u8, number: u8) -> u8 {
    who * 16 + number
}

struct Task(Does);

#[async_trait]
impl Commit for Task {
    type Answer = Recorded;
    type Refusal = &'static str;
    const NAME: &'static str = "task";

    fn leaves(&self) -> usize {
        1
    }

    fn footprint(&self) -> Footprint {
        match self.0 {
            Does::HandsIn(who, number) => Footprint::Intake {
                gateway: id(who),
                participant: id(who),
                batch: id(number),
            },
            _ => Footprint::Anything,
        }
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Recorded, &'static str>, Fault> {
        match self.0 {
            Does::HandsIn(who, number) => {
                let gateway = group.gateway(id(who));
                if gateway.is_none_or(|row| row.gateway.settings.measuring == Measuring::Off) {
                    return Ok(Err("off"));
                }
                let serial = group.append(&draft(who)).await?;
                let row = InboundRow {
                    transfer: TransferRow {
                        id: TransferId::from_bytes([transfer_of(who, number); 16]),
                        serial,
                        ..transfer_in(number, who)
                    },
                    batch: BatchRow {
                        serial,
                        ..batch(number, who, 0, 60)
                    },
                };
                group.store_inbound(row, Some(at(i64::from(number))))?;
                Ok(Ok(Recorded(serial)))
            }
            Does::SwitchesOff(who) => {
                let off = Settings::initial().switched(Measuring::Off);
                group.tx.set_gateway_settings(id(who), &off).await?;
                Ok(Ok(Recorded(group.append(&draft(who)).await?)))
            }
            Does::Erases(who) => {
                group.tx.erase_participant(id(who)).await?;
                group.erase_subject(id(who)).await?;
                let leaf = vec![1, 0x43, 0, 0, 0, 0, 0, 0, 9];
                Ok(Ok(Recorded(group.append_leaf(leaf)?)))
            }
            Does::LooksFor(who, number) => {
                let transfer = TransferId::from_bytes([transfer_of(who, number); 16]);
                // By its identifier alone: its leaf has no place before the group is closed.
                let again = TransferRow {
                    id: transfer,
                    serial: Serial(u64::from(u32::MAX)),
                    ..transfer_in(number, who)
                };
                let there = group.tx.add_transfer(&again).await.is_err();
                Ok(Err(if there { "there" } else { "absent" }))
            }
        }
    }
}

type Answers = Vec<Result<Result<Result<RecordRow, Fault>, &'static str>, Fault>>;

async fn run(town: &mut Town, tasks: &[Does]) -> Answers {
    let (jobs, claims): (Vec<Box<dyn Job>>, Vec<_>) =
        tasks.iter().map(|does| Carrier::load(Task(*does))).unzip();
    let committed = town.committer.commit(jobs).await.unwrap();
    let claims = claims.into_iter().zip(&committed.answers);
    claims.map(|(claim, verdict)| claim.redeem(verdict)).collect()
}

/// Whether the batches stand.
async fn stored(town: &Town, who: u8, numbers: &[u8]) -> Vec<bool> {
    let mut read = town.store.read().await.unwrap();
    let mut found = Vec::new();
    for number in numbers {
        found.push(read.batch(id(who), id(*number)).await.unwrap().is_some());
    }
    found
}

#[tokio::test]
async fn intakes_are_stored_and_told_what_opens_their_records() {
    let mut town = town().await;
    let tasks: Vec<_> = (1..=9).map(|who| Does::HandsIn(who, who)).collect();
    for (who, said) in (1_u8..).zip(run(&mut town, &tasks).await) {
        let row = said.unwrap().unwrap().unwrap();
        let mut read = town.store.read().await.unwrap();
        assert_eq!(read.record(row.leaf_index).await.unwrap(), Some(row));
        let seen = read.gateway(id(who)).await.unwrap().unwrap().last_seen_at;
        assert_eq!(seen, Some(at(i64::from(who))));
        drop(read);
        assert_eq!(stored(&town, who, &[who]).await, [true]);
    }
}

#[tokio::test]
async fn a_batch_that_came_before_is_a_conflict_of_that_job_alone() {
    let mut town = town().await;
    run(&mut town, &[Does::HandsIn(1, 3)]).await;
    let tasks = [
        Does::HandsIn(1, 3),
        Does::HandsIn(1, 4),
        Does::HandsIn(1, 4),
        Does::HandsIn(2, 5),
    ];
    let said = run(&mut town, &tasks).await;
    let conflict = |said: &Result<_, Fault>| matches!(said, Err(Fault::Conflict { table: "batch" }));
    assert_eq!(
        said.iter().map(conflict).collect::<Vec<_>>(),
        [true, false, true, false]
    );
    assert_eq!(numbers_of(&town, 1).await, [1, 2]);
    assert_eq!(numbers_of(&town, 2).await, [1]);
}

#[tokio::test]
async fn a_switch_in_the_same_group_is_obeyed_by_the_intakes_behind_it() {
    let mut town = town().await;
    let tasks = [
        Does::HandsIn(1, 3),
        Does::HandsIn(2, 4),
        Does::SwitchesOff(1),
        Does::HandsIn(1, 5),
        Does::HandsIn(2, 6),
    ];
    let said = run(&mut town, &tasks).await;
    assert!(matches!(said[3], Ok(Err("off"))));
    assert_eq!(stored(&town, 1, &[3, 5]).await, [true, false]);
    assert_eq!(stored(&town, 2, &[4, 6]).await, [true, true]);
    assert_eq!(numbers_of(&town, 1).await, [1, 2]);
}

/// Written behind the erasure, her batch would have outlived her.
#[tokio::test]
async fn an_erasure_in_the_same_group_takes_the_intakes_before_it() {
    let mut town = town().await;
    run(&mut town, &[Does::HandsIn(1, 3)]).await;
    let tasks = [
        Does::HandsIn(1, 4),
        Does::HandsIn(2, 5),
        Does::Erases(1),
        Does::HandsIn(1, 6),
        Does::HandsIn(2, 7),
    ];
    let said = run(&mut town, &tasks).await;
    // Its record went with her: there is nothing to be proven any more.
    assert!(matches!(said[0], Ok(Ok(Err(Fault::SubjectErased)))));
    assert!(matches!(said[3], Ok(Err("off"))), "her gateway is unknown");
    assert_eq!(stored(&town, 1, &[3, 4, 6]).await, [false, false, false]);
    assert_eq!(stored(&town, 2, &[5, 7]).await, [true, true]);
    assert_eq!(numbers_of(&town, 1).await, [0; 0]);
}

#[tokio::test]
async fn a_job_that_looks_sees_the_intakes_before_it() {
    let mut town = town().await;
    let tasks = [Does::LooksFor(1, 3), Does::HandsIn(1, 3), Does::LooksFor(1, 3)];
    let said = run(&mut town, &tasks).await;
    assert!(matches!(said[0], Ok(Err("absent"))));
    assert!(matches!(said[2], Ok(Err("there"))));
}
