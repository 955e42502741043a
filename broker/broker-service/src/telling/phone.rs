//! By which channels a person is told (P-27), and her telephone number: given by herself, sealed under her data key, optional. A
//! number counts once she typed the code that was sent there, as a mail address does. Every change is told by the channels
//! before it.

use broker_domain::ids::ParticipantId;
use broker_domain::lang::Lang;
use broker_domain::telling::{Channels, MessageChannel, PhoneNumber};
use broker_domain::time::{Instant, Interval};
use broker_domain::warrant::AccessWarrant;
use broker_store::{MessageEnd, MessageKind, PhonePendingRow, PhoneRow, SessionRole};
use broker_vault::{ProfileField, SealedText};
use secrecy::ExposeSecret as _;
use thiserror::Error;

use super::mailbox::{CODE_SECONDS, MOST_ATTEMPTS};
use super::queue::{Occasion, further_of, next_of, queue};
use super::texts;
use crate::accounts::{SignInRefusal, draw_code, typed};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;
use crate::vault::not_opened;

/// How many messages her page lists.
const LISTED: u32 = 50;

/// How a person is reached. Holds her number, whose `Debug` is hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The channels that she chose.
    pub channels: Channels,
    /// The number in force, if she confirmed one.
    pub number: Option<PhoneNumber>,
    /// Another one, which waits for its code.
    pub pending: Option<PendingNumber>,
    /// How many short messages to the one in force were given up.
    pub failed: u64,
    /// What was written to her lately, newest first.
    pub sent: Vec<SentMessage>,
}

/// A number that waits for its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingNumber {
    /// The number.
    pub number: PhoneNumber,
    /// Until when its code is taken.
    pub expires_at: Instant,
}

/// One message of the list: what it was about, how it left, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentMessage {
    /// Its subject, in the language asked for.
    pub subject: &'static str,
    /// How it leaves.
    pub channel: MessageChannel,
    /// When it was queued.
    pub queued_at: Instant,
    /// How and when it ended; `None` while it waits.
    pub ended: Option<(MessageEnd, Instant)>,
}

/// Why a number or a choice is not kept.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ReachRefusal {
    /// No number.
    #[error("this is not a telephone number with its country; expected one such as `+33 6 12 34 56 78`")]
    Number,
    /// Changed too often today.
    #[error("this was changed three times today; try again tomorrow")]
    TooOften,
    /// The code is another one.
    #[error("this is not the code that was sent; {left} more attempts")]
    CodeWrong {
        /// How often it may still be typed.
        left: u8,
    },
    /// No number waits for a code, any more.
    #[error("no number waits for this code any more; enter the number again")]
    CodeOver,
    /// One channel at least.
    #[error("choose one channel at least")]
    NoChannel,
    /// Short messages without a number.
    #[error("confirm a telephone number first, then choose short messages")]
    NumberMissing,
    /// E-mail and nothing else, without an address.
    #[error("confirm an e-mail address first, or choose another channel beside e-mail")]
    AddressMissing,
    /// Researchers and officers get none.
    #[error("only participants get messages")]
    NotParticipant,
    /// The session.
    #[error(transparent)]
    SignIn(#[from] SignInRefusal),
}

