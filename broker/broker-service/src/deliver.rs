//! Delivery: an application asks under an authorisation; readings leave reduced, signed, encrypted and recorded.

mod decide;

use async_trait::async_trait;
use broker_domain::consent::{Consent, Covered, Pause, Refusal, State, Terms, covers};
use broker_domain::curve::{Slot, load_curve};
use broker_domain::ids::{ConsentId, Digest, SubjectId, TransferId};
use broker_domain::time::{Instant, Interval, Step};
use broker_domain::warrant::DeliveryWarrant;
use broker_store::{ApplicationRow, Direction, Outcome, Serial, TransferRow};
use evidence::record::Record;
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::receipts::Receipt;
use crate::records;
use crate::sessions::sha256;
use crate::telling;
pub use decide::Weighed;
use decide::{Denial, was_given};

/// What an application asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Chosen by the application: repeating it gives the same answer and no second transfer.
    pub transfer: TransferId,
    /// The authorisation it was given: the identifier of the consent.
    pub authorisation: ConsentId,
    /// Which span.
    pub interval: Interval,
    /// One value every so often.
    pub step: Step,
}

/// A delivery, with its proof.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The transfer's identifier.
    pub transfer: TransferId,
    /// The load curve as signed JSON inside a compact JWE for the application's key.
    pub payload: Vec<u8>,
    /// Values in it.
    pub rows: u32,
    /// Proof for the recipient: a record in the list of the organisation.
    pub receipt: Receipt,
    /// Index of the participant's own leaf.
    pub participant_leaf: u64,
}

/// Why nothing is delivered.
#[derive(Debug, Error)]
pub enum DeliveryRefusal {
    /// No such authorisation for this organisation.
    #[error("no such authorisation; list yours at /api/v1/authorisations")]
    UnknownAuthorisation,
    /// Longer than one delivery may be.
    #[error("at most 31 days per delivery; ask in several parts")]
    SpanTooLong {
        /// The participant's record of this refusal.
        leaf_index: u64,
    },
    /// The same transfer was refused before.
    #[error("this transfer was refused before; choose a new transfer id to ask again")]
    RefusedBefore {
        /// The code of the first refusal.
        code: String,
        /// The participant's record of the first refusal.
        leaf_index: u64,
    },
    /// The consent does not cover it.
    #[error("{refusal}")]
    NotCovered {
        /// Why.
        refusal: Refusal,
        /// The participant's record of this refusal.
        leaf_index: u64,
    },
    /// The policies do not allow it.
    #[error("the policies do not allow this transfer")]
    NotAllowed {
        /// The participant's record of this refusal.
        leaf_index: u64,
    },
    /// The same transfer id was used for another order.
    #[error("this transfer id was used for another order; choose a new one")]
    TransferIdReused,
}

impl Broker {
    /// Delivers one load curve to an application.
    ///
    /// # Errors
    /// See [`DeliveryRefusal`].
    pub async fn deliver(
        &self,
        application: &ApplicationRow,
        order: Order,
    ) -> Result<Delivered, Failure<DeliveryRefusal>> {
        let now = self.clock.now();
        let known = self.store.read().await?.transfer(order.transfer).await?;
        let consent = self.authorisation(application, &order, now).await?;
        let consent = consent.ok_or(Failure::Refused(DeliveryRefusal::UnknownAuthorisation))?;
        if let Some(known) = known {
            return self.repeated(application, &order, &consent, known).await;
        }

        let warrant = match self.decide_delivery(application, &order, &consent, now) {
            Ok(warrant) => warrant,
            Err(denial) => return self.refuse_delivery(&order, &consent, denial, now).await,
        };
        self.quorum_stands().await?;
        let slots = self.open_curve(&warrant).await?;
        let rows = slots.iter().filter(|slot| slot.energy.is_some()).count();
        let rows = u32::try_from(rows).map_err(|_| Fault::Corrupt { what: "rows" })?;
        let payload = self.seal_delivery(application, &order, &slots)?;
        let transfer = outbound(&order, &consent, Outcome::Done, rows, now, payload.clone());
        let permit = warrant.permit();
        let ciphertext = Some(Digest(sha256(&payload)));
        let drafts = self.both_sides(&consent, |copy| {
            records::transfer_out(&transfer, ciphertext, permit.set(), permit.policies(), copy)
        })?;
        let covered = warrant.covered().clone();
        let beat = StoreDelivery {
            transfer,
            drafts,
            covered: Some((covered, consent.id)),
        };
        match self.try_commit(beat).await {
            Ok(Ok((participant_leaf, recipient_leaf))) => {
                self.quorum_covers(participant_leaf.max(recipient_leaf)).await?;
                let receipt = self.receipt(recipient_leaf).await?;
                self.allowed_after_waiting(application, &order, &consent).await?;
                Ok(Delivered {
                    transfer: order.transfer,
                    payload,
                    rows,
                    receipt,
                    participant_leaf,
                })
            }
            Ok(Err(refusal)) => {
                self.refuse_delivery(&order, &consent, Denial::NotCovered(refusal), now)
                    .await
            }
            Err(fault) => Err(fault.into()),
        }
    }

