//! What a person changes about a sharing, from the page to the next transfer and to the record.

use broker_domain::consent::{Consent, State};
use broker_domain::ids::{ConsentId, Digest, TransferId};
use broker_domain::time::{Instant, Interval, Step};
use broker_service::{
    ChangeRefusal, DeliveryRefusal, Failure, Narrowing, Order, RenewalClick, RenewalShown, Together,
    WithdrawalRefusal,
};
use evidence::bundle::Bundle;
use evidence::record::Record;
use test_support::SystemEntropy;

use crate::browser::{Answer, Browser};
use crate::house::{House, Person};

pub async fn consent(house: &House, id: ConsentId) -> Consent {
    let mut read = house.broker.read().await.unwrap();
    read.consent(id).await.unwrap().unwrap()
}

/// The last word of a delivery of one hour from `start`, at this step: its code, or "delivered".
pub async fn asked_for(house: &House, id: ConsentId, start: Instant, step: Step) -> String {
    let start = start.next_on_grid(Step::from_seconds(3_600).unwrap());
    let order = Order {
        transfer: TransferId::random(&SystemEntropy).unwrap(),
        authorisation: id,
        interval: Interval::new(start, start.plus_seconds(86_400)).unwrap(),
        step,
    };
    match house.broker.deliver(&house.application, order).await {
        Ok(_) => "delivered".into(),
        Err(Failure::Refused(DeliveryRefusal::NotCovered { refusal, .. })) => refusal.code().into(),
        other => panic!("{other:?}"),
    }
}

pub async fn asked_now(house: &House, id: ConsentId) -> String {
    let given = consent(house, id).await;
    asked_for(house, id, given.data.start(), Step::HALF_HOUR).await
}

fn click(notice: Digest) -> RenewalClick {
    RenewalClick {
        shown: RenewalShown {
            notice,
            last_day: "2027-11-10".parse().unwrap(),
        },
        proved_at: None,
    }
}

/// Opens a page of a sharing and posts its form.
async fn change(browser: &mut Browser, id: ConsentId, what: &str, typed: &[(&str, &str)]) -> Answer {
    let path = format!("/moi/partages/{id}/{what}");
    let page = browser.open(&path).await;
    browser.submit(&page, &path, typed).await
}

/// The newest record of the sharing, as its receipt has it, verified.
pub async fn newest_record(browser: &mut Browser, id: ConsentId) -> Record {
    let page = browser.open(&format!("/moi/partages/{id}")).await;
    let receipts = page.body.split("receipts-title").nth(2).unwrap().to_owned();
    // The bundle; other forms of the proof lie one level deeper.
    let links = receipts
        .split("href=\"")
        .map(|part| part.split('"').next().unwrap());
    let mut bundles = links.filter(|link| link.starts_with("/moi/preuves/") && link.split('/').count() == 4);
    let link = bundles.next().unwrap().to_owned();
    let bundle = Bundle::parse(&browser.get(&link).await.bytes).unwrap();
    bundle.verify(None, None).unwrap();
    Record::parse(&bundle.record.verify(&bundle.record_key).unwrap()).unwrap()
}

#[tokio::test]
async fn p_12_a_pause_stops_transfers_until_its_day_and_keeps_the_agreement() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let start = consent(&house, id).await.data.start();
    let mut anna = house.as_anna().await;
    let empty = change(&mut anna, id, "pause", &[]).await;
    assert_eq!(empty.status, 422, "no day is chosen beforehand");
    let past = change(&mut anna, id, "pause", &[("reprise", "2026-11-19")]).await;
    assert_eq!(past.status, 422);
    let answer = change(&mut anna, id, "pause", &[("reprise", "2026-11-24")]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    assert!(consent(&house, id).await.state(house.broker.now()).is_given());

    let record = newest_record(&mut anna, id).await;
    assert_eq!(record.name(), "consent-changed/1");
    let home = anna.open("/moi").await;
    assert!(home.text().contains("1 partage en pause"), "{}", home.text());
    assert!(home.text().contains("En pause"), "{}", home.text());
    let list = anna.open("/moi/partages?filtre=en-pause").await;
    assert!(list.text().contains("Labo Énergie"), "{}", list.text());

    // Over by itself, without anybody's act; what was measured meanwhile stays away.
    house.set_clock("2026-11-24T12:00:00Z");
    assert_eq!(
        asked_for(&house, id, start.plus_seconds(86_400), Step::HALF_HOUR).await,
        "paused-period"
    );
    let after = Instant::parse("2026-11-24T00:00:00Z").unwrap();
    assert_eq!(asked_for(&house, id, after, Step::HALF_HOUR).await, "delivered");
    assert!(!anna.open("/moi").await.text().contains("En pause"));
}

