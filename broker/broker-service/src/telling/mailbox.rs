//! Where a person wants messages: given by herself, sealed under her data key, optional.

use broker_domain::ids::ParticipantId;
use broker_domain::telling::MailAddress;
use broker_domain::time::{Instant, Interval};
use broker_store::{MailAddressRow, MessageKind, SessionRole, Tx};
use broker_vault::{ProfileField, SealedText};
use secrecy::ExposeSecret as _;
use thiserror::Error;

use super::queue::{Occasion, queue};
use crate::accounts::SignInRefusal;
use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::own::OwnRefusal;
use crate::own_data::local_day;
use crate::vault::not_opened;

/// How often an address may be changed or forgotten in one day of the meters' zone. Each change writes to the address
/// before, which may be somebody else's; each is told, so that a thief cannot hide behind a change of hers.
const MOST_CHANGES: u8 = 3;

/// What a person sees of her address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The address, if she gave one.
    pub address: Option<MailAddress>,
    /// How many messages to it were given up.
    pub failed: u64,
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
        let Some(row) = read.mail_address(who).await? else {
            return Ok(Mailbox {
                address: None,
                failed: 0,
            });
        };
        let failed = read.failed_messages_to(who).await?;
        let wrapped = read.key(who, row.epoch).await?.ok_or(Fault::SubjectErased)?;
        drop(read);
        let key = self.vault.data_key(&wrapped)?;
        let text = broker_vault::open_profile(
            &warrant,
            self.clock.now(),
            &key,
            ProfileField::Email,
            &SealedText(row.sealed),
        )
        .map_err(|error| not_opened(error, "open mail address"))?;
        let address = text
            .expose_secret()
            .parse()
            .map_err(|_| Fault::Corrupt { what: "mail address" })?;
        Ok(Mailbox {
            address: Some(address),
            failed,
        })
    }

    /// Sets the address of whoever is signed in, or forgets it when `text` is empty. The old one is told, so it may be
    /// replaced three times a day. Needs a proof of the last ten minutes: warnings of a takeover go to this address.
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
        let address = match text.trim() {
            "" => None,
            text => Some(
                text.parse()
                    .map_err(|_| Failure::Refused(MailboxRefusal::Address))?,
            ),
        };
        let same = self.mailbox(who).await;
        let same = same.map_err(|failure| failure.map_refusal(|_| MailboxRefusal::NotParticipant))?;
        if same.address == address {
            return Ok(());
        }
        self.change_mailbox(who, address.as_ref()).await
    }

    /// The same at enrolment, by the operator who was given the address with the rest.
    ///
    /// # Errors
    /// When the person is unknown, the store fails, or the address was replaced too often today.
    pub async fn put_mailbox(&self, who: ParticipantId, address: Option<&MailAddress>) -> Result<(), Fault> {
        match self.change_mailbox(who, address).await {
            Ok(()) => Ok(()),
            Err(Failure::Fault(fault)) => Err(fault),
            Err(Failure::Refused(_) | Failure::Conflict) => Err(Fault::Conflict {
                table: "mail_address",
            }),
        }
    }

    async fn change_mailbox(
        &self,
        who: ParticipantId,
        address: Option<&MailAddress>,
    ) -> Result<(), Failure<MailboxRefusal>> {
        let now = self.clock.now();
        let wrapped = self.store.read().await?.newest_key(who).await?;
        let wrapped = wrapped.ok_or(Fault::SubjectErased)?;
        let key = self.vault.data_key(&wrapped)?;
        let sealed = address.map(|address| {
            self.vault
                .seal_text(&key, ProfileField::Email, address.as_str(), &*self.entropy)
        });
        let sealed = sealed.transpose()?;
        let mut tx = self.store.begin("set mail address").await?;
        let occasion = next_change(&mut *tx, who, now).await?;
        queue(&mut *tx, who, &occasion, now).await?;
        match sealed {
            Some(sealed) => {
                let row = MailAddressRow {
                    participant: who,
                    epoch: wrapped.epoch,
                    sealed,
                    set_at: now,
                };
                tx.set_mail_address(&row).await?;
            }
            None => tx.forget_mail_address(who).await?,
        }
        Ok(tx.commit().await?)
    }
}

/// The occasion of the next change of today: its place among those of the day. A first address is told to nobody, and takes
/// no place.
async fn next_change(
    tx: &mut dyn Tx,
    who: ParticipantId,
    now: Instant,
) -> Result<Occasion, Failure<MailboxRefusal>> {
    let day = local_day(now)?;
    for place in 1..=MOST_CHANGES {
        let occasion = Occasion::of(MessageKind::AddressChanged).marked(format!("{day}/{place}").as_bytes());
        if tx.message(occasion.message(who)).await?.is_none() {
            return Ok(occasion);
        }
    }
    Err(Failure::Refused(MailboxRefusal::TooOften))
}
