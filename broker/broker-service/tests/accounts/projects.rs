//! P-27, "new member of a project": people are told of whoever signed, whether she stays or not.

use broker_domain::ids::{DatasetId, RequestId, ResearcherId};
use broker_domain::lang::Lang;
use broker_domain::research::{Dataset, Decision};
use broker_domain::time::{Instant, Interval};
use broker_service::{Application, Member, undertaking};
use broker_store::{DatasetRow, ResearcherRow, SessionRole};
use test_support::SystemEntropy;

use crate::telling::{DAY, Telling};

/// Nothing is sealed to it.
const AGE_RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

/// A researcher of the organisation that people agree to.
async fn researcher(told: &Telling, name: &str) -> ResearcherId {
    let row = ResearcherRow {
        id: ResearcherId::random(&SystemEntropy).unwrap(),
        organisation: told.application.organisation,
        name: name.into(),
        age_recipient: AGE_RECIPIENT.into(),
    };
    let id = row.id;
    let broker = &told.scene.broker;
    broker.enrol_member(Member::Researcher(row)).await.unwrap();
    id
}

/// A fresh session of hers.
async fn signed_in(told: &Telling, who: ResearcherId) -> [u8; 32] {
    let role = SessionRole::Researcher(who);
    told.scene.broker.open_session(role).await.unwrap().token
}

/// A request for what people agree to share, approved; and a session of whoever asked.
async fn approved(told: &Telling) -> (RequestId, [u8; 32]) {
    let broker = &told.scene.broker;
    let dataset = DatasetId::random(&SystemEntropy).unwrap();
    let row = DatasetRow {
        dataset: Dataset {
            id: dataset,
            recipient: told.offer.offer.recipient,
            purpose: told.offer.offer.purpose.clone(),
            step: told.offer.offer.step,
        },
        title_fr: "Courbe".into(),
        title_en: "Curve".into(),
        title_nl: "Curve".into(),
        summary_fr: "Une moyenne".into(),
        summary_en: "A mean".into(),
        summary_nl: "Een gemiddelde".into(),
    };
    broker.enrol_member(Member::Dataset(row)).await.unwrap();
    let lead = researcher(told, "Rachel").await;
    let from = Instant::parse("2026-11-19T23:00:00Z").unwrap();
    let application = Application {
        dataset,
        period: Interval::new(from, from.plus_seconds(DAY)).unwrap(),
        justification: "thesis".into(),
    };
    let (project, _) = broker.request_dataset(lead, application).await.unwrap();
    let decided = broker
        .decide(told.scene.officer, project, Decision::Approve)
        .await;
    decided.unwrap();
    (project, signed_in(told, lead).await)
}

/// How many messages about a new member left since the last look.
async fn told_of_members(told: &Telling) -> usize {
    told.round().await;
    let subjects = told.subjects();
    let about = |subject: &&String| subject.starts_with("Une personne de plus dans un projet");
    subjects.iter().filter(about).count()
}

#[tokio::test]
async fn p_27_whoever_signed_and_left_is_still_told() {
    let told = Telling::scene().await;
    told.agree().await;
    let (broker, person) = (&told.scene.broker, told.person.participant);
    let (project, lead) = approved(&told).await;
    told_of_members(&told).await;

    // Added and taken back before she signed: nobody hears of her.
    let never = researcher(&told, "Nadia").await;
    broker.add_project_member(&lead, project, never).await.unwrap();
    broker.end_project_member(&lead, project, never).await.unwrap();
    assert_eq!(told_of_members(&told).await, 0, "she never signed");
    assert_eq!(broker.projects_of(person).await.unwrap()[0].members, []);

    // Signed and gone before the broker told anybody.
    let rosa = researcher(&told, "Rosa").await;
    broker.add_project_member(&lead, project, rosa).await.unwrap();
    let hers = signed_in(&told, rosa).await;
    let (_, text) = undertaking(Lang::French);
    let before = broker.now();
    broker.sign_undertaking(&hers, project, text).await.unwrap();
    broker.end_project_member(&hers, project, rosa).await.unwrap();
    let after = broker.now();
    assert_eq!(told_of_members(&told).await, 1, "she may hold what was released");
    assert_eq!(told_of_members(&told).await, 0, "once");

    let projects = broker.projects_of(person).await.unwrap();
    let [(name, since, Some(until))] = projects[0].members.as_slice() else {
        panic!("{:?}", projects[0].members)
    };
    assert_eq!(name, "Rosa");
    assert!(before < *since && since < until && *until < after);
}
