//! P-27: a new member of a project is told to each person once, however often the broker is killed meanwhile.

use std::time::Duration;

use audit_tests::server::Server;
use audit_tests::town::{self, Town};
use broker_domain::consent::Consent;
use broker_domain::ids::{DatasetId, OfficerId, RequestId, ResearcherId};
use broker_domain::research::MemberStanding;
use broker_domain::research::{AccessRequest, AddedBy, Dataset, ProjectMember, RequestState};
use broker_domain::telling::{Channels, MessageChannel};
use broker_domain::time::Interval;
use broker_service::Member;
use broker_store::{DatasetRow, MessageKind, OfficerRow, ResearcherRow, Store as _};
use test_support::{RunningClock, SystemEntropy};

use crate::{runtime, store};

/// More than are told in one transaction, and no multiple of it.
const HOMES: u32 = 40;

#[test]
fn p_27_a_new_member_is_told_to_each_once_however_often_the_broker_is_killed() {
    let (town, ()) = Town::found_with(HOMES, async |_, _| {});
    joined(&town);
    for round in 0..6_u64 {
        let server = Server::start(&town);
        std::thread::sleep(Duration::from_millis(round * round * 4));
        server.kill();
    }
    let server = Server::start(&town);
    std::thread::sleep(Duration::from_secs(6));
    drop(server.stop());
    runtime().block_on(async {
        let store = store(&town).await;
        let mut read = store.read().await.unwrap();
        assert_eq!(read.member_untold().await.unwrap(), None);
        for resident in &town.residents {
            let sent = read.messages_to(resident.participant, 99).await.unwrap();
            let about = sent
                .iter()
                .filter(|(row, _)| row.kind == MessageKind::ProjectJoined);
            // Who did not agree shares nothing with the project.
            assert_eq!(about.count(), usize::from(resident.consent.is_some()));
        }
        drop(read);
        store.close().await;
    });
}

/// Everybody chose letters; somebody signed, and the broker ended before anybody was told.
fn joined(town: &Town) {
    runtime().block_on(async {
        let broker = town::start(&town.data(), RunningClock::starting(RunningClock::system())).await;
        let consent = town
            .residents
            .iter()
            .find_map(|resident| resident.consent)
            .unwrap();
        let consent = broker
            .read()
            .await
            .unwrap()
            .consent(consent)
            .await
            .unwrap()
            .unwrap();
        let people = ["Rachel", "Rosa"].map(|name| ResearcherRow {
            id: ResearcherId::random(&SystemEntropy).unwrap(),
            organisation: consent.recipient,
            name: name.into(),
            age_recipient: age_recipient(),
        });
        for row in &people {
            broker
                .enrol_member(Member::Researcher(row.clone()))
                .await
                .unwrap();
        }
        let officer = OfficerId::random(&SystemEntropy).unwrap();
        let row = OfficerRow {
            id: officer,
            name: "Odile".into(),
        };
        broker.enrol_member(Member::Officer(row)).await.unwrap();
        let dataset = DatasetId::random(&SystemEntropy).unwrap();
        let row = mean(dataset, &consent);
        broker.enrol_member(Member::Dataset(row)).await.unwrap();
        drop(broker);
        join(town, (officer, dataset), people.map(|row| row.id), &consent).await;
    });
}

fn mean(dataset: DatasetId, consent: &Consent) -> DatasetRow {
    DatasetRow {
        dataset: Dataset {
            id: dataset,
            recipient: consent.recipient,
            purpose: consent.purpose.clone(),
            step: consent.last_terms().step,
        },
        title_fr: "Courbe".into(),
        title_en: "Curve".into(),
        title_nl: "Curve".into(),
        summary_fr: "Une moyenne".into(),
        summary_en: "A mean".into(),
        summary_nl: "Een gemiddelde".into(),
    }
}

/// The project, its member, and what everybody chose, as the broker would have written it.
async fn join(
    town: &Town,
    (officer, dataset): (OfficerId, DatasetId),
    [lead, new]: [ResearcherId; 2],
    consent: &Consent,
) {
    let now = RunningClock::system();
    let request = RequestId::random(&SystemEntropy).unwrap();
    let store = store(town).await;
    let mut tx = store.begin("join a project").await.unwrap();
    tx.add_request(&AccessRequest {
        id: request,
        researcher: lead,
        organisation: consent.recipient,
        dataset,
        period: Interval::new(now.plus_seconds(-86_400), now).unwrap(),
        justification: "thesis".into(),
        submitted_at: now,
        state: RequestState::Submitted,
    })
    .await
    .unwrap();
    let approved = RequestState::Approved { by: officer, at: now };
    tx.decide_request(request, &approved).await.unwrap();
    tx.add_project_member(&ProjectMember {
        request,
        researcher: new,
        added_by: AddedBy::Lead,
        added_at: now,
        standing: MemberStanding::Added,
    })
    .await
    .unwrap();
    tx.sign_project_member(request, new, now).await.unwrap();
    let letters = Channels::new([MessageChannel::Post]).unwrap();
    for resident in &town.residents {
        tx.set_channels(resident.participant, &letters).await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
}

/// Nothing is sealed to it.
fn age_recipient() -> String {
    "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p".into()
}
