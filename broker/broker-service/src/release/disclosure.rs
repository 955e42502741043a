//! The disclosure manifest of a release: which households it holds, one salted row each (`ledger.md` §10).

use std::collections::BTreeMap;
use std::sync::Arc;

use broker_anonymiser::DISCLOSURE_MANIFEST;
use broker_domain::ids::{ParticipantId, ReleaseId, SubjectId};
use broker_domain::research::AccessRequest;
use broker_domain::time::{Entropy, Step};
use broker_store::{DisclosureRow, ManifestRow, Serial, Tx};
use disclosure_manifest::{DeliveryId, Field, Household, Manifest, RowSalts, Scope};
use evidence::record::{Digest, Id, ReleasedFile};
use ledger_core::leaf::{DeliveryLeaf, Hour};

use super::case::Case;
use crate::broker::Broker;
use crate::failure::Fault;

/// The one field that releases hold today: energy drawn from the grid.
const FIELD: &str = "energy-withdrawn";

/// A manifest that was built, and what opens its rows.
pub(super) struct Disclosure {
    /// Its root, number of rows and fields.
    pub manifest: ManifestRow,
    /// The file.
    pub file: Vec<u8>,
    rows: Vec<DisclosureRow>,
    leaf: DeliveryLeaf,
}

/// What a manifest is built from.
struct Question {
    release: ReleaseId,
    homes: Vec<ParticipantId>,
    scope: Scope,
    steps: u64,
}

impl Broker {
    /// Builds the manifest of a delivery to the households of the case. Each delivery has its own, also when its files are
    /// those of an earlier one: what was delivered to whom and when is another fact each time.
    pub(super) async fn disclose(&self, case: &Case, release: ReleaseId) -> Result<Disclosure, Fault> {
        let question = Question {
            release,
            homes: case.ordinals.keys().copied().collect(),
            scope: scope(&case.request, case.dataset.dataset.step)?,
            steps: steps(&case.request, case.dataset.dataset.step)?,
        };
        let entropy = Arc::clone(&self.entropy);
        // A city has 100,000 rows, which is seconds of hashing: not on a thread that answers requests, and not in the
        // writing transaction.
        let built = tokio::task::spawn_blocking(move || build(&question, &*entropy)).await;
        built.map_err(|_| Fault::Crypto {
            during: "build manifest",
        })?
    }
}

impl Disclosure {
    /// The leaf that names the manifest in the log.
    pub const fn leaf(&self, hour: Hour) -> DeliveryLeaf {
        DeliveryLeaf { hour, ..self.leaf }
    }

    /// What the records say of the file, which stands beside those of the release.
    pub fn released_file(&self) -> Result<ReleasedFile, Fault> {
        let corrupt = |what| Fault::Corrupt { what };
        Ok(ReleasedFile {
            name: Id::new(DISCLOSURE_MANIFEST).map_err(|_| corrupt("record identifier"))?,
            sha256: Digest::of(&self.file),
            bytes: u64::try_from(self.file.len()).map_err(|_| corrupt("file size"))?,
        })
    }

    /// Writes the manifest, and for each household what opens its row beside its record of the release.
    pub async fn write(
        &mut self,
        tx: &mut dyn Tx,
        records: &BTreeMap<SubjectId, Serial>,
    ) -> Result<(), Fault> {
        for row in &mut self.rows {
            let record = records.get(&SubjectId::from(row.participant)).copied();
            row.serial = record.ok_or(Fault::Corrupt { what: "disclosure" })?;
        }
        Ok(tx.add_manifest(&self.manifest, &self.file, &self.rows).await?)
    }
}

fn scope(request: &AccessRequest, step: Step) -> Result<Scope, Fault> {
    let corrupt = || Fault::Corrupt { what: "disclosure" };
    let field = Field::new(FIELD).ok_or_else(corrupt)?;
    let (from, until) = (request.period.start(), request.period.end());
    Scope::new(
        [field].into(),
        from.as_micros(),
        until.as_micros(),
        step.seconds(),
    )
    .map_err(|_| corrupt())
}

/// Steps of the period: the count in every row. The number of readings would tell of gaps and late arrivals of a
/// household to whoever has the manifest.
fn steps(request: &AccessRequest, step: Step) -> Result<u64, Fault> {
    let (from, until) = (request.period.start(), request.period.end());
    let length = until.as_micros().checked_sub(from.as_micros());
    let steps = length.and_then(|length| length.checked_div(i64::from(step.seconds()) * 1_000_000));
    steps
        .and_then(|steps| u64::try_from(steps).ok())
        .filter(|steps| *steps > 0)
        .ok_or(Fault::Corrupt {
            what: "request.period",
        })
}

fn build(question: &Question, entropy: &dyn Entropy) -> Result<Disclosure, Fault> {
    let corrupt = || Fault::Corrupt { what: "disclosure" };
    let delivery = DeliveryId::new(&question.release.to_string()).ok_or_else(corrupt)?;
    let mut households = Vec::with_capacity(question.homes.len());
    for home in &question.homes {
        households.push(Household {
            subject: disclosure_manifest::SubjectId::new(&home.to_string()).ok_or_else(corrupt)?,
            scope: question.scope.clone(),
            count: question.steps,
            salts: RowSalts::draw(|buffer| entropy.fill(buffer))?,
        });
    }
    let (manifest, openings) = Manifest::build(&delivery, households).map_err(|error| {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "a disclosure manifest cannot be built"
        );
        Fault::Crypto {
            during: "build manifest",
        }
    })?;
    let rows = question
        .homes
        .iter()
        .zip(&openings)
        .map(|(home, opening)| DisclosureRow {
            participant: *home,
            release: question.release,
            serial: Serial(0),
            steps: question.steps,
            subject_salt: *opening.salts().subject.expose(),
            scope_salt: *opening.salts().scope.expose(),
            proof: opening.proof().iter().map(|node| *node.as_bytes()).collect(),
        });
    let leaf = manifest.leaf(Hour::new(0));
    Ok(Disclosure {
        rows: rows.collect(),
        manifest: ManifestRow {
            release: question.release,
            root: leaf.root,
            rows: leaf.rows.get(),
            fields: vec![FIELD.to_owned()],
        },
        file: manifest.dump(),
        leaf,
    })
}
