//! P-31: what a joint holder does not see, who ends it, and what happens when two act at once.

use broker_domain::consent::State;
use broker_domain::ids::{ConsentId, ParticipantId};
use broker_domain::policy::Principal;
use broker_service::{ChangeRefusal, Failure, JointOrder, MandateRefusal, OwnRefusal, WithdrawalRefusal};

use crate::house::House;
use crate::joint::{Couple, grants, posts};
use crate::mandates::{accepted, code_in, given, only_consent};

#[tokio::test]
async fn p_31_a_joint_holder_sees_nothing_else_of_the_other_and_nobody_s_meter_but_the_shared() {
    let mut couple = Couple::under("one").await;
    let own = couple.house.granted(&couple.house.bruno).await;
    grants(&couple.house, &mut couple.anna).await;
    // She sees nothing of the meter that is his alone.
    assert_eq!(couple.anna.get(&format!("/moi/partages/{own}")).await.status, 404);
    assert_eq!(
        couple
            .anna
            .get(&format!("/moi/partages/{own}/retrait"))
            .await
            .status,
        404
    );
    let hand = couple.his_hand().await;
    let broker = &couple.house.broker;
    let size = broker
        .read()
        .await
        .unwrap()
        .newest_head()
        .await
        .unwrap()
        .unwrap()
        .size;
    let mut shown = 0;
    for leaf in 0..size {
        let hers = broker.own_receipt(couple.house.anna.id, leaf).await.is_ok();
        let his = broker.own_receipt(hand, leaf).await;
        shown += usize::from(his.is_ok());
        assert!(his.is_err() || hers, "leaf {leaf}");
    }
    assert_eq!(
        shown, 1,
        "of her list the one sharing, not her enrolment and not her mandates"
    );
    // Not by acting for her either, and not what is about her as a person.
    let acts = couple.bruno.open("/mandats/agir").await;
    assert!(
        acts.text().contains("Aucun mandat n'est en cours"),
        "{}",
        acts.text()
    );
    let elsewhere = broker.own_totals(hand, couple.house.bruno.point, &[]).await;
    assert!(elsewhere.is_ok(), "nothing is opened for no span");
    let now = broker.now();
    let span = broker_domain::time::Interval::new(now, now.plus_seconds(60)).unwrap();
    let elsewhere = broker.own_totals(hand, couple.house.bruno.point, &[span]).await;
    assert!(matches!(elsewhere, Err(Failure::Refused(OwnRefusal::NotYours))));
    let switched = format!("/moi/compteurs/{}/mesure", couple.house.anna.point);
    let page = couple.bruno.open("/moi").await;
    assert!(!page.body.contains(&switched));
    assert_ne!(couple.bruno.forge(&page, &switched).await.status, 303);
}

#[tokio::test]
async fn p_31_a_stranger_and_a_delegate_are_no_holders() {
    let mut couple = Couple::under("both").await;
    grants(&couple.house, &mut couple.anna).await;
    let id = only_consent(&couple.house).await;
    let clara = crate::house::join(&couple.house.broker, "Clara", "33333333333333").await;
    let (broker, notice) = (&couple.house.broker, couple.house.offer.offer.notice);
    let foreign = broker.agree_too(clara.id, id, (notice, None)).await;
    assert!(matches!(foreign, Err(Failure::Refused(ChangeRefusal::NotYours))));
    let foreign = broker.withdraw(clara.id, id).await;
    assert!(matches!(
        foreign,
        Err(Failure::Refused(WithdrawalRefusal::NotYours))
    ));
    // Whoever acts for Bruno does not hold what he holds with her: also Anna, who would then give both words herself.
    let code = given(&mut couple.bruno, &["view", "grant"]).await;
    accepted(&mut couple.anna, &code).await;
    crate::mandates::acts(&mut couple.anna).await;
    for page in ["", "/accord", "/retrait"] {
        let answer = couple.anna.get(&format!("/moi/partages/{id}{page}")).await;
        assert_eq!(answer.status, 404, "{page}");
    }
    // Nor does a form from elsewhere agree.
    let page = couple.bruno.open("/moi/partages").await;
    let forged = couple
        .bruno
        .forge(&page, &format!("/moi/partages/{id}/accord"))
        .await;
    assert_ne!(forged.status, 303);
    let state = couple.state(id).await;
    assert!(matches!(state, State::Waiting { .. }), "{state:?}");
}

