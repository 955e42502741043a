//! A gateway, what it measures, and how its household sees it.

use broker_domain::ids::{BatchId, GatewayId};
use broker_domain::time::Instant;
use broker_service::GatewayEnrolment;
use meter_core::envelope::{ContentType, Header, encode};
use meter_core::senml::{Pack, urn_of};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::house::{House, Person};

pub struct Gateway {
    id: GatewayId,
    pair: Ed25519KeyPair,
}

impl Gateway {
    pub async fn enrol(house: &House, person: &Person, seed: [u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
        let public_key: [u8; 32] = pair.public_key().as_ref().try_into().unwrap();
        let code = house.broker.gateway_code(person.id, person.point).await.unwrap();
        let message = [b"fiducie-enrol/v1\0", code.as_bytes(), b"\0", &public_key].concat();
        let enrolment = GatewayEnrolment {
            signature: pair.sign(&message).as_ref().to_vec(),
            code,
            public_key,
        };
        let row = house.broker.enrol_gateway(&enrolment).await.unwrap();
        Self {
            id: row.gateway.id,
            pair,
        }
    }

    /// Sends an energy index for each half hour, growing by `watt_hours`.
    pub async fn send(
        &self,
        house: &House,
        person: &Person,
        from: &str,
        half_hours: i64,
        watt_hours: i64,
    ) -> bool {
        let from = Instant::parse(from).unwrap();
        let records: Vec<String> = (0..=half_hours)
            .map(|step| {
                let seconds = from.plus_seconds(step * 1_800).as_micros() / 1_000_000;
                format!(
                    "{{\"n\":\"east\",\"u\":\"Wh\",\"t\":{seconds},\"v\":{}}}",
                    10_000 + step * watt_hours
                )
            })
            .collect();
        let base = format!("{{\"bn\":\"{}\",", urn_of(person.point.as_bytes()));
        let json = format!("[{}]", records.join(",")).replacen('{', &base, 1);
        let payload = Pack::from_json(json.as_bytes()).unwrap().to_cbor();
        let header = Header {
            content: ContentType::SenmlCbor,
            gateway_id: *self.id.as_bytes(),
            point_id: *person.point.as_bytes(),
            batch_id: *BatchId::random(&*house.entropy).unwrap().as_bytes(),
            sequence: 1,
            created_at_us: house.broker.now().as_micros(),
        };
        let sign = |message: &[u8]| self.pair.sign(message).as_ref().try_into().unwrap();
        house
            .broker
            .intake(&encode(&header, &payload, sign).unwrap())
            .await
            .is_ok()
    }
}

#[tokio::test]
async fn the_curve_of_a_day_stands_beside_its_table() {
    let house = House::build().await;
    house.granted(&house.anna).await;
    let gateway = Gateway::enrol(&house, &house.anna, [7; 32]).await;
    house.set_clock("2026-11-20T09:10:00Z");
    assert!(
        gateway
            .send(&house, &house.anna, "2026-11-19T23:00:00Z", 20, 123)
            .await
    );

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
    let gateway = Gateway::enrol(&house, &house.anna, [7; 32]).await;
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
        assert_eq!(
            gateway
                .send(&house, &house.anna, "2026-11-19T23:00:00Z", 4, 100)
                .await,
            taken
        );
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
