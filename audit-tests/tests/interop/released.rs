//! A town with a laboratory, and the same day released to two requests of its researcher.

use std::collections::BTreeMap;
use std::io::Read as _;

use audit_tests::town::{self, Resident, RunningClock, SystemEntropy, Town};
use broker_domain::ids::{DatasetId, OfficerId, ParticipantId, Purpose, ReleaseId, ResearcherId};
use broker_domain::research::{Dataset, Decision};
use broker_domain::time::{Instant, Interval, Step};
use broker_service::{Application, Broker, Member};
use broker_store::{DatasetRow, OfficerRow, Page, ResearcherRow};
use jiff::{ToSpan as _, tz::TimeZone};
use test_support::{Notices, agree, offer, organisation};

/// Homes that agree: the rule of disclosure wants a hundred.
pub const HOMES: u32 = 103;

/// Who takes part in a release.
pub struct Study {
    officer: OfficerId,
    researcher: ResearcherId,
    identity: age::x25519::Identity,
    dataset: DatasetId,
}

/// What the researcher has of one release.
pub struct Delivered {
    pub release: ReleaseId,
    /// The opened archive.
    pub files: BTreeMap<String, Vec<u8>>,
    /// `evidence.json`.
    pub evidence: Vec<u8>,
    /// Where the manifest stands in the ledger.
    pub leaf: Vec<u8>,
    /// What the officer gets.
    pub whole: Vec<u8>,
}

/// What a household has of one release.
pub struct Own {
    /// `fiducie-manifest-row/1`.
    pub row: Vec<u8>,
    /// The bundle of its record.
    pub evidence: Vec<u8>,
}

/// The town on the day when its people agreed to a study.
pub fn found() -> (Town, Study) {
    Town::found_with(HOMES - 1, async |broker, residents| {
        let lab = organisation(broker, "Labo", "BE", "dpo@labo.invalid").await;
        let notices = Notices {
            french: ["Contribuer à la moyenne"; 2],
            english: ["Contribute to the mean"; 2],
            dutch: ["Bijdragen aan het gemiddelde"; 2],
        };
        let offer = offer(broker, lab, "load-curve-research", notices).await;
        for resident in residents {
            agree(broker, resident.participant, resident.point, &offer.offer).await;
        }
        let (officer, researcher) = (
            OfficerId::random(&SystemEntropy).unwrap(),
            ResearcherId::random(&SystemEntropy).unwrap(),
        );
        let dataset = DatasetId::random(&SystemEntropy).unwrap();
        let identity = age::x25519::Identity::generate();
        let row = OfficerRow {
            id: officer,
            name: "Odile".into(),
        };
        broker.enrol_member(Member::Officer(row)).await.unwrap();
        let row = ResearcherRow {
            id: researcher,
            organisation: lab,
            name: "Rachel".into(),
            age_recipient: identity.to_public().to_string(),
        };
        broker.enrol_member(Member::Researcher(row)).await.unwrap();
        let row = DatasetRow {
            dataset: Dataset {
                id: dataset,
                recipient: lab,
                purpose: Purpose::parse("load-curve-research").unwrap(),
                step: Step::HALF_HOUR,
            },
            title_fr: "Moyenne".into(),
            title_en: "Mean".into(),
            title_nl: "Gemiddelde".into(),
            summary_fr: "Une valeur par demi-heure.".into(),
            summary_en: "One value every half hour.".into(),
            summary_nl: "Eén waarde per halfuur.".into(),
        };
        broker.enrol_member(Member::Dataset(row)).await.unwrap();
        Study {
            officer,
            researcher,
            identity,
            dataset,
        }
    })
}

/// A day that everybody's consent covers and that is over: the day before yesterday where the meters are.
fn day() -> Interval {
    let paris = TimeZone::get(broker_service::ZONE).unwrap();
    let today = RunningClock::system()
        .to_timestamp()
        .to_zoned(paris.clone())
        .date();
    let midnight = |days: i64| {
        let at = today
            .checked_sub(days.days())
            .unwrap()
            .to_zoned(paris.clone())
            .unwrap();
        Instant::from_micros(at.timestamp().as_microsecond()).unwrap()
    };
    Interval::new(midnight(2), midnight(1)).unwrap()
}

/// Every meter was read for that day.
pub async fn measured(broker: &Broker, residents: &[Resident]) {
    let day = day();
    let half_hours = (day.end().as_micros() - day.start().as_micros()) / 1_800_000_000;
    for (number, resident) in (0..).zip(residents) {
        let index = |step: i64| {
            let at = day.start().plus_seconds(step * 1_800);
            ("east", at.as_micros(), 10_000 + step * (200 + number))
        };
        let readings: Vec<_> = (0..=half_hours).map(index).collect();
        let envelope = resident.gateway.envelope(&readings);
        broker.intake(&envelope).await.unwrap();
    }
}

impl Study {
    /// Asks for the day, and has it released.
    pub async fn release(&self, broker: &Broker) -> Delivered {
        let application = Application {
            dataset: self.dataset,
            period: day(),
            justification: "thèse".into(),
        };
        let asked = broker.request_dataset(self.researcher, application).await;
        let request = asked.unwrap().0;
        broker
            .decide(self.officer, request, Decision::Approve)
            .await
            .unwrap();
        let made = broker.release(self.officer, request).await.unwrap();
        assert_eq!(made.households, HOMES);
        let download = broker.download(self.researcher, made.release).await.unwrap();
        let archive = age::decrypt(&self.identity, &download.sealed).unwrap();
        let leaf = broker
            .researcher_delivery_leaf(self.researcher, made.release)
            .await;
        let whole = broker.officer_manifest(self.officer, made.release).await;
        Delivered {
            release: made.release,
            files: unpacked(&archive),
            evidence: download.receipt.bundle,
            leaf: leaf.unwrap(),
            whole: whole.unwrap(),
        }
    }
}

/// What a household downloads of its newest release.
pub async fn own(broker: &Broker, who: ParticipantId) -> Own {
    let page = Page {
        before_leaf: u64::MAX,
        limit: 1,
    };
    let newest = broker.own_disclosures(who, page).await.unwrap().remove(0);
    let receipt = broker.own_receipt(who, newest.leaf_index).await.unwrap();
    Own {
        row: broker.own_row_file(who, newest.row.release).await.unwrap(),
        evidence: receipt.bundle,
    }
}

fn unpacked(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut reader = tar::Archive::new(archive);
    let mut files = BTreeMap::new();
    for entry in reader.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(entry.path().unwrap().display().to_string(), bytes);
    }
    files
}

/// The broker on the town's folder, today.
pub async fn today(town: &Town) -> std::sync::Arc<Broker> {
    town::start(&town.data(), RunningClock::starting(RunningClock::system())).await
}
