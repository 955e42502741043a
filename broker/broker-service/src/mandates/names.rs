//! The names on the two sides of a mandate: each sealed under the key of whose words they are, and opened for both.

use broker_domain::ids::{MandateId, ParticipantId};
use broker_store::{MandateRow, Read, SealedNames};
use broker_vault::{ProfileField, SealedText};
use secrecy::ExposeSecret as _;

use crate::broker::Broker;
use crate::failure::Fault;

impl Broker {
    /// Seals what somebody says on her side: `label`, and her own name.
    pub(super) async fn sealed_names(
        &self,
        who: ParticipantId,
        mandate: MandateId,
        label: &str,
        name: &str,
    ) -> Result<SealedNames, Fault> {
        let wrapped = self.store.read().await?.newest_key(who).await?;
        let wrapped = wrapped.ok_or(Fault::SubjectErased)?;
        let key = self.vault.data_key(&wrapped)?;
        let text = format!("{}\n{}", label.trim().replace('\n', " "), name.replace('\n', " "));
        let field = ProfileField::MandateNames(mandate);
        Ok(SealedNames {
            epoch: wrapped.epoch,
            sealed: self.vault.seal_text(&key, field, &text, &*self.entropy)?,
        })
    }

    /// What the person calls whoever acts, and her own name. Whoever calls has found the caller to be one of the sides, or to
    /// hold the code.
    pub(super) async fn names_of(
        &self,
        read: &mut (dyn Read + '_),
        row: &MandateRow,
    ) -> Result<(String, String), Fault> {
        self.open_names(read, row.mandate.person, row.mandate.id, &row.names)
            .await
    }

    /// The name of whoever acted under a mandate, for the two sides of it; empty once either has no account any more.
    ///
    /// # Errors
    /// When the store or the vault fails.
    pub async fn delegate_named(&self, mandate: MandateId) -> Result<String, Fault> {
        let mut read = self.store.read().await?;
        let Some(row) = read.mandate(mandate).await? else {
            return Ok(String::new());
        };
        let name = self.delegate_name_of(&mut *read, &row).await?;
        Ok(name.unwrap_or_default())
    }

    /// The name of whoever acts.
    pub(super) async fn delegate_name_of(
        &self,
        read: &mut (dyn Read + '_),
        row: &MandateRow,
    ) -> Result<Option<String>, Fault> {
        let Some((held, name)) = row.mandate.held.zip(row.delegate_name.as_ref()) else {
            return Ok(None);
        };
        let (_, name) = self.open_names(read, held.by, row.mandate.id, name).await?;
        Ok(Some(name))
    }

    async fn open_names(
        &self,
        read: &mut (dyn Read + '_),
        who: ParticipantId,
        mandate: MandateId,
        names: &SealedNames,
    ) -> Result<(String, String), Fault> {
        let wrapped = read.key(who, names.epoch).await?;
        let key = self.vault.data_key(&wrapped.ok_or(Fault::SubjectErased)?)?;
        let text = broker_vault::open_mandate_names(&key, mandate, &SealedText(names.sealed.clone()));
        let text = text.map_err(|_| Fault::Crypto {
            during: "open names of a mandate",
        })?;
        let (label, name) = text.expose_secret().split_once('\n').ok_or(Fault::Corrupt {
            what: "names of a mandate",
        })?;
        Ok((label.to_owned(), name.to_owned()))
    }
}