#[tokio::test]
async fn p_12_a_pause_is_ended_early_by_an_act_of_its_own() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    assert_eq!(anna.get(&format!("/moi/partages/{id}/reprise")).await.status, 409);
    change(&mut anna, id, "pause", &[("reprise", "2026-11-24")]).await;
    let sooner = change(&mut anna, id, "pause", &[("reprise", "2026-11-22")]).await;
    assert_eq!(sooner.status, 422, "a shorter pause is a resumption");
    let longer = change(&mut anna, id, "pause", &[("reprise", "2026-12-24")]).await;
    assert_eq!(longer.status, 303, "{}", longer.body);
    house.set_clock("2026-11-25T12:00:00Z");
    assert_eq!(asked_now(&house, id).await, "consent-paused");

    // A session that was not used for too long may take away and not give back.
    let page = anna.open(&format!("/moi/partages/{id}/reprise")).await;
    let stale = anna
        .submit(&page, &format!("/moi/partages/{id}/reprise"), &[])
        .await;
    assert_ne!(stale.status, 303);
    assert_eq!(asked_now(&house, id).await, "consent-paused");
    let longer = change(&mut anna, id, "pause", &[("reprise", "2026-12-25")]).await;
    assert_eq!(longer.status, 303, "{}", longer.body);
    let less = change(&mut anna, id, "reduction", &[("fin", "2027-01-24")]).await;
    assert_eq!(less.status, 303, "{}", less.body);
    let page = anna.open(&format!("/moi/partages/{id}/renouvellement")).await;
    let stale = anna
        .submit(&page, &format!("/moi/partages/{id}/renouvellement"), &[])
        .await;
    assert_ne!(stale.status, 303);

    let answer = change(&mut house.as_anna().await, id, "reprise", &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let after = house.broker.now();
    assert_eq!(asked_for(&house, id, after, Step::HALF_HOUR).await, "delivered");
}

#[tokio::test]
async fn p_12_a_paused_sharing_is_withdrawn_like_any_other() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    change(&mut anna, id, "pause", &[("reprise", "2026-11-24")]).await;
    let first = anna.open("/moi").await;
    let confirm = anna.open(&first.link("/retrait")).await;
    let answer = anna.submit(&confirm, &confirm.action("/retrait"), &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(asked_now(&house, id).await, "consent-withdrawn");
    assert_eq!(anna.get(&format!("/moi/partages/{id}/pause")).await.status, 409);
}

#[tokio::test]
async fn p_13_less_is_left_without_withdrawing_everything() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let start = consent(&house, id).await.data.start();
    let mut anna = house.as_anna().await;
    let page = anna.open(&format!("/moi/partages/{id}/reduction")).await;
    assert!(!page.body.contains("selected") && !page.body.contains("checked"));
    let nothing = change(&mut anna, id, "reduction", &[]).await;
    assert_eq!(nothing.status, 422, "what is as now is not less");
    let answer = change(
        &mut anna,
        id,
        "reduction",
        &[("pas", "86400"), ("fin", "2026-12-24")],
    )
    .await;
    assert_eq!(answer.status, 303, "{}", answer.body);

    assert_eq!(
        asked_for(&house, id, start, Step::HALF_HOUR).await,
        "granularity-too-fine"
    );
    assert_eq!(asked_for(&house, id, start, Step::DAY).await, "delivered");
    let shown = anna.open(&format!("/moi/partages/{id}")).await.text();
    assert!(shown.contains("une valeur par jour"), "{shown}");
    assert!(shown.contains("24 décembre 2026"), "{shown}");
    let listed = house.broker.authorisations(&house.application).await.unwrap();
    assert_eq!(listed[0].terms.step, Step::DAY);
    let record = newest_record(&mut anna, id).await;
    assert_eq!(record.name(), "consent-narrowed/2");
    let Record::Consent(record) = record else {
        panic!("not a consent record");
    };
    let document = record.document().to_string();
    assert_eq!(record.version(), 2);
    assert!(document.contains("2026-12-24"), "the new last day: {document}");

    // No way back but a new agreement, and the end is the earlier one.
    let more = change(&mut anna, id, "reduction", &[("pas", "1800")]).await;
    assert_eq!(more.status, 422);
    house.set_clock("2026-12-25T12:00:00Z");
    assert_eq!(asked_for(&house, id, start, Step::DAY).await, "consent-expired");
}

