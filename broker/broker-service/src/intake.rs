//! Intake: a gateway's signed envelope becomes a sealed batch and a record, or a recorded refusal.

mod commit;
mod lookup;
mod unfit;

use broker_domain::consent::{Consent, CoveredIntake, Refusal, covers_intake};
use broker_domain::gateway::Measuring;
use broker_domain::ids::{BatchId, Digest, GatewayId, PointId, TransferId};
use broker_domain::intake::{check, minimise};
use broker_domain::policy::{Action, Permit, Principal, Query, Resource};
use broker_domain::reading::ReadingBatch;
use broker_domain::time::{Instant, Interval};
use broker_store::{BatchRow, Direction, GatewayRow, Outcome, Serial, TransferRow, WrappedKeyRow};
use ledger_core::leaf::ActorClass;
use meter_core::envelope::{Envelope, EnvelopeError};
use ring::signature::{ED25519, UnparsedPublicKey};
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Draft, SignedRecord};
use crate::receipts::Receipt;
use crate::records;
use crate::senml;
use crate::sessions::sha256;
use commit::{NoteRefusal, StoreBatch};
pub(crate) use lookup::Lookup;
pub use unfit::Unfit;

/// A batch that was taken, now or before.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Whether this call stored it.
    pub news: News,
    /// The proof: the same bytes however often the batch is sent.
    pub receipt: Receipt,
}

/// Whether a batch is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Stored by this call.
    Stored,
    /// Stored by an earlier call; nothing changed.
    Known,
}

/// Why a batch is not taken. Nothing of its content is kept.
#[derive(Debug, Error)]
pub enum IntakeRefusal {
    /// Not an envelope, cut short, too large, or of a version we do not read.
    #[error("not a valid envelope: {0}")]
    Envelope(EnvelopeError),
    /// No gateway of that identifier is enrolled.
    #[error("gateway unknown; enrol it with a code from the participant's page")]
    UnknownGateway,
    /// The signature is not the gateway's.
    #[error("signature does not verify under the key this gateway enrolled with")]
    Signature,
    /// Authentic, and still nothing that can be taken.
    #[error("{unfit}")]
    Unfit {
        /// Why.
        unfit: Unfit,
        /// The record of this refusal: one for each envelope and reason, however often it is sent.
        leaf_index: u64,
    },
    /// The same batch was refused before; nothing of it was kept.
    #[error("this batch was refused before; readings that may be kept now come in a new batch")]
    RefusedBefore {
        /// The code of the first refusal.
        code: String,
        /// The record of the first refusal.
        leaf_index: u64,
    },
    /// The household switched measuring off.
    #[error("the household switched measuring off; the batch was not kept")]
    SwitchedOff {
        /// The record of this refusal.
        leaf_index: u64,
    },
    /// No live consent needs these readings.
    #[error("{refusal}; the batch was not kept")]
    NotCovered {
        /// Why.
        refusal: Refusal,
        /// The record of this refusal.
        leaf_index: u64,
    },
}

struct Case {
    now: Instant,
    /// The envelope's own name for the batch.
    batch: BatchId,
    /// SHA-256 of the envelope as received.
    envelope: Digest,
    gateway: GatewayRow,
    /// Why the envelope's delivery point is not the gateway's.
    misplaced: Option<Unfit>,
    consents: Vec<Consent>,
    key: Option<WrappedKeyRow>,
    known: Option<BatchRow>,
}

