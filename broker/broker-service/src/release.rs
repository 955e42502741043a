//! Release: the readings of many households become one safe aggregate, sealed to one researcher, with its proof.

mod case;
mod disclosure;
mod download;
mod product;
mod refusal;

use std::collections::BTreeMap;

use async_trait::async_trait;
use broker_anonymiser as anonymiser;
use broker_domain::consent::{Covered, covers};
use broker_domain::ids::{Digest, OfficerId, ParticipantId, ReleaseId, RequestId};
use broker_domain::policy::{Action, Permit, Principal, Query};
use broker_domain::time::{Entropy, Instant};
use broker_domain::warrant::ReleaseWarrant;
use broker_store::{DatasetRow, MembershipRow, ReleaseFiles, ReleaseRow, ResearcherRow, Serial};
use ledger_core::leaf::{ActorClass, Hour};
use thiserror::Error;

use crate::broker::Broker;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group, SignedRecord};
use crate::receipts::Receipt;
use crate::records;
use crate::research::request_resource;
use crate::sessions::sha256;
use case::Case;
pub use case::{Feasibility, FeasibilityRefusal, Obstacles, ZONE};
use disclosure::Disclosure;
pub use download::{Download, DownloadRefusal};
use product::Product;

/// A release that was made, now or before.
#[derive(Debug, Clone)]
pub struct Released {
    /// Its identifier.
    pub release: ReleaseId,
    /// How many households it describes.
    pub households: u32,
    /// Proof in the researcher's list.
    pub receipt: Receipt,
}

/// Why no release is made.
#[derive(Debug, Error)]
pub enum ReleaseRefusal {
    /// No such request.
    #[error("this request does not exist")]
    UnknownRequest,
    /// Not approved, or asked by somebody who may not.
    #[error("the policies do not allow this release; an officer must approve the request first")]
    NotAllowed {
        /// The researcher's record of this refusal.
        leaf_index: u64,
    },
    /// The rules of disclosure say no.
    #[error("{refusal}")]
    Unsafe {
        /// Why, and what would pass.
        refusal: anonymiser::Refusal,
        /// The researcher's record of this refusal.
        leaf_index: u64,
    },
}

impl Broker {
    /// Makes the release of an approved request; asked twice, the same release. The policies are asked first, each time.
    ///
    /// # Errors
    /// See [`ReleaseRefusal`].
    pub async fn release(&self, who: OfficerId, id: RequestId) -> Result<Released, Failure<ReleaseRefusal>> {
        let now = self.clock.now();
        let request = self.store.read().await?.request(id).await?;
        let request = request.ok_or(Failure::Refused(ReleaseRefusal::UnknownRequest))?;
        let query = Query {
            principal: Principal::Officer(who),
            action: Action::Release,
            resource: request_resource(&request),
            now,
        };
        let Ok(permit) = Permit::ask(&*self.policy, query) else {
            return self.forbid_release(&request, now).await;
        };
        if let Some(made) = self.store.read().await?.release_of(id).await? {
            let receipt = self.receipt(made.leaf_index).await?;
            return Ok(Released {
                release: made.id,
                households: made.households,
                receipt,
            });
        }
        self.quorum_stands().await?;
        let case = self.read_case(request, now).await?;
        let plan = match anonymiser::plan(&self.rules, case.question()?) {
            Ok(plan) => plan,
            Err(refusal) => return self.refuse_release(&case, &permit, refusal).await,
        };
        let Ok(warrant) = ReleaseWarrant::issue(permit.clone(), case.covered.clone()) else {
            return self.forbid_release(&case.request, now).await;
        };

        let release_id = ReleaseId::random(&*self.entropy)?;
        let product = match self.product(&case, &warrant, &plan, release_id).await? {
            Ok(product) => product,
            Err(refusal) => return self.refuse_release(&case, &permit, refusal).await,
        };
        self.commit_release(case, &permit, product, release_id).await
    }

    async fn commit_release(
        &self,
        case: Case,
        permit: &Permit,
        product: Product,
        release: ReleaseId,
    ) -> Result<Released, Failure<ReleaseRefusal>> {
        let disclosure = self.disclose(&case, release).await?;
        let mut files = product.files;
        files.push(disclosure.released_file()?);
        let sealed = delivery(&case, &product.archive, &disclosure).await?;
        let households = u32::try_from(case.ordinals.len()).unwrap_or(u32::MAX);
        let facts = records::ReleaseFacts {
            id: release,
            rule: &product.rule,
            households,
            step: case.dataset.dataset.step,
            files: &files,
            manifest: product.manifest,
            ciphertext: Digest(sha256(&sealed)),
            disclosure_root: disclosure.manifest.root,
            permit,
            now: case.now,
        };
        let drafts = self.release_drafts(&case, &facts)?;
        let row = ReleaseRow {
            id: release,
            request: case.request.id,
            researcher: case.request.researcher,
            households,
            manifest: product.manifest,
            ciphertext: facts.ciphertext,
            serial: Serial(0),
            leaf_index: 0,
            at: case.now,
        };
        let files = ReleaseFiles {
            sealed,
            vault_copy: self.vault.keep(&product.archive)?,
        };
        let membership = MembershipRow {
            release,
            dataset: case.dataset.dataset.id,
            period: case.request.period,
            step: case.dataset.dataset.step,
            members: product.query,
        };
        let audited = case.previous.len();
        let beat = StoreRelease {
            row,
            files,
            disclosure,
            membership,
            drafts,
            covered: case.covered,
            dataset: case.dataset,
            audited,
        };
        let leaf_index = self.commit(beat).await?;
        Ok(Released {
            release,
            households,
            receipt: self.receipt(leaf_index).await?,
        })
    }

