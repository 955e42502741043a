//! Facts about what is told and needs no answer, and about addresses that wait for their code.

use super::samples::{application, assert_conflict, at, furnish, id};
use crate::{
    Addressee, Channel, MailPendingRow, Store, StuckRow, TellingBody, TellingCounts, TellingEnd, TellingRow,
};

/// Telling `number` about participant 1 to organisation 1, due at `number` seconds.
pub fn telling(number: u8) -> TellingRow {
    TellingRow {
        id: id(number),
        to: Addressee::Organisation(id(1)),
        body: TellingBody::About(id(1), vec![number; 8]),
        queued_at: at(number.into()),
        due_at: at(number.into()),
        attempts: 0,
    }
}

/// An address of a participant that waits.
pub fn pending(who: u8) -> MailPendingRow {
    MailPendingRow {
        participant: id(who),
        epoch: 1,
        sealed: vec![who; 64],
        message: id(who),
        code_sealed: vec![9; 64],
        code_hash: [who; 32],
        expires_at: at(60),
        attempts_left: 5,
    }
}

/// In order, by its own way, until it ended; then nothing of what was told is left.
pub async fn a_telling_is_due_until_it_ended(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("tell").await.unwrap();
    tx.add_application(&application(1)).await.unwrap();
    let hook = TellingRow {
        to: Addressee::Application(id(1), id(1)),
        ..telling(3)
    };
    let staff = TellingRow {
        to: Addressee::Staff,
        body: TellingBody::Sealed(vec![4; 8]),
        ..telling(4)
    };
    for row in [telling(2), telling(1), hook.clone(), staff.clone()] {
        tx.add_telling(&row).await.unwrap();
        tx.add_telling(&row).await.unwrap();
    }
    assert_eq!(tx.telling(id(4)).await.unwrap(), Some(staff.clone()));
    let letters = tx.tellings_due(Channel::Letter, at(9), 9, 9).await.unwrap();
    assert_eq!(letters, [telling(1), telling(2), staff.clone()]);
    let hooks = tx.tellings_due(Channel::Webhook, at(9), 9, 9).await.unwrap();
    assert_eq!(hooks, [hook]);
    let one_each = tx.tellings_due(Channel::Letter, at(9), 1, 9).await.unwrap();
    assert_eq!(one_each, [telling(1), staff]);
    tx.begin_telling(id(1), at(60)).await.unwrap();
    tx.begin_telling(id(3), at(60)).await.unwrap();
    let begun = tx.tellings_begun(None, 9).await.unwrap();
    assert_eq!(begun, [(id(1), 1)], "letters only");
    tx.end_telling(id(1), TellingEnd::Told, at(61)).await.unwrap();
    let ended = tx.telling(id(1)).await.unwrap().unwrap();
    assert_eq!(ended.body, TellingBody::About(id(1), Vec::new()));
    assert_conflict(tx.begin_telling(id(1), at(70)).await, "telling");
    assert_conflict(tx.end_telling(id(1), TellingEnd::Told, at(70)).await, "telling");
    tx.end_telling(id(2), TellingEnd::GivenUp, at(62)).await.unwrap();
    let counts = TellingCounts {
        waiting: 0,
        retrying: 1,
        given_up: 1,
        told: 1,
    };
    assert_eq!(tx.telling_counts().await.unwrap(), counts);
    tx.drop_tellings(at(62)).await.unwrap();
    assert_eq!(tx.telling(id(1)).await.unwrap(), None);
    assert!(tx.telling(id(2)).await.unwrap().is_some());
}

/// Sealed and given up, it is kept with what it says; an officer ends it, once.
pub async fn what_was_not_told_of_an_erasure_waits_for_an_officer(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("tell").await.unwrap();
    let sealed = |number: u8| TellingRow {
        body: TellingBody::Sealed(vec![number; 8]),
        ..telling(number)
    };
    for row in [sealed(1), sealed(2), sealed(3), telling(4)] {
        tx.add_telling(&row).await.unwrap();
    }
    tx.begin_telling(id(2), at(60)).await.unwrap();
    assert_eq!(
        tx.tellings_stuck(1, 9).await.unwrap().len(),
        1,
        "tried once, still to come"
    );
    assert_eq!(tx.tellings_stuck(2, 9).await.unwrap(), []);
    for number in [1, 4] {
        tx.end_telling(id(number), TellingEnd::GivenUp, at(61))
            .await
            .unwrap();
    }
    tx.end_telling(id(3), TellingEnd::Told, at(61)).await.unwrap();
    let stuck = StuckRow {
        telling: sealed(1),
        given_up_at: Some(at(61)),
    };
    assert_eq!(tx.tellings_stuck(2, 9).await.unwrap(), [stuck]);
    tx.drop_tellings(at(900)).await.unwrap();
    assert!(
        tx.telling(id(1)).await.unwrap().is_some(),
        "it waits for an officer"
    );
    assert_eq!(tx.telling(id(4)).await.unwrap(), None);
    tx.handle_telling(id(1), id(1), at(70)).await.unwrap();
    tx.handle_telling(id(2), id(1), at(70)).await.unwrap();
    assert_conflict(tx.handle_telling(id(1), id(1), at(71)).await, "telling");
    assert_conflict(tx.begin_telling(id(2), at(80)).await, "telling");
    assert_eq!(tx.tellings_stuck(1, 9).await.unwrap(), []);
    let handled = tx.telling(id(2)).await.unwrap().unwrap();
    assert_eq!(handled.body, TellingBody::Sealed(Vec::new()));
    tx.drop_tellings(at(900)).await.unwrap();
    assert_eq!(tx.telling(id(1)).await.unwrap(), None);
}

/// The newest one counts; its code is gone once it was sent.
pub async fn an_address_waits_for_its_code(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("set address").await.unwrap();
    assert_eq!(tx.mail_pending(id(1)).await.unwrap(), None);
    let newer = MailPendingRow {
        message: id(7),
        attempts_left: 4,
        ..pending(1)
    };
    for row in [pending(1), newer.clone()] {
        tx.set_mail_pending(&row).await.unwrap();
        assert_eq!(tx.mail_pending(id(1)).await.unwrap(), Some(row));
    }
    tx.forget_mail_code(id(1)).await.unwrap();
    assert_eq!(tx.mail_pending(id(1)).await.unwrap(), Some(newer));
    tx.forget_mail_code(id(7)).await.unwrap();
    assert!(
        tx.mail_pending(id(1))
            .await
            .unwrap()
            .unwrap()
            .code_sealed
            .is_empty()
    );
    tx.forget_mail_pending(id(1)).await.unwrap();
    assert_eq!(tx.mail_pending(id(1)).await.unwrap(), None);
    assert_conflict(tx.set_mail_pending(&pending(99)).await, "mail_pending");
}
