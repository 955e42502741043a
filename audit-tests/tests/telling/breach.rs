//! P-27: a breach is told to each person once, however often the broker is killed meanwhile.

use std::time::Duration;

use audit_tests::server::Server;
use audit_tests::town::{self, Town};
use broker_domain::breach::{BreachFacts, Nature, Scope, Severity};
use broker_domain::ids::{BreachId, OfficerId, SubjectId};
use broker_service::Member;
use broker_store::OfficerRow;
use ledger_core::leaf::SubjectKind;
use test_support::{RunningClock, SystemEntropy};

use crate::runtime;

const HOMES: u32 = 24;

#[test]
fn p_27_a_breach_is_told_to_each_once_however_often_the_broker_is_killed() {
    let (town, ()) = Town::found_with(HOMES, async |_, _| {});
    let (officer, breach) = decided(&town);
    // Killed at once, and later and later: some starts tell nobody, some a few.
    for round in 0..6_u64 {
        let server = Server::start(&town);
        std::thread::sleep(Duration::from_millis(round * round * 4));
        server.kill();
    }
    let server = Server::start(&town);
    let told = || runtime().block_on(async { counts(&town, officer, breach).await });
    std::thread::sleep(Duration::from_secs(6));
    drop(server.stop());
    let people = u64::try_from(town.residents.len()).unwrap();
    assert_eq!(told(), (people, people));
    runtime().block_on(async {
        let broker = town::start(&town.data(), RunningClock::starting(RunningClock::system())).await;
        for resident in &town.residents {
            let own = broker.own_breaches(resident.participant).await.unwrap();
            assert_eq!(own.len(), 1);
            let subject = SubjectId::from(resident.participant);
            let mut read = broker.read().await.unwrap();
            let records = read.records_of(subject, u64::MAX, 1_000).await.unwrap();
            let notices = records
                .iter()
                .filter(|row| row.kind == SubjectKind::Document.number());
            assert_eq!(notices.count(), 1, "one record each");
        }
    });
}

/// An officer decided that everybody is told, and the broker ended before anybody was.
fn decided(town: &Town) -> (OfficerId, BreachId) {
    runtime().block_on(async {
        let broker = town::start(&town.data(), RunningClock::starting(RunningClock::system())).await;
        let officer = OfficerId::random(&SystemEntropy).unwrap();
        let row = OfficerRow {
            id: officer,
            name: "Odile".into(),
        };
        broker.enrol_member(Member::Officer(row)).await.unwrap();
        let facts = BreachFacts {
            known_at: broker.now(),
            nature: vec![Nature::Availability],
            severity: Severity::Limited,
            scope: Scope::All,
            from: None,
            until: None,
            happened: "a disk was lost".into(),
            data_kinds: "curves".into(),
            consequences: "none known".into(),
            measures: "a new disk".into(),
            contact: "dpo@broker.example".into(),
            texts: ["Perdu".into(), "Lost".into(), "Verloren".into()],
        };
        let breach = broker.record_breach(officer, facts).await.unwrap();
        let people = broker
            .breach_preview(officer, breach)
            .await
            .unwrap()
            .counts
            .people;
        broker.tell_of_breach(officer, breach, people).await.unwrap();
        (officer, breach)
    })
}

async fn counts(town: &Town, officer: OfficerId, breach: BreachId) -> (u64, u64) {
    let broker = town::start(&town.data(), RunningClock::starting(RunningClock::system())).await;
    let counts = broker.breach_preview(officer, breach).await.unwrap().counts;
    (counts.people, counts.told)
}
