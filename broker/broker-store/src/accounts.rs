//! Who signs in: accounts, the roles they hold, and the ways that lead to them.
//!
//! Rows that hold secrets or identify a person have no `Debug`.

use async_trait::async_trait;
use broker_domain::identity::{Passkey, ProviderId};
use broker_domain::ids::{AccountId, WayId};
use broker_domain::time::Instant;

use crate::{SessionRole, StoreError};

/// Somebody who signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountRow {
    /// Identifier; authenticators know it as the user handle.
    pub id: AccountId,
    /// When it was made.
    pub created_at: Instant,
    /// Since when nothing about it may be changed, if its owner said that somebody else had signed in.
    pub frozen_at: Option<Instant>,
}

/// A passkey of an account. The row outlives its revocation: what was signed earlier stays verifiable.
#[derive(Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// Identifier.
    pub id: WayId,
    /// Whose.
    pub account: AccountId,
    /// The key itself.
    pub passkey: Passkey,
    /// What the person calls it.
    pub name: String,
    /// When it was registered.
    pub added_at: Instant,
    /// When it was last used to sign in.
    pub last_used_at: Option<Instant>,
    /// Since when it signs nobody in, until its owner opens it again.
    pub frozen_at: Option<Instant>,
    /// When it was revoked, for ever.
    pub revoked_at: Option<Instant>,
}

/// An identity at an OpenID Connect provider. Goes when it is unlinked.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityRow {
    /// Identifier.
    pub id: WayId,
    /// Whose.
    pub account: AccountId,
    /// The provider's short name when it was linked.
    pub provider: ProviderId,
    /// `iss`.
    pub issuer: String,
    /// HMAC of `sub` under a key of the broker: enough to recognise, not enough to be looked up elsewhere.
    pub subject: [u8; 32],
    /// When it was linked.
    pub added_at: Instant,
    /// When it was last used to sign in.
    pub last_used_at: Option<Instant>,
    /// Since when it signs nobody in, until its owner opens it again.
    pub frozen_at: Option<Instant>,
}

/// A recovery code. The code itself is shown once and not kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RecoveryCodeRow {
    /// HMAC of the code under a key of the broker.
    pub hash: [u8; 32],
    /// Whose.
    pub account: AccountId,
    /// When it was used.
    pub used_at: Option<Instant>,
}

/// Reading accounts.
#[async_trait]
pub trait AccountReads {
    /// One account.
    async fn account(&mut self, id: AccountId) -> Result<Option<AccountRow>, StoreError>;
    /// The account that holds a role.
    async fn account_of(&mut self, role: SessionRole) -> Result<Option<AccountRow>, StoreError>;
    /// The roles of an account: participant, researcher, officer.
    async fn roles_of(&mut self, account: AccountId) -> Result<Vec<SessionRole>, StoreError>;
    /// The passkeys of an account, oldest first, revoked ones among them.
    async fn passkeys_of(&mut self, account: AccountId) -> Result<Vec<PasskeyRow>, StoreError>;
    /// The passkey whose credential has this name, whosever it is, revoked or not.
    async fn passkey_named(&mut self, credential: &[u8]) -> Result<Option<PasskeyRow>, StoreError>;
    /// The identities of an account, oldest first.
    async fn identities_of(&mut self, account: AccountId) -> Result<Vec<IdentityRow>, StoreError>;
    /// The identity of that subject at that provider.
    async fn identity(&mut self, issuer: &str, subject: [u8; 32]) -> Result<Option<IdentityRow>, StoreError>;
    /// A recovery code by its hash, used or not.
    async fn recovery_code(&mut self, hash: [u8; 32]) -> Result<Option<RecoveryCodeRow>, StoreError>;
    /// How many recovery codes of an account are not used.
    async fn recovery_codes_left(&mut self, account: AccountId) -> Result<u32, StoreError>;
}

/// Writing accounts.
#[async_trait]
pub trait AccountWrites {
    /// Adds an account.
    async fn add_account(&mut self, row: &AccountRow) -> Result<(), StoreError>;
    /// Gives a role to an account. A role that an account holds already, or of nobody, is a conflict.
    async fn add_role(&mut self, account: AccountId, role: SessionRole) -> Result<(), StoreError>;
    /// Freezes an account, or opens it again.
    async fn set_frozen(&mut self, account: AccountId, since: Option<Instant>) -> Result<(), StoreError>;
    /// Freezes every way of an account but one; those that are frozen stay so.
    async fn freeze_ways(
        &mut self,
        account: AccountId,
        keep: Option<WayId>,
        at: Instant,
    ) -> Result<(), StoreError>;
    /// Opens one way of an account again. One that is not frozen is a conflict.
    async fn thaw_way(&mut self, account: AccountId, way: WayId) -> Result<(), StoreError>;
    /// Adds a passkey. A credential that is known already is a conflict, also when it was revoked.
    async fn add_passkey(&mut self, row: &PasskeyRow) -> Result<(), StoreError>;
    /// Notes that a passkey was used, and its new state if it changed. A frozen or revoked one is a conflict.
    async fn use_passkey(&mut self, id: WayId, state: Option<&[u8]>, at: Instant) -> Result<(), StoreError>;
    /// Names a passkey that is not revoked. Somebody else's is a conflict.
    async fn name_passkey(&mut self, account: AccountId, id: WayId, name: &str) -> Result<(), StoreError>;
    /// Revokes a passkey. One that is revoked, or somebody else's, is a conflict.
    async fn revoke_passkey(&mut self, account: AccountId, id: WayId, at: Instant) -> Result<(), StoreError>;
    /// Adds an identity. One that is linked already is a conflict.
    async fn add_identity(&mut self, row: &IdentityRow) -> Result<(), StoreError>;
    /// Notes that an identity was used. A frozen one is a conflict.
    async fn use_identity(&mut self, id: WayId, at: Instant) -> Result<(), StoreError>;
    /// Deletes an identity. Somebody else's is a conflict.
    async fn remove_identity(&mut self, account: AccountId, id: WayId) -> Result<(), StoreError>;
    /// Deletes all recovery codes of an account and adds these; none, to leave it without.
    async fn replace_recovery_codes(
        &mut self,
        account: AccountId,
        hashes: &[[u8; 32]],
    ) -> Result<(), StoreError>;
    /// Marks a recovery code as used. Used twice is a conflict.
    async fn use_recovery_code(&mut self, hash: [u8; 32], at: Instant) -> Result<(), StoreError>;
}
