//! Facts about unusual use and about breaches.

use broker_domain::breach::{AuthorityTold, Breach, BreachFacts, Nature, PeopleTold, Scope, Severity};
use broker_domain::volume::{DayOfUse, Unusual};

use super::samples::{
    assert_conflict, at, consent, disclosure, files, furnish, id, manifest, membership, refused, release,
    request, span, transfer, transfer_in,
};
use crate::{BreachCounts, MailAddressRow, Serial, Store, TransferRow, Tx, UnusualRow};

/// Something unusual of day `number` under consent 1.
pub fn unusual(number: u8) -> UnusualRow {
    UnusualRow {
        consent: id(1),
        day: at(i64::from(number)),
        unusual: Unusual::Transfers { found: 40, usual: 4 },
        noticed_at: at(i64::from(number)),
    }
}

/// Breach `number`, written down by officer 1.
pub fn breach(number: u8, scope: Scope) -> Breach {
    Breach {
        id: id(number),
        recorded_by: id(1),
        recorded_at: at(i64::from(number)),
        facts: BreachFacts {
            known_at: at(1),
            nature: vec![Nature::Confidentiality, Nature::Availability],
            severity: Severity::Important,
            scope,
            from: None,
            until: None,
            happened: "a disk was sold".into(),
            data_kinds: "curves".into(),
            consequences: "burglary".into(),
            measures: "keys changed".into(),
            contact: "dpo@broker.example".into(),
            texts: ["fr".into(), "en".into(), "nl".into()],
        },
        authority: None,
        people: PeopleTold::Undecided,
    }
}

fn under(number: u8, sharing: u8) -> TransferRow {
    TransferRow {
        consent: Some(id(sharing)),
        ..transfer(number, 1)
    }
}

/// What was refused or came in is no use of a sharing, and neither is what moved outside of the span.
pub async fn busy_sharings_are_found_by_count_and_by_span(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("use").await.unwrap();
    for number in [3, 4, 5] {
        tx.add_consent(&consent(number, 1)).await.unwrap();
    }
    for row in [
        under(6, 3),
        under(7, 3),
        TransferRow {
            span: span(0, 7_200),
            ..under(8, 4)
        },
        under(9, 5),
        under(20, 5),
        TransferRow {
            consent: Some(id(5)),
            ..refused(10, 1)
        },
        TransferRow {
            consent: Some(id(5)),
            ..transfer_in(11, 1)
        },
    ] {
        tx.add_transfer(&row).await.unwrap();
    }
    let day = span(0, 15);
    let least = DayOfUse {
        transfers: 2,
        longest_s: 7_200,
    };
    let often = DayOfUse {
        transfers: 2,
        longest_s: 1_800,
    };
    let long = DayOfUse {
        transfers: 1,
        longest_s: 7_200,
    };
    let found = tx.busy_sharings(&day, least, None, 9).await.unwrap();
    assert_eq!(found, [(id(3), often), (id(4), long)]);
    assert_eq!(tx.busy_sharings(&day, least, None, 1).await.unwrap().len(), 1);
    let rest = tx.busy_sharings(&day, least, Some(id(3)), 9).await.unwrap();
    assert_eq!(rest, [(id(4), long)]);
    assert_eq!(tx.use_of(id(3), &day).await.unwrap(), often);
    assert_eq!(tx.use_of(id(5), &day).await.unwrap().transfers, 1);
    assert_eq!(tx.use_of(id(9), &day).await.unwrap(), DayOfUse::default());
    assert_eq!(tx.accesses_of(id(5), 9).await.unwrap(), [at(20), at(9)]);
    assert_eq!(tx.accesses_of(id(5), 1).await.unwrap(), [at(20)]);
}

