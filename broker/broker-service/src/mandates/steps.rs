//! The records of mandates, and the transactions that write them.

use async_trait::async_trait;
use broker_domain::ids::{MandateId, ParticipantId};
use broker_domain::mandate::{Capacity, Ended, GrantRule, Held, Joint, Mandate, MandateState, Power, Side};
use broker_domain::time::Instant;
use broker_store::{MandateRow, MessageKind, SealedNames};
use evidence::record::{self as wire, MandateStep, MandateStepKind, Record};
use jiff::civil::Date;
use ledger_core::leaf::ActorClass;

use super::represent::replaced_by;
use super::{MOST_LINES, MOST_LISTED, MOST_LIVING, MandateRefusal};
use crate::broker::Broker;
use crate::failure::Fault;
use crate::group::{Commit, Draft, Group};
use crate::own::OwnRefusal;
use crate::records::{self, consent};
use crate::telling;

impl Broker {
    /// The record of a step, for the list of one of the two sides.
    pub(super) async fn mandate_draft(
        &self,
        mandate: &Mandate,
        step: MandateStepKind,
        subject: ParticipantId,
        now: Instant,
    ) -> Result<Draft, Fault> {
        let joint = match mandate.joint {
            None => None,
            Some(joint) => Some(self.contract(joint).await?),
        };
        let made = match joint {
            None => Record::Mandate,
            Some(_) => Record::MandateJoint,
        };
        let record = made(MandateStep {
            mandate: records::id(&mandate.id)?,
            participant: records::id(&mandate.person)?,
            delegate: mandate.held.map(|held| records::id(&held.by)).transpose()?,
            capacity: consent::capacity(mandate.capacity),
            step,
            powers: mandate.powers.each().map(power).collect(),
            from: records::at(mandate.span.start())?,
            until: records::at(mandate.span.end())?,
            basis_sha256: mandate.basis.map(|digest| wire::Digest::new(digest.0)),
            joint,
            at: records::at(now)?,
        });
        Ok(Draft {
            subject: subject.into(),
            actor: match step {
                MandateStepKind::GivenByOfficer | MandateStepKind::EndedByOfficer => ActorClass::Dpo,
                _ => ActorClass::Participant,
            },
            signed: self.sign(record)?,
        })
    }

    /// The contract as records name it: its meter as in consent records.
    async fn contract(&self, joint: Joint) -> Result<wire::JointContract, Fault> {
        let point = self.store.read().await?.point(joint.point).await?;
        let point = point.ok_or(Fault::SubjectErased)?;
        Ok(wire::JointContract {
            point: wire::Digest::new(consent::point(&point)),
            rule: rule(joint.rule),
            asked: joint.asked.map(|(asked, _)| rule(asked)),
        })
    }
}

const fn rule(rule: GrantRule) -> wire::JointRule {
    match rule {
        GrantRule::One => wire::JointRule::One,
        GrantRule::Both => wire::JointRule::Both,
    }
}

const fn power(power: Power) -> wire::Power {
    match power {
        Power::View => wire::Power::View,
        Power::Grant => wire::Power::Grant,
        Power::Withdraw => wire::Power::Withdraw,
    }
}

/// Tells somebody of a step.
async fn tell(
    group: &mut Group<'_>,
    who: ParticipantId,
    kind: MessageKind,
    mandate: MandateId,
) -> Result<(), Fault> {
    let now = group.now;
    telling::about_a_request(&mut *group.tx, who, kind, mandate.as_bytes(), now).await
}

pub(super) struct Give {
    pub row: MandateRow,
    pub drafts: Vec<Draft>,
}

#[async_trait]
impl Commit for Give {
    type Answer = ();
    type Refusal = MandateRefusal;
    // The way back of migration 0014 looks for this name.
    const NAME: &'static str = "give a mandate";

    fn leaves(&self) -> usize {
        self.drafts.len()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), MandateRefusal>, Fault> {
        let mandate = &self.row.mandate;
        let given = group.tx.mandates_given(mandate.person, MOST_LISTED).await?;
        let lives = |row: &&MandateRow| {
            matches!(
                row.mandate.state(group.now),
                MandateState::Open | MandateState::Ahead | MandateState::InForce
            )
        };
        if given.iter().filter(lives).count() >= MOST_LIVING {
            return Ok(Err(MandateRefusal::TooMany));
        }
        group.tx.add_mandate(&self.row).await?;
        for draft in &self.drafts {
            group.append(draft).await?;
        }
        tell(group, mandate.person, MessageKind::MandateGiven, mandate.id).await?;
        Ok(Ok(()))
    }
}

