//! P-27 and P-29: unusual use, breaches and yearly summaries are told, each once.

use broker_domain::breach::{AuthorityTold, BreachFacts, Nature, PeopleTold, Scope, Severity};
use broker_domain::ids::{BreachId, ConsentId, TransferId};
use broker_domain::policy::Principal;
use broker_domain::time::{Interval, Step};
use broker_domain::volume::Unusual;
use broker_service::{BreachRefusal, Failure, Order, OwnRefusal, SummaryWish};
use test_support::SystemEntropy;

use crate::telling::{DAY, Telling};

/// Delivers the first hours of the sharing, so often.
async fn deliver(told: &Telling, consent: ConsentId, times: u32, hours: i64) {
    let broker = &told.scene.broker;
    let read = broker.read().await.unwrap().consent(consent).await;
    let start = read.unwrap().unwrap().data.start().next_on_grid(Step::HALF_HOUR);
    for _ in 0..times {
        let order = Order {
            transfer: TransferId::random(&SystemEntropy).unwrap(),
            authorisation: consent,
            interval: Interval::new(start, start.plus_seconds(hours * 3_600)).unwrap(),
            step: Step::HALF_HOUR,
        };
        broker.deliver(&told.application, order).await.unwrap();
    }
}

async fn told_of_unusual(told: &Telling) -> usize {
    told.round().await;
    let subjects = told.subjects();
    subjects
        .iter()
        .filter(|subject| subject.starts_with("Un envoi inhabituel"))
        .count()
}

#[tokio::test]
async fn p_27_a_day_with_far_more_transfers_than_usual_is_told_once_and_listed() {
    let told = Telling::scene().await;
    let consent = told.agree().await;
    let (broker, who) = (&told.scene.broker, told.person.participant);
    for _ in 0..4 {
        deliver(&told, consent, 2, 1).await;
        assert_eq!(told_of_unusual(&told).await, 0, "two a day are usual");
        told.scene.clock.turn(DAY);
    }
    deliver(&told, consent, 19, 1).await;
    assert_eq!(told_of_unusual(&told).await, 0, "few are never unusual");
    deliver(&told, consent, 2, 1).await;
    assert_eq!(told_of_unusual(&told).await, 1);
    deliver(&told, consent, 5, 1).await;
    assert_eq!(told_of_unusual(&told).await, 0, "once a day");
    let rows = broker.unusual_under(who, consent).await.unwrap();
    let found: Vec<_> = rows.iter().map(|row| row.unusual).collect();
    assert_eq!(found, [Unusual::Transfers { found: 26, usual: 2 }]);
    let desk = broker.unusual_everywhere(told.scene.officer).await.unwrap();
    assert_eq!(desk, [(who, rows[0])]);
    // What came in the last hours of a day is found the day after.
    told.scene.clock.turn(DAY);
    deliver(&told, consent, 30, 1).await;
    told.scene.clock.turn(DAY);
    assert_eq!(told_of_unusual(&told).await, 1);
    assert_eq!(told_of_unusual(&told).await, 0);
    let other = told.scene.registered("22222222222222", "other").await;
    let hers = broker.unusual_under(other.participant, consent).await;
    assert!(matches!(hers, Err(Failure::Refused(OwnRefusal::NotYours))));
    broker.erase(Principal::Participant(who), who).await.unwrap();
    assert_eq!(broker.unusual_everywhere(told.scene.officer).await.unwrap(), []);
}

/// The subjects of her letters, each letter once: two processes at once may both hand one over, under one identifier, as one file.
fn distinct(told: &Telling) -> Vec<String> {
    let mut letters = std::mem::take(&mut *told.letters.sent.lock().unwrap());
    letters.sort_by_key(|letter| letter.id);
    letters.dedup_by_key(|letter| letter.id);
    letters
        .into_iter()
        .filter(|letter| letter.to.as_str() == "anna@home.example")
        .map(|letter| letter.subject)
        .collect()
}

fn facts(told: &Telling, scope: Scope) -> BreachFacts {
    BreachFacts {
        known_at: told.scene.broker.now(),
        nature: vec![Nature::Confidentiality],
        severity: Severity::Important,
        scope,
        from: None,
        until: None,
        happened: "a disk was sold".into(),
        data_kinds: "curves".into(),
        consequences: "burglary".into(),
        measures: "keys changed".into(),
        contact: "dpo@broker.example".into(),
        texts: [
            "Un disque a été vendu.".into(),
            "A disk was sold.".into(),
            "Een schijf werd verkocht.".into(),
        ],
    }
}

