//! Companies and communes without pages: who represents them, what they permit for many points, and what they do not.

use broker_domain::consent::State;
use broker_domain::ids::{Digest, ParticipantId, PointId};
use broker_domain::legal::{LegalKind, LineProblem, ListProblem, RegisterNumber, Shows, read_list};
use broker_domain::mandate::{Hand, MandateState};
use broker_service::{
    Answer, Choice, ChoiceRefusal, Claim, Failure, JoinRefusal, LegalNewcomer, LegalRefusal, MandateRefusal,
    Newcomer, PermitOrder, RepresentOrder, SignInRefusal, WithdrawalRefusal,
};
use evidence::bundle::Bundle;
use evidence::consent::point_list;
use evidence::record::{LegalPersonStepKind, Record};

use crate::scene::Person;
use crate::telling::{DAY, Telling};

/// A commune of ten schools, and Anna, who is its mayor.
pub struct Commune {
    pub told: Telling,
    pub id: ParticipantId,
}

pub fn newcomer(number: &str) -> LegalNewcomer {
    LegalNewcomer {
        language: "fr".into(),
        name: "Commune de Trois-Fontaines".into(),
        address: "1, place de la Mairie".into(),
        kind: LegalKind::PublicBody,
        number: RegisterNumber::parse(number).unwrap(),
    }
}

pub fn list(from: usize, count: usize) -> String {
    (from..from + count)
        .map(|n| format!("{:014};École {n}\n", 50_000_000_000_000 + n))
        .collect()
}

impl Commune {
    pub async fn build(points: usize) -> Self {
        let told = Telling::scene().await;
        let broker = &told.scene.broker;
        let desk = told.scene.desk(told.scene.officer).await;
        let form = broker.fresh_enrolment_form().unwrap();
        let id = broker
            .enrol_legal_person(&desk, form, &newcomer("217500016"))
            .await
            .unwrap();
        // A double click enrols once.
        let again = broker
            .enrol_legal_person(&desk, form, &newcomer("217500016"))
            .await;
        assert_eq!(again.unwrap(), id);
        let commune = Self { told, id };
        if points > 0 {
            commune.add(&list(0, points)).await.unwrap();
        }
        commune.represented_by(&commune.told.person.token).await;
        commune
    }

    async fn add(&self, lines: &str) -> Result<broker_service::PointsAdded, Failure<LegalRefusal>> {
        let desk = self.told.scene.desk(self.told.scene.officer).await;
        let lines = read_list(lines.as_bytes()).unwrap();
        self.told.scene.broker.add_points(&desk, self.id, &lines).await
    }

    pub async fn named(&self) -> broker_service::GivenMandate {
        let broker = &self.told.scene.broker;
        let desk = self.told.scene.desk(self.told.scene.officer).await;
        let order = RepresentOrder {
            person: self.id,
            label: "Mme Tilleul, maire".into(),
            until: broker.now().plus_seconds(6 * 365 * DAY),
            basis: Digest([7; 32]),
        };
        broker.name_representative(&desk, &order).await.unwrap()
    }

    async fn represented_by(&self, token: &[u8; 32]) {
        let given = self.named().await;
        let broker = &self.told.scene.broker;
        broker
            .accept_mandate(token, Claim::Code(&given.code))
            .await
            .unwrap();
    }

    /// The hand of somebody who represents it; `None` when she does not.
    pub async fn hand(&self, who: ParticipantId) -> Option<Hand> {
        let broker = &self.told.scene.broker;
        let own = broker.own_mandates(who).await.unwrap();
        let acting = own
            .held
            .iter()
            .find_map(|view| view.mandate.acting(who, broker.now()).ok());
        acting.map(Hand::from)
    }

    pub async fn mayor(&self) -> Hand {
        self.hand(self.told.person.participant).await.unwrap()
    }

    /// Its points, by name.
    pub async fn points(&self) -> Vec<PointId> {
        let broker = &self.told.scene.broker;
        let mut sites = broker.own_sites(self.mayor().await).await.unwrap();
        sites.sort_by(|one, other| one.name.cmp(&other.name));
        sites
            .iter()
            .filter(|site| !site.left)
            .map(|site| site.point)
            .collect()
    }

