//! The queue: one message for one occasion.

use broker_domain::ids::{ConsentId, MessageId, ParticipantId};
use broker_domain::time::Instant;
use broker_store::{MessageKind, MessageRow, Tx};
use ring::digest::{Context, SHA256};

use crate::failure::Fault;

/// What happened, told apart from everything else that happens to the same person.
pub(super) struct Occasion {
    kind: MessageKind,
    consent: Option<ConsentId>,
    ends_at: Option<Instant>,
    mark: Vec<u8>,
}

impl Occasion {
    pub fn of(kind: MessageKind) -> Self {
        Self {
            kind,
            consent: None,
            ends_at: None,
            mark: Vec::new(),
        }
    }

    pub fn about(self, consent: ConsentId) -> Self {
        Self {
            consent: Some(consent),
            ..self
        }
    }

    pub fn ending(self, at: Instant) -> Self {
        Self {
            ends_at: Some(at),
            mark: at.as_micros().to_be_bytes().to_vec(),
            ..self
        }
    }

    pub fn marked(self, mark: &[u8]) -> Self {
        Self {
            mark: mark.to_vec(),
            ..self
        }
    }

    /// The same occasion has the same identifier, so that whoever notices it again queues nothing.
    pub fn message(&self, who: ParticipantId) -> MessageId {
        MessageId::from_bytes(short_hash(&[
            b"fiducie-message/v1",
            who.as_bytes(),
            self.kind.code().as_bytes(),
            self.consent.as_ref().map_or(&[], |id| id.as_bytes().as_slice()),
            &self.mark,
        ]))
    }
}

/// Sixteen bytes of `SHA-256(u64be length || part ...)`.
pub(super) fn short_hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        context.update(&length.to_be_bytes());
        context.update(part);
    }
    let digest = context.finish();
    let mut short = [0; 16];
    short
        .iter_mut()
        .zip(digest.as_ref())
        .for_each(|(to, from)| *to = *from);
    short
}

/// Queues a message, if the person wants messages. The address is the one of now: whoever changes it draws nothing that
/// was queued before to herself.
pub(super) async fn queue(
    tx: &mut dyn Tx,
    who: ParticipantId,
    occasion: &Occasion,
    now: Instant,
) -> Result<(), Fault> {
    let Some(address) = tx.mail_address(who).await? else {
        return Ok(());
    };
    let row = MessageRow {
        id: occasion.message(who),
        participant: who,
        kind: occasion.kind,
        consent: occasion.consent,
        ends_at: occasion.ends_at,
        epoch: address.epoch,
        to_sealed: address.sealed,
        queued_at: now,
        due_at: now,
        attempts: 0,
    };
    Ok(tx.add_message(&row).await?)
}
