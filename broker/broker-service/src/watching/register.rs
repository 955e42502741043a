//! The register of breaches and the workspace of the officer (GDPR art. 33 and 34): write down, tell the authority within 72 hours,
//! look a second time, tell people.
//!
//! LIMIT: the authority is told by the officer, on the authority's own form; what is kept here is when, under which reference, and
//! why late.

use broker_domain::breach::{AuthorityTold, Breach, BreachFacts, FactsRefusal, PeopleTold};
use broker_domain::ids::{BreachId, OfficerId};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::Instant;
use broker_store::BreachCounts;
use thiserror::Error;

use super::MOST_SHOWN;
use crate::broker::Broker;
use crate::failure::Failure;

/// Why nothing is written or told.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum BreachRefusal {
    /// Not an officer.
    #[error("only a data-protection officer keeps the register of breaches")]
    NotAllowed,
    /// No such breach.
    #[error("this breach is not in the register")]
    Unknown,
    /// What was written cannot be.
    #[error(transparent)]
    Facts(FactsRefusal),
    /// People are told already, or it was decided before that they are not.
    #[error("it was decided whether people are told; what the register says of it stays")]
    Decided,
    /// Something that people have to be told is missing.
    #[error("say what data, consequences and measures, and write the notice in each language first")]
    NotReady,
    /// The number of people is not the one that was shown.
    #[error("the number of people concerned changed; look at the new one first")]
    NumberChanged,
    /// No reference, or no reason.
    #[error("words are missing")]
    WordsMissing,
    /// The authority was told late, and no reason is given (GDPR art. 33(1)).
    #[error("the 72 hours were over; say why")]
    LateWithoutReason,
    /// The 72 hours ran from then, and the authority was told so (GDPR art. 33(1)).
    #[error("the authority was told; when the breach became known stays")]
    KnownAtStays,
    /// The authority was told already, or in the future, or before the breach was known.
    #[error("the authority cannot have been told then")]
    AuthorityDate,
}

/// A line of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterEntry {
    /// What was written.
    pub breach: Breach,
    /// Where telling people stands.
    pub counts: BreachCounts,
}

/// What telling people would mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachPreview {
    /// What was written.
    pub breach: Breach,
    /// Whom it concerns now.
    pub counts: BreachCounts,
}

impl Broker {
    /// The register, newest first.
    ///
    /// # Errors
    /// [`BreachRefusal::NotAllowed`] for anybody but an officer.
    pub async fn breach_register(
        &self,
        officer: OfficerId,
    ) -> Result<Vec<RegisterEntry>, Failure<BreachRefusal>> {
        self.may_keep_register(officer)?;
        let mut read = self.store.read().await?;
        let mut entries = Vec::new();
        for breach in read.breaches(MOST_SHOWN).await? {
            let counts = read.breach_counts(breach.id).await?;
            entries.push(RegisterEntry { breach, counts });
        }
        Ok(entries)
    }

    /// Writes a breach down. What is not known yet may come later (GDPR art. 33(4)).
    ///
    /// # Errors
    /// See [`BreachRefusal`].
    pub async fn record_breach(
        &self,
        officer: OfficerId,
        facts: BreachFacts,
    ) -> Result<BreachId, Failure<BreachRefusal>> {
        let now = self.may_keep_register(officer)?;
        facts.check(now).map_err(refused)?;
        let breach = Breach {
            id: BreachId::random(&*self.entropy)?,
            recorded_by: officer,
            recorded_at: now,
            facts,
            authority: None,
            people: PeopleTold::Undecided,
        };
        let mut tx = self.store.begin("record a breach").await?;
        tx.add_breach(&breach).await?;
        tx.commit().await?;
        Ok(breach.id)
    }

    /// Changes what was written, until people are told; when it became known, until the authority was told.
    ///
    /// # Errors
    /// See [`BreachRefusal`].
    pub async fn change_breach(
        &self,
        officer: OfficerId,
        id: BreachId,
        facts: BreachFacts,
    ) -> Result<(), Failure<BreachRefusal>> {
        let now = self.may_keep_register(officer)?;
        facts.check(now).map_err(refused)?;
        let mut tx = self.store.begin("change a breach").await?;
        let breach = untold(tx.breach(id).await?)?;
        if breach.authority.is_some() && breach.facts.known_at != facts.known_at {
            return Err(Failure::Refused(BreachRefusal::KnownAtStays));
        }
        tx.set_breach(id, &facts).await?;
        Ok(tx.commit().await?)
    }