    pub fn order(&self, points: Vec<PointId>) -> PermitOrder {
        PermitOrder {
            offer: self.told.offer.offer.id,
            points,
            notice: self.told.offer.notices()[0],
            proved_at: None,
        }
    }

    pub async fn given(&self) -> Vec<broker_domain::Consent> {
        let broker = &self.told.scene.broker;
        let consents = broker.read().await.unwrap().consents_of(self.id).await.unwrap();
        let now = broker.now();
        consents
            .into_iter()
            .filter(|consent| consent.state(now).is_given())
            .collect()
    }

    /// The records of its list, verified against the log.
    async fn records(&self) -> Vec<Record> {
        let broker = &self.told.scene.broker;
        let size = broker
            .read()
            .await
            .unwrap()
            .newest_head()
            .await
            .unwrap()
            .unwrap()
            .size;
        let mut records = Vec::new();
        for leaf in 0..size {
            if let Ok(receipt) = broker.own_receipt(self.id, leaf).await {
                let bundle = Bundle::parse(&receipt.bundle).unwrap();
                records.push(bundle.verify(None, None).unwrap().record);
            }
        }
        records
    }
}

pub async fn bruno(told: &Telling) -> Person {
    told.scene.registered("22222222222222", "tablet").await
}

#[tokio::test]
async fn commune_permits_for_many_points_in_one_act_and_withdraws_per_point() {
    let commune = Commune::build(10).await;
    let (broker, mayor) = (&commune.told.scene.broker, commune.mayor().await);
    let points = commune.points().await;
    let done = broker
        .permit_points(mayor, &commune.order(points.clone()))
        .await
        .unwrap();
    assert_eq!((done.points, commune.given().await.len()), (10, 10));

    // One authorisation a point, under the law of permissions, each naming the same list; whoever has them all makes it again.
    let mut named = Vec::new();
    for record in commune.records().await {
        let Record::Consent(record) = record else { continue };
        let document = record.document();
        assert_eq!(document["@type"], "dpv:Permission");
        assert_eq!(document["dpv:hasLegalBasis"], "eu-dga:A2-6-Permission");
        assert!(document.get("dpv:hasDataSubject").is_none() && !document.to_string().contains("eu-gdpr:A6"));
        assert_eq!(record.subject().as_str(), format!("urn:uuid:{}", commune.id));
        let (by, _) = record.behalf().unwrap();
        assert_eq!(
            by.as_str(),
            format!("urn:uuid:{}", commune.told.person.participant)
        );
        let list = record.point_list().unwrap();
        assert_eq!(
            (list.count, list.grant.as_str().to_owned()),
            (10, done.grant.to_string())
        );
        assert_eq!(*list.sha256.as_bytes(), done.list.0);
        named.push(*record.point().unwrap().as_bytes());
    }
    named.sort();
    named.dedup();
    assert_eq!(named.len(), 10);
    assert_eq!(*point_list(&named).as_bytes(), done.list.0);

    // One ends, the others do not; then a selection; then all, as many as are left.
    let ids: Vec<_> = commune.given().await.iter().map(|consent| consent.id).collect();
    assert_eq!(broker.withdraw_points(mayor, &ids[..1]).await.unwrap(), 1);
    assert_eq!(commune.given().await.len(), 9);
    let ended = broker.withdraw_points(mayor, &ids[..1]).await;
    assert!(matches!(
        ended,
        Err(Failure::Refused(WithdrawalRefusal::AlreadyEnded))
    ));
    assert_eq!(broker.withdraw_points(mayor, &ids[..4]).await.unwrap(), 3);
    assert_eq!(broker.withdraw_points(mayor, &ids).await.unwrap(), 6);
    assert!(commune.given().await.is_empty());
    // Once ended, the same points are permitted anew.
    broker.permit_points(mayor, &commune.order(points)).await.unwrap();
    assert_eq!(commune.given().await.len(), 10);
}

