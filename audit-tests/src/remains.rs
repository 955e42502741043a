//! What the broker knew of somebody, in the bytes in which it stood: what an erasure must leave nowhere.

use std::path::Path;

use broker_domain::ids::SubjectId;
use broker_domain::time::Interval;
use broker_service::Broker;
use ledger_core::leaf::{RecordNumber, SubjectKey, Tag};

use crate::needles::Needles;
use crate::operator::contents;
use crate::town::{Resident, half_hour};

/// Everything of one person.
pub struct Remains {
    /// Keys, salts, records, identifiers, sealed values.
    pub secrets: Needles,
    /// The kinds of them, in order: what a search finds before the erasure.
    pub kinds: Vec<&'static str>,
    /// Her tags. They stay in the log, where nothing links them once her key is gone.
    pub tags: Vec<Tag>,
    /// The subject key, to see that it was the only link.
    pub key: SubjectKey,
}

/// Reads through the ports everything that an erasure must destroy.
pub async fn of(broker: &Broker, resident: &Resident) -> Remains {
    let (mut secrets, mut kinds) = (Needles::default(), Vec::new());
    let mut add = |what: &'static str, bytes: &[u8]| {
        secrets.add(what, bytes);
        kinds.push(what);
    };
    let subject = SubjectId::from(resident.participant);
    let mut read = broker.read().await.unwrap();
    let row = read.subject(subject).await.unwrap().unwrap();
    add("subject key", &row.key);
    add("participant", resident.participant.as_bytes());
    add("participant", resident.participant.to_string().as_bytes());
    add("point", resident.point.as_bytes());
    for row in read.records_of(subject, u64::MAX, 1_000).await.unwrap() {
        add("salt", &row.salt);
        add("record", &row.record);
    }
    let wrapped = read.newest_key(resident.participant).await.unwrap().unwrap();
    add("wrapped key", &wrapped.wrapped);
    let person = read.participant(resident.participant).await.unwrap().unwrap();
    add("profile", &person.profile_sealed);
    let point = read.point(resident.point).await.unwrap().unwrap();
    add("meter number", &point.number_sealed);
    add("blind index of the meter number", &point.number_index);
    for gateway in read.gateways_of(resident.participant).await.unwrap() {
        add("gateway", gateway.gateway.id.as_bytes());
        add("key of the gateway", &gateway.gateway.public_key);
    }
    for consent in read.consents_of(resident.participant).await.unwrap() {
        add("consent", consent.id.as_bytes());
    }
    let span = Interval::new(half_hour(70), half_hour(0)).unwrap();
    for batch in read.batches_of(resident.point, &span).await.unwrap() {
        add("batch", batch.id.as_bytes());
        add("sealed readings", &batch.sealed);
    }
    kinds.sort_unstable();
    kinds.dedup();
    let key = SubjectKey::new(row.key);
    let numbers = (1..=row.newest).filter_map(RecordNumber::new);
    Remains {
        secrets,
        kinds,
        tags: numbers.map(|n| key.tag(n)).collect(),
        key,
    }
}

/// Every byte below the broker's folder but its own secret keys.
#[must_use]
pub fn bytes_of(data: &Path) -> Vec<u8> {
    let files = contents(data).into_iter();
    files
        .filter(|(path, _)| !path.starts_with(data.join("keys")))
        .flat_map(|(_, bytes)| bytes)
        .collect()
}