#[tokio::test]
async fn p_31_each_leaves_for_herself_and_neither_puts_the_other_out() {
    let mut couple = Couple::under("both").await;
    grants(&couple.house, &mut couple.anna).await;
    let id = only_consent(&couple.house).await;
    let page = couple.anna.open("/moi/cotitulaires").await;
    assert!(
        page.text().contains("Aucun des deux titulaires n'écarte l'autre"),
        "{}",
        page.text()
    );
    let held = couple
        .house
        .broker
        .holders_shown(couple.house.anna.point)
        .await
        .unwrap();
    let mandate = held[0].mandate.id;
    let refused = couple
        .house
        .broker
        .end_mandate(couple.house.anna.id, mandate)
        .await;
    assert!(matches!(refused, Err(Failure::Refused(MandateRefusal::NotAlone))));
    // He leaves: he sees nothing any more, and his word is awaited no more.
    let path = format!("/moi/mandats/{mandate}/fin");
    let page = couple.bruno.open(&path).await;
    let left = couple.bruno.submit(&page, &path, &[]).await;
    assert_eq!(
        (left.status, left.header("location")),
        (303, "/moi/mandats?fait=mandat-termine".into())
    );
    assert_eq!(couple.bruno.get(&format!("/moi/partages/{id}")).await.status, 404);
    let hers = couple.anna.open(&format!("/moi/partages/{id}")).await;
    assert!(hers.text().contains("Attend votre réponse"), "{}", hers.text());
    assert_eq!(posts(&mut couple.anna, id, "accord", &[]).await.status, 303);
    assert!(couple.state(id).await.is_given());
}

#[tokio::test]
async fn p_31_a_move_out_of_whoever_enrolled_the_meter_ends_its_sharings_for_both() {
    let mut couple = Couple::under("both").await;
    grants(&couple.house, &mut couple.anna).await;
    let waiting = only_consent(&couple.house).await;
    let broker = &couple.house.broker;
    broker
        .leave_home(couple.house.anna.id, couple.house.anna.point, broker.now())
        .await
        .unwrap();
    let late = posts(&mut couple.bruno, waiting, "accord", &[]).await;
    assert_eq!(late.status, 409, "{}", late.text());
    assert!(!couple.state(waiting).await.is_given());
}

#[tokio::test]
async fn p_31_an_officer_invites_the_second_holder_and_records_the_end() {
    let house = House::build().await;
    let mut officer = house.as_officer().await;
    let found = async |officer: &mut crate::browser::Browser| {
        let page = officer.open("/dpo/cotitulaires").await;
        let typed = [("numero", "11111111111111")];
        officer.submit(&page, "/dpo/cotitulaires", &typed).await
    };
    let page = found(&mut officer).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let typed = [("nom", "Bruno"), ("regle", "both")];
    let answer = officer
        .submit(&page, "/dpo/cotitulaires/invitation", &typed)
        .await;
    let mut bruno = house.signed_in("participant", house.bruno.id.to_string()).await;
    accepted(&mut bruno, &code_in(&answer)).await;
    assert_eq!(house.broker.holdings_of(house.bruno.id).await.unwrap().len(), 1);
    let page = found(&mut officer).await;
    let ended = officer.submit(&page, "/dpo/cotitulaires/fin", &[]).await;
    assert_eq!(ended.status, 303, "{}", ended.text());
    assert!(house.broker.holdings_of(house.bruno.id).await.unwrap().is_empty());
    // A participant does neither.
    let mut anna = house.as_anna().await;
    assert_eq!(anna.get("/dpo/cotitulaires").await.status, 403);
}

async fn erased(house: &House, who: ParticipantId) {
    let by = Principal::Participant(who);
    house.broker.erase(by, who).await.unwrap();
}

async fn waiting(couple: &mut Couple) -> ConsentId {
    grants(&couple.house, &mut couple.anna).await;
    only_consent(&couple.house).await
}