#[tokio::test]
async fn legal_person_is_represented_by_the_last_one_named_and_permissions_outlive_her() {
    let commune = Commune::build(2).await;
    let broker = &commune.told.scene.broker;
    let bruno = bruno(&commune.told).await;
    let mayor = commune.mayor().await;
    broker
        .permit_points(mayor, &commune.order(commune.points().await))
        .await
        .unwrap();
    commune.represented_by(&bruno.token).await;
    assert!(
        commune.hand(commune.told.person.participant).await.is_none(),
        "her power is over"
    );
    let late = broker
        .withdraw_points(mayor, &[commune.given().await[0].id])
        .await;
    assert!(
        matches!(late, Err(Failure::Conflict | Failure::Fault(_))),
        "{late:?}"
    );
    assert_eq!(commune.given().await.len(), 2, "what she permitted stands");
    let next = commune.hand(bruno.participant).await.unwrap();
    let one = commune.given().await[0].id;
    assert_eq!(broker.withdraw_points(next, &[one]).await.unwrap(), 1);
    let all = broker
        .representatives(commune.told.scene.officer, commune.id)
        .await
        .unwrap();
    let states: Vec<_> = all
        .iter()
        .map(|view| matches!(view.state, MandateState::InForce))
        .collect();
    assert_eq!(states, [true, false]);
    // The officer ends his too; nobody represents the commune then.
    broker
        .end_representation(commune.told.scene.officer, all[0].mandate.id)
        .await
        .unwrap();
    assert!(commune.hand(bruno.participant).await.is_none());
    let again = broker
        .end_representation(commune.told.scene.officer, all[0].mandate.id)
        .await;
    assert!(matches!(again, Err(Failure::Refused(MandateRefusal::Over))));
}

#[tokio::test]
async fn legal_person_naming_takes_a_fresh_proof_of_an_officer() {
    let commune = Commune::build(0).await;
    let broker = &commune.told.scene.broker;
    let order = RepresentOrder {
        person: commune.id,
        label: "x".into(),
        until: broker.now().plus_seconds(DAY),
        basis: Digest([7; 32]),
    };
    let hers = broker
        .name_representative(&commune.told.person.token, &order)
        .await;
    assert!(matches!(hers, Err(Failure::Refused(MandateRefusal::NotYours))));
    let desk = commune.told.scene.desk(commune.told.scene.officer).await;
    let long = RepresentOrder {
        until: broker.now().plus_seconds(8 * 366 * DAY),
        ..order.clone()
    };
    let long = broker.name_representative(&desk, &long).await;
    assert!(matches!(long, Err(Failure::Refused(MandateRefusal::Span))));
    // Nobody is made one who is a person.
    let person = RepresentOrder {
        person: commune.told.person.participant,
        ..order.clone()
    };
    let person = broker.name_representative(&desk, &person).await;
    assert!(matches!(person, Err(Failure::Refused(MandateRefusal::NotYours))));
    commune.told.scene.clock.turn(700);
    let stale = broker.name_representative(&desk, &order).await;
    assert!(matches!(
        stale,
        Err(Failure::Refused(MandateRefusal::SignIn(
            SignInRefusal::ProveAgain
        )))
    ));
}

#[tokio::test]
async fn legal_person_points_are_taken_all_or_none_with_the_line_of_each_mistake() {
    let commune = Commune::build(3).await;
    // The meter of a person, one that is listed, and a new one.
    let file = "11111111111111;Chez Anna\n50000000000001;École 1\n60000000000000;Gymnase\n";
    let refused = commune.add(file).await;
    let Err(Failure::Refused(LegalRefusal::List(ListProblem::Lines(lines)))) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(lines, [(1, LineProblem::Taken), (2, LineProblem::Listed)]);
    assert_eq!(commune.points().await.len(), 3, "nothing half-done");
    let added = commune.add("60000000000000;Gymnase\n").await.unwrap();
    assert_eq!((added.added, added.total), (1, 4));
    let steps: Vec<_> = commune
        .records()
        .await
        .into_iter()
        .filter_map(|record| match record {
            Record::LegalPerson(step) => Some((step.step, step.points)),
            _ => None,
        })
        .collect();
    let mut expected = vec![
        (LegalPersonStepKind::Enrolled, 0),
        (LegalPersonStepKind::PointsAdded, 3),
        (LegalPersonStepKind::PointsAdded, 4),
    ];
    let mut steps = steps;
    steps.sort_by_key(|step| step.1);
    expected.sort_by_key(|step| step.1);
    assert_eq!(steps, expected);
}

