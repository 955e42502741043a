//! A person's own readings over days, months and years, and the note in the ledger that she came to them.

use async_trait::async_trait;
use broker_domain::curve::{Drawn, drawn};
use broker_domain::ids::{ParticipantId, PointId, TransferId};
use broker_domain::mandate::Hand;
use broker_domain::time::{Instant, Interval, Step};
use broker_store::OwnScope;
use evidence::record::{Access, Actor, Record};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ledger_core::leaf::ActorClass;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::own::OwnRefusal;
use crate::records;
use crate::release::ZONE;

/// The step in which a curve is looked at: the finest of public curves.
pub(crate) const STEP: Step = Step::HALF_HOUR;

impl Broker {
    /// What the owner of a point drew in each span, in their order. One span is opened after the other, so that a year
    /// takes no more memory than its longest span.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn own_totals(
        &self,
        who: impl Into<Hand>,
        point: PointId,
        spans: &[Interval],
    ) -> Result<Vec<Drawn>, Failure<OwnRefusal>> {
        let hand = who.into();
        let mut totals = Vec::with_capacity(spans.len());
        for span in spans {
            let readings = self.own_readings(hand, point, *span).await?;
            totals.push(drawn(readings.as_slice(), span, STEP));
        }
        Ok(totals)
    }

    /// Notes in the person's list that she looked at her readings, or took a copy: once a day of the place for each.
    ///
    /// Regulation (EU) 2023/1162 art. 7(2): the customer is shown when she herself accessed data, and what kind. Once a
    /// day says that; once a click would bury what others did (`docs/decisions/0034`). When this returns, the record is
    /// public: nothing is shown before.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] when the policies do not let her.
    pub async fn note_own_access(
        &self,
        who: impl Into<Hand>,
        scope: OwnScope,
    ) -> Result<(), Failure<OwnRefusal>> {
        let hand = who.into();
        if let Some(acting) = hand.acting() {
            // It is no use of her own: the list says who came, under which mandate.
            return self.note_look(acting).await;
        }
        self.read_own(hand)?;
        let who = hand.person();
        let now = self.clock.now();
        let day = local_day(now)?;
        if self.store.read().await?.own_access_noted(who, scope, day).await? {
            return Ok(());
        }
        let access = TransferId::random(&*self.entropy)?;
        let signed = self.sign(Record::Access(Access {
            access: records::id(&access)?,
            participant: records::id(&who)?,
            actor: Actor::Participant,
            purpose: records::id("own-use")?,
            scope: records::id(scope.code())?,
            at: records::at(now)?,
        }))?;
        let draft = Draft {
            subject: who.into(),
            actor: ActorClass::Participant,
            signed,
        };
        self.commit(NoteAccess {
            who,
            scope,
            day,
            draft,
        })
        .await
    }
}

/// The day of an instant where the meters are.
pub(crate) fn local_day(now: Instant) -> Result<Date, Fault> {
    let zone = zone()?;
    Ok(now.to_timestamp().to_zoned(zone).date())
}

/// When a day begins where the meters are.
pub(crate) fn day_begins(day: Date) -> Result<Instant, Fault> {
    let begins = day.to_zoned(zone()?);
    let begins = begins.map_err(|_| Fault::Corrupt { what: "day" })?;
    Ok(Instant::from_micros(begins.timestamp().as_microsecond())?)
}

/// The zone in which days are counted.
pub(crate) fn zone() -> Result<TimeZone, Fault> {
    TimeZone::get(ZONE).map_err(|_| Fault::Corrupt { what: "zone" })
}

struct NoteAccess {
    who: ParticipantId,
    scope: OwnScope,
    day: Date,
    draft: Draft,
}

#[async_trait]
impl Commit for NoteAccess {
    type Answer = ();
    type Refusal = OwnRefusal;
    const NAME: &'static str = "note a person's own access";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), OwnRefusal>, Fault> {
        // Two windows at once leave one record.
        if group.tx.own_access_noted(self.who, self.scope, self.day).await? {
            return Ok(Ok(()));
        }
        let serial = group.append(&self.draft).await?;
        group
            .tx
            .note_own_access(self.who, self.scope, self.day, serial)
            .await?;
        Ok(Ok(()))
    }
}