    async fn open_curve(&self, warrant: &DeliveryWarrant) -> Result<Vec<Slot>, Fault> {
        let ask = warrant.covered().ask();
        let readings = self.open_span(warrant, ask.point, &ask.interval).await?;
        Ok(load_curve(readings.as_slice(), &ask.interval, ask.step))
    }

    fn seal_delivery(
        &self,
        application: &ApplicationRow,
        order: &Order,
        slots: &[Slot],
    ) -> Result<Vec<u8>, Fault> {
        let signed = self.sign_data(&records::curve_payload(order, slots)?)?;
        let sealed = self
            .members
            .encrypt_to_member(&application.encryption_jwk, signed.as_bytes());
        sealed.map(String::into_bytes).map_err(|_| Fault::Crypto {
            during: "encrypt to the application",
        })
    }

    /// One record for the participant and one for the recipient: each has a complete list of its own, and the
    /// recipient's does not say whose readings they are.
    fn both_sides(
        &self,
        consent: &Consent,
        record: impl Fn(records::Copy) -> Result<Record, Fault>,
    ) -> Result<[Draft; 2], Fault> {
        let side = |subject: SubjectId, copy| {
            let signed = self.sign(record(copy)?)?;
            Ok::<_, Fault>(Draft {
                subject,
                actor: ActorClass::Broker,
                signed,
            })
        };
        let participant = side(consent.participant.into(), records::Copy::Whole)?;
        Ok([
            participant,
            side(consent.recipient.into(), records::Copy::Recipient)?,
        ])
    }

    async fn refuse_delivery(
        &self,
        order: &Order,
        consent: &Consent,
        denial: Denial,
        now: Instant,
    ) -> Result<Delivered, Failure<DeliveryRefusal>> {
        let outcome = Outcome::Refused {
            code: denial.code().to_owned(),
        };
        let transfer = outbound(order, consent, outcome, 0, now, Vec::new());
        let set = self.policy.set_digest();
        let drafts = self.both_sides(consent, |copy| {
            records::transfer_out(&transfer, None, set, &[], copy)
        })?;
        let leaves = self
            .try_commit(StoreDelivery {
                transfer,
                drafts,
                covered: None,
            })
            .await?;
        let (leaf_index, _) = leaves.map_err(|_| Fault::Stopped)?;
        Err(Failure::Refused(match denial {
            Denial::NotCovered(refusal) => DeliveryRefusal::NotCovered { refusal, leaf_index },
            Denial::NotAllowed => DeliveryRefusal::NotAllowed { leaf_index },
            Denial::SpanTooLong => DeliveryRefusal::SpanTooLong { leaf_index },
        }))
    }

    async fn repeated(
        &self,
        application: &ApplicationRow,
        order: &Order,
        consent: &Consent,
        known: TransferRow,
    ) -> Result<Delivered, Failure<DeliveryRefusal>> {
        let same = known.consent == Some(consent.id)
            && known.span == order.interval
            && known.step == Some(order.step)
            && known.direction == Direction::Out;
        if !same {
            return Err(Failure::Refused(DeliveryRefusal::TransferIdReused));
        }
        let now = self.clock.now();
        match known.outcome {
            Outcome::Done => {
                // Handing the same bytes over again would be a transfer after withdrawal: consent and policies must still
                // allow it, as for a new one. No commit follows that would look again, so the file is asked.
                let standing = self.consent_on_file(consent.id).await?;
                match self.decide_delivery(application, order, &standing, now) {
                    Ok(_) => {
                        let recipient_leaf = recipient_leaf(&known)?;
                        self.quorum_covers(known.leaf_index.max(recipient_leaf)).await?;
                        let receipt = self.receipt(recipient_leaf).await?;
                        self.allowed_after_waiting(application, order, &standing).await?;
                        Ok(Delivered {
                            receipt,
                            transfer: known.id,
                            payload: known.sealed,
                            rows: known.rows,
                            participant_leaf: known.leaf_index,
                        })
                    }
                    // Refused now: that is an attempt of its own, with a record of its own.
                    Err(denial) => {
                        let again = Order {
                            transfer: TransferId::random(&*self.entropy)?,
                            ..*order
                        };
                        self.refuse_delivery(&again, &standing, denial, now).await
                    }
                }
            }
            Outcome::Refused { code } => {
                self.is_public(known.leaf_index).await?;
                Err(Failure::Refused(DeliveryRefusal::RefusedBefore {
                    code,
                    leaf_index: known.leaf_index,
                }))
            }
        }
    }

