//! A gateway, what it measures, and how its household sees it.

use broker_domain::time::Instant;
use test_support::Gateway;

use crate::house::{House, Person};

/// The gateway of somebody's meter.
pub struct Meter(Gateway);

impl Meter {
    pub async fn installed(house: &House, person: &Person) -> Self {
        Self(Gateway::enrol(&house.broker, person.id, person.point).await)
    }

    /// Sends an energy index for each half hour, growing by `watt_hours`.
    pub async fn send(&self, house: &House, from: &str, half_hours: i64, watt_hours: i64) -> bool {
        let from = Instant::parse(from).unwrap();
        let index = |step: i64| {
            let at = from.plus_seconds(step * 1_800);
            ("east", at.as_micros(), 10_000 + step * watt_hours)
        };
        let readings: Vec<_> = (0..=half_hours).map(index).collect();
        house.broker.intake(&self.0.envelope(&readings)).await.is_ok()
    }
}

#[tokio::test]
async fn the_curve_of_a_day_stands_beside_its_table() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    let gateway = Meter::installed(&house, &house.anna).await;
    house.set_clock("2026-11-20T09:10:00Z");
    assert!(gateway.send(&house, "2026-11-19T23:00:00Z", 20, 123).await);

    let mut anna = house.as_anna().await;
    let today = anna.open("/moi").await;
    assert_eq!(
        today.body.matches("class=\"curve-bar").count(),
        20,
        "{}",
        today.body
    );
    assert!(today.text().contains("0,123 kWh") || today.body.contains("0,123\u{a0}kWh"));
    assert!(today.text().contains("finit par 1111"));
    assert!(
        !today.body.contains("11111111111111"),
        "never the whole meter number"
    );
    assert!(today.text().contains("connectée"));

    let yesterday = anna.open(&today.link("jour=2026-11-19")).await;
    assert!(yesterday.text().contains("Aucune mesure pour ce jour."));
    assert!(
        !yesterday.body.contains("jour=2026-11-18"),
        "nothing before the meter was enrolled"
    );
    assert_eq!(anna.open("/moi?jour=pas-un-jour&compteur=x").await.status, 200);
    let history = anna.open("/moi/historique").await;
    assert!(history.text().contains("Compteur 1"));
}

#[tokio::test]
async fn the_household_switches_measuring() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    let gateway = Meter::installed(&house, &house.anna).await;
    house.set_clock("2026-11-20T09:10:00Z");
    let mut anna = house.as_anna().await;
    let page = anna.open("/moi").await;
    let action = page.action("/mesure");
    for (switch, words, taken) in [
        ("off", "La mesure est arrêtée.", false),
        ("on", "La mesure est activée.", true),
    ] {
        let answer = anna.submit(&page, &action, &[("mesure", switch)]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert!(anna.open(&answer.header("location")).await.text().contains(words));
        assert_eq!(gateway.send(&house, "2026-11-19T23:00:00Z", 4, 100).await, taken);
    }
    assert_eq!(
        anna.submit(&page, &action, &[("mesure", "peut-être")])
            .await
            .status,
        422
    );
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    let own = bruno.open("/moi/effacement").await;
    let csrf = own
        .body
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(
        bruno
            .post(&action, &[("csrf", csrf), ("mesure", "off")])
            .await
            .status,
        404
    );
}
