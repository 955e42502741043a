//! Who represents a legal person: named by an officer with the digest of the document that says so, and replaced by whoever is named
//! after her. What was permitted stays: a mandate ends the power, not the authorisations.

use broker_domain::ids::{Digest, MandateId, OfficerId, ParticipantId};
use broker_domain::mandate::{
    Capacity, Ended, LONGEST_REPRESENTATION_SECONDS, Mandate, MandateState, Power, Powers, Side,
};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::time::{Instant, Interval};
use broker_store::{MandateRow, SessionRole};
use evidence::record::MandateStepKind;
use ledger_core::leaf::ActorClass;

use super::{CODE_SECONDS, GivenMandate, LONGEST_LABEL, MOST_LISTED, MandateRefusal, MandateView, steps};
use crate::accounts::{draw_code, shown};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::Draft;

/// Who is to represent a legal person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepresentOrder {
    /// The legal person.
    pub person: ParticipantId,
    /// Her name and office, as the document has them.
    pub label: String,
    /// Until when; she begins when she accepts.
    pub until: Instant,
    /// SHA-256 of the document; it stays with the officers.
    pub basis: Digest,
}

impl Broker {
    /// Lets whoever brings the code represent a legal person: looks, permits and withdraws for it. An officer, who proved in the last
    /// ten minutes who she is.
    ///
    /// # Errors
    /// [`MandateRefusal::SignIn`], [`MandateRefusal::NotYours`], [`MandateRefusal::Label`], [`MandateRefusal::Span`],
    /// [`MandateRefusal::TooMany`].
    pub async fn name_representative(
        &self,
        token: &[u8; 32],
        order: &RepresentOrder,
    ) -> Result<GivenMandate, Failure<MandateRefusal>> {
        let session = self.fresh(token).await;
        let session = session.map_err(|failure| failure.map_refusal(MandateRefusal::SignIn))?;
        let SessionRole::Officer(officer) = session.role else {
            return Err(Failure::Refused(MandateRefusal::NotYours));
        };
        let now = self.clock.now();
        self.may_represent(officer, now)?;
        check(order, now).map_err(Failure::Refused)?;
        if self
            .store
            .read()
            .await?
            .legal_person(order.person)
            .await?
            .is_none()
        {
            return Err(Failure::Refused(MandateRefusal::NotYours));
        }
        let (id, code) = (MandateId::random(&*self.entropy)?, draw_code(&*self.entropy)?);
        let mandate = Mandate {
            id,
            person: order.person,
            capacity: Capacity::Representative,
            powers: Powers::of(&Power::ALL).ok_or(Fault::Corrupt { what: "powers" })?,
            span: Interval::new(now, order.until)?,
            basis: Some(order.basis),
            given_at: now,
            open_until: now.plus_seconds(CODE_SECONDS).min(order.until),
            held: None,
            ended: None,
            joint: None,
        };
        let name = self.legal_name(order.person).await?;
        let names = self.sealed_names(order.person, id, &order.label, &name).await?;
        let drafts = vec![
            self.by_an_officer(&mandate, MandateStepKind::Given, order.person, now)
                .await?,
        ];
        let beat = steps::Give {
            row: MandateRow {
                mandate,
                code_hash: Some(self.vault.mandate_code(&code)),
                newcomer: None,
                names,
                delegate_name: None,
            },
            drafts,
        };
        let open_until = beat.row.mandate.open_until;
        self.commit(beat).await?;
        Ok(GivenMandate {
            id,
            code: shown(&code),
            open_until,
        })
    }

    /// Ends the power of a representative, accepted or not. It takes away: an officer's session is enough.
    ///
    /// # Errors
    /// [`MandateRefusal::NotYours`], [`MandateRefusal::Over`].
    pub async fn end_representation(
        &self,
        officer: OfficerId,
        id: MandateId,
    ) -> Result<(), Failure<MandateRefusal>> {
        let now = self.clock.now();
        self.may_represent(officer, now)?;
        let row = self.store.read().await?.mandate(id).await?;
        let row = row.filter(|row| row.mandate.capacity == Capacity::Representative);
        let mandate = row.ok_or(Failure::Refused(MandateRefusal::NotYours))?.mandate;
        if matches!(mandate.state(now), MandateState::Ended(_) | MandateState::Expired) {
            return Err(Failure::Refused(MandateRefusal::Over));
        }
        let drafts = self.ends(&mandate, now).await?;
        let ended = Ended {
            at: now,
            by: Side::Person,
        };
        self.commit(steps::End {
            mandate,
            ended,
            drafts,
        })
        .await
    }