    /// Notes that the authority was told (GDPR art. 33). After the 72 hours, why it was late is needed.
    ///
    /// # Errors
    /// See [`BreachRefusal`].
    pub async fn authority_was_told(
        &self,
        officer: OfficerId,
        id: BreachId,
        told: AuthorityTold,
    ) -> Result<(), Failure<BreachRefusal>> {
        let now = self.may_keep_register(officer)?;
        let mut tx = self.store.begin("note that the authority was told").await?;
        let breach = tx.breach(id).await?;
        let breach = breach.ok_or(Failure::Refused(BreachRefusal::Unknown))?;
        let facts = &breach.facts;
        if breach.authority.is_some() || now < told.at || told.at < facts.known_at {
            return Err(Failure::Refused(BreachRefusal::AuthorityDate));
        }
        if told.reference.is_empty() {
            return Err(Failure::Refused(BreachRefusal::WordsMissing));
        }
        let late = facts.authority_due() < told.at;
        if late && told.late.is_none() {
            return Err(Failure::Refused(BreachRefusal::LateWithoutReason));
        }
        let told = AuthorityTold {
            late: told.late.filter(|_| late),
            ..told
        };
        tx.set_authority_told(id, &told).await?;
        Ok(tx.commit().await?)
    }

    /// Decides that people are not told, and why (GDPR art. 34(3)).
    ///
    /// # Errors
    /// See [`BreachRefusal`].
    pub async fn leave_people_untold(
        &self,
        officer: OfficerId,
        id: BreachId,
        reason: &str,
    ) -> Result<(), Failure<BreachRefusal>> {
        self.may_keep_register(officer)?;
        if reason.is_empty() {
            return Err(Failure::Refused(BreachRefusal::WordsMissing));
        }
        let mut tx = self.store.begin("leave people untold").await?;
        let breach = untold(tx.breach(id).await?)?;
        if breach.people != PeopleTold::Undecided {
            return Err(Failure::Refused(BreachRefusal::Decided));
        }
        tx.leave_untold(id, reason).await?;
        Ok(tx.commit().await?)
    }

    /// A breach, and whom it concerns now: the second look before people are told.
    ///
    /// # Errors
    /// See [`BreachRefusal`].
    pub async fn breach_preview(
        &self,
        officer: OfficerId,
        id: BreachId,
    ) -> Result<BreachPreview, Failure<BreachRefusal>> {
        self.may_keep_register(officer)?;
        let mut read = self.store.read().await?;
        let breach = read.breach(id).await?;
        let breach = breach.ok_or(Failure::Refused(BreachRefusal::Unknown))?;
        let counts = match breach.people {
            PeopleTold::Telling { .. } => read.breach_counts(id).await?,
            PeopleTold::Undecided | PeopleTold::Not { .. } => read.concerned(&breach.facts).await?,
        };
        Ok(BreachPreview { breach, counts })
    }

    /// Decides that people are told: whom is kept in one transaction, and each is told from there by the duties, exactly once,
    /// whatever happens to the process. `shown` is the number that the officer saw. Also after it was decided that they are not:
    /// the authority may order it (GDPR art. 34(4)), and why they were not told stays in the register.
    ///
    /// # Errors
    /// See [`BreachRefusal`].
    pub async fn tell_of_breach(
        &self,
        officer: OfficerId,
        id: BreachId,
        shown: u64,
    ) -> Result<(), Failure<BreachRefusal>> {
        let now = self.may_keep_register(officer)?;
        let mut tx = self.store.begin("tell people of a breach").await?;
        let breach = untold(tx.breach(id).await?)?;
        if !breach.facts.can_be_told() {
            return Err(Failure::Refused(BreachRefusal::NotReady));
        }
        // Dropped without a commit, the transaction leaves no trace.
        if tx.begin_breach_notice(id, officer, now).await? != shown {
            return Err(Failure::Refused(BreachRefusal::NumberChanged));
        }
        Ok(tx.commit().await?)
    }

    fn may_keep_register(&self, officer: OfficerId) -> Result<Instant, Failure<BreachRefusal>> {
        let now = self.clock.now();
        // What an officer owes people about their data: the same permission as answering them.
        let query = Query {
            principal: Principal::Officer(officer),
            action: Action::AnswerRight,
            resource: Resource::Panel,
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(BreachRefusal::NotAllowed))?;
        Ok(now)
    }
}

fn refused(refusal: FactsRefusal) -> Failure<BreachRefusal> {
    Failure::Refused(BreachRefusal::Facts(refusal))
}

/// The breach, while people are not told.
fn untold(breach: Option<Breach>) -> Result<Breach, Failure<BreachRefusal>> {
    let breach = breach.ok_or(Failure::Refused(BreachRefusal::Unknown))?;
    match breach.people {
        PeopleTold::Undecided | PeopleTold::Not { .. } => Ok(breach),
        PeopleTold::Telling { .. } => Err(Failure::Refused(BreachRefusal::Decided)),
    }
}