async fn written(told: &Telling, scope: Scope) -> BreachId {
    let facts = facts(told, scope);
    told.scene
        .broker
        .record_breach(told.scene.officer, facts)
        .await
        .unwrap()
}

#[tokio::test]
async fn p_27_each_person_is_told_of_a_breach_once_whatever_happens_to_the_process() {
    let told = Telling::scene().await;
    let broker = &told.scene.broker;
    for number in 0..5 {
        let meter = format!("3000000000000{number}");
        told.scene.registered(&meter, &format!("key {number}")).await;
    }
    told.subjects();
    let id = written(&told, Scope::All).await;
    let officer = told.scene.officer;
    let preview = broker.breach_preview(officer, id).await.unwrap();
    assert_eq!((preview.counts.people, preview.counts.without_address), (6, 5));
    told.round().await;
    assert_eq!(told.subjects(), [""; 0], "nobody is told before it was decided");
    let wrong = broker.tell_of_breach(officer, id, 5).await;
    assert!(matches!(
        wrong,
        Err(Failure::Refused(BreachRefusal::NumberChanged))
    ));
    assert_eq!(told.subjects(), [""; 0]);
    broker.tell_of_breach(officer, id, 6).await.unwrap();
    let again = broker.tell_of_breach(officer, id, 6).await;
    assert!(matches!(again, Err(Failure::Refused(BreachRefusal::Decided))));
    let before = broker.latest_checkpoint().size().get();
    // Cut short anywhere, and twice at once: what is left is found again, and nobody is told twice.
    for micros in [1, 500, 5_000] {
        let cut = std::time::Duration::from_micros(micros);
        let _ = tokio::time::timeout(cut, told.round()).await;
    }
    let (one, two) = (told.duties(), told.duties());
    let (one, two) = tokio::join!(one.round(), two.round());
    one.unwrap();
    two.unwrap();
    told.round().await;
    assert_eq!(distinct(&told), ["Un incident concerne vos données"]);
    let counts = broker.breach_preview(officer, id).await.unwrap().counts;
    assert_eq!((counts.people, counts.told), (6, 6));
    let own = broker.own_breaches(told.person.participant).await.unwrap();
    assert_eq!(own.len(), 1);
    assert_eq!(
        own[0].text(broker_domain::lang::Lang::French),
        "Un disque a été vendu."
    );
    let proof = broker
        .own_receipt(told.person.participant, own[0].leaf_index)
        .await;
    assert!(!proof.unwrap().bundle.is_empty());
    // One record each, and map roots: at least one a batch, so not more than two leaves a person.
    let written = broker.latest_checkpoint().size().get() - before;
    assert!((7..=12).contains(&written), "{written}");
    told.round().await;
    assert_eq!(broker.latest_checkpoint().size().get(), before + written);
}

#[tokio::test]
async fn p_27_a_breach_concerns_those_whose_data_a_recipient_received() {
    let told = Telling::scene().await;
    let (broker, officer) = (&told.scene.broker, told.scene.officer);
    told.scene.registered("22222222222222", "other").await;
    let consent = told.agree().await;
    let recipient = Scope::Recipient(told.application.organisation);
    let id = written(&told, recipient).await;
    let people = async || broker.breach_preview(officer, id).await.unwrap().counts.people;
    assert_eq!(people().await, 0, "agreeing is not receiving");
    deliver(&told, consent, 1, 1).await;
    assert_eq!(people().await, 1);
    let only = written(&told, Scope::Consent(consent)).await;
    assert_eq!(
        broker.breach_preview(officer, only).await.unwrap().counts.people,
        1
    );
    // Erased between the decision and the telling: nobody is left to tell, and the register names nobody.
    broker.tell_of_breach(officer, only, 1).await.unwrap();
    let who = told.person.participant;
    broker.erase(Principal::Participant(who), who).await.unwrap();
    told.round().await;
    let left = broker.breach_preview(officer, only).await.unwrap();
    assert_eq!((left.counts.people, left.breach.facts.scope), (0, Scope::Erased));
}