impl Broker {
    /// Takes one envelope.
    ///
    /// What is not signed by an enrolled gateway leaves no record, since nobody is known to whom it would belong. Every
    /// refusal of an authentic envelope leaves one before it is told (invariant I2), once for each envelope and reason.
    ///
    /// # Errors
    /// See [`IntakeRefusal`].
    pub async fn intake(&self, bytes: &[u8]) -> Result<Taken, Failure<IntakeRefusal>> {
        let envelope =
            Envelope::parse(bytes).map_err(|error| Failure::Refused(IntakeRefusal::Envelope(error)))?;
        let digest = Digest(sha256(bytes));
        let mut case = self.read_intake(&envelope, digest).await?;
        if let Some(unfit) = case.misplaced.take() {
            return self.refuse_unfit(&case, unfit).await;
        }
        if let Some(known) = &case.known {
            return self.known_batch(&case, known).await;
        }

        let (gateway, point) = (case.gateway.gateway.id, case.gateway.gateway.point);
        let readings = senml::readings(&envelope).map_err(Unfit::Content);
        let sound = readings.and_then(|readings| {
            check(case.batch, gateway, point, readings, case.now).map_err(Unfit::Unsound)
        });
        let batch = match sound {
            Ok(batch) => batch,
            Err(unfit) => return self.refuse_unfit(&case, unfit).await,
        };
        let covered = match self.decide_intake(&case, &batch.span) {
            Ok(covered) => covered,
            Err(reason) => return self.refuse_intake(&case, &batch, reason).await,
        };
        let span = batch.span;
        let Some(kept) = minimise(batch.clone(), &covered) else {
            let reason = Reason::NotCovered(Refusal::NothingNeeded);
            return self.refuse_intake(&case, &batch, reason).await;
        };

        let (row, transfer, draft) = self.seal_intake(&case, &covered, &kept)?;
        let beat = StoreBatch {
            row,
            transfer,
            draft,
            covered,
            span,
            at: case.now,
        };
        match self.try_commit(beat).await {
            Ok(Ok(recorded)) => Ok(Taken {
                news: News::Stored,
                receipt: self.receipt_for(recorded?).await?,
            }),
            Ok(Err(refusal)) => {
                self.refuse_intake(&case, &batch, Reason::NotCovered(refusal))
                    .await
            }
            // The same batch came twice at once: the other call stored it, and its receipt is this one's too.
            Err(Fault::Conflict {
                table: "batch" | "transfer",
            }) => {
                let known = self.store.read().await?.batch(gateway, case.batch).await?;
                self.known_batch(&case, &known.ok_or(Failure::Conflict)?).await
            }
            Err(fault) => Err(fault.into()),
        }
    }

    async fn read_intake(
        &self,
        envelope: &Envelope<'_>,
        digest: Digest,
    ) -> Result<Case, Failure<IntakeRefusal>> {
        let header = &envelope.header;
        let id = GatewayId::from_bytes(header.gateway_id);
        let batch = BatchId::from_bytes(header.batch_id);
        let point = PointId::from_bytes(header.point_id);
        let known = self.lookup.ask(id, batch).await?;
        let known = known.ok_or(Failure::Refused(IntakeRefusal::UnknownGateway))?;
        let gateway = known.gateway;
        if !signed_by(envelope, &gateway.gateway.public_key) {
            return Err(Failure::Refused(IntakeRefusal::Signature));
        }
        let misplaced = if gateway.gateway.point == point {
            None
        } else if self.store.read().await?.point(point).await?.is_some() {
            Some(Unfit::OtherPoint)
        } else {
            Some(Unfit::UnknownPoint)
        };
        Ok(Case {
            now: self.clock.now(),
            batch,
            envelope: digest,
            misplaced,
            known: known.batch,
            consents: known.consents,
            key: known.key,
            gateway,
        })
    }

    fn decide_intake(&self, case: &Case, span: &Interval) -> Result<CoveredIntake, Reason> {
        let gateway = &case.gateway.gateway;
        let query = Query {
            principal: Principal::Gateway(gateway.id, gateway.participant),
            action: Action::Submit,
            resource: Resource::Point {
                point: gateway.point,
                owner: gateway.participant,
            },
            now: case.now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Reason::NotCovered(Refusal::NoConsent))?;
        // The household's switch is obeyed here too, whatever the gateway does.
        if gateway.settings.measuring == Measuring::Off {
            return Err(Reason::SwitchedOff);
        }
        covers_intake(&case.consents, gateway.participant, gateway.point, span, case.now)
            .map_err(Reason::NotCovered)
    }

    fn seal_intake(
        &self,
        case: &Case,
        covered: &CoveredIntake,
        kept: &ReadingBatch,
    ) -> Result<(BatchRow, TransferRow, Draft), Failure<IntakeRefusal>> {
        let wrapped = case.key.as_ref().ok_or(Fault::SubjectErased)?;
        let key = self.vault.data_key(wrapped)?;
        let sealed = broker_vault::seal_batch(&key, covered, kept, &*self.entropy)
            .map_err(|_| Fault::Crypto { during: "seal batch" })?
            .sealed;
        let transfer = TransferRow {
            step: Some(covered.finest_step()),
            ..self.inbound(case, kept, Outcome::Done)?
        };
        let signed = self.sign(records::transfer_in(
            &transfer,
            &records::Inbound {
                gateway: kept.gateway,
                batch: kept.id,
                envelope: case.envelope,
                span: Some(kept.span),
                ciphertext: Some(Digest(sha256(&sealed))),
                consents: covered.consents(),
            },
        )?)?;
        let row = BatchRow {
            id: kept.id,
            gateway: kept.gateway,
            transfer: transfer.id,
            participant: transfer.participant,
            point: kept.point,
            span: kept.span,
            epoch: wrapped.epoch,
            envelope: case.envelope,
            sealed,
            serial: Serial(0),
            leaf_index: 0,
        };
        Ok((row, transfer, intake_draft(case, signed)))
    }

