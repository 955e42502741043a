//! Telling people of a breach (GDPR art. 34): one after the other, each with a record in her list and a message, in one transaction.
//!
//! Whom it concerns was kept when the officer decided it. A row without its record is somebody who is still to be told, so that a
//! process that is killed goes on where it stood, and tells nobody twice.

use async_trait::async_trait;
use broker_domain::breach::Breach;
use broker_domain::ids::{BreachId, ParticipantId};
use broker_domain::lang::Lang;
use broker_domain::time::Instant;
use broker_store::{MessageKind, Serial};
use evidence::record::{self as wire, BreachTold, Record};
use ledger_core::leaf::ActorClass;
use std::sync::Arc;
use tokio::task::JoinSet;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::own::OwnRefusal;
use crate::records;
use crate::telling;

/// How many are told at once: the ledger commits them together.
const AT_ONCE: u32 = 64;

/// A breach, as the person reads it whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnBreach {
    /// What the register says. Not for her eyes: who else is concerned.
    breach: Breach,
    /// When she was told.
    pub told_at: Instant,
    /// Index of her record's leaf.
    pub leaf_index: u64,
}

impl OwnBreach {
    /// The notice in a language.
    #[must_use]
    pub fn text(&self, lang: Lang) -> &str {
        let [french, english, dutch] = &self.breach.facts.texts;
        lang.pick([french, english, dutch])
    }

    /// When we became aware.
    #[must_use]
    pub fn known_at(&self) -> Instant {
        self.breach.facts.known_at
    }

    /// Whom she can turn to.
    #[must_use]
    pub fn contact(&self) -> &str {
        &self.breach.facts.contact
    }

    /// The entry of the register.
    #[must_use]
    pub fn id(&self) -> BreachId {
        self.breach.id
    }
}

impl Broker {
    /// The breaches that a person was told of, newest first.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn own_breaches(&self, who: ParticipantId) -> Result<Vec<OwnBreach>, Failure<OwnRefusal>> {
        self.read_own(who)?;
        let rows = self.store.read().await?.breaches_of(who).await?;
        let own = rows.into_iter().map(|row| OwnBreach {
            breach: row.breach,
            told_at: row.told_at,
            leaf_index: row.leaf_index,
        });
        Ok(own.collect())
    }

    /// Tells everybody of a breach who is still to be told, a few at once. To be called by a clock. Somebody who cannot be told keeps
    /// nobody after her from it: the next call tries her again.
    ///
    /// # Errors
    /// The first fault, when the store or the ledger fails; whoever was told stays told.
    pub(crate) async fn tell_of_breaches(self: &Arc<Self>) -> Result<(), Fault> {
        let (mut after, mut first) = (None, Ok(()));
        loop {
            let untold = self.store.read().await?.breach_untold(after, AT_ONCE).await?;
            let Some(last) = untold.last() else { return first };
            after = Some(*last);
            let mut telling = JoinSet::new();
            for (breach, who) in untold {
                let broker = Arc::clone(self);
                telling.spawn(async move { broker.tell_one_of_breach(breach, who).await });
            }
            let mut failed = 0_u32;
            while let Some(told) = telling.join_next().await {
                if let Err(fault) = told.unwrap_or(Err(Fault::Stopped)) {
                    failed = failed.saturating_add(1);
                    first = first.and(Err(fault));
                }
            }
            if failed > 0 {
                tracing::error!(
                    failed,
                    "people could not be told of a breach; they are tried again"
                );
            }
        }
    }

    async fn tell_one_of_breach(&self, id: BreachId, who: ParticipantId) -> Result<(), Fault> {
        let now = self.clock.now();
        let (breach, person) = {
            let mut read = self.store.read().await?;
            (read.breach(id).await?, read.participant(who).await?)
        };
        // Erased meanwhile, and her row with her.
        let Some(person) = person else { return Ok(()) };
        let breach = breach.ok_or(Fault::Corrupt { what: "breach" })?;
        let lang = Lang::from_tag(&person.language).unwrap_or(Lang::French);
        let [french, english, dutch] = &breach.facts.texts;
        let text = lang.pick([french, english, dutch]);
        let record = Record::Breach(BreachTold {
            breach: records::id(&id)?,
            participant: records::id(&who)?,
            text_sha256: wire::Digest::of(text.as_bytes()),
            known_at: records::at(breach.facts.known_at)?,
            at: records::at(now)?,
        });
        let draft = Draft {
            subject: who.into(),
            actor: ActorClass::Dpo,
            signed: self.sign(record)?,
        };
        match self.commit(TellOfBreach { id, who, draft }).await {
            Ok(_) => Ok(()),
            // Told by another call, or erased: the next look finds out.
            Err(Failure::Conflict | Failure::Refused(_) | Failure::Fault(Fault::SubjectErased)) => Ok(()),
            Err(Failure::Fault(fault)) => Err(fault),
        }
    }
}

struct TellOfBreach {
    id: BreachId,
    who: ParticipantId,
    draft: Draft,
}

#[async_trait]
impl Commit for TellOfBreach {
    type Answer = Serial;
    type Refusal = OwnRefusal;
    const NAME: &'static str = "tell of a breach";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, OwnRefusal>, Fault> {
        let serial = group.append(&self.draft).await?;
        let now = group.now;
        group.tx.breach_told(self.id, self.who, now, serial).await?;
        let mark = self.id.as_bytes();
        telling::about_a_request(&mut *group.tx, self.who, MessageKind::Breach, mark, now).await?;
        Ok(Ok(serial))
    }
}