impl Broker {
    /// How the person is reached, with her own number, and what was written to her; subjects in this language.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn reached(&self, who: ParticipantId, lang: Lang) -> Result<Reached, Failure<OwnRefusal>> {
        let now = self.clock.now();
        let warrant = self.access(who, Interval::new(now, now.plus_seconds(1))?)?;
        let mut read = self.store.read().await?;
        let channels = read.channels(who).await?;
        let row = read.phone(who).await?;
        let pending = read.phone_pending(who).await?.filter(|row| now < row.expires_at);
        let failed = read.failed_texts_to(who).await?;
        let sent = read.messages_to(who, LISTED).await?;
        drop(read);
        let number = match row {
            Some(row) => Some(self.own_number(who, &warrant, row.epoch, row.sealed).await?),
            None => None,
        };
        let pending = match pending {
            Some(row) => Some(PendingNumber {
                expires_at: row.expires_at,
                number: self.own_number(who, &warrant, row.epoch, row.sealed).await?,
            }),
            None => None,
        };
        let sent = sent.into_iter().map(|(row, ended)| SentMessage {
            subject: texts::subject(row.kind, lang),
            channel: row.channel,
            queued_at: row.queued_at,
            ended,
        });
        Ok(Reached {
            channels,
            number,
            pending,
            failed,
            sent: sent.collect(),
        })
    }

    async fn own_number(
        &self,
        who: ParticipantId,
        warrant: &AccessWarrant,
        epoch: u32,
        sealed: Vec<u8>,
    ) -> Result<PhoneNumber, Fault> {
        let wrapped = self.store.read().await?.key(who, epoch).await?;
        let key = self.vault.data_key(&wrapped.ok_or(Fault::SubjectErased)?)?;
        let sealed = SealedText(sealed);
        let text = broker_vault::open_profile(warrant, self.clock.now(), &key, ProfileField::Phone, &sealed)
            .map_err(|error| not_opened(error, "open telephone number"))?;
        text.expose_secret().parse().map_err(|_| Fault::Corrupt {
            what: "telephone number",
        })
    }

    /// Gives a number for whoever is signed in: a code goes there, and it counts once [`Broker::confirm_phone`] took that code. An
    /// empty `text` forgets the number in force at once, and with it the choice of short messages. Three codes a day; a number is
    /// forgotten however often it was changed. Needs a proof of the last ten minutes.
    ///
    /// # Errors
    /// See [`ReachRefusal`].
    pub async fn set_phone(&self, token: &[u8; 32], text: &str) -> Result<(), Failure<ReachRefusal>> {
        let who = self.who_is_fresh(token).await?;
        if text.trim().is_empty() {
            return self.forget_phone(who).await;
        }
        let number: PhoneNumber = text.parse().map_err(|_| Failure::Refused(ReachRefusal::Number))?;
        let known = self.reached(who, Lang::French).await;
        let known = known.map_err(|failure| failure.map_refusal(|_| ReachRefusal::NotParticipant))?;
        if known.number.as_ref() == Some(&number) {
            // She keeps the one in force, so nothing waits any more.
            let mut tx = self.store.begin("keep telephone number").await?;
            tx.forget_phone_pending(who).await?;
            return Ok(tx.commit().await?);
        }
        self.ask_to_confirm_number(who, &number).await
    }

    async fn who_is_fresh(&self, token: &[u8; 32]) -> Result<ParticipantId, Failure<ReachRefusal>> {
        let session = self.fresh(token).await;
        let session = session.map_err(|failure| failure.map_refusal(ReachRefusal::SignIn))?;
        match session.role {
            SessionRole::Participant(who) => Ok(who),
            _ => Err(Failure::Refused(ReachRefusal::NotParticipant)),
        }
    }

    async fn ask_to_confirm_number(
        &self,
        who: ParticipantId,
        number: &PhoneNumber,
    ) -> Result<(), Failure<ReachRefusal>> {
        let now = self.clock.now();
        let wrapped = self.store.read().await?.newest_key(who).await?;
        let wrapped = wrapped.ok_or(Fault::SubjectErased)?;
        let key = self.vault.data_key(&wrapped)?;
        let code = draw_code(&*self.entropy).map_err(Fault::from)?;
        let seal = |field, text: &str| self.vault.seal_text(&key, field, text, &*self.entropy);
        let sealed = seal(ProfileField::Phone, number.as_str())?;
        let code_sealed = seal(ProfileField::PhoneCode, &code)?;
        let mut tx = self.store.begin("ask to confirm telephone number").await?;
        let occasion = next_of(&mut *tx, who, MessageKind::PhoneCode, now).await?;
        let occasion = occasion.ok_or(Failure::Refused(ReachRefusal::TooOften))?;
        let row = occasion.row(MessageChannel::Sms, who, (wrapped.epoch, sealed.clone()), now);
        let message = row.id;
        tx.add_message(&row).await?;
        tx.set_phone_pending(&PhonePendingRow {
            participant: who,
            epoch: wrapped.epoch,
            sealed,
            message,
            code_sealed,
            code_hash: self.vault.phone_code(who, &code),
            expires_at: now.plus_seconds(CODE_SECONDS),
            attempts_left: MOST_ATTEMPTS,
        })
        .await?;
        let asked = Occasion::of(MessageKind::PhoneAsked).marked(message.as_bytes());
        queue(&mut *tx, who, &asked, now).await?;
        Ok(tx.commit().await?)
    }

    /// Takes the code that was sent to a number: from now on it can be chosen, and short messages go there if they were. Any
    /// session will do: the number was given under a fresh proof.
    ///
    /// # Errors
    /// See [`ReachRefusal`]. After five wrong codes the number has to be given again.
    pub async fn confirm_phone(&self, token: &[u8; 32], code: &str) -> Result<(), Failure<ReachRefusal>> {
        let session = self.session(token).await?;
        let Some(SessionRole::Participant(who)) = session.map(|session| session.role) else {
            return Err(Failure::Refused(ReachRefusal::NotParticipant));
        };
        let now = self.clock.now();
        let mut tx = self.store.begin("confirm telephone number").await?;
        let pending = tx.phone_pending(who).await?;
        let Some(pending) = pending.filter(|row| now < row.expires_at && 0 < row.attempts_left) else {
            return Err(Failure::Refused(ReachRefusal::CodeOver));
        };
        if !self.vault.is_phone_code(who, &typed(code), &pending.code_hash) {
            let left = pending.attempts_left.saturating_sub(1);
            // Counted whatever follows: attempts at once each take their turn in this transaction.
            tx.set_phone_pending(&PhonePendingRow {
                attempts_left: left,
                ..pending
            })
            .await?;
            tx.commit().await?;
            return Err(Failure::Refused(match left {
                0 => ReachRefusal::CodeOver,
                left => ReachRefusal::CodeWrong { left },
            }));
        }
        // A number where there was none takes nothing away from anybody; its code was one of the three of the day.
        let before = tx.phone(who).await?;
        let occasion = match before {
            None => further_of(&mut *tx, who, MessageKind::PhoneChanged, now).await?,
            Some(_) => next_of(&mut *tx, who, MessageKind::PhoneChanged, now)
                .await?
                .ok_or(Failure::Refused(ReachRefusal::TooOften))?,
        };
        queue(&mut *tx, who, &occasion, now).await?;
        tx.set_phone(&PhoneRow {
            participant: who,
            epoch: pending.epoch,
            sealed: pending.sealed,
            set_at: now,
        })
        .await?;
        tx.forget_phone_pending(who).await?;
        Ok(tx.commit().await?)
    }

    async fn forget_phone(&self, who: ParticipantId) -> Result<(), Failure<ReachRefusal>> {
        let now = self.clock.now();
        let mut tx = self.store.begin("forget telephone number").await?;
        tx.forget_phone_pending(who).await?;
        if tx.phone(who).await?.is_some() {
            // Never too often: it may be a thief's, who used up the changes of the day.
            let occasion = further_of(&mut *tx, who, MessageKind::PhoneChanged, now).await?;
            queue(&mut *tx, who, &occasion, now).await?;
            tx.forget_phone(who).await?;
            let chosen = tx.channels(who).await?;
            if chosen.contains(MessageChannel::Sms) {
                let left = chosen.without(MessageChannel::Sms);
                let nowhere = is_email_alone(&left) && tx.mail_address(who).await?.is_none();
                // Letters reach everybody; e-mail without an address reaches nobody.
                let post = Channels::new([MessageChannel::Post]).filter(|_| nowhere);
                tx.set_channels(who, &post.unwrap_or(left)).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// Chooses the channels of whoever is signed in; `None` when she ticked none. Told by the channels before. What was queued
    /// before leaves as it was meant to. Three times a day, except that channels may always be added. Needs a proof of the last ten
    /// minutes.
    ///
    /// # Errors
    /// See [`ReachRefusal`].
    pub async fn choose_channels(
        &self,
        token: &[u8; 32],
        chosen: Option<Channels>,
    ) -> Result<(), Failure<ReachRefusal>> {
        let who = self.who_is_fresh(token).await?;
        let chosen = chosen.ok_or(Failure::Refused(ReachRefusal::NoChannel))?;
        let now = self.clock.now();
        let mut tx = self.store.begin("choose channels").await?;
        if chosen.contains(MessageChannel::Sms) && tx.phone(who).await?.is_none() {
            return Err(Failure::Refused(ReachRefusal::NumberMissing));
        }
        if is_email_alone(&chosen) && tx.mail_address(who).await?.is_none() {
            return Err(Failure::Refused(ReachRefusal::AddressMissing));
        }
        let before = tx.channels(who).await?;
        if before == chosen {
            return Ok(());
        }
        // Adding is no way to hide a warning, and how an owner gets those again that a thief switched off.
        let only_adds = before.iter().all(|channel| chosen.contains(channel));
        let occasion = match only_adds {
            true => further_of(&mut *tx, who, MessageKind::ChannelsChanged, now).await?,
            false => next_of(&mut *tx, who, MessageKind::ChannelsChanged, now)
                .await?
                .ok_or(Failure::Refused(ReachRefusal::TooOften))?,
        };
        queue(&mut *tx, who, &occasion, now).await?;
        tx.set_channels(who, &chosen).await?;
        Ok(tx.commit().await?)
    }
}

/// Whether nothing but e-mail is chosen, which reaches nobody without an address. A choice of short messages has a number.
fn is_email_alone(chosen: &Channels) -> bool {
    chosen.iter().all(|channel| channel == MessageChannel::Email)
}
