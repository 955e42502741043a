//! Facts about gateways and enrolment codes.

use broker_domain::gateway::{FieldClass, Measuring, Settings};
use broker_domain::time::Step;

use super::samples::{assert_conflict, at, enrolment_code, furnish, gateway, id};
use crate::{EnrolmentCode, GatewayRow, Store};

/// Settings survive in every detail, the order of fields included.
pub async fn a_gateway_comes_back_with_its_settings(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("add").await.unwrap();
    let mut all = gateway(5);
    (all.gateway.participant, all.gateway.point) = (id(1), id(1));
    all.gateway.settings = Settings {
        version: 7,
        measuring: Measuring::Off,
        fields: FieldClass::ALL.into_iter().rev().collect(),
        step: Step::DAY,
    };
    all.last_seen_at = Some(at(77));
    let mut none = gateway(4);
    (none.gateway.participant, none.gateway.point) = (id(1), id(1));
    none.gateway.settings.fields.clear();
    tx.add_gateway(&all).await.unwrap();
    tx.add_gateway(&none).await.unwrap();
    assert_eq!(tx.gateway(id(5)).await.unwrap(), Some(all.clone()));
    assert_eq!(tx.gateways_of(id(1)).await.unwrap(), [gateway(1), none, all]);
    assert_eq!(tx.gateway(id(9)).await.unwrap(), None);
}

/// A key names one gateway.
pub async fn a_public_key_is_registered_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("add").await.unwrap();
    let mut twin = gateway(1);
    twin.gateway.id = id(9);
    assert_conflict(tx.add_gateway(&twin).await, "gateway");
    assert_conflict(
        tx.add_gateway(&GatewayRow {
            gateway: gateway(1).gateway,
            ..gateway(9)
        })
        .await,
        "gateway",
    );
}

/// Two people at two screens: the second must read again.
pub async fn settings_only_move_to_the_next_version(store: &dyn Store) {
    furnish(store).await;
    let second = Settings::initial().switched(Measuring::Off);
    let third = second.clone().switched(Measuring::On);
    let mut tx = store.begin("switch").await.unwrap();
    assert_conflict(tx.set_gateway_settings(id(1), &third).await, "gateway");
    tx.set_gateway_settings(id(1), &second).await.unwrap();
    assert_conflict(tx.set_gateway_settings(id(1), &second).await, "gateway");
    assert_conflict(tx.set_gateway_settings(id(9), &second).await, "gateway");
    assert_eq!(tx.gateway(id(1)).await.unwrap().unwrap().gateway.settings, second);
    assert_eq!(tx.gateway(id(2)).await.unwrap(), Some(gateway(2)));
}

/// Batches may be taken out of order.
pub async fn the_last_sight_of_a_gateway_never_goes_back(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("touch").await.unwrap();
    for seconds in [10, 30, 20] {
        tx.touch_gateway(id(1), at(seconds)).await.unwrap();
    }
    assert_eq!(
        tx.gateway(id(1)).await.unwrap().unwrap().last_seen_at,
        Some(at(30))
    );
    assert_conflict(tx.touch_gateway(id(9), at(1)).await, "gateway");
}

/// A second use is a conflict, and so is the same code twice.
pub async fn a_code_enrols_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("enrol").await.unwrap();
    tx.add_enrolment_code(&enrolment_code(1)).await.unwrap();
    assert_conflict(tx.add_enrolment_code(&enrolment_code(1)).await, "enrolment_code");
    assert_eq!(tx.enrolment_code([1; 32]).await.unwrap(), Some(enrolment_code(1)));
    tx.use_enrolment_code([1; 32], id(1)).await.unwrap();
    assert_conflict(tx.use_enrolment_code([1; 32], id(2)).await, "enrolment_code");
    assert_conflict(tx.use_enrolment_code([9; 32], id(1)).await, "enrolment_code");
    let used = EnrolmentCode {
        used_by: Some(id(1)),
        ..enrolment_code(1)
    };
    assert_eq!(tx.enrolment_code([1; 32]).await.unwrap(), Some(used));
    assert_eq!(tx.enrolment_code([9; 32]).await.unwrap(), None);
    tx.commit().await.unwrap();
}
