//! My data: periods, gaps, copies, and the note that she came.

use broker_service::{CopyContent, CopyForm, CopyOrder};

use crate::house::House;
use crate::readings::Meter;

/// Anna's meter sent two days of November with a gap of six hours on the second.
async fn measured() -> House {
    let house = House::build().await;
    house.granted(&house.anna).await;
    let meter = Meter::installed(&house, &house.anna).await;
    house.set_clock("2026-11-22T09:10:00Z");
    // 20 November, midnight to midnight in Paris.
    assert!(meter.send(&house, "2026-11-19T23:00:00Z", 48, 100).await);
    // 21 November from six o'clock on, and a meter that stands where it stood.
    assert!(meter.send(&house, "2026-11-21T11:00:00Z", 10, 100).await);
    house
}

#[tokio::test]
async fn p_16_a_day_a_month_and_a_year_are_drawn_with_their_gaps_and_a_table() {
    let house = measured().await;
    let mut anna = house.as_anna().await;
    let month = anna.open("/moi/donnees?vue=mois&date=2026-11-20").await;
    assert_eq!(month.status, 200, "{}", month.body);
    assert!(month.text().contains("novembre 2026"), "{}", month.text());
    // Two days are known of the 22 that have begun; before the 20th and on the 22nd nothing.
    assert_eq!(month.body.matches("class=\"curve-bar").count(), 2);
    assert_eq!(month.body.matches("class=\"curve-gap").count(), 2);
    assert_eq!(month.body.matches("curve-part").count(), 1);
    assert_eq!(month.text().matches("pas de mesure").count(), 20);
    assert!(month.text().contains("4,800 kWh"), "{}", month.text());
    assert!(month.text().contains("10 demi-heures sur 48"), "{}", month.text());
    let day = anna.open(&month.link("vue=jour&date=2026-11-20")).await;
    assert_eq!(day.body.matches("class=\"curve-bar").count(), 48);
    let next = anna.open(&day.link("vue=jour&date=2026-11-21")).await;
    assert_eq!(next.body.matches("class=\"curve-bar").count(), 10);
    let year = anna.open(&next.link("vue=annee")).await;
    assert_eq!(year.body.matches("class=\"curve-bar").count(), 1);
    assert!(year.text().contains("jours entiers sur"), "{}", year.text());
    assert!(
        !year.body.contains("date=2025"),
        "nothing before the meter was enrolled"
    );
}

#[tokio::test]
async fn p_16_copies_hold_every_half_hour_and_every_reading_in_three_forms() {
    let house = measured().await;
    let mut anna = house.as_anna().await;
    let csv = anna
        .get("/moi/donnees/copie?etendue=jour&date=2026-11-20&contenu=courbe&format=csv")
        .await;
    assert_eq!(csv.status, 200, "{}", csv.body);
    assert_eq!(
        csv.header("content-disposition"),
        "attachment; filename=\"fiducie-mesures-jour-2026-11-20.csv\""
    );
    assert_eq!(csv.body.lines().count(), 1 + 48);
    assert_eq!(csv.body.matches(",1800,100,Wh").count(), 48);
    let all = anna
        .get("/moi/donnees/copie?etendue=tout&contenu=releves&format=json")
        .await;
    assert_eq!(all.body.matches("\"quantity\":\"east\"").count(), 49 + 11);
    assert!(all.body.ends_with("\n]}\n"), "{}", all.body);
    let month = anna
        .get("/moi/donnees/copie?etendue=mois&date=2026-11-01&contenu=courbe&format=parquet")
        .await;
    assert_eq!(
        (&month.bytes[..4], month.bytes.ends_with(b"PAR1")),
        (&b"PAR1"[..], true)
    );
    for wrong in ["contenu=x", "format=x", "etendue=x"] {
        let answer = anna.get(&format!("/moi/donnees/copie?{wrong}")).await;
        assert_eq!(answer.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn a_second_copy_waits_for_the_first_and_says_so() {
    let house = measured().await;
    house.set_clock("2026-12-22T09:10:00Z");
    let mut anna = house.as_anna().await;
    let order = CopyOrder {
        point: house.anna.point,
        first: None,
        last: None,
        content: CopyContent::Curve,
        form: CopyForm::Csv,
    };
    // More days than are written ahead of a reader that takes none.
    let unread = house.broker.own_copy(house.anna.id, order).await.unwrap();
    let refused = anna.get("/moi/donnees/copie?etendue=tout").await;
    assert_eq!(refused.status, 429);
    assert!(
        refused
            .text()
            .contains("Peu de copies sont préparées pour vous à la fois"),
        "{}",
        refused.text()
    );
    drop(unread);
    // Its writer notices at the next day that it writes.
    while anna.get("/moi/donnees/copie?etendue=tout").await.status == 429 {
        tokio::task::yield_now().await;
    }
    let whole = anna.get("/moi/donnees/copie?etendue=tout").await;
    assert_eq!((whole.status, whole.body.lines().count() > 30 * 48), (200, true));
}

#[tokio::test]
async fn nobody_sees_or_takes_the_readings_of_somebody_else() {
    let house = measured().await;
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let point = house.anna.point;
    // A meter that is not hers is not looked for: her own are shown.
    let page = bruno
        .open(&format!("/moi/donnees?compteur={point}&vue=mois&date=2026-11-20"))
        .await;
    assert!(!page.body.contains("curve-bar"), "{}", page.body);
    let copy = bruno
        .get(&format!(
            "/moi/donnees/copie?compteur={point}&etendue=tout&contenu=releves"
        ))
        .await;
    assert_eq!(copy.body.lines().count(), 1, "{}", copy.body);
    let mut officer = house.as_officer().await;
    for path in ["/moi/donnees", "/moi/donnees/copie"] {
        assert_eq!(officer.get(path).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn looking_is_noted_once_a_day_and_taking_a_copy_once_more() {
    let house = measured().await;
    let mut anna = house.as_anna().await;
    let noted = async || {
        let records = house
            .broker
            .own_newest_records(house.anna.id, u64::MAX, 50)
            .await
            .unwrap();
        records
            .iter()
            .filter(|record| record.what == Some("access/1"))
            .count()
    };
    anna.open("/moi").await;
    assert_eq!(noted().await, 0);
    anna.open("/moi/donnees").await;
    anna.open("/moi/donnees?vue=mois").await;
    assert_eq!(noted().await, 1);
    anna.get("/moi/donnees/copie?etendue=tout").await;
    anna.get("/moi/donnees/copie?etendue=tout&format=json").await;
    assert_eq!(noted().await, 2);
    house.set_clock("2026-11-23T09:10:00Z");
    anna.open("/moi/donnees").await;
    assert_eq!(noted().await, 3);
}

#[tokio::test]
async fn a_person_without_readings_is_told_what_to_do() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let month = anna.open("/moi/donnees?vue=mois").await;
    assert!(
        month.text().contains("Aucune mesure pour cette période."),
        "{}",
        month.text()
    );
    assert_eq!(
        anna.open("/moi/donnees?vue=siecle&date=demain&compteur=x")
            .await
            .status,
        200
    );
}
