//! Enrolling a legal person, and closing it.

use async_trait::async_trait;
use broker_domain::ids::{EnrolmentFormId, OfficerId, ParticipantId};
use broker_domain::legal::{LegalKind, RegisterNumber};
use broker_store::{EnrolmentFormRow, LegalPersonRow, ParticipantRow, WrappedKeyRow};
use broker_vault::{DataKey, Epoch, ProfileField};
use evidence::record::{LegalPersonStepKind, Role};
use ledger_core::leaf::ActorClass;

use super::LegalRefusal;
use crate::broker::Broker;
use crate::enrol::Enrolment;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::vault::VaultKeys;

/// A legal person that is enrolled.
#[derive(Clone)]
pub struct LegalNewcomer {
    /// `fr`, `en` or `nl`.
    pub language: String,
    /// Its name.
    pub name: String,
    /// Its seat.
    pub address: String,
    /// What it is.
    pub kind: LegalKind,
    /// Its number in the register of companies.
    pub number: RegisterNumber,
}

impl Broker {
    /// Enrols a legal person, for an officer who proved in the last ten minutes who she is. The same form sent again by the same
    /// officer finds what it enrolled.
    ///
    /// # Errors
    /// [`LegalRefusal::SignIn`], [`LegalRefusal::NumberTaken`], [`LegalRefusal::Unknown`].
    pub async fn enrol_legal_person(
        &self,
        token: &[u8; 32],
        form: EnrolmentFormId,
        newcomer: &LegalNewcomer,
    ) -> Result<ParticipantId, Failure<LegalRefusal>> {
        let officer = self.enrolling_officer(token).await?;
        let now = self.clock.now();
        let number_index = self.vault.register_number(newcomer.number.as_str());
        if let Some(known) = self.enrolled_before(form, officer, number_index).await? {
            return Ok(known);
        }
        let person = ParticipantId::random(&*self.entropy)?;
        let key = DataKey::random(person, Epoch(1), &*self.entropy)
            .map_err(|_| Fault::Crypto { during: "data key" })?;
        let seal = |field, text: &str| self.vault.seal_text(&key, field, text, &*self.entropy);
        let profile = VaultKeys::profile_text(&newcomer.name, &newcomer.address);
        let beat = EnrolLegal {
            person: ParticipantRow {
                id: person,
                ordinal: 0,
                language: newcomer.language.clone(),
                profile_sealed: seal(ProfileField::Name, &profile)?,
                created_at: now,
            },
            key: self.vault.wrap(&key)?,
            legal: LegalPersonRow {
                participant: person,
                kind: newcomer.kind,
                number_index,
                number_sealed: seal(ProfileField::RegisterNumber, newcomer.number.as_str())?,
                added_at: now,
            },
            form: EnrolmentFormRow {
                id: form,
                participant: person,
                officer,
                at: now,
            },
            enrolment: self.subject_enrolment(person.into(), Role::Participant, now, ActorClass::Dpo)?,
            draft: self.legal_draft((person, newcomer.kind), LegalPersonStepKind::Enrolled, &[], now)?,
        };
        match self.try_commit(beat).await {
            Ok(Ok(())) => Ok(person),
            Ok(Err(refusal)) => Err(Failure::Refused(refusal)),
            // Of two clicks at once the second meets the first.
            Err(Fault::Conflict {
                table: "enrolment_form" | "legal_person",
            }) => {
                let known = self.enrolled_before(form, officer, number_index).await?;
                known.ok_or(Failure::Refused(LegalRefusal::NumberTaken))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    async fn enrolled_before(
        &self,
        form: EnrolmentFormId,
        officer: OfficerId,
        number_index: [u8; 32],
    ) -> Result<Option<ParticipantId>, Failure<LegalRefusal>> {
        let mut read = self.store.read().await?;
        let known = read.legal_person_of_number(number_index).await?;
        let sent = read.enrolment_form(form).await?;
        match (known, sent) {
            (Some(known), Some(row)) if row.participant == known && row.officer == officer => Ok(Some(known)),
            (None, None) => Ok(None),
            _ => Err(Failure::Refused(LegalRefusal::NumberTaken)),
        }
    }
}

struct EnrolLegal {
    person: ParticipantRow,
    key: WrappedKeyRow,
    legal: LegalPersonRow,
    form: EnrolmentFormRow,
    enrolment: Enrolment,
    draft: Draft,
}

#[async_trait]
impl Commit for EnrolLegal {
    type Answer = ();
    type Refusal = LegalRefusal;
    // The way back of the migration `legal` looks for this name.
    const NAME: &'static str = "enrol a legal person";

    fn leaves(&self) -> usize {
        2
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), LegalRefusal>, Fault> {
        let known = group.tx.legal_person_of_number(self.legal.number_index).await?;
        if known.is_some() {
            return Err(Fault::Conflict {
                table: "legal_person",
            });
        }
        group.tx.add_participant(&self.person).await?;
        group.tx.add_key(&self.key).await?;
        group.tx.add_legal_person(&self.legal).await?;
        group.tx.add_enrolment_form(&self.form).await?;
        self.enrolment.run(group).await?;
        group.append(&self.draft).await?;
        Ok(Ok(()))
    }
}