#[tokio::test]
async fn p_27_the_authority_is_told_within_72_hours_or_why_not() {
    let told = Telling::scene().await;
    let (broker, officer) = (&told.scene.broker, told.scene.officer);
    let id = written(&told, Scope::All).await;
    let note = async |late: Option<&str>, reference: &str| {
        let told = AuthorityTold {
            at: broker.now(),
            reference: reference.into(),
            late: late.map(str::to_owned),
        };
        broker.authority_was_told(officer, id, told).await
    };
    told.scene.clock.turn(3 * DAY + 1);
    assert!(matches!(
        note(None, "CNIL-7").await,
        Err(Failure::Refused(BreachRefusal::LateWithoutReason))
    ));
    assert!(matches!(
        note(Some("holidays"), "").await,
        Err(Failure::Refused(BreachRefusal::WordsMissing))
    ));
    note(Some("holidays"), "CNIL-7").await.unwrap();
    assert!(matches!(
        note(Some("holidays"), "CNIL-8").await,
        Err(Failure::Refused(BreachRefusal::AuthorityDate))
    ));
    let early = written(&told, Scope::All).await;
    let in_time = AuthorityTold {
        at: broker.now(),
        reference: "CNIL-9".into(),
        late: Some("not late at all".into()),
    };
    broker.authority_was_told(officer, early, in_time).await.unwrap();
    let register = broker.breach_register(officer).await.unwrap();
    let late: Vec<_> = register
        .iter()
        .map(|entry| entry.breach.authority.as_ref().unwrap().late.as_deref())
        .collect();
    assert_eq!(late, [None, Some("holidays")]);
}

#[tokio::test]
async fn p_27_what_people_were_told_stays_in_the_register() {
    let told = Telling::scene().await;
    let (broker, officer) = (&told.scene.broker, told.scene.officer);
    let empty = BreachFacts {
        measures: String::new(),
        ..facts(&told, Scope::All)
    };
    let id = broker.record_breach(officer, empty).await.unwrap();
    assert!(matches!(
        broker.tell_of_breach(officer, id, 1).await,
        Err(Failure::Refused(BreachRefusal::NotReady))
    ));
    let whole = facts(&told, Scope::All);
    broker.change_breach(officer, id, whole.clone()).await.unwrap();
    broker.tell_of_breach(officer, id, 1).await.unwrap();
    assert!(matches!(
        broker.change_breach(officer, id, whole.clone()).await,
        Err(Failure::Refused(BreachRefusal::Decided))
    ));
    assert!(matches!(
        broker.leave_people_untold(officer, id, "encrypted").await,
        Err(Failure::Refused(BreachRefusal::Decided))
    ));
    let other = written(&told, Scope::All).await;
    broker
        .leave_people_untold(officer, other, "encrypted")
        .await
        .unwrap();
    assert!(matches!(
        broker.leave_people_untold(officer, other, "others").await,
        Err(Failure::Refused(BreachRefusal::Decided))
    ));
}

/// GDPR art. 34(4): why they were not told stays in the register.
#[tokio::test]
async fn p_27_people_are_told_where_the_authority_orders_it() {
    let told = Telling::scene().await;
    let (broker, officer) = (&told.scene.broker, told.scene.officer);
    let short = BreachFacts {
        texts: Default::default(),
        ..facts(&told, Scope::All)
    };
    let id = broker.record_breach(officer, short).await.unwrap();
    broker
        .leave_people_untold(officer, id, "encrypted")
        .await
        .unwrap();
    let whole = facts(&told, Scope::All);
    broker.change_breach(officer, id, whole).await.unwrap();
    told.subjects();
    broker.tell_of_breach(officer, id, 1).await.unwrap();
    told.round().await;
    assert_eq!(distinct(&told), ["Un incident concerne vos données"]);
    let people = broker.breach_preview(officer, id).await.unwrap().breach.people;
    assert!(
        matches!(&people, PeopleTold::Telling { despite: Some(reason), .. } if reason == "encrypted"),
        "{people:?}"
    );
}

