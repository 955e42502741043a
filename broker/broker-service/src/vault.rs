//! The way to the vault: data keys unwrapped once, batches opened for a warrant, profiles for their owner.

use std::sync::Arc;

use broker_domain::ids::ParticipantId;
use broker_domain::time::{Entropy, Instant, Interval};
use broker_domain::warrant::{AccessWarrant, Warrant};
use broker_store::{BatchRow, ParticipantRow, Read, WrappedKeyRow};
use broker_vault::{
    BatchHeader, DataKey, Epoch, IndexKey, KeyRing, OpenedReadings, PointIndex, ProfileField, SealedBatch,
    SealedText, SignInValue, VaultError, VaultIdentity, VaultRecipient, WrappedKey, is_sign_in_value,
    sign_in_index,
};
use secrecy::{ExposeSecret, SecretString};

use crate::broker::Broker;
use crate::failure::Fault;
use crate::own::OwnProfile;

/// How many unwrapped data keys are kept in memory: a city's worth of active households would be too many to guard.
const KEYS_IN_MEMORY: usize = 4_096;

/// The keys of the vault.
pub struct VaultKeys {
    ring: KeyRing,
    identity: VaultIdentity,
    recipients: Vec<VaultRecipient>,
    index: IndexKey,
}

/// Seals to the vault itself. Opens nothing.
#[derive(Debug, Clone)]
pub(crate) struct Keeper(String);

impl Keeper {
    /// Seals bytes that only this broker opens.
    pub fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        broker_vault::seal_for_person(&self.0, bytes).map_err(|_| Fault::Crypto {
            during: "keep for the vault",
        })
    }
}

impl VaultKeys {
    /// Wraps new data keys to the identity itself and to `spares`, kept elsewhere for the day this machine is lost.
    #[must_use]
    pub fn new(identity: VaultIdentity, spares: Vec<VaultRecipient>, index: IndexKey) -> Self {
        let recipients = std::iter::once(identity.recipient()).chain(spares).collect();
        Self {
            ring: KeyRing::with_capacity(KEYS_IN_MEMORY),
            identity,
            recipients,
            index,
        }
    }

    pub(crate) fn wrap(&self, key: &DataKey) -> Result<WrappedKeyRow, Fault> {
        let wrapped = broker_vault::wrap(key, &self.recipients).map_err(|_| Fault::Crypto {
            during: "wrap data key",
        })?;
        Ok(WrappedKeyRow {
            participant: wrapped.owner,
            epoch: wrapped.epoch.0,
            wrapped: wrapped.age_file,
        })
    }

    pub(crate) fn data_key(&self, row: &WrappedKeyRow) -> Result<Arc<DataKey>, Fault> {
        let wrapped = WrappedKey {
            owner: row.participant,
            epoch: Epoch(row.epoch),
            age_file: row.wrapped.clone(),
        };
        self.ring
            .open(&wrapped, &self.identity)
            .map_err(|_| Fault::Crypto {
                during: "unwrap data key",
            })
    }

    pub(crate) fn forget(&self, who: ParticipantId) {
        self.ring.forget(who);
    }

    pub(crate) fn point_index(&self, number: &str) -> [u8; 32] {
        *PointIndex::of(&self.index, number).as_bytes()
    }

    pub(crate) const fn index_key(&self) -> &IndexKey {
        &self.index
    }

    pub(crate) fn provider_subject(&self, issuer: &str, subject: &str) -> [u8; 32] {
        sign_in_index(&self.index, SignInValue::Subject { issuer, subject })
    }

    pub(crate) fn invitation_code(&self, code: &str) -> [u8; 32] {
        sign_in_index(&self.index, SignInValue::Invitation { code })
    }

    pub(crate) fn register_number(&self, number: &str) -> [u8; 32] {
        sign_in_index(&self.index, SignInValue::Register { number })
    }

    pub(crate) fn mandate_code(&self, code: &str) -> [u8; 32] {
        sign_in_index(&self.index, SignInValue::Mandate { code })
    }

    pub(crate) fn recovery_code(&self, code: &str) -> [u8; 32] {
        sign_in_index(&self.index, SignInValue::Recovery { code })
    }

    pub(crate) fn home_code(&self, code: &str) -> [u8; 32] {
        sign_in_index(&self.index, SignInValue::Home { code })
    }

    pub(crate) fn case_code(&self, code: &str) -> [u8; 32] {
        sign_in_index(&self.index, SignInValue::Case { code })
    }

    pub(crate) fn stop_code(&self, code: &str) -> [u8; 32] {
        sign_in_index(&self.index, SignInValue::Stop { code })
    }

    pub(crate) fn mail_code(&self, who: ParticipantId, code: &str) -> [u8; 32] {
        let who = who.to_string();
        sign_in_index(&self.index, SignInValue::Mail { who: &who, code })
    }

    /// In constant time.
    pub(crate) fn is_mail_code(&self, who: ParticipantId, code: &str, hash: &[u8; 32]) -> bool {
        let who = who.to_string();
        is_sign_in_value(&self.index, SignInValue::Mail { who: &who, code }, hash)
    }