/// Seen again, what was found may have grown; when it was noticed stays.
pub async fn something_unusual_is_noted_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("note").await.unwrap();
    tx.add_consent(&consent(1, 1)).await.unwrap();
    let more = |found: u32| UnusualRow {
        unusual: Unusual::Transfers { found, usual: 9 },
        noticed_at: at(50),
        ..unusual(3)
    };
    let long = UnusualRow {
        unusual: Unusual::Span {
            found_s: 900,
            usual_s: 60,
        },
        ..unusual(4)
    };
    for row in [unusual(3), more(60), more(50), long] {
        tx.note_unusual(&row).await.unwrap();
    }
    let grown = UnusualRow {
        unusual: Unusual::Transfers { found: 60, usual: 4 },
        ..unusual(3)
    };
    assert_eq!(tx.unusual_of(id(1)).await.unwrap(), [long, grown]);
    assert_eq!(
        tx.unusual(9).await.unwrap(),
        [(id(1), long), (id(1), grown)],
        "newest first, with whose it is"
    );
    assert_eq!(tx.unusual(1).await.unwrap().len(), 1);
}

/// The register keeps what people were told of as it was then.
pub async fn a_breach_comes_back_and_changes_until_people_are_told(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("write down").await.unwrap();
    let one = breach(3, Scope::All);
    tx.add_breach(&one).await.unwrap();
    tx.add_breach(&breach(4, Scope::Recipient(id(1)))).await.unwrap();
    assert_eq!(tx.breach(id(3)).await.unwrap(), Some(one.clone()));
    assert_eq!(tx.breach(id(9)).await.unwrap(), None);
    let newest: Vec<_> = tx.breaches(1).await.unwrap().iter().map(|row| row.id).collect();
    assert_eq!(newest, [id(4)]);
    let changed = BreachFacts {
        from: Some(at(2)),
        until: Some(at(9)),
        nature: vec![Nature::Integrity],
        severity: Severity::Limited,
        scope: Scope::Gateway(id(2)),
        ..one.facts.clone()
    };
    tx.set_breach(id(3), &changed).await.unwrap();
    assert_eq!(tx.breach(id(3)).await.unwrap().unwrap().facts, changed);
    assert_eq!(tx.begin_breach_notice(id(3), id(1), at(7)).await.unwrap(), 1);
    let told = tx.breach(id(3)).await.unwrap().unwrap().people;
    let expected = PeopleTold::Telling {
        at: at(7),
        by: id(1),
        people: 1,
        despite: None,
    };
    assert_eq!(told, expected);
    assert_conflict(tx.set_breach(id(3), &one.facts).await, "breach");
    assert_conflict(tx.begin_breach_notice(id(3), id(1), at(8)).await, "breach");
    assert_conflict(tx.leave_untold(id(3), "encrypted").await, "breach");
    tx.leave_untold(id(4), "encrypted").await.unwrap();
    let reason = "encrypted".to_owned();
    assert_eq!(
        tx.breach(id(4)).await.unwrap().unwrap().people,
        PeopleTold::Not { reason }
    );
    assert_conflict(tx.leave_untold(id(4), "again").await, "breach");
    tx.set_breach(id(4), &changed).await.unwrap();
    assert_eq!(tx.begin_breach_notice(id(4), id(1), at(8)).await.unwrap(), 1);
    let ordered = PeopleTold::Telling {
        at: at(8),
        by: id(1),
        people: 1,
        despite: Some("encrypted".into()),
    };
    assert_eq!(tx.breach(id(4)).await.unwrap().unwrap().people, ordered);
    assert_conflict(tx.begin_breach_notice(id(4), id(1), at(9)).await, "breach");
    assert_conflict(tx.begin_breach_notice(id(9), id(1), at(8)).await, "breach");
}

async fn people(tx: &mut dyn Tx, scope: Scope, from: Option<i64>, until: Option<i64>) -> u64 {
    let facts = BreachFacts {
        from: from.map(at),
        until: until.map(at),
        ..breach(3, scope).facts
    };
    tx.concerned(&facts).await.unwrap().people
}

