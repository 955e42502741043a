//! P-33: a sharing holds for a person, a meter and the time she lives there.

use broker_domain::consent::State;
use broker_domain::ids::ConsentId;
use broker_domain::time::{Instant, Step};
use broker_service::{Failure, JoinRefusal, Newcomer};

use crate::browser::{Answer, Browser};
use crate::changes::{asked_for, asked_now, consent};
use crate::house::{House, Person, join};
use crate::readings::Meter;

/// The number of Anna's meter.
const NUMBER: &str = "11111111111111";

/// Anna's meter sent three days, 20 to 22 November, and she shared them.
async fn measured() -> (House, ConsentId, Meter) {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let meter = Meter::installed(&house, &house.anna).await;
    house.set_clock("2026-11-23T09:10:00Z");
    assert!(meter.send(&house, "2026-11-19T23:00:00Z", 48 * 3, 100).await);
    (house, id, meter)
}

/// What the page before the act says, and the act.
async fn leave(browser: &mut Browser, person: &Person, date: &str) -> (Answer, Answer) {
    let action = format!("/moi/logement/{}/depart", person.point);
    let page = browser.open(&format!("{action}?date={date}")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let answer = browser.submit(&page, &action, &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    (page, answer)
}

async fn move_in(house: &House) -> Result<Person, JoinRefusal> {
    let newcomer = Newcomer {
        language: "fr".into(),
        name: "Carla Frêne".into(),
        address: "1 rue des Essais".into(),
        meter_number: NUMBER.into(),
    };
    match house.broker.join(&newcomer).await {
        Ok(joined) => Ok(Person {
            id: joined.participant,
            point: joined.point,
        }),
        Err(Failure::Refused(refusal)) => Err(refusal),
        Err(failure) => panic!("{failure}"),
    }
}

/// What was measured before stays hers; what came after is nobody's to read.
async fn only_the_time_before_is_hers(anna: &mut Browser) {
    let day = anna.open("/moi/donnees?vue=jour&date=2026-11-21").await;
    assert_eq!(
        day.body.matches("class=\"curve-bar").count(),
        48,
        "{}",
        day.text()
    );
    let after = anna.open("/moi/donnees?vue=jour&date=2026-11-22").await;
    assert_eq!(after.body.matches("class=\"curve-bar").count(), 0);
    let copy = anna
        .get("/moi/donnees/copie?etendue=tout&contenu=releves&format=csv")
        .await;
    assert_eq!(copy.status, 200);
    assert!(
        copy.body.contains("2026-11-21T22:30:00Z"),
        "the last reading of her time"
    );
    assert!(
        !copy.body.contains("2026-11-22T10:00:00Z"),
        "nothing of the time after"
    );
}

/// And no value.
async fn the_officer_sees_how_much(house: &House) {
    let desk = house.as_officer().await.open("/dpo/logements").await;
    assert!(desk.text().contains("par la personne"), "{}", desk.text());
    for cell in ["Lots mis à l&#39;écart\">1</td>", "Transferts dépassés\">1</td>"] {
        assert!(desk.body.contains(cell), "{cell}: {}", desk.body);
    }
    assert!(!desk.body.contains(NUMBER));
}

#[tokio::test]
async fn p_33_moving_out_in_the_past_closes_sets_aside_and_leaves_the_rest_hers() {
    let (house, id, meter) = measured().await;
    let early = Instant::parse("2026-11-20T00:00:00Z").unwrap();
    assert_eq!(asked_for(&house, id, early, Step::HALF_HOUR).await, "delivered");
    let late = Instant::parse("2026-11-22T00:00:00Z").unwrap();
    assert_eq!(asked_for(&house, id, late, Step::HALF_HOUR).await, "delivered");
    let mut anna = house.as_anna().await;
    let (page, done) = leave(&mut anna, &house.anna, "2026-11-22").await;
    for words in [
        "Labo Énergie",
        "mis à l'écart",
        "Ceci ne s'annule pas",
        "22 novembre 2026",
    ] {
        assert!(page.text().contains(words), "{words}: {}", page.text());
    }
    let homes = anna.open(&done.header("location")).await;
    assert!(homes.text().contains("Logement quitté le"), "{}", homes.text());

    // Closed from that date, by an event that says so, and for the data of before as well.
    let left = Instant::parse("2026-11-21T23:00:00Z").unwrap();
    let now = house.broker.now();
    assert_eq!(
        consent(&house, id).await.state(now),
        State::Invalidated { at: left }
    );
    assert!(consent(&house, id).await.overtaken(left, now));
    assert_eq!(
        asked_for(&house, id, early, Step::HALF_HOUR).await,
        "consent-closed"
    );
    assert!(
        !meter.send(&house, "2026-11-22T23:00:00Z", 4, 100).await,
        "intake is closed"
    );
    let sharing = anna.open(&format!("/moi/partages/{id}")).await;
    assert!(
        sharing.text().contains("Labo Énergie"),
        "the history stays readable"
    );
    let list = anna.open("/moi/historique").await;
    assert!(list.body.contains("/moi/preuves/"), "with its proofs");

    only_the_time_before_is_hers(&mut anna).await;

    the_officer_sees_how_much(&house).await;

    // Twice is told, and cannot be undone.
    let again = anna
        .get(&format!(
            "/moi/logement/{}/depart?date=2026-11-21",
            house.anna.point
        ))
        .await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn p_33_a_departure_to_come_stops_by_itself_and_can_be_taken_back() {
    let (house, id, _) = measured().await;
    let mut anna = house.as_anna().await;
    leave(&mut anna, &house.anna, "2026-11-25").await;
    assert_eq!(
        asked_now(&house, id).await,
        "delivered",
        "until then nothing changes"
    );
    assert!(anna.open("/moi").await.text().contains("Départ prévu le"));
    assert_eq!(move_in(&house).await.err(), Some(JoinRefusal::MeterTaken));
    let homes = anna.open("/moi/logement").await;
    let stay = homes.action("/maintien");
    assert_eq!(anna.submit(&homes, &stay, &[]).await.status, 303);
    assert_eq!(anna.submit(&homes, &stay, &[]).await.status, 409, "twice");
    leave(&mut anna, &house.anna, "2026-11-24").await;

    // No job ran: the date alone closes.
    house.set_clock("2026-11-23T23:00:01Z");
    assert_eq!(asked_now(&house, id).await, "consent-closed");
    assert_eq!(consent(&house, id).await.events.len(), 1, "not announced yet");
    let now = house.broker.now();
    house.broker.close_departures(now).await.unwrap();
    house.broker.close_departures(now).await.unwrap();
    let closed = consent(&house, id).await;
    let left = Instant::parse("2026-11-23T23:00:00Z").unwrap();
    assert_eq!(closed.events.len(), 2, "announced once");
    assert_eq!(closed.state(house.broker.now()), State::Invalidated { at: left });
}

#[tokio::test]
async fn p_33_the_next_holder_sees_nothing_and_starts_without_agreements() {
    let (house, id, _) = measured().await;
    assert_eq!(move_in(&house).await.err(), Some(JoinRefusal::MeterTaken));
    leave(&mut house.as_anna().await, &house.anna, "2026-11-22").await;
    let carla = move_in(&house).await.unwrap();
    assert_eq!(move_in(&house).await.err(), Some(JoinRefusal::MeterTaken));
    assert_eq!(house.consents(&carla).await, 0);
    let span = broker_domain::time::Interval::new(
        Instant::parse("2026-11-19T23:00:00Z").unwrap(),
        Instant::parse("2026-11-23T00:00:00Z").unwrap(),
    )
    .unwrap();
    let hers = house
        .broker
        .own_readings(carla.id, carla.point, span)
        .await
        .unwrap();
    assert!(hers.as_slice().is_empty());
    assert!(
        house
            .broker
            .own_readings(carla.id, house.anna.point, span)
            .await
            .is_err()
    );
    assert!(house.broker.withdraw(carla.id, id).await.is_err());

    // Two at one meter, one after the other, and the older one's erasure leaves the newer one whole.
    let who = house.anna.id;
    house
        .broker
        .erase(broker_domain::policy::Principal::Participant(who), who)
        .await
        .unwrap();
    assert!(house.broker.own_profile(carla.id).await.is_ok());
    assert_eq!(move_in(&house).await.err(), Some(JoinRefusal::MeterTaken));
}

#[tokio::test]
async fn p_33_an_officer_records_what_the_contract_tells_in_two_steps() {
    let (house, id, _) = measured().await;
    let mut odile = house.as_officer().await;
    let desk = odile.open("/dpo/logements").await;
    assert!(desk.text().contains("Aucun départ connu"), "{}", desk.text());
    let find = "/dpo/logements/recherche";
    for typed in [
        [
            ("compteur", "99999999999999"),
            ("genre", "titulaire"),
            ("date", "2026-11-22"),
        ],
        [("compteur", NUMBER), ("genre", ""), ("date", "2026-11-22")],
        [("compteur", NUMBER), ("genre", "titulaire"), ("date", "")],
    ] {
        assert_eq!(odile.submit(&desk, find, &typed).await.status, 422);
    }
    let typed = [
        ("compteur", NUMBER),
        ("genre", "titulaire"),
        ("date", "2026-11-22"),
    ];
    let found = odile.submit(&desk, find, &typed).await;
    assert_eq!(found.status, 200, "{}", found.body);
    assert!(!found.body.contains(NUMBER) && found.text().contains("Ceci ne s'annule pas"));
    let action = format!("/dpo/logements/{}", house.anna.point);
    let done = odile.submit(&found, &action, &[]).await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(odile.submit(&found, &action, &[]).await.status, 409, "twice");
    assert_eq!(asked_now(&house, id).await, "consent-closed");
    let desk = odile.open("/dpo/logements").await;
    assert!(desk.text().contains("par le contrat"), "{}", desk.text());
    assert!(
        house
            .as_anna()
            .await
            .open("/moi/logement")
            .await
            .text()
            .contains("Logement quitté le")
    );
    house.broker.close_departures(house.broker.now()).await.unwrap();
    let (receipt, _) = crate::receipt::newest(&mut house.as_anna().await, id).await;
    assert!(
        receipt.text().contains("liste des contrats"),
        "{}",
        receipt.text()
    );
    for mut other in [house.as_anna().await, house.as_researcher().await] {
        assert_eq!(other.get("/dpo/logements").await.status, 403);
    }
}

/// Both steps of the desk; the answer to the first where that is no page to confirm.
async fn contract_went(odile: &mut Browser, house: &House, date: &str) -> Answer {
    let desk = odile.open("/dpo/logements").await;
    let typed = [("compteur", NUMBER), ("genre", "titulaire"), ("date", date)];
    let found = odile.submit(&desk, "/dpo/logements/recherche", &typed).await;
    if found.status != 200 {
        return found;
    }
    let action = format!("/dpo/logements/{}", house.anna.point);
    odile.submit(&found, &action, &[]).await
}

#[tokio::test]
async fn p_33_what_the_contract_tells_moves_to_earlier_only() {
    let (house, id, _) = measured().await;
    let mut odile = house.as_officer().await;
    assert_eq!(contract_went(&mut odile, &house, "2026-11-25").await.status, 303);

    // No plan of hers: she neither takes it back nor puts it off.
    let mut anna = house.as_anna().await;
    let homes = anna.open("/moi/logement").await;
    let kept = anna.submit(&homes, &homes.action("/maintien"), &[]).await;
    assert_eq!(kept.status, 422, "{}", kept.body);
    assert!(kept.text().contains("contrat du compteur"), "{}", kept.text());
    let action = format!("/moi/logement/{}/depart", house.anna.point);
    let page = anna.open(&format!("{action}?date=2026-11-26")).await;
    assert_eq!(anna.submit(&page, &action, &[]).await.status, 422);
    leave(&mut anna, &house.anna, "2026-11-23").await;
    assert_eq!(consent(&house, id).await.events.len(), 2);

    // What was measured from the true day on is not hers to read.
    assert_eq!(contract_went(&mut odile, &house, "2026-11-22").await.status, 303);
    let closed = consent(&house, id).await;
    let left = Instant::parse("2026-11-21T23:00:00Z").unwrap();
    assert_eq!(closed.state(house.broker.now()), State::Invalidated { at: left });
    assert_eq!(closed.events.len(), 3, "announced once more");
    only_the_time_before_is_hers(&mut anna).await;
    let later = contract_went(&mut odile, &house, "2026-11-23").await;
    assert_eq!(later.status, 422, "never to later");
}

#[tokio::test]
async fn p_33_a_change_of_supplier_suspends_and_asks_and_ends_nothing() {
    let (house, id, meter) = measured().await;
    let mut odile = house.as_officer().await;
    let desk = odile.open("/dpo/logements").await;
    let typed = [("compteur", NUMBER), ("genre", "contrat"), ("date", "")];
    let found = odile.submit(&desk, "/dpo/logements/recherche", &typed).await;
    let action = format!("/dpo/logements/{}", house.anna.point);
    assert_eq!(odile.submit(&found, &action, &[]).await.status, 303);
    assert_eq!(asked_now(&house, id).await, "holder-unconfirmed");
    assert!(!meter.send(&house, "2026-11-22T23:00:00Z", 4, 100).await);
    assert!(consent(&house, id).await.state(house.broker.now()).is_given());

    let mut anna = house.as_anna().await;
    assert!(anna.open("/moi").await.text().contains("Répondre"));
    let homes = anna.open("/moi/logement").await;
    let confirm = homes.action("/confirmation");
    // A stranger neither confirms nor leaves for her.
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let own = bruno.open("/moi/effacement").await;
    let csrf = own.hidden_fields("/moi/effacement")[0].1.clone();
    assert_eq!(bruno.post(&confirm, &[("csrf", &csrf)]).await.status, 404);
    let foreign = format!("/moi/logement/{}/depart", house.anna.point);
    let fields = [("csrf", csrf.as_str()), ("date", "2026-11-22")];
    assert_eq!(bruno.post(&foreign, &fields).await.status, 404);
    assert_eq!(asked_now(&house, id).await, "holder-unconfirmed");
    assert_eq!(anna.submit(&homes, &confirm, &[]).await.status, 303);
    assert_eq!(asked_now(&house, id).await, "delivered");
    assert_eq!(anna.submit(&homes, &confirm, &[]).await.status, 409, "twice");
    assert!(meter.send(&house, "2026-11-22T23:00:00Z", 4, 100).await);
}

#[tokio::test]
async fn p_33_a_day_out_of_reach_is_asked_again_and_a_home_that_was_left_shares_no_more() {
    let (house, id, _) = measured().await;
    let mut anna = house.as_anna().await;
    let action = format!("/moi/logement/{}/depart", house.anna.point);
    for date in ["", "pas-un-jour", "2026-11-18", "2028-01-01"] {
        let page = anna.get(&format!("{action}?date={date}")).await;
        assert_eq!(page.status, 422, "{date}: {}", page.body);
        assert!(page.body.contains(&format!("#date-{}", house.anna.point)));
    }
    leave(&mut anna, &house.anna, "2026-11-23").await;
    assert!(
        !anna
            .open("/moi/partages/nouveau")
            .await
            .body
            .contains("Labo Énergie")
    );
    let refused = house.broker.choose(
        house.anna.id,
        broker_service::Choice {
            offer: house.offer.offer.id,
            point: house.anna.point,
            notice: house.offer.offer.notice,
            answer: broker_service::Answer::Agree,
            proved_at: None,
        },
    );
    assert!(matches!(
        refused.await,
        Err(Failure::Refused(broker_service::ChoiceRefusal::HomeLeft))
    ));
    assert!(
        house
            .broker
            .gateway_code(house.anna.id, house.anna.point)
            .await
            .is_err()
    );
    let gateways = house
        .broker
        .read()
        .await
        .unwrap()
        .gateways_of(house.anna.id)
        .await
        .unwrap();
    let off = broker_domain::gateway::Measuring::Off;
    assert!(gateways.iter().all(|row| row.gateway.settings.measuring == off));
    let bruno = join(&house.broker, "Dora Saule", "33333333333333").await;
    assert_eq!(house.consents(&bruno).await, 0);
    assert_eq!(asked_now(&house, id).await, "consent-closed");
}

#[tokio::test]
async fn homes_are_told_in_three_languages() {
    let (house, ..) = measured().await;
    for (lang, words) in [("en", "My home"), ("nl", "Mijn woning")] {
        let mut anna = house.as_anna().await;
        anna.get(&format!("/moi/logement?lang={lang}")).await;
        let page = anna.open("/moi/logement").await;
        assert!(
            page.text().contains(words) && !page.body.contains("⟦missing"),
            "{}",
            page.text()
        );
        let leave = anna
            .open(&format!(
                "/moi/logement/{}/depart?date=2026-11-22",
                house.anna.point
            ))
            .await;
        assert!(!leave.body.contains("⟦missing"), "{}", leave.body);
    }
    let mut odile = house.as_officer().await;
    odile.get("/dpo/logements?lang=nl").await;
    let desk = odile.open("/dpo/logements").await;
    assert!(desk.text().contains("Woningen en contracten") && !desk.body.contains("⟦missing"));
}