    pub(crate) fn phone_code(&self, who: ParticipantId, code: &str) -> [u8; 32] {
        let who = who.to_string();
        sign_in_index(&self.index, SignInValue::Phone { who: &who, code })
    }

    /// In constant time.
    pub(crate) fn is_phone_code(&self, who: ParticipantId, code: &str, hash: &[u8; 32]) -> bool {
        let who = who.to_string();
        is_sign_in_value(&self.index, SignInValue::Phone { who: &who, code }, hash)
    }

    pub(crate) fn seal_text(
        &self,
        key: &DataKey,
        field: ProfileField,
        text: &str,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, Fault> {
        broker_vault::seal_profile(key, field, &SecretString::from(text), entropy)
            .map(|sealed| sealed.0)
            .map_err(|_| Fault::Crypto {
                during: "seal profile",
            })
    }

    /// Seals files to the vault itself, for the day the same question is asked again.
    pub(crate) fn keep(&self, files: &[u8]) -> Result<Vec<u8>, Fault> {
        self.keeper().seal(files)
    }

    /// What seals to the vault itself, to be taken into a transaction.
    pub(crate) fn keeper(&self) -> Keeper {
        Keeper(self.identity.recipient().to_string())
    }

    /// Opens what [`VaultKeys::keep`] sealed.
    pub(crate) fn kept(&self, sealed: &[u8]) -> Result<Vec<u8>, Fault> {
        broker_vault::open_own(&self.identity, sealed).map_err(|_| Fault::Crypto {
            during: "open kept release",
        })
    }

    /// Name and address as one text: the address begins after the first line end.
    pub(crate) fn profile_text(name: &str, address: &str) -> String {
        format!("{}\n{}", name.replace('\n', " "), address.replace('\n', " "))
    }

    pub(crate) fn open_profile(
        &self,
        warrant: &AccessWarrant,
        now: Instant,
        row: &ParticipantRow,
        wrapped: &WrappedKeyRow,
    ) -> Result<OwnProfile, Fault> {
        let key = self.data_key(wrapped)?;
        let sealed = SealedText(row.profile_sealed.clone());
        let text = broker_vault::open_profile(warrant, now, &key, ProfileField::Name, &sealed)
            .map_err(|error| not_opened(error, "open profile"))?;
        let (name, address) = text
            .expose_secret()
            .split_once('\n')
            .ok_or(Fault::Corrupt { what: "profile" })?;
        Ok(OwnProfile {
            name: name.to_owned(),
            address: address.to_owned(),
        })
    }

    fn open_batch(
        &self,
        warrant: &dyn Warrant,
        now: Instant,
        row: &BatchRow,
        wrapped: &WrappedKeyRow,
    ) -> Result<OpenedReadings, Fault> {
        let key = self.data_key(wrapped)?;
        let header = BatchHeader {
            participant: row.participant,
            point: row.point,
            gateway: row.gateway,
            batch: row.id,
            span: row.span,
            epoch: Epoch(row.epoch),
        };
        let sealed = SealedBatch {
            header,
            sealed: row.sealed.clone(),
        };
        broker_vault::open_batch(warrant, now, &key, &sealed).map_err(|error| not_opened(error, "open batch"))
    }
}

/// A decision that is no longer fresh is made again when the request is repeated; everything else is ours.
pub(crate) fn not_opened(error: VaultError, during: &'static str) -> Fault {
    match error {
        VaultError::StaleWarrant(_) => Fault::Conflict { table: "warrant" },
        _ => Fault::Crypto { during },
    }
}

impl Broker {
    /// Opens the stored batches of one point that overlap the span, under a warrant, in order.
    pub(crate) async fn open_span(
        &self,
        warrant: &dyn Warrant,
        point: broker_domain::ids::PointId,
        span: &Interval,
    ) -> Result<OpenedReadings, Fault> {
        let mut read = self.store.read().await?;
        // The closing index of the span may stand in the batch that begins exactly there.
        let wider = Interval::new(span.start(), span.end().plus_seconds(1))?;
        let mut all = OpenedReadings::default();
        let row = read.point(point).await?;
        // From the departure on, readings are quarantined: for every warrant, also for the person's own.
        let departure = row.and_then(|row| row.occupancy.departure);
        // A year of batches is under one or two keys: each is read once.
        let mut known: Option<WrappedKeyRow> = None;
        for row in read.batches_of(point, &wider).await? {
            if departure.is_some_and(|departure| departure.at < row.span.start()) {
                continue;
            }
            let same = |key: &WrappedKeyRow| key.participant == row.participant && key.epoch == row.epoch;
            let wrapped = match known.take().filter(same) {
                Some(wrapped) => wrapped,
                None => wrapped_key(&mut *read, &row).await?,
            };
            all.absorb(self.vault.open_batch(warrant, self.clock.now(), &row, &wrapped)?);
            known = Some(wrapped);
        }
        if let Some(departure) = departure {
            all.end_at(departure.at);
        }
        Ok(all)
    }
}

async fn wrapped_key(read: &mut (dyn Read + '_), row: &BatchRow) -> Result<WrappedKeyRow, Fault> {
    read.key(row.participant, row.epoch)
        .await?
        .ok_or(Fault::SubjectErased)
}
