//! Members of the federation, their applications, researchers and officers.

use async_trait::async_trait;
use broker_domain::ids::{ApplicationId, OfficerId, OrganisationId, ResearcherId};

use crate::StoreError;

/// A legal body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganisationRow {
    /// Identifier.
    pub id: OrganisationId,
    /// Trading name.
    pub name: String,
    /// Country, ISO 3166 alpha-2.
    pub country: String,
    /// Where people write to.
    pub contact: String,
}

/// An application of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationRow {
    /// Identifier.
    pub id: ApplicationId,
    /// Whose.
    pub organisation: OrganisationId,
    /// Name shown to people.
    pub name: String,
    /// Public key to which deliveries are encrypted, a JWK in JSON.
    pub encryption_jwk: String,
    /// SHA-256 of the bearer credential it calls with.
    pub credential_hash: [u8; 32],
}

/// A researcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResearcherRow {
    /// Identifier.
    pub id: ResearcherId,
    /// For which laboratory.
    pub organisation: OrganisationId,
    /// Name shown to officers.
    pub name: String,
    /// `age` recipient to which releases are sealed.
    pub age_recipient: String,
}

/// A data-protection officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficerRow {
    /// Identifier.
    pub id: OfficerId,
    /// Name shown to colleagues.
    pub name: String,
}

/// Reading members.
#[async_trait]
pub trait MemberReads {
    /// One organisation.
    async fn organisation(&mut self, id: OrganisationId) -> Result<Option<OrganisationRow>, StoreError>;
    /// One application.
    async fn application(&mut self, id: ApplicationId) -> Result<Option<ApplicationRow>, StoreError>;
    /// The application that calls with this credential.
    async fn application_by_credential(
        &mut self,
        credential_hash: [u8; 32],
    ) -> Result<Option<ApplicationRow>, StoreError>;
    /// All applications, by name.
    async fn applications(&mut self) -> Result<Vec<ApplicationRow>, StoreError>;
    /// One researcher.
    async fn researcher(&mut self, id: ResearcherId) -> Result<Option<ResearcherRow>, StoreError>;
    /// All researchers, by name.
    async fn researchers(&mut self) -> Result<Vec<ResearcherRow>, StoreError>;
    /// One officer.
    async fn officer(&mut self, id: OfficerId) -> Result<Option<OfficerRow>, StoreError>;
    /// All officers, by name.
    async fn officers(&mut self) -> Result<Vec<OfficerRow>, StoreError>;
}

/// Writing members.
#[async_trait]
pub trait MemberWrites {
    /// Adds an organisation.
    async fn add_organisation(&mut self, row: &OrganisationRow) -> Result<(), StoreError>;
    /// Adds an application.
    async fn add_application(&mut self, row: &ApplicationRow) -> Result<(), StoreError>;
    /// Adds a researcher.
    async fn add_researcher(&mut self, row: &ResearcherRow) -> Result<(), StoreError>;
    /// Adds an officer.
    async fn add_officer(&mut self, row: &OfficerRow) -> Result<(), StoreError>;
}
