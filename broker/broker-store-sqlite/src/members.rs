//! Organisations, applications, researchers, officers.

use async_trait::async_trait;
use broker_domain::ids::{ApplicationId, OfficerId, OrganisationId, ResearcherId};
use broker_store::{
    ApplicationRow, MemberReads, MemberWrites, OfficerRow, OrganisationRow, ResearcherRow, StoreError,
};
use sqlx::query;
use sqlx::sqlite::SqliteRow;

use crate::row::Cells;
use crate::transaction::SqliteTx;

#[async_trait]
impl MemberReads for SqliteTx {
    async fn organisation(&mut self, id: OrganisationId) -> Result<Option<OrganisationRow>, StoreError> {
        let query = query("SELECT id, name, country, contact FROM organisation WHERE id = ?1");
        self.one(query.bind(id.as_bytes().as_slice()), organisation).await
    }

    async fn application(&mut self, id: ApplicationId) -> Result<Option<ApplicationRow>, StoreError> {
        let query = query(
            "SELECT id, organisation, name, encryption_jwk, credential_hash FROM application WHERE id = ?1",
        );
        self.one(query.bind(id.as_bytes().as_slice()), application).await
    }

    async fn application_by_credential(
        &mut self,
        credential_hash: [u8; 32],
    ) -> Result<Option<ApplicationRow>, StoreError> {
        let query = query(
            "SELECT id, organisation, name, encryption_jwk, credential_hash \
             FROM application WHERE credential_hash = ?1",
        );
        self.one(query.bind(credential_hash.as_slice()), application)
            .await
    }

    async fn applications(&mut self) -> Result<Vec<ApplicationRow>, StoreError> {
        let query = query(
            "SELECT id, organisation, name, encryption_jwk, credential_hash \
             FROM application ORDER BY name, id",
        );
        self.all(query, application).await
    }

    async fn researcher(&mut self, id: ResearcherId) -> Result<Option<ResearcherRow>, StoreError> {
        let query = query("SELECT id, organisation, name, age_recipient FROM researcher WHERE id = ?1");
        self.one(query.bind(id.as_bytes().as_slice()), researcher).await
    }

    async fn researchers(&mut self) -> Result<Vec<ResearcherRow>, StoreError> {
        let query = query("SELECT id, organisation, name, age_recipient FROM researcher ORDER BY name, id");
        self.all(query, researcher).await
    }

    async fn officer(&mut self, id: OfficerId) -> Result<Option<OfficerRow>, StoreError> {
        let query = query("SELECT id, name FROM officer WHERE id = ?1");
        self.one(query.bind(id.as_bytes().as_slice()), officer).await
    }

    async fn officers(&mut self) -> Result<Vec<OfficerRow>, StoreError> {
        let query = query("SELECT id, name FROM officer ORDER BY name, id");
        self.all(query, officer).await
    }
}

#[async_trait]
impl MemberWrites for SqliteTx {
    async fn add_organisation(&mut self, row: &OrganisationRow) -> Result<(), StoreError> {
        let query = query("INSERT INTO organisation (id, name, country, contact) VALUES (?1, ?2, ?3, ?4)");
        let query = query
            .bind(row.id.as_bytes().as_slice())
            .bind(&row.name)
            .bind(&row.country)
            .bind(&row.contact);
        self.change_one("organisation", query).await
    }

    async fn add_application(&mut self, row: &ApplicationRow) -> Result<(), StoreError> {
        let query = query(
            "INSERT INTO application (id, organisation, name, encryption_jwk, credential_hash) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        );
        let query = query
            .bind(row.id.as_bytes().as_slice())
            .bind(row.organisation.as_bytes().as_slice())
            .bind(&row.name)
            .bind(&row.encryption_jwk)
            .bind(row.credential_hash.as_slice());
        self.change_one("application", query).await
    }

    async fn add_researcher(&mut self, row: &ResearcherRow) -> Result<(), StoreError> {
        let query =
            query("INSERT INTO researcher (id, organisation, name, age_recipient) VALUES (?1, ?2, ?3, ?4)");
        let query = query
            .bind(row.id.as_bytes().as_slice())
            .bind(row.organisation.as_bytes().as_slice())
            .bind(&row.name)
            .bind(&row.age_recipient);
        self.change_one("researcher", query).await
    }

    async fn add_officer(&mut self, row: &OfficerRow) -> Result<(), StoreError> {
        let query = query("INSERT INTO officer (id, name) VALUES (?1, ?2)");
        let query = query.bind(row.id.as_bytes().as_slice()).bind(&row.name);
        self.change_one("officer", query).await
    }
}

fn organisation(row: &SqliteRow) -> Result<OrganisationRow, StoreError> {
    Ok(OrganisationRow {
        id: row.id("organisation.id")?,
        name: row.text("organisation.name")?,
        country: row.text("organisation.country")?,
        contact: row.text("organisation.contact")?,
    })
}

fn application(row: &SqliteRow) -> Result<ApplicationRow, StoreError> {
    Ok(ApplicationRow {
        id: row.id("application.id")?,
        organisation: row.id("application.organisation")?,
        name: row.text("application.name")?,
        encryption_jwk: row.text("application.encryption_jwk")?,
        credential_hash: row.array("application.credential_hash")?,
    })
}

fn researcher(row: &SqliteRow) -> Result<ResearcherRow, StoreError> {
    Ok(ResearcherRow {
        id: row.id("researcher.id")?,
        organisation: row.id("researcher.organisation")?,
        name: row.text("researcher.name")?,
        age_recipient: row.text("researcher.age_recipient")?,
    })
}

fn officer(row: &SqliteRow) -> Result<OfficerRow, StoreError> {
    Ok(OfficerRow {
        id: row.id("officer.id")?,
        name: row.text("officer.name")?,
    })
}