#[tokio::test]
async fn legal_person_permits_nothing_of_a_point_that_shows_a_person() {
    let commune = Commune::build(2).await;
    let (broker, mayor) = (&commune.told.scene.broker, commune.mayor().await);
    // Anna lives in one of them and is enrolled: her meter stays hers.
    let added = commune
        .add("11111111111111;Conciergerie;oui\n50000000000009;Loge;oui\n")
        .await
        .unwrap();
    assert_eq!((added.added, added.aside, added.total), (0, 2, 2));
    let sites = broker.own_sites(mayor).await.unwrap();
    let aside: Vec<_> = sites.iter().filter(|site| site.shows == Shows::Person).collect();
    assert_eq!(aside.len(), 2);
    let refused = broker
        .permit_points(mayor, &commune.order(vec![aside[0].point]))
        .await;
    assert!(matches!(refused, Err(Failure::Refused(ChoiceRefusal::HomeLeft))));
}

#[tokio::test]
async fn legal_person_permission_ends_when_a_point_turns_out_to_show_a_person() {
    let commune = Commune::build(2).await;
    let (broker, mayor) = (&commune.told.scene.broker, commune.mayor().await);
    commune.add("50000000000009;Loge;oui\n").await.unwrap();
    // What was permitted ends when it turns out later, and whoever lives there enrols the meter.
    let points = commune.points().await;
    broker
        .permit_points(mayor, &commune.order(points.clone()))
        .await
        .unwrap();
    broker
        .set_point_aside(commune.told.scene.officer, points[0])
        .await
        .unwrap();
    let again = broker
        .set_point_aside(commune.told.scene.officer, points[0])
        .await;
    assert!(matches!(again, Err(Failure::Refused(LegalRefusal::AsideAlready))));
    let consents = broker
        .read()
        .await
        .unwrap()
        .consents_of(commune.id)
        .await
        .unwrap();
    let ended = consents
        .iter()
        .find(|consent| consent.point == points[0])
        .unwrap();
    assert!(
        matches!(ended.state(broker.now()), State::Invalidated { .. }),
        "{:?}",
        ended.state(broker.now())
    );
    assert_eq!(commune.given().await.len(), 1);
    for meter in ["50000000000000", "50000000000009"] {
        let person = Newcomer {
            language: "fr".into(),
            name: "Gardien".into(),
            address: "2, place de la Mairie".into(),
            meter_number: meter.into(),
        };
        broker.join(&person).await.unwrap();
    }
    let taken = Newcomer {
        language: "fr".into(),
        name: "Personne".into(),
        address: "3, place de la Mairie".into(),
        meter_number: "50000000000001".into(),
    };
    assert!(matches!(
        broker.join(&taken).await,
        Err(Failure::Refused(JoinRefusal::MeterTaken))
    ));
}

#[tokio::test]
async fn legal_person_has_no_hand_of_its_own_and_no_delegate_permits_for_a_person() {
    let commune = Commune::build(1).await;
    let broker = &commune.told.scene.broker;
    let points = commune.points().await;
    let choice = Choice {
        offer: commune.told.offer.offer.id,
        point: points[0],
        notice: commune.told.offer.notices()[0],
        answer: Answer::Agree,
        proved_at: None,
    };
    let own = broker.choose(commune.id, choice).await;
    assert!(matches!(own, Err(Failure::Refused(ChoiceRefusal::NotYours))));
    // One point alone is a permission too, with a list of one.
    let chosen = broker.choose(commune.mayor().await, choice).await.unwrap();
    let row = broker
        .read()
        .await
        .unwrap()
        .permission(chosen.consent)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.points, 1);
    let herself = Hand::from(commune.told.person.participant);
    let hers = broker.permit_points(herself, &commune.order(points)).await;
    assert!(matches!(hers, Err(Failure::Refused(ChoiceRefusal::NotYours))));
}
