//! Where a person wants messages: given by herself, sealed under her data key, optional. An address counts once she typed
//! the code that was sent there; until then the one before stays in force, and is told that another one was given.

use broker_domain::ids::ParticipantId;
use broker_domain::telling::{MailAddress, MessageChannel};
use broker_domain::time::{Instant, Interval};
use broker_domain::warrant::AccessWarrant;
use broker_store::{MailAddressRow, MailPendingRow, MessageKind, SessionRole};
use broker_vault::{ProfileField, SealedText};
use secrecy::ExposeSecret as _;
use thiserror::Error;

use super::queue::{Occasion, further_of, next_of, queue};
use crate::accounts::{SignInRefusal, draw_code, typed};
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;
use crate::vault::not_opened;

/// How long a code is taken, in seconds: half an hour.
pub(super) const CODE_SECONDS: i64 = 1_800;
/// How often a code may be typed. With 31^12 codes guessing is hopeless anyway.
pub(super) const MOST_ATTEMPTS: u8 = 5;

/// What a person sees of her address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The address in force, if she confirmed one.
    pub address: Option<MailAddress>,
    /// Another one, which waits for its code.
    pub pending: Option<PendingAddress>,
    /// How many messages to the one in force were given up.
    pub failed: u64,
}

/// An address that waits for its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingAddress {
    /// The address.
    pub address: MailAddress,
    /// Until when its code is taken.
    pub expires_at: Instant,
}

/// Why an address is not set.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum MailboxRefusal {
    /// No address.
    #[error("this is not an e-mail address; expected one such as `name@example.org`")]
    Address,
    /// Changed too often today.
    #[error("the address was changed three times today; try again tomorrow")]
    TooOften,
    /// The code is another one.
    #[error("this is not the code that was sent; {left} more attempts")]
    CodeWrong {
        /// How often it may still be typed.
        left: u8,
    },
    /// No address waits for a code, any more.
    #[error("no address waits for this code any more; enter the address again")]
    CodeOver,
    /// Researchers and officers have none here.
    #[error("only participants get messages")]
    NotParticipant,
    /// The session.
    #[error(transparent)]
    SignIn(#[from] SignInRefusal),
}

impl Broker {
    /// The person's own address.
    ///
    /// # Errors
    /// See [`OwnRefusal`].
    pub async fn mailbox(&self, who: ParticipantId) -> Result<Mailbox, Failure<OwnRefusal>> {
        let now = self.clock.now();
        let warrant = self.access(who, Interval::new(now, now.plus_seconds(1))?)?;
        let mut read = self.store.read().await?;
        let row = read.mail_address(who).await?;
        let pending = read.mail_pending(who).await?.filter(|row| now < row.expires_at);
        let failed = match row {
            Some(_) => read.failed_messages_to(who).await?,
            None => 0,
        };
        drop(read);
        let address = match row {
            Some(row) => Some(self.own_address(who, &warrant, row.epoch, row.sealed).await?),
            None => None,
        };
        let pending = match pending {
            Some(row) => Some(PendingAddress {
                expires_at: row.expires_at,
                address: self.own_address(who, &warrant, row.epoch, row.sealed).await?,
            }),
            None => None,
        };
        Ok(Mailbox {
            address,
            pending,
            failed,
        })
    }

    async fn own_address(
        &self,
        who: ParticipantId,
        warrant: &AccessWarrant,
        epoch: u32,
        sealed: Vec<u8>,
    ) -> Result<MailAddress, Fault> {
        let wrapped = self.store.read().await?.key(who, epoch).await?;
        let key = self.vault.data_key(&wrapped.ok_or(Fault::SubjectErased)?)?;
        let sealed = SealedText(sealed);
        let text = broker_vault::open_profile(warrant, self.clock.now(), &key, ProfileField::Email, &sealed)
            .map_err(|error| not_opened(error, "open mail address"))?;
        text.expose_secret()
            .parse()
            .map_err(|_| Fault::Corrupt { what: "mail address" })
    }

    /// Gives an address for whoever is signed in: a code goes there, and it counts once [`Broker::confirm_mailbox`] took
    /// that code. An empty `text` forgets the address in force at once. Three codes a day; an address is
    /// forgotten however often it was changed. Needs a proof of the last ten minutes: warnings of a takeover go to this address.
    ///
    /// # Errors
    /// See [`MailboxRefusal`].
    pub async fn set_mailbox(&self, token: &[u8; 32], text: &str) -> Result<(), Failure<MailboxRefusal>> {
        let session = self
            .fresh(token)
            .await
            .map_err(|failure| failure.map_refusal(MailboxRefusal::SignIn))?;
        let SessionRole::Participant(who) = session.role else {
            return Err(Failure::Refused(MailboxRefusal::NotParticipant));
        };
        let address: Option<MailAddress> = match text.trim() {
            "" => None,
            text => Some(
                text.parse()
                    .map_err(|_| Failure::Refused(MailboxRefusal::Address))?,
            ),
        };
        let known = self.mailbox(who).await;
        let known = known.map_err(|failure| failure.map_refusal(|_| MailboxRefusal::NotParticipant))?;
        if known.address == address {
            // She keeps the one in force, so nothing waits any more.
            return self.keep_mailbox(who).await;
        }
        match address {
            Some(address) => self.ask_to_confirm(who, &address).await,
            None => self.forget_mailbox(who).await,
        }
    }

