//! P-31 where one thing comes before another: two pauses, a rule that changes, a holder who is gone, another offer, a third holder.

use broker_domain::consent::{EvidenceLevel, State};
use broker_domain::household::CapacityEnd;
use broker_domain::ids::{OfferId, ParticipantId};
use broker_domain::lang::Lang;
use broker_domain::mandate::GrantRule;
use broker_domain::policy::Principal;
use broker_service::{
    CapacityEnded, ChangeRefusal, Claim, Failure, JointOrder, MandateRefusal, Member, RenewalClick,
    notice_digest,
};
use broker_store::{Notice, OfferRow};
use evidence::consent::ConsentAct;
use evidence::record::{MandateStepKind, Record};
use test_support::SystemEntropy;

use crate::codes_kept_back::end_capacity;
use crate::joint::{hand, holder, offered};
use crate::telling::{DAY, Telling};
use crate::two_officers::records;

#[tokio::test]
async fn p_31_a_later_pause_of_one_leaves_the_pause_of_the_other() {
    let told = Telling::scene().await;
    let (broker, anna) = (&told.scene.broker, told.person.participant);
    let bruno = holder(&told, GrantRule::Both).await;
    let his = hand(&told, &bruno).await;
    let consent = told.agree().await;
    let notice = told.offer.offer.notice;
    broker.agree_too(his, consent, (notice, None)).await.unwrap();
    let until = broker.now().plus_seconds(3 * DAY);
    broker.pause(his, consent, until).await.unwrap();
    broker.pause(anna, consent, until).await.unwrap();
    let resumed = broker.end_pause(anna, consent, None).await;
    assert!(matches!(
        resumed,
        Err(Failure::Refused(ChangeRefusal::PausedByAnother))
    ));
    // Once both are over, each ends a pause of her own.
    told.scene.clock.turn(4 * DAY);
    let until = broker.now().plus_seconds(3 * DAY);
    broker.pause(anna, consent, until).await.unwrap();
    broker.end_pause(anna, consent, None).await.unwrap();
}

#[tokio::test]
async fn p_31_an_agreement_does_not_count_over_a_holder_who_came_in_before() {
    let told = Telling::scene().await;
    let broker = &told.scene.broker;
    let bruno = holder(&told, GrantRule::Both).await;
    let his = hand(&told, &bruno).await;
    let clara = told.scene.registered("33333333333333", "laptop").await;
    let consent = told.agree().await;
    let desk = told.scene.desk(told.scene.officer).await;
    let given = broker.invite_joint(&desk, &third(&told)).await.unwrap();
    let notice = told.offer.offer.notice;
    let (accepted, _) = tokio::join!(
        broker.accept_mandate(&clara.token, Claim::Code(&given.code)),
        broker.agree_too(his, consent, (notice, None)),
    );
    accepted.unwrap();
    // In the order of her list, as whoever audits it reads it.
    let list = records(&told.scene, told.person.participant.into()).await;
    let came = list.iter().rposition(
        |record| matches!(record, Record::MandateJoint(step) if step.step == MandateStepKind::Accepted),
    );
    let counted = list
        .iter()
        .position(|record| matches!(record, Record::Consent(consent) if consent.act() == ConsentAct::Given));
    assert!(counted.is_none_or(|counted| Some(counted) < came));
}

fn third(told: &Telling) -> JointOrder {
    JointOrder {
        label: "Clara".into(),
        point: told.point,
        rule: GrantRule::Both,
    }
}

/// How often her list says that an officer ended what made somebody a holder.
async fn ends(told: &Telling, who: ParticipantId) -> usize {
    let list = records(&told.scene, who.into()).await.into_iter();
    let ends = list.filter(
        |record| matches!(record, Record::MandateJoint(step) if step.step == MandateStepKind::EndedByOfficer),
    );
    ends.count()
}

