//! For whom a session acts, and that whoever acts looked.

use broker_domain::ids::MandateId;
use broker_domain::mandate::{Acting, Hand, Power};
use evidence::record::MandateStepKind;

use super::steps::Look;
use super::{MOST_LINES, MandateRefusal, participant};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;
use crate::own_data::local_day;
use crate::sessions::LiveSession;
use broker_store::SessionRole;

/// For whom a session acts now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActingNow {
    /// For its own person.
    Herself,
    /// For somebody else.
    For {
        /// Leave to.
        acting: Acting,
        /// Her name.
        name: String,
    },
    /// For somebody else, under a mandate that is over: for nobody, until she says for whom. Going on as herself without a word,
    /// she would do about herself what was meant for another.
    Over,
}

impl Broker {
    /// For whom a session acts. Asked at each request: a mandate ends without anything having to run.
    ///
    /// # Errors
    /// When the store or the vault fails.
    pub async fn acting_now(&self, session: &LiveSession) -> Result<ActingNow, Fault> {
        let SessionRole::Participant(who) = session.role else {
            return Ok(ActingNow::Herself);
        };
        let mut read = self.store.read().await?;
        let Some(row) = read.acting(session.id).await? else {
            return Ok(ActingNow::Herself);
        };
        let Ok(acting) = row.mandate.acting(who, self.clock.now()) else {
            return Ok(ActingNow::Over);
        };
        // A mandate ends with the person who gave it; what her heirs or a guardian need goes by her case.
        if read.capacity_end(acting.person()).await?.is_some() {
            return Ok(ActingNow::Over);
        }
        let (_, name) = self.names_of(&mut *read, &row).await?;
        Ok(ActingNow::For { acting, name })
    }

    /// Has the session act under a mandate of whoever is signed in, or for herself. For herself takes no more than a session;
    /// acting for another takes one that is good for everything.
    ///
    /// # Errors
    /// [`MandateRefusal::SignIn`]; [`MandateRefusal::NotYours`] and [`MandateRefusal::Over`] for a mandate under which she cannot
    /// act now.
    pub async fn act_for(
        &self,
        token: &[u8; 32],
        under: Option<MandateId>,
    ) -> Result<(), Failure<MandateRefusal>> {
        let session = match under {
            Some(_) => self.able(token).await,
            None => self.signed_in(token).await,
        };
        let session = session.map_err(|failure| failure.map_refusal(MandateRefusal::SignIn))?;
        let who = participant(&session)?;
        let mut tx = self.store.begin("choose for whom to act").await?;
        if let Some(id) = under {
            let row = tx.mandate(id).await?;
            // Whoever holds a contract with another acts about it as herself.
            let row = row.filter(|row| row.mandate.joint.is_none());
            let row = row.filter(|row| row.mandate.held.is_some_and(|held| held.by == who));
            let row = row.ok_or(Failure::Refused(MandateRefusal::NotYours))?;
            let acting = row.mandate.acting(who, self.clock.now());
            acting.map_err(|_| Failure::Refused(MandateRefusal::Over))?;
        }
        tx.set_acting(session.id, under).await?;
        Ok(tx.commit().await?)
    }

    /// Notes in the person's list that whoever acts for her looked at what is hers: once a day of the meters' zone. When this
    /// returns, the record is public: nothing is shown before.
    ///
    /// # Errors
    /// [`OwnRefusal::NotYours`] when the mandate does not let her, any more.
    pub async fn note_look(&self, acting: Acting) -> Result<(), Failure<OwnRefusal>> {
        if !acting.powers().include(Power::View) {
            return Err(Failure::Refused(OwnRefusal::NotYours));
        }
        let now = self.clock.now();
        let day = local_day(now)?;
        let (row, looks) = {
            let mut read = self.store.read().await?;
            (
                read.mandate(acting.mandate()).await?,
                read.mandate_looks(acting.mandate(), MOST_LINES).await?,
            )
        };
        let row = row.ok_or(Failure::Refused(OwnRefusal::NotYours))?;
        if looks.contains(&day) {
            return Ok(());
        }
        let mandate = row.mandate;
        self.commit(Look {
            mandate: mandate.id,
            holder: acting.delegate(),
            day,
            draft: self
                .mandate_draft(&mandate, MandateStepKind::Looked, mandate.person, now)
                .await?,
        })
        .await
    }

    /// The same hand, asked again: for what goes on longer than one page.
    ///
    /// # Errors
    /// [`Fault::Conflict`] when the mandate is over.
    pub(crate) async fn still(&self, hand: Hand) -> Result<Hand, Fault> {
        let Some(acting) = hand.acting() else {
            return Ok(hand);
        };
        let over = || Fault::Conflict { table: "mandate" };
        let mut read = self.store.read().await?;
        let row = read.mandate(acting.mandate()).await?;
        if read.capacity_end(acting.person()).await?.is_some() {
            return Err(over());
        }
        drop(read);
        let still = row
            .ok_or_else(over)?
            .mandate
            .acting(acting.delegate(), self.clock.now());
        Ok(Hand::from(still.map_err(|_| over())?))
    }
}