    /// The consent as the store itself has it, past any memory.
    async fn consent_on_file(&self, id: ConsentId) -> Result<Consent, Fault> {
        let consent = self.store.read().await?.consent(id).await?;
        consent.ok_or(Fault::SubjectErased)
    }

    /// Waiting for witnesses takes seconds, in which the household may withdraw: then nothing leaves, although the
    /// record of the delivery stands (invariant I5).
    async fn allowed_after_waiting(
        &self,
        application: &ApplicationRow,
        order: &Order,
        decided: &Consent,
    ) -> Result<(), Failure<DeliveryRefusal>> {
        if self.gate.is_none() {
            return Ok(());
        }
        let consent = self.consent_on_file(decided.id).await?;
        let now = self.clock.now();
        let Err(denial) = self.decide_delivery(application, order, &consent, now) else {
            return Ok(());
        };
        let again = Order {
            transfer: TransferId::random(&*self.entropy)?,
            ..*order
        };
        match self.refuse_delivery(&again, &consent, denial, now).await {
            Err(refused) => Err(refused),
            // A refusal that came back as a delivery must not let one out.
            Ok(_) => Err(Fault::Stopped.into()),
        }
    }
}

/// The place of the recipient's own copy of a delivery.
fn recipient_leaf(transfer: &TransferRow) -> Result<u64, Fault> {
    transfer.recipient_leaf.ok_or(Fault::Corrupt {
        what: "transfer.recipient_serial",
    })
}

fn outbound(
    order: &Order,
    consent: &Consent,
    outcome: Outcome,
    rows: u32,
    at: Instant,
    sealed: Vec<u8>,
) -> TransferRow {
    TransferRow {
        id: order.transfer,
        direction: Direction::Out,
        participant: consent.participant,
        point: consent.point,
        recipient: Some(consent.recipient),
        purpose: Some(consent.purpose.clone()),
        consent: Some(consent.id),
        outcome,
        span: order.interval,
        step: Some(order.step),
        rows,
        at,
        serial: Serial(0),
        recipient_serial: None,
        leaf_index: 0,
        recipient_leaf: None,
        sealed,
    }
}

struct StoreDelivery {
    transfer: TransferRow,
    drafts: [Draft; 2],
    covered: Option<(Covered, ConsentId)>,
}

#[async_trait]
impl Commit for StoreDelivery {
    type Answer = (Serial, Serial);
    type Refusal = Refusal;
    const NAME: &'static str = "deliver";

    fn leaves(&self) -> usize {
        2
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(Serial, Serial), Refusal>, Fault> {
        if let Some((covered, consent)) = &self.covered {
            // The very next transfer after a withdrawal is refused (invariant I5), also one already decided.
            let current = group.tx.consent(*consent).await?;
            let current = current.ok_or(Fault::SubjectErased)?;
            match covers(&[current], covered.ask(), covered.checked_at().max(group.now)) {
                Ok(again) if again.consent_head() == covered.consent_head() => {}
                Ok(_) => return Err(Fault::Conflict { table: "consent" }),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        if let Some((_, consent)) = &self.covered
            && !group.tx.was_used(*consent).await?
        {
            telling::first_transfer(&mut *group.tx, self.transfer.participant, *consent, group.now).await?;
        }
        let [participant, recipient] = &self.drafts;
        let participant = group.append(participant).await?;
        let recipient = group.append(recipient).await?;
        (self.transfer.serial, self.transfer.recipient_serial) = (participant, Some(recipient));
        group.tx.add_transfer(&self.transfer).await?;
        Ok(Ok((participant, recipient)))
    }
}

/// An authorisation as an application sees it: what it may ask for, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorisation {
    /// The consent behind it.
    pub consent: Consent,
    /// Whether it can be used at the instant of the call.
    pub state: State,
    /// What it allows then.
    pub terms: Terms,
    /// The pause under way, in which it cannot be used.
    pub pause: Option<Pause>,
}

impl Broker {
    /// The authorisations of an application's organisation, ended ones included.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn authorisations(&self, application: &ApplicationRow) -> Result<Vec<Authorisation>, Fault> {
        let now = self.clock.now();
        let mut read = self.store.read().await?;
        let mut purposes: Vec<_> = read.offers().await?;
        purposes.retain(|row| row.offer.recipient == application.organisation);
        // Two offers of one organisation may ask for one purpose at different steps: its consents are listed once.
        purposes.sort_by(|a, b| a.offer.purpose.cmp(&b.offer.purpose));
        purposes.dedup_by(|a, b| a.offer.purpose == b.offer.purpose);
        let mut list = Vec::new();
        for row in purposes {
            for consent in read
                .consents_to(application.organisation, &row.offer.purpose)
                .await?
            {
                if was_given(&consent, now) {
                    list.push(Authorisation {
                        state: consent.state(now),
                        terms: consent.terms_now(now),
                        pause: consent.pause(now),
                        consent,
                    });
                }
            }
        }
        Ok(list)
    }
}