    fn inbound(
        &self,
        case: &Case,
        batch: &ReadingBatch,
        outcome: Outcome,
    ) -> Result<TransferRow, Failure<IntakeRefusal>> {
        let rows = match outcome {
            Outcome::Done => batch.readings.len(),
            Outcome::Refused { .. } => 0,
        };
        Ok(TransferRow {
            id: TransferId::random(&*self.entropy)?,
            direction: Direction::In,
            participant: case.gateway.gateway.participant,
            point: batch.point,
            recipient: None,
            purpose: None,
            consent: None,
            outcome,
            span: batch.span,
            step: None,
            rows: u32::try_from(rows).map_err(|_| Fault::Corrupt { what: "rows" })?,
            at: case.now,
            serial: Serial(0),
            recipient_serial: None,
            leaf_index: 0,
            recipient_leaf: None,
            sealed: Vec::new(),
        })
    }

    async fn known_batch(&self, case: &Case, known: &BatchRow) -> Result<Taken, Failure<IntakeRefusal>> {
        if known.envelope != case.envelope {
            return self.refuse_unfit(case, Unfit::BatchIdReused).await;
        }
        if known.sealed.is_empty() {
            return Err(Failure::Refused(self.remembered_refusal(known).await?));
        }
        Ok(Taken {
            news: News::Known,
            receipt: self.receipt(known.leaf_index).await?,
        })
    }

    async fn remembered_refusal(&self, known: &BatchRow) -> Result<IntakeRefusal, Failure<IntakeRefusal>> {
        let transfer = self.store.read().await?.transfer(known.transfer).await?;
        match transfer.map(|row| row.outcome) {
            Some(Outcome::Refused { code }) => {
                self.is_public(known.leaf_index).await?;
                Ok(IntakeRefusal::RefusedBefore {
                    code,
                    leaf_index: known.leaf_index,
                })
            }
            Some(Outcome::Done) | None => Err(Fault::Corrupt {
                what: "batch.transfer",
            }
            .into()),
        }
    }

    async fn refuse_intake(
        &self,
        case: &Case,
        batch: &ReadingBatch,
        reason: Reason,
    ) -> Result<Taken, Failure<IntakeRefusal>> {
        let transfer = self.inbound(
            case,
            batch,
            Outcome::Refused {
                code: reason.code().to_owned(),
            },
        )?;
        let inbound = records::Inbound {
            gateway: batch.gateway,
            batch: batch.id,
            envelope: case.envelope,
            span: Some(batch.span),
            ciphertext: None,
            consents: &[],
        };
        let signed = self.sign(records::transfer_in(&transfer, &inbound)?)?;
        let row = BatchRow {
            id: batch.id,
            gateway: batch.gateway,
            transfer: transfer.id,
            participant: transfer.participant,
            point: batch.point,
            span: batch.span,
            epoch: 0,
            envelope: case.envelope,
            sealed: Vec::new(),
            serial: Serial(0),
            leaf_index: 0,
        };
        let draft = intake_draft(case, signed);
        let leaf_index = self.commit(NoteRefusal { row, transfer, draft }).await?;
        Err(Failure::Refused(match reason {
            Reason::SwitchedOff => IntakeRefusal::SwitchedOff { leaf_index },
            Reason::NotCovered(refusal) => IntakeRefusal::NotCovered { refusal, leaf_index },
        }))
    }
}

fn intake_draft(case: &Case, signed: SignedRecord) -> Draft {
    Draft {
        subject: case.gateway.gateway.participant.into(),
        actor: ActorClass::Gateway,
        signed,
    }
}

fn signed_by(envelope: &Envelope<'_>, public_key: &[u8; 32]) -> bool {
    let key = UnparsedPublicKey::new(&ED25519, public_key);
    envelope.verify(|message, signature| key.verify(message, signature).is_ok())
}

const SWITCHED_OFF: &str = "switched-off";

#[derive(Clone, Copy)]
enum Reason {
    SwitchedOff,
    NotCovered(Refusal),
}

impl Reason {
    const fn code(&self) -> &'static str {
        match self {
            Self::SwitchedOff => SWITCHED_OFF,
            Self::NotCovered(refusal) => refusal.code(),
        }
    }
}
