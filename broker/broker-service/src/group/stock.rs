//! What the intakes of a group look at, read for all of them at once; and what they write, written at once.
//!
//! A statement costs more than a row, and intakes are most of what a broker does. Everything here was read inside the
//! group's transaction, and is thrown away as soon as a job of another kind may have changed it.

use std::collections::{HashMap, HashSet};

use broker_domain::consent::Consent;
use broker_domain::ids::{BatchId, GatewayId, ParticipantId, SubjectId};
use broker_domain::time::Instant;
use broker_store::{GatewayRow, InboundRow, StoreError};
use ledger_core::leaf::SubjectKey;

use super::{Group, Numbers};
use crate::failure::Fault;

/// Which rows a job looks at and changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Footprint {
    /// Any.
    Anything,
    /// Of one intake: it reads from the [`Stock`] and writes through [`Group::store_inbound`].
    Intake {
        gateway: GatewayId,
        participant: ParticipantId,
        batch: BatchId,
    },
}

impl Footprint {
    const fn intake(self) -> Option<(GatewayId, ParticipantId, BatchId)> {
        match self {
            Self::Anything => None,
            Self::Intake {
                gateway,
                participant,
                batch,
            } => Some((gateway, participant, batch)),
        }
    }
}

/// Rows read ahead.
#[derive(Debug)]
pub(super) struct Stock {
    gateways: HashMap<GatewayId, GatewayRow>,
    consents: HashMap<ParticipantId, Vec<Consent>>,
    /// Batches that came before, those of this group included.
    batches: HashSet<(GatewayId, BatchId)>,
}

impl Group<'_> {
    /// Prepares for the jobs to come, the first of which is about to run.
    ///
    /// # Errors
    /// When the store fails; nothing of the group stands then.
    pub async fn prepare(&mut self, mut to_come: impl Iterator<Item = Footprint>) -> Result<(), StoreError> {
        match to_come.next() {
            None => {}
            Some(Footprint::Anything) => {
                // It may read what the intakes before it wrote, and change what those after it look at.
                self.flush().await?;
                self.stock = None;
            }
            Some(first @ Footprint::Intake { .. }) if self.stock.is_none() => {
                let intakes = std::iter::once(first).chain(to_come);
                let intakes: Vec<_> = intakes.map_while(Footprint::intake).collect();
                self.stock_up(&intakes).await?;
            }
            Some(Footprint::Intake { .. }) => {}
        }
        Ok(())
    }

    async fn stock_up(&mut self, intakes: &[(GatewayId, ParticipantId, BatchId)]) -> Result<(), StoreError> {
        let gateways: Vec<_> = each_once(intakes.iter().map(|(gateway, ..)| *gateway));
        let people: Vec<_> = each_once(intakes.iter().map(|(_, participant, _)| *participant));
        let names: Vec<_> = intakes
            .iter()
            .map(|(gateway, _, batch)| (*gateway, *batch))
            .collect();
        let gateways = self.tx.gateways(&gateways).await?;
        let mut consents: HashMap<_, Vec<_>> = HashMap::new();
        for consent in self.tx.consents_of_all(&people).await? {
            consents.entry(consent.participant).or_default().push(consent);
        }
        let known = self.tx.batches(&names).await?;
        self.stock = Some(Stock {
            gateways: gateways.into_iter().map(|row| (row.gateway.id, row)).collect(),
            consents,
            batches: known.into_iter().map(|row| (row.gateway, row.id)).collect(),
        });
        // Those that the group has drafted records of are known better than the store knows them.
        let fresh: Vec<SubjectId> = people
            .into_iter()
            .map(SubjectId::from)
            .filter(|subject| {
                let drafted = |one: &super::Drafted| one.detail.as_ref().map(|row| row.subject);
                !self.subjects.contains_key(subject)
                    && !self.drafted.iter().any(|one| drafted(one) == Some(*subject))
            })
            .collect();
        for row in self.tx.subjects(&fresh).await? {
            let numbers = Numbers {
                key: SubjectKey::new(row.key),
                newest: row.newest,
            };
            self.subjects.insert(row.id, numbers);
        }
        Ok(())
    }

    /// A gateway of an intake of this group; `None` when it is unknown.
    pub fn gateway(&self, id: GatewayId) -> Option<&GatewayRow> {
        self.stock.as_ref()?.gateways.get(&id)
    }

    /// Every consent of the participant of an intake of this group.
    pub fn consents_of(&self, participant: ParticipantId) -> &[Consent] {
        let stock = self.stock.as_ref();
        let consents = stock.and_then(|stock| stock.consents.get(&participant));
        consents.map_or(&[], Vec::as_slice)
    }

    /// Writes what came in, before the next job that is no intake. `seen` is when the gateway handed it in, if that
    /// shall be noted.
    ///
    /// # Errors
    /// [`Fault::Conflict`] in `batch` when the gateway sent a batch of this id before.
    pub fn store_inbound(&mut self, row: InboundRow, seen: Option<Instant>) -> Result<(), Fault> {
        let (gateway, id) = (row.batch.gateway, row.batch.id);
        let conflict = Fault::Conflict { table: "batch" };
        // Without a stock nothing is known of earlier batches.
        let Some(stock) = &mut self.stock else {
            return Err(conflict);
        };
        if !stock.batches.insert((gateway, id)) {
            return Err(conflict);
        }
        self.inbound.push(row);
        self.seen.extend(seen.map(|at| (gateway, at)));
        Ok(())
    }

    /// Writes what the intakes so far left to be written.
    pub(super) async fn flush(&mut self) -> Result<(), StoreError> {
        if self.inbound.is_empty() && self.seen.is_empty() {
            return Ok(());
        }
        // No job is under way that might be undone.
        self.tx.forget_mark().await?;
        if !self.inbound.is_empty() {
            self.tx.add_inbound(&std::mem::take(&mut self.inbound)).await?;
        }
        if !self.seen.is_empty() {
            self.tx.touch_gateways(&std::mem::take(&mut self.seen)).await?;
        }
        Ok(())
    }
}

fn each_once<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<_> = items.collect();
    items.sort_unstable();
    items.dedup();
    items
}