    /// A copy for each household without the researcher in it, one for the researcher, one for the dataset.
    fn release_drafts(&self, case: &Case, facts: &records::ReleaseFacts<'_>) -> Result<Vec<Draft>, Fault> {
        let whole = self.sign(records::release(&case.request, facts, records::Copy::Whole)?)?;
        let own = self.sign(records::release(&case.request, facts, records::Copy::Household)?)?;
        let draft = |subject, signed: &SignedRecord| Draft {
            subject,
            actor: ActorClass::Broker,
            signed: signed.clone(),
        };
        let researcher = draft(case.request.researcher.into(), &whole);
        let dataset = draft(case.request.dataset.into(), &whole);
        let homes = shuffled(case.ordinals.keys().copied().collect(), &*self.entropy)?;
        let homes = homes.into_iter().map(|who| draft(who.into(), &own));
        Ok([researcher, dataset].into_iter().chain(homes).collect())
    }
}

/// The files with the manifest of this delivery, sealed to the researcher.
async fn delivery(case: &Case, archive: &[u8], disclosure: &Disclosure) -> Result<Vec<u8>, Fault> {
    with_manifest(archive, &disclosure.file, case.now, &case.researcher).await
}

async fn with_manifest(
    archive: &[u8],
    manifest: &[u8],
    delivered_at: Instant,
    researcher: &ResearcherRow,
) -> Result<Vec<u8>, Fault> {
    let delivered_at_s = u64::try_from(delivered_at.to_timestamp().as_second());
    let delivered_at_s = delivered_at_s.map_err(|_| Fault::Corrupt {
        what: "release archive",
    })?;
    let archive = anonymiser::with_disclosure_manifest(archive, manifest, delivered_at_s);
    let archive = archive.map_err(|_| Fault::Corrupt {
        what: "release archive",
    })?;
    seal_to(researcher, archive).await
}

async fn seal_to(researcher: &ResearcherRow, archive: Vec<u8>) -> Result<Vec<u8>, Fault> {
    let recipient = researcher.age_recipient.clone();
    let sealed =
        tokio::task::spawn_blocking(move || broker_vault::seal_for_person(&recipient, &archive)).await;
    sealed.ok().and_then(Result::ok).ok_or(Fault::Crypto {
        during: "seal release",
    })
}

/// The households in an order that says nothing about them (Fisher and Yates): leaves stand in this order in the log.
fn shuffled(mut homes: Vec<ParticipantId>, entropy: &dyn Entropy) -> Result<Vec<ParticipantId>, Fault> {
    for last in (1..homes.len()).rev() {
        let mut bytes = [0_u8; 8];
        entropy.fill(&mut bytes)?;
        let range = u64::try_from(last + 1).map_err(|_| Fault::Corrupt { what: "households" })?;
        let chosen = usize::try_from(u64::from_be_bytes(bytes) % range)
            .map_err(|_| Fault::Corrupt { what: "households" })?;
        homes.swap(last, chosen);
    }
    Ok(homes)
}

struct StoreRelease {
    row: ReleaseRow,
    files: ReleaseFiles,
    disclosure: Disclosure,
    membership: MembershipRow,
    drafts: Vec<Draft>,
    covered: Vec<Covered>,
    dataset: DatasetRow,
    /// The releases that the differencing audit looked at.
    audited: usize,
}

#[async_trait]
impl Commit for StoreRelease {
    type Answer = Serial;
    type Refusal = ReleaseRefusal;
    const NAME: &'static str = "release";

    fn leaves(&self) -> usize {
        // One more names the manifest.
        self.drafts.len() + 1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, ReleaseRefusal>, Fault> {
        // Two releases decided at once would each pass an audit that does not know the other.
        if case::release_count(&mut *group.tx).await? != self.audited {
            return Err(Fault::Conflict { table: "release" });
        }
        // One household objected since the decision: decide again without it.
        let objectors = group.tx.objectors(self.row.request).await?;
        let object = |covered: &Covered| objectors.contains(&covered.ask().participant);
        if self.covered.iter().any(object) {
            return Err(Fault::Conflict { table: "objection" });
        }
        let terms = &self.dataset.dataset;
        let consents = group.tx.consents_to(terms.recipient, &terms.purpose).await?;
        for covered in &self.covered {
            let own = consents.iter().find(|consent| consent.id == covered.consent());
            let still = own.map(|consent| covers(std::slice::from_ref(consent), covered.ask(), group.now));
            // One household withdrew since the decision: decide again without it.
            match still {
                Some(Ok(again)) if again.consent_head() == covered.consent_head() => {}
                _ => return Err(Fault::Conflict { table: "consent" }),
            }
        }
        let mut serials = BTreeMap::new();
        for draft in &self.drafts {
            serials.insert(draft.subject, group.append(draft).await?);
        }
        let leaf = self.disclosure.leaf(Hour::new(group.now.hour()));
        group.append_leaf(leaf.to_bytes())?;
        let own = serials.get(&self.row.researcher.into()).copied();
        self.row.serial = own.ok_or(Fault::Corrupt { what: "release" })?;
        group
            .tx
            .add_release(&self.row, &self.files, &self.membership)
            .await?;
        self.disclosure.write(group.tx, &serials).await?;
        Ok(Ok(self.row.serial))
    }
}
