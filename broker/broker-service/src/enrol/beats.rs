//! The commit beats of enrolment.

use async_trait::async_trait;
use broker_store::{
    EnrolmentCode, EnrolmentFormRow, GatewayRow, InvitationRow, ParticipantRow, PointRow, Serial,
    WrappedKeyRow,
};

use super::{EnrolRefusal, JoinRefusal};
use crate::failure::Fault;
use crate::group::{Commit, Draft, Group};
use crate::moving::has_left;

/// A subject key and the draft of its first record.
pub(crate) struct Enrolment {
    pub(super) key: [u8; 32],
    pub(super) draft: Draft,
}

impl Enrolment {
    pub async fn run(&self, group: &mut Group<'_>) -> Result<Serial, Fault> {
        // An organisation and a dataset may not share an identifier: that is the operator's mistake, not the ledger's.
        if group.tx.subject(self.draft.subject).await?.is_some() {
            return Err(Fault::Conflict { table: "subject" });
        }
        group.tx.add_subject(self.draft.subject, self.key).await?;
        group.append(&self.draft).await
    }
}

pub(super) struct Join {
    pub person: ParticipantRow,
    pub point: PointRow,
    pub key: WrappedKeyRow,
    pub enrolment: Enrolment,
    pub invitation: Option<InvitationRow>,
    /// The form that she was enrolled with.
    pub form: Option<EnrolmentFormRow>,
}

#[async_trait]
impl Commit for Join {
    type Answer = Serial;
    type Refusal = JoinRefusal;
    const NAME: &'static str = "join";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, JoinRefusal>, Fault> {
        // One lives there at a time, and a departure to come leaves its place on its day only.
        let known = group.tx.points_of_number(self.point.number_index).await?;
        if known.iter().any(|row| !has_left(row.occupancy, group.now)) {
            return Ok(Err(JoinRefusal::MeterTaken));
        }
        group.tx.add_participant(&self.person).await?;
        group.tx.add_key(&self.key).await?;
        group.tx.add_point(&self.point).await?;
        if let Some(row) = &self.invitation {
            group.tx.add_invitation(row, group.now).await?;
        }
        if let Some(row) = &self.form {
            group.tx.add_enrolment_form(row).await?;
        }
        Ok(Ok(self.enrolment.run(group).await?))
    }
}

pub(super) struct MakeCode {
    pub row: EnrolmentCode,
}

#[async_trait]
impl Commit for MakeCode {
    type Answer = ();
    type Refusal = EnrolRefusal;
    const NAME: &'static str = "make gateway code";

    fn leaves(&self) -> usize {
        0
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), EnrolRefusal>, Fault> {
        let point = group.tx.point(self.row.point).await?;
        let lives = |point: PointRow| {
            point.participant == self.row.participant && !has_left(point.occupancy, group.now)
        };
        if !point.is_some_and(lives) {
            return Ok(Err(EnrolRefusal::NotYours));
        }
        group.tx.add_enrolment_code(&self.row).await?;
        Ok(Ok(()))
    }
}

pub(super) struct EnrolGateway {
    pub gateway: GatewayRow,
    pub code_hash: [u8; 32],
    pub draft: Draft,
}

#[async_trait]
impl Commit for EnrolGateway {
    type Answer = Serial;
    type Refusal = EnrolRefusal;
    const NAME: &'static str = "enrol gateway";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, EnrolRefusal>, Fault> {
        let point = group.tx.point(self.gateway.gateway.point).await?;
        if point.is_none_or(|point| has_left(point.occupancy, group.now)) {
            return Ok(Err(EnrolRefusal::NotYours));
        }
        group.tx.add_gateway(&self.gateway).await?;
        group
            .tx
            .use_enrolment_code(self.code_hash, self.gateway.gateway.id)
            .await?;
        Ok(Ok(group.append(&self.draft).await?))
    }
}