#[tokio::test]
async fn p_14_everything_is_withdrawn_from_one_organisation_or_at_all() {
    for path in [None, Some("/moi/partages/tout/retrait")] {
        let house = House::build().await;
        let id = house.granted(&house.anna).await;
        let neighbours = house.granted(&house.bruno).await;
        let mut anna = house.as_anna().await;
        let path = path.map_or_else(
            || format!("/moi/partages/{id}/organisation/retrait"),
            str::to_owned,
        );
        let page = anna.open(&path).await;
        assert!(page.text().contains("Labo Énergie"), "{}", page.text());
        let answer = anna.submit(&page, &path, &[]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let ended = anna.open(&answer.header("location")).await;
        assert!(ended.text().contains("Labo Énergie"), "{}", ended.text());
        assert_eq!(asked_now(&house, id).await, "consent-withdrawn");
        assert_eq!(
            asked_now(&house, neighbours).await,
            "delivered",
            "somebody else's stand"
        );
        assert!(anna.open(&path).await.text().contains("rien à retirer"));
    }
}

#[tokio::test]
async fn p_20_a_renewal_is_a_new_act_beside_the_old_terms() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let first_end = consent(&house, id).await.data.end();
    // Ten minutes before midnight.
    house.set_clock("2027-11-10T22:50:00Z");
    let mut anna = house.as_anna().await;
    let page = anna.open(&format!("/moi/partages/{id}/renouvellement")).await;
    assert!(page.text().contains("Le même texte"), "{}", page.text());
    let path = format!("/moi/partages/{id}/renouvellement");
    for (field, other) in [("notice", "autre"), ("fin", "2028-11-01"), ("fin", "")] {
        let mut fields = page.hidden_fields(&path);
        for (name, value) in &mut fields {
            if name == field {
                other.clone_into(value);
            }
        }
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let lost = anna.post(&path, &fields).await;
        assert_eq!(
            lost.status, 422,
            "agreed to something else than was shown: {field}"
        );
    }
    // The page of yesterday shows an end of yesterday.
    house.set_clock("2027-11-10T23:05:00Z");
    let fields = page.hidden_fields(&path);
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(anna.post(&path, &fields).await.status, 422);
    let answer = change(&mut anna, id, "renouvellement", &[]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let renewed = consent(&house, id).await;
    assert!(first_end < renewed.terms_now(house.broker.now()).data.end());
    let record = newest_record(&mut anna, id).await;
    assert_eq!(record.name(), "consent-renewed/2");
    house.set_clock("2027-12-10T12:00:00Z");
    let start = Instant::parse("2027-12-08T12:00:00Z").unwrap();
    assert_eq!(asked_for(&house, id, start, Step::HALF_HOUR).await, "delivered");
}

#[tokio::test]
async fn p_20_nothing_renews_by_silence_or_after_the_end() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let end = consent(&house, id).await.data.end();
    house.set_clock(&end.to_string());
    let announced = house
        .broker
        .announce_expired(house.broker.now(), 10)
        .await
        .unwrap();
    assert_eq!(announced.len(), 1);
    assert_eq!((announced[0].consent, announced[0].ended_at), (id, end));
    assert!(
        house
            .broker
            .announce_expired(house.broker.now(), 10)
            .await
            .unwrap()
            .is_empty(),
        "once"
    );
    assert_eq!(asked_now(&house, id).await, "consent-expired");
    let mut anna = house.as_anna().await;
    assert_eq!(
        anna.get(&format!("/moi/partages/{id}/renouvellement"))
            .await
            .status,
        409
    );
    let notice = house.offer.offer.notice;
    let late = house.broker.renew(house.anna.id, id, click(notice)).await;
    assert!(matches!(late, Err(Failure::Refused(ChangeRefusal::NotInForce))));
    assert_eq!(newest_record(&mut anna, id).await.name(), "consent-expired/2");
}

#[tokio::test]
async fn a_pause_is_no_version_of_the_consent_record() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    change(&mut anna, id, "pause", &[("reprise", "2026-11-24")]).await;
    change(&mut anna, id, "reprise", &[]).await;
    let withdrawn = change(&mut anna, id, "retrait", &[]).await;
    assert_eq!(withdrawn.status, 303, "{}", withdrawn.body);
    let Record::Consent(record) = newest_record(&mut anna, id).await else {
        panic!("not a consent record");
    };
    assert_eq!(record.version(), 2);
}

