//! Authentic envelopes that cannot be taken whatever anybody agreed to: recorded once, kept never.

use async_trait::async_trait;
use broker_domain::ids::{Digest, GatewayId, TransferId};
use broker_domain::intake::Unsound;
use broker_domain::time::{Instant, Interval};
use broker_store::{Direction, Outcome, Serial, TransferRow};
use thiserror::Error;

use super::{Case, IntakeRefusal, Taken, intake_draft};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::records;
use crate::senml;
use crate::sessions::sha256;

/// Why an envelope that a gateway signed is not taken.
#[derive(Debug, Error)]
pub enum Unfit {
    /// No such delivery point.
    #[error("delivery point unknown; enrol the gateway again")]
    UnknownPoint,
    /// The point exists, but the gateway was enrolled for another one.
    #[error("this gateway is enrolled for another delivery point")]
    OtherPoint,
    /// The same batch id came before with other bytes.
    #[error("a different batch with this id was received before; give each batch a new id")]
    BatchIdReused,
    /// The content is not SenML that we read.
    #[error("content of the batch is not valid SenML: {0}")]
    Content(senml::ContentError),
    /// The readings cannot be true.
    #[error(transparent)]
    Unsound(Unsound),
}

impl Unfit {
    /// A stable code for machines and records.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownPoint => "point-unknown",
            Self::OtherPoint => "point-foreign",
            Self::BatchIdReused => "batch-id-reused",
            Self::Content(_) => "content-invalid",
            Self::Unsound(unsound) => unsound.code(),
        }
    }
}

impl Broker {
    /// Records the refusal in the list of the gateway's household, unless this envelope was refused for this reason
    /// before, and tells it.
    ///
    /// The batch id stays free: a batch dated ahead of us may be sound an hour later, and is then taken.
    ///
    /// LIMIT: an enrolled gateway that signs ever new nonsense makes a record of each, as it would of each good batch.
    /// What bounds both is the ledger's queue (`busy`) and the rate limit of the proxy in front.
    pub(super) async fn refuse_unfit(
        &self,
        case: &Case,
        unfit: Unfit,
    ) -> Result<Taken, Failure<IntakeRefusal>> {
        let id = refusal_id(case.gateway.gateway.id, case.envelope, unfit.code());
        let leaf_index = match self.recorded_refusal(case, id).await? {
            Some(leaf_index) => leaf_index,
            None => self.record_unfit(case, id, &unfit).await?,
        };
        Err(Failure::Refused(IntakeRefusal::Unfit { unfit, leaf_index }))
    }

    async fn record_unfit(
        &self,
        case: &Case,
        id: TransferId,
        unfit: &Unfit,
    ) -> Result<u64, Failure<IntakeRefusal>> {
        let gateway = &case.gateway.gateway;
        let transfer = TransferRow {
            id,
            direction: Direction::In,
            participant: gateway.participant,
            // The gateway's own: a neighbour's point has no place in this household's list.
            point: gateway.point,
            recipient: None,
            purpose: None,
            consent: None,
            outcome: Outcome::Refused {
                code: unfit.code().to_owned(),
            },
            span: moment(case.now)?,
            step: None,
            rows: 0,
            at: case.now,
            serial: Serial(0),
            recipient_serial: None,
            leaf_index: 0,
            recipient_leaf: None,
            sealed: Vec::new(),
        };
        let inbound = records::Inbound {
            gateway: gateway.id,
            batch: case.batch,
            envelope: case.envelope,
            span: None,
            ciphertext: None,
            consents: &[],
        };
        let signed = self.sign(records::transfer_in(&transfer, &inbound)?)?;
        let draft = intake_draft(case, signed);
        match self.try_commit(NoteUnfit { transfer, draft }).await {
            Ok(Ok(leaf_index)) => Ok(leaf_index),
            Ok(Err(refusal)) => Err(Failure::Refused(refusal)),
            // The same envelope came twice at once: the other call recorded it.
            Err(Fault::Conflict { table: "transfer" }) => {
                let recorded = self.recorded_refusal(case, id).await?;
                recorded.ok_or(Failure::Conflict)
            }
            Err(fault) => Err(fault.into()),
        }
    }

    async fn recorded_refusal(&self, case: &Case, id: TransferId) -> Result<Option<u64>, Fault> {
        let row = self.store.read().await?.transfer(id).await?;
        // An application chooses its transfers' ids and could choose this one, if it knew the envelope.
        let own = row.filter(|row| {
            row.direction == Direction::In && row.participant == case.gateway.gateway.participant
        });
        let leaf_index = own.map(|row| row.leaf_index);
        if let Some(leaf_index) = leaf_index {
            self.is_public(leaf_index).await?;
        }
        Ok(leaf_index)
    }
}

/// `SHA-256("fiducie-unfit-envelope/v1" 00 gateway[16] envelope digest[32] code)`, its first 16 bytes: the same envelope
/// refused for the same reason finds its record again. It holds a signature of 64 bytes, so nobody guesses it.
fn refusal_id(gateway: GatewayId, envelope: Digest, code: &str) -> TransferId {
    let named = [
        b"fiducie-unfit-envelope/v1\0".as_slice(),
        gateway.as_bytes(),
        &envelope.0,
        code.as_bytes(),
    ];
    let hash = sha256(&named.concat());
    let mut id = [0_u8; 16];
    id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    TransferId::from_bytes(id)
}

/// Nothing inside is believed, not even its dates: the span is the instant at which it came.
fn moment(now: Instant) -> Result<Interval, Fault> {
    let after = Instant::from_micros(now.as_micros().saturating_add(1))?;
    Ok(Interval::new(now, after)?)
}

struct NoteUnfit {
    transfer: TransferRow,
    draft: Draft,
}

#[async_trait]
impl Commit for NoteUnfit {
    type Answer = Serial;
    type Refusal = IntakeRefusal;
    const NAME: &'static str = "refuse an unfit envelope";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, IntakeRefusal>, Fault> {
        let serial = group.append(&self.draft).await?;
        self.transfer.serial = serial;
        group.tx.add_transfer(&self.transfer).await?;
        Ok(Ok(serial))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_envelope_and_reason_has_an_id_of_its_own() {
        let gateway = GatewayId::from_bytes([1; 16]);
        let id = refusal_id(gateway, Digest([2; 32]), "empty");
        assert_eq!(id, refusal_id(gateway, Digest([2; 32]), "empty"));
        let others = [
            refusal_id(GatewayId::from_bytes([9; 16]), Digest([2; 32]), "empty"),
            refusal_id(gateway, Digest([3; 32]), "empty"),
            refusal_id(gateway, Digest([2; 32]), "future-dated"),
        ];
        assert!(!others.contains(&id));
    }
}