#[tokio::test]
async fn p_31_the_list_says_that_a_holder_died_and_a_mistake_brings_nobody_back() {
    let told = Telling::scene().await;
    let (scene, anna) = (&told.scene, told.person.participant);
    let bruno = holder(&told, GrantRule::Both).await;
    let ended = CapacityEnded {
        participant: bruno.participant,
        end: CapacityEnd::Died,
        since: scene.broker.now(),
        drawn: scene.broker.draw_case().unwrap(),
        directives: String::new(),
    };
    end_capacity(scene, &ended).await;
    assert_eq!(ends(&told, anna).await, 1);
    assert_eq!(ends(&told, bruno.participant).await, 1);
    let consent = told.agree().await;
    let state = async || {
        let found = scene.broker.read().await.unwrap().consent(consent).await;
        found.unwrap().unwrap().state(scene.broker.now())
    };
    assert!(matches!(state().await, State::Given { .. }));
    let undone = scene
        .broker
        .undo_capacity_end(scene.officer, bruno.participant, "Homonyme");
    undone.await.unwrap();
    let held = scene.broker.holdings_of(bruno.participant).await.unwrap();
    assert!(held.is_empty(), "an officer invites him anew");
    assert!(matches!(state().await, State::Given { .. }));
}

#[tokio::test]
async fn p_31_the_list_says_that_a_holder_was_erased() {
    let told = Telling::scene().await;
    let (broker, anna) = (&told.scene.broker, told.person.participant);
    let bruno = holder(&told, GrantRule::Both).await;
    let by = Principal::Participant(bruno.participant);
    broker.erase(by, bruno.participant).await.unwrap();
    assert_eq!(ends(&told, anna).await, 1);
    let consent = told.agree().await;
    let found = broker.read().await.unwrap().consent(consent).await.unwrap();
    assert!(matches!(found.unwrap().state(broker.now()), State::Given { .. }));
}

/// The same asked again with stronger evidence, in other words.
async fn other_words(told: &Telling) {
    let notices = Lang::ALL.map(|lang| {
        let text = format!("Other words ({})", lang.tag());
        Notice {
            digest: notice_digest(&text),
            language: lang.tag().into(),
            title: "Other words".into(),
            text,
        }
    });
    let mut row = OfferRow {
        notice_en: notices[1].digest,
        notice_nl: notices[2].digest,
        evidence: EvidenceLevel::L2,
        ..told.offer.clone()
    };
    row.offer.id = OfferId::random(&SystemEntropy).unwrap();
    row.offer.notice = notices[0].digest;
    let notices = Box::new(notices);
    let member = Member::Offer { row, notices };
    told.scene.broker.enrol_member(member).await.unwrap();
}

#[tokio::test]
async fn p_31_a_later_end_that_waits_is_not_completed_under_other_words() {
    let told = Telling::scene().await;
    let (broker, anna) = (&told.scene.broker, told.person.participant);
    let bruno = holder(&told, GrantRule::Both).await;
    let his = hand(&told, &bruno).await;
    let consent = told.agree().await;
    let notice = told.offer.offer.notice;
    broker.agree_too(his, consent, (notice, None)).await.unwrap();
    told.scene.clock.turn(300 * DAY);
    let renewal = broker.renewal(anna, consent).await.unwrap();
    let click = RenewalClick {
        shown: renewal.shown(notice).unwrap(),
        proved_at: None,
    };
    broker.renew(anna, consent, click).await.unwrap();
    assert!(broker.renewal(his, consent).await.is_ok());
    other_words(&told).await;
    let other = broker.renewal(his, consent).await;
    assert!(matches!(
        other,
        Err(Failure::Refused(ChangeRefusal::NoticeChanged))
    ));
    // He is held to nothing: the wait ends when either says so.
    broker.decline_renewal(his, consent).await.unwrap();
}

#[tokio::test]
async fn p_31_nobody_brings_in_a_third_holder_alone() {
    let told = Telling::scene().await;
    let broker = &told.scene.broker;
    let bruno = told.scene.registered("22222222222222", "tablet").await;
    let code = offered(&told, GrantRule::One).await.code;
    let alone = async || broker.offer_joint(&told.person.token, &third(&told)).await.err();
    let not_alone =
        |refused: &Failure<MandateRefusal>| matches!(refused, Failure::Refused(MandateRefusal::NotAlone));
    assert!(alone().await.as_ref().is_some_and(not_alone), "a second code");
    let claim = Claim::Code(&code);
    broker.accept_mandate(&bruno.token, claim).await.unwrap();
    assert!(alone().await.as_ref().is_some_and(not_alone), "a third holder");
    let held = broker.holders_shown(told.point).await.unwrap();
    assert_eq!(held.len(), 1, "nothing was written");
    let desk = told.scene.desk(told.scene.officer).await;
    assert!(broker.invite_joint(&desk, &third(&told)).await.is_ok());
}