/// Of a recipient: whoever's curves it received in the span, or is in a release to one of its researchers.
pub async fn a_breach_concerns_those_of_its_scope(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("touch").await.unwrap();
    tx.add_consent(&consent(1, 1)).await.unwrap();
    tx.add_transfer(&transfer(5, 1)).await.unwrap();
    tx.add_transfer(&refused(6, 2)).await.unwrap();
    tx.add_transfer(&transfer_in(7, 2)).await.unwrap();
    let tx = &mut *tx;
    let recipient = Scope::Recipient(id(1));
    assert_eq!(people(tx, Scope::All, None, None).await, 2);
    assert_eq!(people(tx, recipient, None, None).await, 1);
    assert_eq!(people(tx, recipient, Some(5), Some(6)).await, 1);
    assert_eq!(people(tx, recipient, Some(6), None).await, 0);
    assert_eq!(people(tx, recipient, None, Some(5)).await, 0);
    assert_eq!(people(tx, Scope::Recipient(id(9)), None, None).await, 0);
    assert_eq!(people(tx, Scope::Consent(id(1)), None, None).await, 1);
    assert_eq!(people(tx, Scope::Consent(id(9)), None, None).await, 0);
    assert_eq!(people(tx, Scope::Gateway(id(2)), Some(1), Some(2)).await, 1);
    assert_eq!(people(tx, Scope::Erased, None, None).await, 0);
    tx.add_request(&request(3)).await.unwrap();
    tx.add_release(&release(3), &files(3), &membership(3))
        .await
        .unwrap();
    let rows = [disclosure(14, 1, 3), disclosure(15, 2, 3)];
    tx.add_manifest(&manifest(3, 2), b"rows", &rows).await.unwrap();
    assert_eq!(people(tx, recipient, None, None).await, 2, "each counts once");
}

/// Whoever was told is told no more; who has no address is counted apart.
pub async fn each_is_told_of_a_breach_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("tell").await.unwrap();
    let address = MailAddressRow {
        participant: id(2),
        epoch: 1,
        sealed: vec![2; 64],
        set_at: at(0),
    };
    tx.set_mail_address(&address).await.unwrap();
    tx.add_breach(&breach(3, Scope::All)).await.unwrap();
    assert_eq!(tx.breach_untold(None, 9).await.unwrap(), []);
    assert_eq!(tx.begin_breach_notice(id(3), id(1), at(7)).await.unwrap(), 2);
    assert_eq!(
        tx.breach_untold(None, 9).await.unwrap(),
        [(id(3), id(1)), (id(3), id(2))]
    );
    assert_eq!(tx.breach_untold(None, 1).await.unwrap().len(), 1);
    let (first, second) = ((id(3), id(1)), (id(3), id(2)));
    assert_eq!(tx.breach_untold(Some(first), 9).await.unwrap(), [second]);
    assert_eq!(tx.breach_untold(Some(second), 9).await.unwrap(), []);
    assert_eq!(tx.breaches_of(id(1)).await.unwrap(), [], "not before she is told");
    tx.breach_told(id(3), id(1), at(8), Serial(5)).await.unwrap();
    assert_conflict(
        tx.breach_told(id(3), id(1), at(9), Serial(6)).await,
        "breach_person",
    );
    assert_conflict(
        tx.breach_told(id(3), id(99), at(9), Serial(6)).await,
        "breach_person",
    );
    assert_eq!(tx.breach_untold(None, 9).await.unwrap(), [(id(3), id(2))]);
    let told = tx.breaches_of(id(1)).await.unwrap();
    assert_eq!(
        (told.len(), told[0].told_at, told[0].leaf_index, told[0].breach.id),
        (1, at(8), 5, id(3))
    );
    let counts = BreachCounts {
        people: 2,
        told: 1,
        without_address: 1,
    };
    assert_eq!(tx.breach_counts(id(3)).await.unwrap(), counts);
}

/// With why it was late, where it was.
pub async fn the_authority_is_told_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("tell").await.unwrap();
    tx.add_breach(&breach(3, Scope::All)).await.unwrap();
    let told = AuthorityTold {
        at: at(60),
        reference: "CNIL-1".into(),
        late: Some("holidays".into()),
    };
    tx.set_authority_told(id(3), &told).await.unwrap();
    assert_conflict(tx.set_authority_told(id(3), &told).await, "breach");
    assert_eq!(tx.breach(id(3)).await.unwrap().unwrap().authority, Some(told));
}
