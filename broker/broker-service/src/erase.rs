//! Erasure: one transaction appends the officer's signed leaf and deletes everything that links to the person.

use async_trait::async_trait;
use broker_domain::ids::{ParticipantId, SubjectId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Entropy;
use broker_store::Serial;
use ledger_core::leaf::{Hour, UnsignedErasure};
use ledger_core::note::NoteSigner;
use ledger_core::tree::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Group, Places, Shown};
use crate::mandates::{EndListed, HoldingsEnd};
use crate::telling::farewell;
use crate::vault::Keeper;

/// An erasure that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// Index of the erasure leaf.
    pub leaf_index: u64,
    /// How many records were erased.
    pub records: u32,
}

/// Why nothing was erased.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum ErasureRefusal {
    /// No such participant, or erased before.
    #[error("nobody is known under this identifier, or the erasure was already carried out")]
    Unknown,
    /// The policies say no.
    #[error("only the person, or an officer on the person's request, can erase")]
    NotAllowed,
}

impl Broker {
    /// Erases a person: readings, names, records, keys. Older proofs still verify; nothing links them to anybody.
    ///
    /// # Errors
    /// See [`ErasureRefusal`].
    pub async fn erase(&self, by: Principal, who: ParticipantId) -> Result<Erased, Failure<ErasureRefusal>> {
        let now = self.clock.now();
        let (known, scrub_is_due) = {
            let mut read = self.store.read().await?;
            (read.participant(who).await?.is_some(), read.scrub_is_due().await?)
        };
        if !known {
            // The rows may be gone and their bytes not: an earlier call failed half-way, this one goes on.
            if scrub_is_due {
                self.store.scrub().await?;
            }
            return Err(Failure::Refused(ErasureRefusal::Unknown));
        }
        let query = Query {
            principal: by,
            action: Action::Erase,
            resource: Resource::Person { owner: who },
            now,
        };
        let permit =
            Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(ErasureRefusal::NotAllowed))?;

        let beat = Erase {
            who,
            origin: self.origin.clone(),
            officer: Arc::clone(&self.officer_signer),
            policy: Hash::new(permit.set().0),
            keeper: self.vault.keeper(),
            entropy: Arc::clone(&self.entropy),
            holdings: self.holdings_end(who, EndListed::PersonOnly, now).await?,
        };
        let erased = self.commit(beat).await?;
        self.vault.forget(who);
        // Messages to her that wait went with her rows; recipients are told still. The duties destroy what lies in the outbox.
        self.letters_stale.store(true, Ordering::Release);
        // Deleted rows are overwritten when they are deleted; this empties the write-ahead log too.
        self.store.scrub().await?;
        Ok(erased)
    }
}

/// An erasure whose leaf has no place yet.
struct Erasing {
    serial: Serial,
    records: u32,
}

impl Shown for Erasing {
    type View = Erased;
    fn shown(self, places: &dyn Places) -> Option<Erased> {
        Some(Erased {
            leaf_index: places.leaf_index(self.serial)?,
            records: self.records,
        })
    }
}

struct Erase {
    who: ParticipantId,
    origin: String,
    officer: Arc<dyn NoteSigner>,
    policy: Hash,
    keeper: Keeper,
    entropy: Arc<dyn Entropy>,
    /// What made her a holder of contracts with others.
    holdings: HoldingsEnd,
}

#[async_trait]
impl Commit for Erase {
    type Answer = Erasing;
    type Refusal = ErasureRefusal;
    const NAME: &'static str = "erase";

    fn leaves(&self) -> usize {
        self.holdings.leaves().saturating_add(1)
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Erasing, ErasureRefusal>, Fault> {
        let subject = SubjectId::from(self.who);
        // The handle needs the key that this same transaction deletes: split in two, a crash would lose it for ever
        // (ledger.md §11).
        let Some(handle) = group.erasure_handle(subject).await? else {
            return Ok(Err(ErasureRefusal::Unknown));
        };
        // Before her rows go: they say whose lists it stands in.
        self.holdings.write(group).await?;
        let records = group.erase_subject(subject).await?;
        let records = u32::try_from(records).map_err(|_| Fault::Corrupt { what: "record count" })?;
        let unsigned = UnsignedErasure {
            hour: Hour::new(group.now.hour()),
            handle,
            records,
            policy: self.policy,
        };
        let leaf = unsigned.sign(&self.origin, &*self.officer);
        let serial = group.append_leaf(leaf.to_bytes())?;
        farewell(&mut *group.tx, self.who, group.now, &self.keeper, &*self.entropy).await?;
        group.tx.erase_participant(self.who).await?;
        Ok(Ok(Erasing { serial, records }))
    }
}
