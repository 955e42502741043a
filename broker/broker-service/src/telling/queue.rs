//! The queue: one message for one occasion.

use broker_domain::ids::{ConsentId, MessageId, ParticipantId};
use broker_domain::telling::MessageChannel;
use broker_domain::time::Instant;
use broker_store::{MessageKind, MessageRow, Tx};
use ring::digest::{Context, SHA256};

use crate::failure::Fault;
use crate::own_data::local_day;

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
        self.message_by(MessageChannel::Email, who)
    }

    /// The same by another channel: each has a message of its own.
    pub fn message_by(&self, channel: MessageChannel, who: ParticipantId) -> MessageId {
        let mut parts: Vec<&[u8]> = vec![
            b"fiducie-message/v1",
            who.as_bytes(),
            self.kind.code().as_bytes(),
            self.consent.as_ref().map_or(&[], |id| id.as_bytes().as_slice()),
            &self.mark,
        ];
        if channel != MessageChannel::Email {
            parts.push(channel.code().as_bytes());
        }
        MessageId::from_bytes(short_hash(&parts))
    }

    /// The message that says so, to this address, sealed.
    pub fn row(
        &self,
        channel: MessageChannel,
        who: ParticipantId,
        (epoch, to_sealed): (u32, Vec<u8>),
        now: Instant,
    ) -> MessageRow {
        MessageRow {
            id: self.message_by(channel, who),
            participant: who,
            channel,
            kind: self.kind,
            consent: self.consent,
            ends_at: self.ends_at,
            epoch,
            to_sealed,
            queued_at: now,
            due_at: now,
            attempts: 0,
        }
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

/// How often a code may be asked for, and an address, a number or the channels be changed, in one day of the meters' zone. Each
/// writes somewhere, which may be somebody else's; each change is told, so that a thief cannot hide behind a change of hers. What
/// takes a number or an address off, or adds a channel that was missing, is not limited ([`further_of`]).
const MOST_CHANGES: u32 = 3;

/// The occasion of the next change of today: its place among those of its kind of the day; `None` when there were as many as may
/// be. A first address is told to nobody, and takes no place.
pub(super) async fn next_of(
    tx: &mut dyn Tx,
    who: ParticipantId,
    kind: MessageKind,
    now: Instant,
) -> Result<Option<Occasion>, Fault> {
    let (place, occasion) = free_place(tx, who, kind, now).await?;
    Ok((place <= MOST_CHANGES).then_some(occasion))
}

/// The same however many there were: for a change that a thief must not be able to forestall by using up those of the day. Only
/// for changes that cannot follow each other without a limited one between them, so that they come to an end by themselves.
pub(super) async fn further_of(
    tx: &mut dyn Tx,
    who: ParticipantId,
    kind: MessageKind,
    now: Instant,
) -> Result<Occasion, Fault> {
    free_place(tx, who, kind, now).await.map(|(_, occasion)| occasion)
}

/// The first place of today that no message of this kind has, from one.
async fn free_place(
    tx: &mut dyn Tx,
    who: ParticipantId,
    kind: MessageKind,
    now: Instant,
) -> Result<(u32, Occasion), Fault> {
    let day = local_day(now)?;
    let mut place = 1_u32;
    loop {
        let occasion = Occasion::of(kind).marked(format!("{day}/{place}").as_bytes());
        let mut taken = false;
        for channel in MessageChannel::ALL {
            taken = taken || tx.message(occasion.message_by(channel, who)).await?.is_some();
        }
        if !taken || place == u32::MAX {
            return Ok((place, occasion));
        }
        place = place.saturating_add(1);
    }
}

/// Whether an officer prints a letter about this on another desk anyway (decision 0043).
const fn has_a_letter_already(kind: MessageKind) -> bool {
    matches!(
        kind,
        MessageKind::CodePrepared
            | MessageKind::Entered
            | MessageKind::EnteredWrong
            | MessageKind::CapacityEntered
            | MessageKind::CapacityRecorded
    )
}

/// Queues a message by each channel that the person chose and that reaches her. The address is the one of now: whoever changes
/// it draws nothing that was queued before to herself.
pub(super) async fn queue(
    tx: &mut dyn Tx,
    who: ParticipantId,
    occasion: &Occasion,
    now: Instant,
) -> Result<(), Fault> {
    queue_counted(tx, who, occasion, now).await.map(|_| ())
}

/// The same; returns by how many channels.
pub(super) async fn queue_counted(
    tx: &mut dyn Tx,
    who: ParticipantId,
    occasion: &Occasion,
    now: Instant,
) -> Result<usize, Fault> {
    let mut queued = 0;
    for channel in tx.channels(who).await?.iter() {
        let to = match channel {
            MessageChannel::Email => tx.mail_address(who).await?.map(|row| (row.epoch, row.sealed)),
            MessageChannel::Sms => tx.phone(who).await?.map(|row| (row.epoch, row.sealed)),
            MessageChannel::Post if has_a_letter_already(occasion.kind) => None,
            // The officer who prints it opens the address of then: the person cannot change it by herself.
            MessageChannel::Post => tx.newest_key(who).await?.map(|key| (key.epoch, Vec::new())),
        };
        if let Some(to) = to {
            tx.add_message(&occasion.row(channel, who, to, now)).await?;
            queued += 1;
        }
    }
    Ok(queued)
}