#[tokio::test]
async fn p_24_deciding_later_leaves_a_reminder_and_nothing_else() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let offer = house.offer.offer.id;
    let size = house.broker.latest_checkpoint().size();
    let path = format!("/moi/partages/nouveau/{offer}/plus-tard");
    let screen = anna.open(&format!("/moi/partages/nouveau/{offer}")).await;
    assert!(screen.body.contains(&path));
    let page = anna.open(&path).await;
    assert_eq!(anna.submit(&page, &path, &[]).await.status, 422);
    let answer = anna.submit(&page, &path, &[("rappel", "2026-12-01")]).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let shown = |page: Answer| page.body.contains(&format!("/moi/partages/nouveau/{offer}"));
    assert!(!shown(anna.open("/moi/partages").await));
    assert!(
        shown(anna.open("/moi/partages/nouveau").await),
        "still to be found by whoever looks"
    );
    assert_eq!(house.consents(&house.anna).await, 0);
    assert_eq!(
        house.broker.latest_checkpoint().size(),
        size,
        "nothing is recorded"
    );
    house.set_clock("2026-12-01T00:00:00Z");
    assert!(shown(anna.open("/moi/partages").await));
}

#[tokio::test]
async fn p_24_a_refusal_is_not_asked_about_again_for_six_months() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let offer = house.offer.offer.id;
    let path = format!("/moi/partages/nouveau/{offer}");
    let screen = anna.open(&path).await;
    let field = format!("answer-{offer}");
    anna.submit(&screen, &path, &[(&field, "refuse")]).await;
    for (day, asked) in [("2026-11-20", false), ("2027-05-19", false), ("2027-05-23", true)] {
        house.set_clock(&format!("{day}T12:00:00Z"));
        let mut anna = house.as_anna().await;
        let list = anna.open("/moi/partages").await;
        assert_eq!(list.body.contains(&path), asked, "{day}");
    }
}

#[tokio::test]
async fn somebody_elses_sharing_is_not_found_and_policies_are_asked() {
    let house = House::build().await;
    let theirs = house.granted(&house.bruno).await;
    let own = house.granted(&house.anna).await;
    let mut anna = house.as_anna().await;
    for what in [
        "pause",
        "reprise",
        "reduction",
        "renouvellement",
        "organisation/retrait",
    ] {
        let answer = anna.get(&format!("/moi/partages/{theirs}/{what}")).await;
        assert_eq!(answer.status, 404, "{what}");
    }
    let (who, until) = (house.anna.id, house.broker.now().plus_seconds(86_400));
    let not_hers = house.broker.pause(who, theirs, until).await;
    assert!(matches!(not_hers, Err(Failure::Refused(ChangeRefusal::NotYours))));
    house.forbid_everything();
    let less = Narrowing {
        step: Step::DAY,
        until,
    };
    let refused = [
        house.broker.pause(who, own, until).await,
        house.broker.narrow(who, own, less).await,
        house.broker.end_pause(who, own).await,
        house
            .broker
            .renew(who, own, click(house.offer.offer.notice))
            .await,
    ];
    for answer in refused {
        assert!(
            matches!(answer, Err(Failure::Refused(ChangeRefusal::NotYours))),
            "{answer:?}"
        );
    }
    let together = house.broker.withdraw_together(who, Together::Everything).await;
    assert!(matches!(
        together,
        Err(Failure::Refused(WithdrawalRefusal::NotYours))
    ));
}

#[tokio::test]
async fn of_two_changes_at_once_each_stands_or_is_told_to_repeat() {
    let house = House::build().await;
    let id = house.granted(&house.anna).await;
    let person: &Person = &house.anna;
    let until = house.broker.now().plus_seconds(86_400);
    let (paused, withdrawn) = tokio::join!(
        house.broker.pause(person.id, id, until),
        house.broker.withdraw(person.id, id)
    );
    assert!(paused.is_ok() || withdrawn.is_ok());
    if withdrawn.is_err() {
        house.broker.withdraw(person.id, id).await.unwrap();
    }
    let now = house.broker.now();
    assert!(matches!(
        consent(&house, id).await.state(now),
        State::Withdrawn { .. }
    ));
    assert_eq!(asked_now(&house, id).await, "consent-withdrawn");
}
