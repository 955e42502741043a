//! Facts about people, points and keys.

use super::samples::{assert_conflict, at, furnish, id, key, participant, point};
use crate::{ParticipantRow, PointRow, Store};

/// The given ordinal is the stored one.
pub async fn a_participant_comes_back_with_an_ordinal(store: &dyn Store) {
    let mut tx = store.begin("add").await.unwrap();
    let ordinal = tx.add_participant(&participant(1)).await.unwrap();
    let expected = ParticipantRow {
        ordinal,
        ..participant(1)
    };
    assert_eq!(tx.participant(id(1)).await.unwrap(), Some(expected));
    assert_eq!(tx.participant(id(2)).await.unwrap(), None);
    assert_conflict(tx.add_participant(&participant(1)).await, "participant");
}

/// Ordinals start at 1, grow by 1, and those of the erased stay taken.
pub async fn ordinals_are_given_once_in_order(store: &dyn Store) {
    let mut tx = store.begin("add").await.unwrap();
    assert_eq!(tx.add_participant(&participant(9)).await.unwrap(), 1);
    assert_eq!(tx.add_participant(&participant(8)).await.unwrap(), 2);
    tx.erase_participant(id(8)).await.unwrap();
    assert_eq!(tx.add_participant(&participant(7)).await.unwrap(), 3);
}

/// The first page is after 0.
pub async fn participants_come_in_pages_by_ordinal(store: &dyn Store) {
    let mut tx = store.begin("add").await.unwrap();
    for number in [5, 3, 4] {
        tx.add_participant(&participant(number)).await.unwrap();
    }
    let first = tx.participants(0, 2).await.unwrap();
    assert_eq!(
        first.iter().map(|row| (row.ordinal, row.id)).collect::<Vec<_>>(),
        [(1, id(5)), (2, id(3))]
    );
    let second = tx.participants(2, 2).await.unwrap();
    assert_eq!(second.iter().map(|row| row.id).collect::<Vec<_>>(), [id(4)]);
    assert_eq!(tx.participants(3, 2).await.unwrap(), []);
}

/// One meter has one point, whoever registers it.
pub async fn a_point_comes_back_and_its_number_is_unique(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("add").await.unwrap();
    assert_eq!(tx.point(id(1)).await.unwrap(), Some(point(1)));
    assert_eq!(tx.point(id(9)).await.unwrap(), None);
    let twin = PointRow {
        id: id(9),
        participant: id(2),
        ..point(1)
    };
    assert_conflict(tx.add_point(&twin).await, "point");
}

/// By age, not by identifier.
pub async fn points_come_oldest_first(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("add").await.unwrap();
    let newer = |number: u8, seconds| PointRow {
        participant: id(1),
        created_at: at(seconds),
        ..point(number)
    };
    tx.add_point(&newer(4, 50)).await.unwrap();
    tx.add_point(&newer(5, 40)).await.unwrap();
    assert_eq!(
        tx.points_of(id(1)).await.unwrap(),
        [point(1), newer(5, 40), newer(4, 50)]
    );
    assert_eq!(tx.points_of(id(2)).await.unwrap(), [point(2)]);
}

/// An epoch has one key for ever.
pub async fn keys_come_back_by_epoch_and_newest(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("add").await.unwrap();
    tx.add_key(&key(1, 3)).await.unwrap();
    tx.add_key(&key(1, 2)).await.unwrap();
    assert_conflict(tx.add_key(&key(1, 2)).await, "wrapped_key");
    assert_eq!(tx.newest_key(id(1)).await.unwrap(), Some(key(1, 3)));
    assert_eq!(tx.key(id(1), 2).await.unwrap(), Some(key(1, 2)));
    assert_eq!(tx.key(id(1), 4).await.unwrap(), None);
    assert_eq!(tx.newest_key(id(2)).await.unwrap(), Some(key(2, 1)));
}
