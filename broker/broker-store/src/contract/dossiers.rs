//! Facts about withdrawals told to recipients.

use super::samples::{assert_conflict, at, consent, furnish, id};
use crate::{AnswerRow, Channel, DossierRow, Duty, NoticeRow, PastData, RouteRow, Store, Tx};

/// The dossier about consent `number` of participant `who`.
pub fn dossier(number: u8, who: u8) -> DossierRow {
    DossierRow {
        id: id(number),
        consent: id(number),
        participant: id(who),
        recipient: id(1),
        withdrawn_at: at(5),
        deletion_asked_at: None,
    }
}

/// A notice by letter, to be acknowledged by second 100.
pub fn notice(dossier: DossierRow) -> NoticeRow {
    NoticeRow {
        id: id(10),
        dossier,
        application: None,
        duty: Duty::DeleteOrState,
        acknowledge_by: at(100),
        due_at: Some(at(5)),
        attempts: 0,
        told_at: None,
        answer: None,
        attested_at: None,
    }
}

fn answer(past_data: PastData) -> AnswerRow {
    AnswerRow {
        at: at(50),
        past_data,
        digest: [7; 32],
    }
}

async fn opened(tx: &mut dyn Tx) -> NoticeRow {
    tx.add_consent(&consent(10, 1)).await.unwrap();
    tx.add_dossier(&dossier(10, 1)).await.unwrap();
    let row = notice(dossier(10, 1));
    tx.add_notice_to(&row).await.unwrap();
    row
}

/// The last one set counts, and it is found by its organisation.
pub async fn a_route_is_set_and_replaced(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("enrol").await.unwrap();
    tx.add_application(&super::samples::application(1)).await.unwrap();
    let organisation = super::samples::application(1).organisation;
    for duty in Duty::ALL {
        let row = RouteRow {
            application: id(1),
            webhook_url: format!("https://{}.example/", duty.code()),
            signing_jwk: "{}".into(),
            duty,
        };
        tx.set_route(&row).await.unwrap();
        assert_eq!(tx.route(id(1)).await.unwrap().as_ref(), Some(&row));
        assert_eq!(tx.routes_of(organisation).await.unwrap(), [row]);
    }
    assert!(tx.routes_of(id(99)).await.unwrap().is_empty());
    let unknown = RouteRow {
        application: id(99),
        webhook_url: String::new(),
        signing_jwk: String::new(),
        duty: Duty::Delete,
    };
    assert_conflict(tx.set_route(&unknown).await, "route");
}

/// A second is a conflict.
pub async fn a_withdrawal_has_one_dossier(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("withdraw").await.unwrap();
    let row = opened(&mut *tx).await;
    assert_eq!(tx.notices_in(id(10)).await.unwrap(), std::slice::from_ref(&row));
    assert_eq!(tx.notices_about(id(10)).await.unwrap(), [row]);
    let second = DossierRow {
        id: id(11),
        ..dossier(10, 1)
    };
    assert_conflict(tx.add_dossier(&second).await, "dossier");
}

/// Then nothing is sent any more, and it is not overdue.
pub async fn a_recipient_is_told_until_it_answers(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("withdraw").await.unwrap();
    let row = opened(&mut *tx).await;
    assert!(
        tx.notices_due(Channel::Letter, at(4), 9, 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        tx.notices_due(Channel::Letter, at(5), 9, 9).await.unwrap(),
        std::slice::from_ref(&row)
    );
    assert!(tx.notices_begun(None, 9).await.unwrap().is_empty());
    assert!(
        tx.notices_due(Channel::Letter, at(5), 0, 9)
            .await
            .unwrap()
            .is_empty()
    );
    tx.begin_notice(row.id, Some(at(65))).await.unwrap();
    assert!(
        tx.notices_due(Channel::Letter, at(64), 9, 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(tx.notices_begun(None, 9).await.unwrap(), [(row.id, 1)]);
    assert!(tx.notices_begun(Some(row.id), 9).await.unwrap().is_empty());
    tx.notice_told(row.id, at(6), Some(at(100))).await.unwrap();
    tx.notice_told(row.id, at(7), Some(at(100))).await.unwrap();
    assert_eq!(tx.notices_in(id(10)).await.unwrap()[0].told_at, Some(at(6)));
    assert!(tx.notices_overdue(at(99), 9).await.unwrap().is_empty());
    assert_eq!(tx.notices_overdue(at(100), 9).await.unwrap().len(), 1);
    let kept = answer(PastData::Keep {
        basis: "invoices".into(),
    });
    tx.acknowledge_notice(row.id, &kept, "a.b.c").await.unwrap();
    assert!(tx.notices_overdue(at(999), 9).await.unwrap().is_empty());
    assert!(
        tx.notices_due(Channel::Letter, at(999), 9, 9)
            .await
            .unwrap()
            .is_empty()
    );
    tx.notice_told(row.id, at(8), Some(at(100))).await.unwrap();
    assert!(
        tx.notices_due(Channel::Letter, at(999), 9, 9)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(tx.notices_in(id(10)).await.unwrap()[0].answer, Some(kept.clone()));
    assert_eq!(
        tx.notice_proofs(row.id).await.unwrap(),
        (Some("a.b.c".into()), None)
    );
    let again = tx.acknowledge_notice(row.id, &kept, "d.e.f").await;
    assert_conflict(again, "dossier_notice");
    // Whoever keeps has nothing to attest.
    assert_conflict(tx.attest_notice(row.id, at(60), "g.h.i").await, "dossier_notice");
}

/// And once.
pub async fn a_promise_to_delete_is_overdue_until_attested(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("withdraw").await.unwrap();
    let row = opened(&mut *tx).await;
    let promised = answer(PastData::Delete { by: at(200) });
    tx.acknowledge_notice(row.id, &promised, "a.b.c").await.unwrap();
    assert!(tx.notices_overdue(at(199), 9).await.unwrap().is_empty());
    assert_eq!(tx.notices_overdue(at(200), 9).await.unwrap().len(), 1);
    tx.attest_notice(row.id, at(210), "d.e.f").await.unwrap();
    assert!(tx.notices_overdue(at(999), 9).await.unwrap().is_empty());
    assert_eq!(tx.notices_in(id(10)).await.unwrap()[0].attested_at, Some(at(210)));
    assert_conflict(tx.attest_notice(row.id, at(211), "x.y.z").await, "dossier_notice");
}

/// Once, and of everybody told.
pub async fn deletion_is_asked_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("withdraw").await.unwrap();
    let row = opened(&mut *tx).await;
    tx.ask_deletion(row.dossier.id, at(7)).await.unwrap();
    assert_conflict(tx.ask_deletion(row.dossier.id, at(8)).await, "dossier");
    let told = tx.notices_about(id(10)).await.unwrap();
    assert_eq!(told[0].dossier.deletion_asked_at, Some(at(7)));
}
