//! An account for somebody who has none and no meter, made with the code of a mandate: it can do nothing but act for others.
//!
//! Nobody else enrols without an officer. Here a person who is enrolled answers for it with the code that she gave away: one code
//! makes one account, which is the only one that can accept the mandate then.

use async_trait::async_trait;
use broker_domain::entered::AgeSaid;
use broker_domain::ids::{MandateId, ParticipantId};
use broker_store::{InvitationKind, InvitationRow, ParticipantRow, Serial, SessionRole, WrappedKeyRow};
use broker_vault::{DataKey, Epoch, ProfileField};
use evidence::record::Role;
use ledger_core::leaf::ActorClass;

use super::MandateRefusal;
use crate::accounts::Invitation;
use crate::broker::Broker;
use crate::enrol::Enrolment;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Group};
use crate::vault::VaultKeys;

/// Longest name, in characters.
const LONGEST_NAME: usize = 200;

/// Somebody who can now choose how she signs in.
pub struct DelegateInvited {
    /// Who.
    pub participant: ParticipantId,
    /// What opens her account, once.
    pub invitation: Invitation,
}

impl Broker {
    /// Enrols somebody without a meter, for whoever brings the code of a mandate.
    ///
    /// # Errors
    /// [`MandateRefusal::Code`], also for a code with which somebody was enrolled before; [`MandateRefusal::Label`] without a
    /// name; [`MandateRefusal::AgeUnsaid`]; [`MandateRefusal::SignIn`] after too many wrong codes.
    pub async fn join_to_act(
        &self,
        code: &str,
        (name, age): (&str, AgeSaid),
        language: &str,
    ) -> Result<DelegateInvited, Failure<MandateRefusal>> {
        let name = name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(Failure::Refused(MandateRefusal::Label));
        }
        if age == AgeSaid::Unsaid {
            return Err(Failure::Refused(MandateRefusal::AgeUnsaid));
        }
        let row = self.mandate_behind(code).await?;
        if row.newcomer.is_some() {
            return Err(Failure::Refused(MandateRefusal::Code));
        }
        let now = self.clock.now();
        let participant = ParticipantId::random(&*self.entropy)?;
        let role = SessionRole::Participant(participant);
        let (invitation, invited) = self.inviting().draw(role, InvitationKind::First)?;
        let key = DataKey::random(participant, Epoch(1), &*self.entropy)
            .map_err(|_| Fault::Crypto { during: "data key" })?;
        let profile = VaultKeys::profile_text(name, "");
        let beat = JoinToAct {
            mandate: row.mandate.id,
            person: ParticipantRow {
                id: participant,
                ordinal: 0,
                language: language.to_owned(),
                profile_sealed: self
                    .vault
                    .seal_text(&key, ProfileField::Name, &profile, &*self.entropy)?,
                created_at: now,
            },
            key: self.vault.wrap(&key)?,
            enrolment: self.subject_enrolment(
                participant.into(),
                Role::Participant,
                now,
                ActorClass::Participant,
            )?,
            invited,
        };
        match self.try_commit(beat).await {
            Ok(Ok(_)) => Ok(DelegateInvited {
                participant,
                invitation,
            }),
            Ok(Err(refusal)) => Err(Failure::Refused(refusal)),
            // Two at once with one code, or ended meanwhile: the code is worth nothing any more.
            Err(Fault::Conflict { table: "mandate" }) => Err(Failure::Refused(MandateRefusal::Code)),
            Err(fault) => Err(fault.into()),
        }
    }
}

struct JoinToAct {
    mandate: MandateId,
    person: ParticipantRow,
    key: WrappedKeyRow,
    enrolment: Enrolment,
    invited: InvitationRow,
}

#[async_trait]
impl Commit for JoinToAct {
    type Answer = Serial;
    type Refusal = MandateRefusal;
    const NAME: &'static str = "join to act for somebody";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, MandateRefusal>, Fault> {
        group.tx.add_participant(&self.person).await?;
        // Without a record of its own: those of homes name a meter, and she has none.
        group.tx.state_age(self.person.id, group.now).await?;
        group.tx.add_key(&self.key).await?;
        group.tx.keep_mandate_for(self.mandate, self.person.id).await?;
        group.tx.add_invitation(&self.invited, group.now).await?;
        Ok(Ok(self.enrolment.run(group).await?))
    }
}