pub(super) struct Accept {
    /// With its holder.
    pub mandate: Mandate,
    pub held: Held,
    pub name: SealedNames,
    /// The representatives whose place she takes.
    pub replaced: Vec<Mandate>,
    pub drafts: Vec<Draft>,
}

#[async_trait]
impl Commit for Accept {
    type Answer = ();
    type Refusal = MandateRefusal;
    // The way back of migration 0014 looks for this name.
    const NAME: &'static str = "accept a mandate";

    fn leaves(&self) -> usize {
        self.drafts.len()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), MandateRefusal>, Fault> {
        let (id, person) = (self.mandate.id, self.mandate.person);
        // Of two who accept at once, and of an end that came between, the first counts.
        let now = group.tx.mandate(id).await?;
        if now.is_none_or(|row| row.mandate.state(group.now) != MandateState::Open) {
            return Ok(Err(MandateRefusal::Code));
        }
        if self.mandate.capacity == Capacity::Representative {
            let given = group.tx.mandates_given(person, MOST_LISTED).await?;
            if replaced_by(&self.mandate, given, group.now) != self.replaced {
                // Another one was named, accepted or ended meanwhile: its records are made again.
                return Err(Fault::Conflict { table: "mandate" });
            }
            for mandate in &self.replaced {
                let (at, by) = (group.now, Side::Person);
                group.tx.end_mandate(mandate.id, Ended { at, by }).await?;
            }
        }
        group.tx.accept_mandate(id, self.held, &self.name).await?;
        for draft in &self.drafts {
            group.append(draft).await?;
        }
        for who in [person, self.held.by] {
            tell(group, who, MessageKind::MandateAccepted, id).await?;
        }
        Ok(Ok(()))
    }
}

pub(super) struct End {
    pub mandate: Mandate,
    pub ended: Ended,
    pub drafts: Vec<Draft>,
}

#[async_trait]
impl Commit for End {
    type Answer = ();
    type Refusal = MandateRefusal;
    // The way back of migration 0014 looks for this name.
    const NAME: &'static str = "end a mandate";

    fn leaves(&self) -> usize {
        self.drafts.len()
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), MandateRefusal>, Fault> {
        let id = self.mandate.id;
        let Some(row) = group.tx.mandate(id).await? else {
            return Ok(Err(MandateRefusal::NotYours));
        };
        if row.mandate.ended.is_some() {
            return Ok(Err(MandateRefusal::Over));
        }
        if row.mandate.held != self.mandate.held {
            // Accepted meanwhile: its holder's list gets a record too, so it is begun again.
            return Err(Fault::Conflict { table: "mandate" });
        }
        group.tx.end_mandate(id, self.ended).await?;
        for draft in &self.drafts {
            group.append(draft).await?;
        }
        tell(group, self.mandate.person, MessageKind::MandateEnded, id).await?;
        if let Some(held) = self.mandate.held {
            tell(group, held.by, MessageKind::MandateEnded, id).await?;
        }
        Ok(Ok(()))
    }
}

pub(super) struct Look {
    pub mandate: MandateId,
    pub holder: ParticipantId,
    pub day: Date,
    pub draft: Draft,
}

#[async_trait]
impl Commit for Look {
    type Answer = ();
    type Refusal = OwnRefusal;
    // The way back of migration 0014 looks for this name.
    const NAME: &'static str = "look under a mandate";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), OwnRefusal>, Fault> {
        let row = group.tx.mandate(self.mandate).await?;
        if row.is_none_or(|row| row.mandate.acting(self.holder, group.now).is_err()) {
            return Ok(Err(OwnRefusal::NotYours));
        }
        // Two windows at once leave one record.
        let day = self.day;
        let looks = group.tx.mandate_looks(self.mandate, MOST_LINES).await?;
        if looks.contains(&day) {
            return Ok(Ok(()));
        }
        let serial = group.append(&self.draft).await?;
        group.tx.note_look(self.mandate, day, serial).await?;
        Ok(Ok(()))
    }
}
