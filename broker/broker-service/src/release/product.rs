//! The files of a release: made from readings under a warrant, or taken from an earlier release that answered the same.

use std::collections::BTreeMap;

use broker_anonymiser as anonymiser;
use broker_anonymiser::{Aggregate, Bundle, DecideError, Decision, HouseholdIndex, Plan, StoredRelease};
use broker_domain::curve::load_curve;
use broker_domain::ids::{Digest, ReleaseId};
use broker_domain::warrant::ReleaseWarrant;
use evidence::jws::Jws;
use evidence::record::{Record, ReleasedFile};

use super::case::Case;
use crate::broker::Broker;
use crate::failure::Fault;
use crate::records;

/// Files ready to be sealed.
pub(super) struct Product {
    /// One tar archive, without the manifest of a delivery.
    pub archive: Vec<u8>,
    /// What the record says of each file in it.
    pub files: Vec<ReleasedFile>,
    /// SHA-256 of the manifest inside.
    pub manifest: Digest,
    /// The rule obeyed.
    pub rule: String,
    /// What the differencing audit must remember.
    pub query: Vec<u8>,
}

impl Broker {
    /// Opens, aggregates and decides. The inner error is the anonymiser's refusal.
    pub(super) async fn product(
        &self,
        case: &Case,
        warrant: &ReleaseWarrant,
        plan: &Plan,
        release: ReleaseId,
    ) -> Result<Result<Product, anonymiser::Refusal>, Fault> {
        let aggregate = self.aggregate(case, warrant, plan).await?;
        match plan.decide(&aggregate, &case.previous) {
            Ok(Decision::Release(decided)) => make(release, &decided).map(Ok),
            Ok(Decision::SameVintage(stored)) => self.same_vintage(&stored).await.map(Ok),
            Err(DecideError::Refused(refusal)) => Ok(Err(refusal)),
            Err(DecideError::WrongShape { .. }) => Err(Fault::Corrupt { what: "aggregate" }),
        }
    }

    async fn aggregate(
        &self,
        case: &Case,
        warrant: &ReleaseWarrant,
        plan: &Plan,
    ) -> Result<Aggregate, Fault> {
        type Curve = Vec<Option<anonymiser::WattHours>>;
        let mut homes: BTreeMap<u32, Vec<Curve>> = BTreeMap::new();
        for one in warrant.covered() {
            let ask = one.ask();
            let readings = self.open_span(warrant, ask.point, &ask.interval).await?;
            let curve = load_curve(readings.as_slice(), &ask.interval, ask.step);
            let slots = curve
                .iter()
                .map(|slot| slot.energy.map(|energy| anonymiser::WattHours(energy.0)));
            let ordinal = case.ordinals.get(&ask.participant).copied();
            homes
                .entry(ordinal.ok_or(Fault::Corrupt { what: "ordinal" })?)
                .or_default()
                .push(slots.collect());
        }
        let mut aggregation = plan.aggregation();
        for (ordinal, meters) in &homes {
            let home = HouseholdIndex::new(*ordinal).ok_or(Fault::Corrupt { what: "ordinal" })?;
            let meters: Vec<&[Option<anonymiser::WattHours>]> = meters.iter().map(Vec::as_slice).collect();
            aggregation
                .add(home, &meters)
                .map_err(|_| Fault::Corrupt { what: "curve" })?;
        }
        Ok(aggregation.finish())
    }

    /// The very files of the earlier release. Nothing is computed anew: a reading that came in since would show in the
    /// difference (`anonymisation.md` §4(c)).
    async fn same_vintage(&self, stored: &StoredRelease) -> Result<Product, Fault> {
        let corrupt = || Fault::Corrupt {
            what: "earlier release",
        };
        let id: ReleaseId = stored.id.as_str().parse().map_err(|_| corrupt())?;
        let mut read = self.store.read().await?;
        let earlier = read.release(id).await?.ok_or_else(corrupt)?;
        let row = read.record(earlier.leaf_index).await?.ok_or_else(corrupt)?;
        let jws = Jws::from_stored(String::from_utf8(row.record).map_err(|_| corrupt())?);
        let payload = jws.verify(&self.record_key).map_err(|_| corrupt())?;
        let Ok(Record::Release(recorded) | Record::ReleaseWithoutManifest(recorded)) =
            Record::parse(&payload)
        else {
            return Err(corrupt());
        };
        let kept = read.release_files(id).await?.ok_or_else(corrupt)?;
        // Its manifest belongs to its own delivery: this one gets another.
        let is_its_own = |file: &ReleasedFile| file.name.as_str() == anonymiser::DISCLOSURE_MANIFEST;
        Ok(Product {
            archive: self.vault.kept(&kept.vault_copy)?,
            files: recorded
                .files
                .into_iter()
                .filter(|file| !is_its_own(file))
                .collect(),
            manifest: earlier.manifest,
            rule: recorded.rule.as_str().to_owned(),
            query: stored.query.encode(),
        })
    }
}

fn make(release: ReleaseId, decided: &anonymiser::Release) -> Result<Product, Fault> {
    let name =
        anonymiser::ReleaseId::new(&release.to_string()).ok_or(Fault::Corrupt { what: "release id" })?;
    let bundle = Bundle::build(&name, decided).map_err(|_| Fault::Corrupt {
        what: "release bundle",
    })?;
    Ok(Product {
        archive: bundle.archive().map_err(|_| Fault::Corrupt {
            what: "release archive",
        })?,
        files: records::released_files(&bundle)?,
        manifest: Digest(*bundle.manifest_sha256()),
        rule: decided.policy().rule_id.clone(),
        query: decided.query().encode(),
    })
}