    /// Who represents a legal person, and did, newest first.
    ///
    /// # Errors
    /// [`MandateRefusal::NotYours`].
    pub async fn representatives(
        &self,
        officer: OfficerId,
        person: ParticipantId,
    ) -> Result<Vec<MandateView>, Failure<MandateRefusal>> {
        self.may_represent(officer, self.clock.now())?;
        let rows = {
            let mut read = self.store.read().await?;
            if read.legal_person(person).await?.is_none() {
                return Err(Failure::Refused(MandateRefusal::NotYours));
            }
            read.mandates_given(person, MOST_LISTED).await?
        };
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            views.push(self.mandate_view(row).await?);
        }
        Ok(views)
    }

    /// The representatives whose place somebody takes who accepts: those who were named before her, with the records of their end.
    pub(super) async fn replaced(
        &self,
        accepted: &Mandate,
        now: Instant,
    ) -> Result<(Vec<Mandate>, Vec<Draft>), Fault> {
        if accepted.capacity != Capacity::Representative {
            return Ok((Vec::new(), Vec::new()));
        }
        let given = self
            .store
            .read()
            .await?
            .mandates_given(accepted.person, MOST_LISTED)
            .await?;
        let before = replaced_by(accepted, given, now);
        let mut drafts = Vec::new();
        for mandate in &before {
            drafts.extend(self.ends(mandate, now).await?);
        }
        Ok((before, drafts))
    }

    /// The records of an end, in the lists of both.
    async fn ends(&self, mandate: &Mandate, now: Instant) -> Result<Vec<Draft>, Fault> {
        let step = MandateStepKind::EndedByPerson;
        let mut drafts = vec![self.by_an_officer(mandate, step, mandate.person, now).await?];
        if let Some(held) = mandate.held {
            drafts.push(self.by_an_officer(mandate, step, held.by, now).await?);
        }
        Ok(drafts)
    }

    async fn by_an_officer(
        &self,
        mandate: &Mandate,
        step: MandateStepKind,
        subject: ParticipantId,
        now: Instant,
    ) -> Result<Draft, Fault> {
        Ok(Draft {
            actor: ActorClass::Dpo,
            ..self.mandate_draft(mandate, step, subject, now).await?
        })
    }

    fn may_represent(&self, officer: OfficerId, now: Instant) -> Result<(), Failure<MandateRefusal>> {
        let query = Query {
            principal: Principal::Officer(officer),
            action: Action::Invite,
            resource: Resource::Panel,
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(MandateRefusal::NotYours))?;
        Ok(())
    }
}

/// Those of a legal person that end when this one is accepted. Asked again where the acceptance is written.
pub(super) fn replaced_by(accepted: &Mandate, given: Vec<MandateRow>, now: Instant) -> Vec<Mandate> {
    let mandates = given.into_iter().map(|row| row.mandate);
    let before = mandates.filter(|mandate| {
        let living = matches!(
            mandate.state(now),
            MandateState::Open | MandateState::Ahead | MandateState::InForce
        );
        living
            && mandate.capacity == Capacity::Representative
            && mandate.id != accepted.id
            && mandate.given_at <= accepted.given_at
    });
    before.collect()
}

fn check(order: &RepresentOrder, now: Instant) -> Result<(), MandateRefusal> {
    let label = order.label.trim();
    if label.is_empty() || label.chars().count() > LONGEST_LABEL {
        return Err(MandateRefusal::Label);
    }
    if order.until <= now || now.plus_seconds(LONGEST_REPRESENTATION_SECONDS) < order.until {
        return Err(MandateRefusal::Span);
    }
    Ok(())
}