#[tokio::test]
async fn p_31_when_one_agrees_and_the_other_takes_it_back_at_once_one_of_the_two_holds() {
    let mut couple = Couple::under("both").await;
    let id = waiting(&mut couple).await;
    let (broker, hand) = (&couple.house.broker, couple.his_hand().await);
    let notice = couple.house.offer.offer.notice;
    let (yes, no) = tokio::join!(
        broker.agree_too(hand, id, (notice, None)),
        broker.withdraw(couple.house.anna.id, id)
    );
    assert!(yes.is_ok() != no.is_ok(), "{yes:?} {no:?}");
    assert_eq!(couple.state(id).await.is_given(), yes.is_ok());
    // Whoever was too late says so once more, and it holds.
    if no.is_err() {
        broker.withdraw(couple.house.anna.id, id).await.unwrap();
        assert!(!couple.state(id).await.is_given());
    }
}

#[tokio::test]
async fn p_31_two_who_agree_at_once_make_one_agreement() {
    let mut couple = Couple::under("both").await;
    let id = waiting(&mut couple).await;
    let (broker, hand) = (&couple.house.broker, couple.his_hand().await);
    let notice = couple.house.offer.offer.notice;
    let (one, other) = tokio::join!(
        broker.agree_too(hand, id, (notice, None)),
        broker.agree_too(hand, id, (notice, None))
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    assert!(couple.state(id).await.is_given());
    let given = crate::changes::consent(&couple.house, id).await;
    assert_eq!(given.events.len(), 2);
}

#[tokio::test]
async fn p_31_the_erasure_of_one_leaves_the_other_deciding() {
    let mut couple = Couple::under("both").await;
    let id = waiting(&mut couple).await;
    erased(&couple.house, couple.house.bruno.id).await;
    assert!(matches!(couple.state(id).await, State::Waiting { .. }));
    assert_eq!(posts(&mut couple.anna, id, "accord", &[]).await.status, 303);
    assert!(couple.state(id).await.is_given());
    let page = couple.anna.open("/moi/cotitulaires").await;
    assert!(
        page.text().contains("Vous n'avez aucun contrat en commun"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn p_31_the_erasure_of_whoever_enrolled_the_meter_takes_its_sharings_along() {
    let mut couple = Couple::under("both").await;
    let id = waiting(&mut couple).await;
    erased(&couple.house, couple.house.anna.id).await;
    assert_eq!(couple.bruno.get(&format!("/moi/partages/{id}")).await.status, 404);
    assert!(
        couple
            .house
            .broker
            .holdings_of(couple.house.bruno.id)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn p_31_a_code_is_for_one_and_not_for_whoever_gave_it() {
    let house = House::build().await;
    let mut anna = house.as_anna().await;
    let page = anna.open("/moi/cotitulaires").await;
    let meter = house.bruno.point.to_string();
    let foreign = [("nom", "X"), ("compteur", meter.as_str()), ("regle", "one")];
    let answer = anna.submit(&page, "/moi/cotitulaires", &foreign).await;
    assert_eq!(answer.status, 404, "somebody else's meter: {}", answer.text());
    let unsaid = anna.submit(&page, "/moi/cotitulaires", &[("nom", "X")]).await;
    assert_eq!(
        unsaid.status,
        422,
        "no rule is chosen for anybody: {}",
        unsaid.text()
    );
    let order = JointOrder {
        label: String::new(),
        point: house.anna.point,
        rule: broker_domain::mandate::GrantRule::Both,
    };
    let stranger = house.broker.offer_joint(&[7; 32], &order).await;
    assert!(matches!(
        stranger,
        Err(Failure::Refused(MandateRefusal::SignIn(_)))
    ));
}

#[tokio::test]
async fn p_31_leaving_gives_the_other_the_word_and_takes_a_fresh_proof() {
    let mut couple = Couple::under("both").await;
    let held = couple.house.broker.holders_shown(couple.house.anna.point).await;
    let mandate = held.unwrap()[0].mandate.id;
    let path = format!("/moi/mandats/{mandate}/fin");
    couple.house.set_clock("2026-11-19T19:00:00Z");
    // What proved him ten minutes ago and more is not enough.
    let page = couple.bruno.open(&path).await;
    let asked = couple.bruno.submit(&page, &path, &[]).await;
    assert_eq!(asked.status, 303);
    let onto = asked.header("location");
    assert!(onto.starts_with("/compte/preuve"), "{onto}");
    let held = couple.house.broker.holders_shown(couple.house.anna.point).await;
    assert_eq!(held.unwrap().len(), 1, "he is a holder still");
}