    /// The same at enrolment, by the operator who was given the address with the rest: it too counts once she confirmed it.
    ///
    /// # Errors
    /// When the person is unknown, the store fails, or the address was replaced too often today.
    pub async fn put_mailbox(&self, who: ParticipantId, address: Option<&MailAddress>) -> Result<(), Fault> {
        let put = match address {
            Some(address) => self.ask_to_confirm(who, address).await,
            None => self.forget_mailbox(who).await,
        };
        match put {
            Ok(()) => Ok(()),
            Err(Failure::Fault(fault)) => Err(fault),
            Err(Failure::Refused(_) | Failure::Conflict) => Err(Fault::Conflict {
                table: "mail_address",
            }),
        }
    }

    /// Takes the code that was sent to an address: from now on messages go there, and the address before is told so. Any
    /// session will do: the address was given under a fresh proof.
    ///
    /// # Errors
    /// See [`MailboxRefusal`]. After five wrong codes the address has to be given again.
    pub async fn confirm_mailbox(&self, token: &[u8; 32], code: &str) -> Result<(), Failure<MailboxRefusal>> {
        let session = self.session(token).await?;
        let Some(SessionRole::Participant(who)) = session.map(|session| session.role) else {
            return Err(Failure::Refused(MailboxRefusal::NotParticipant));
        };
        self.confirm_address(who, code).await
    }

    /// The same for a person whose identity the caller knows.
    ///
    /// # Errors
    /// See [`MailboxRefusal`].
    pub async fn confirm_address(
        &self,
        who: ParticipantId,
        code: &str,
    ) -> Result<(), Failure<MailboxRefusal>> {
        let now = self.clock.now();
        let mut tx = self.store.begin("confirm mail address").await?;
        let pending = tx.mail_pending(who).await?;
        let Some(pending) = pending.filter(|row| now < row.expires_at && 0 < row.attempts_left) else {
            return Err(Failure::Refused(MailboxRefusal::CodeOver));
        };
        if !self.vault.is_mail_code(who, &typed(code), &pending.code_hash) {
            let left = pending.attempts_left.saturating_sub(1);
            // Counted whatever follows: attempts at once each take their turn in this transaction.
            tx.set_mail_pending(&MailPendingRow {
                attempts_left: left,
                ..pending
            })
            .await?;
            tx.commit().await?;
            return Err(Failure::Refused(match left {
                0 => MailboxRefusal::CodeOver,
                left => MailboxRefusal::CodeWrong { left },
            }));
        }
        let before = tx.mail_address(who).await?;
        // As with a number: where there was none nothing is taken away, and the code was counted.
        let occasion = match before {
            None => further_of(&mut *tx, who, MessageKind::AddressChanged, now).await?,
            Some(_) => next_of(&mut *tx, who, MessageKind::AddressChanged, now)
                .await?
                .ok_or(Failure::Refused(MailboxRefusal::TooOften))?,
        };
        queue(&mut *tx, who, &occasion, now).await?;
        tx.set_mail_address(&MailAddressRow {
            participant: who,
            epoch: pending.epoch,
            sealed: pending.sealed,
            set_at: now,
        })
        .await?;
        tx.forget_mail_pending(who).await?;
        Ok(tx.commit().await?)
    }

    async fn ask_to_confirm(
        &self,
        who: ParticipantId,
        address: &MailAddress,
    ) -> Result<(), Failure<MailboxRefusal>> {
        let now = self.clock.now();
        let wrapped = self.store.read().await?.newest_key(who).await?;
        let wrapped = wrapped.ok_or(Fault::SubjectErased)?;
        let key = self.vault.data_key(&wrapped)?;
        let code = draw_code(&*self.entropy).map_err(Fault::from)?;
        let seal = |field, text: &str| self.vault.seal_text(&key, field, text, &*self.entropy);
        let sealed = seal(ProfileField::Email, address.as_str())?;
        let code_sealed = seal(ProfileField::MailCode, &code)?;
        let mut tx = self.store.begin("ask to confirm mail address").await?;
        let occasion = next_of(&mut *tx, who, MessageKind::AddressCode, now)
            .await?
            .ok_or(Failure::Refused(MailboxRefusal::TooOften))?;
        let message = occasion.message(who);
        let to = (wrapped.epoch, sealed.clone());
        tx.add_message(&occasion.row(MessageChannel::Email, who, to, now))
            .await?;
        tx.set_mail_pending(&MailPendingRow {
            participant: who,
            epoch: wrapped.epoch,
            sealed,
            message,
            code_sealed,
            code_hash: self.vault.mail_code(who, &code),
            expires_at: now.plus_seconds(CODE_SECONDS),
            attempts_left: MOST_ATTEMPTS,
        })
        .await?;
        let asked = Occasion::of(MessageKind::AddressAsked).marked(message.as_bytes());
        queue(&mut *tx, who, &asked, now).await?;
        Ok(tx.commit().await?)
    }

    async fn keep_mailbox(&self, who: ParticipantId) -> Result<(), Failure<MailboxRefusal>> {
        let mut tx = self.store.begin("keep mail address").await?;
        tx.forget_mail_pending(who).await?;
        Ok(tx.commit().await?)
    }

    async fn forget_mailbox(&self, who: ParticipantId) -> Result<(), Failure<MailboxRefusal>> {
        let now = self.clock.now();
        let mut tx = self.store.begin("forget mail address").await?;
        // Never too often: it may be a thief's, who used up the changes of the day.
        let occasion = further_of(&mut *tx, who, MessageKind::AddressChanged, now).await?;
        queue(&mut *tx, who, &occasion, now).await?;
        // E-mail stays what she chose, alone or with others: who chose nothing else gets no message, as the page tells her.
        tx.forget_mail_address(who).await?;
        tx.forget_mail_pending(who).await?;
        Ok(tx.commit().await?)
    }
}