#[tokio::test]
async fn p_27_when_a_breach_became_known_stays_once_the_authority_was_told() {
    let told = Telling::scene().await;
    let (broker, officer) = (&told.scene.broker, told.scene.officer);
    let id = written(&told, Scope::All).await;
    let known = broker.breach_preview(officer, id).await.unwrap().breach.facts;
    told.scene.clock.turn(DAY);
    let authority = AuthorityTold {
        at: broker.now(),
        reference: "CNIL-7".into(),
        late: None,
    };
    broker.authority_was_told(officer, id, authority).await.unwrap();
    let later = facts(&told, Scope::All);
    assert!(matches!(
        broker.change_breach(officer, id, later).await,
        Err(Failure::Refused(BreachRefusal::KnownAtStays))
    ));
    let more = BreachFacts {
        measures: "the disk was found".into(),
        ..known
    };
    broker.change_breach(officer, id, more).await.unwrap();
}

/// A look is due every quarter of an hour, and after a day has ended.
#[tokio::test]
async fn p_27_what_was_looked_at_just_now_is_not_looked_at_again() {
    let told = Telling::scene().await;
    let consent = told.agree().await;
    let (broker, who) = (&told.scene.broker, told.person.participant);
    for _ in 0..4 {
        deliver(&told, consent, 2, 1).await;
        told.scene.clock.turn(DAY);
    }
    deliver(&told, consent, 21, 1).await;
    let duties = told.duties();
    let found = async || {
        duties.round().await.unwrap();
        broker.unusual_under(who, consent).await.unwrap()[0]
    };
    let first = found().await;
    deliver(&told, consent, 4, 1).await;
    told.scene.clock.turn(899);
    assert_eq!(found().await, first);
    told.scene.clock.turn(1);
    let grown = found().await;
    assert_eq!(grown.unusual, Unusual::Transfers { found: 25, usual: 2 });
    assert_eq!(grown.noticed_at, first.noticed_at);
}

#[tokio::test]
async fn p_29_a_summary_is_made_on_request_and_every_year_until_she_says_no_more() {
    let told = Telling::scene().await;
    let consent = told.agree().await;
    deliver(&told, consent, 3, 1).await;
    told.round().await;
    told.subjects();
    let (broker, who) = (&told.scene.broker, told.person.participant);
    let span = broker.make_summary(who).await.unwrap();
    told.round().await;
    assert_eq!(told.subjects(), ["Votre bilan de l'année est prêt"]);
    assert_eq!(broker.make_summary(who).await.unwrap(), span, "once a day");
    told.round().await;
    assert_eq!(told.subjects(), [""; 0]);
    let summary = broker.summary(who, span.end()).await.unwrap();
    assert_eq!(summary.sharings.len(), 1);
    assert_eq!(
        (summary.sharings[0].transfers, summary.sharings[0].events.len()),
        (3, 1)
    );
    broker.want_summaries(who, SummaryWish::EveryYear).await.unwrap();
    let due = broker.summaries(who).await.unwrap().next.unwrap();
    told.scene.clock.turn(DAY);
    broker.want_summaries(who, SummaryWish::EveryYear).await.unwrap();
    assert_eq!(
        broker.summaries(who).await.unwrap().next,
        Some(due),
        "wished again"
    );
    told.scene.clock.turn(363 * DAY);
    told.round().await;
    assert_eq!(broker.summaries(who).await.unwrap().made.len(), 1);
    told.subjects();
    told.scene.clock.turn(2 * DAY);
    let (one, two) = (told.duties(), told.duties());
    let (one, two) = tokio::join!(one.round(), two.round());
    one.unwrap();
    two.unwrap();
    told.round().await;
    let ready = distinct(&told)
        .into_iter()
        .filter(|subject| subject.starts_with("Votre bilan"))
        .count();
    let wishes = broker.summaries(who).await.unwrap();
    assert_eq!((ready, wishes.made.len()), (1, 2));
    assert_eq!(wishes.made[0].end(), due);
    broker.want_summaries(who, SummaryWish::NoMore).await.unwrap();
    told.scene.clock.turn(800 * DAY);
    told.round().await;
    assert_eq!(broker.summaries(who).await.unwrap().made.len(), 2);
    let other = told.scene.registered("22222222222222", "other").await;
    let hers = broker.summary(other.participant, span.end()).await;
    assert!(matches!(hers, Err(Failure::Refused(OwnRefusal::NotYours))));
}
