//! Paper and telephone: for people without a computer (P-36, P-37).

use broker_domain::consent::{EvidenceLevel, Method, State};
use broker_domain::entered::{AgeSaid, CannotConfirm, EnteredState, Seen, Sheet};
use broker_domain::ids::{Digest, OrganisationId};
use broker_domain::lang::Lang;
use broker_domain::policy::Principal;
use broker_domain::rights::Right;
use broker_service::{
    AskRefusal, Asked, ChangeRefusal, ChoiceRefusal, EnteredRefusal, EntryForm, PaperForm, ReceiptAct,
    Together,
};
use evidence::record::{EnteredStep, EnteredWhat};
use jiff::civil::date;

use crate::telling::{DAY, Telling};
use crate::two_officers::{CONFIRM, entered, form, refused};

/// What stands on a signed form that arrived yesterday.
fn sheet(reference: &str) -> Sheet {
    Sheet {
        form: Some(reference.into()),
        signed_on: Some(date(2026, 11, 20)),
        arrived_on: Some(date(2026, 11, 21)),
        scan: Some(Digest([5; 32])),
    }
}

async fn reference(told: &Telling, lang: Lang) -> String {
    let form = PaperForm::Grant(told.offer.offer.id);
    let sheet = told.scene.broker.form_sheet(form, lang).await.unwrap().unwrap();
    let (_, notice, _) = sheet.terms.unwrap();
    assert_eq!(notice.language, lang.tag());
    sheet.reference
}

fn grant(told: &Telling, sheet: Sheet) -> EntryForm {
    let point = told.point;
    EntryForm {
        sheet,
        ..form(
            &told.scene,
            told.person.participant,
            Asked::Grant {
                point,
                age: AgeSaid::OfAge,
            },
            Method::Paper,
        )
    }
}

#[tokio::test]
async fn p_36_a_grant_on_paper_counts_once_another_officer_confirmed_it() {
    let told = Telling::scene().await;
    let (scene, who) = (&told.scene, told.person.participant);
    let reference = reference(&told, Lang::Dutch).await;
    let entry = grant(&told, sheet(&reference.to_lowercase()));
    let desk = scene.desk(scene.officer).await;
    scene.broker.enter_act(&desk, &entry).await.unwrap();
    let consents = || async {
        let read = scene.broker.read().await;
        read.unwrap().consents_of(who).await.unwrap()
    };
    assert!(consents().await.is_empty(), "nothing is shared before");
    let colleague = scene.desk(scene.colleague).await;
    let row = scene
        .broker
        .decide_act(&colleague, entry.id, &CONFIRM)
        .await
        .unwrap();
    let [consent] = consents().await.try_into().unwrap();
    let State::Given { since } = consent.state(scene.broker.now()) else {
        panic!("not given");
    };
    let EnteredState::Confirmed { at, .. } = row.act.state else {
        panic!("not confirmed");
    };
    assert_eq!(since, at, "a grant is never dated back");
    assert_eq!(consent.notice, told.offer.notice_nl, "the text of the form");
    let acts = scene.broker.read().await.unwrap().consent_acts(consent.id).await;
    let how = acts.unwrap()[0].how;
    assert_eq!((how.method, how.level), (Method::Paper, Some(EvidenceLevel::L2)));
    let receipt = scene
        .broker
        .entered_receipt(scene.officer, entry.id)
        .await
        .unwrap();
    assert_eq!(receipt.unwrap().act, ReceiptAct::Given);
    let [_, confirmed] = entered(scene, who).await.try_into().unwrap();
    assert_eq!(confirmed.what, EnteredWhat::Grant);
    assert_eq!(
        confirmed.scan_sha256.unwrap().as_bytes(),
        &[5; 32],
        "the scan is recorded"
    );
    assert_eq!(
        confirmed.notice_sha256.unwrap().as_bytes(),
        &told.offer.notice_nl.0
    );
}

#[tokio::test]
async fn p_36_a_form_names_its_text_and_what_is_missing_is_refused() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let reference = reference(&told, Lang::French).await;
    let good = sheet(&reference);
    let desk = scene.desk(scene.officer).await;
    let tomorrow = Sheet {
        arrived_on: Some(date(2026, 11, 23)),
        ..good.clone()
    };
    let signed_after = Sheet {
        signed_on: Some(date(2026, 11, 22)),
        ..good.clone()
    };
    let unsigned = Sheet {
        signed_on: None,
        ..good.clone()
    };
    let unseen = Sheet {
        scan: None,
        ..good.clone()
    };
    for (sheet, expected) in [
        (sheet("A-2222-2222"), EnteredRefusal::Form),
        (Sheet::default(), EnteredRefusal::Form),
        (tomorrow, EnteredRefusal::Days),
        (signed_after, EnteredRefusal::Days),
        (unsigned, EnteredRefusal::Days),
        (unseen, EnteredRefusal::Scan),
    ] {
        let answer = scene.broker.enter_act(&desk, &grant(&told, sheet)).await;
        assert_eq!(refused(answer), expected);
    }
    let by_phone = EntryForm {
        method: Method::Phone,
        ..grant(&told, good.clone())
    };
    assert_eq!(
        refused(scene.broker.enter_act(&desk, &by_phone).await),
        EnteredRefusal::NotByTelephone
    );
    told.agree().await;
    let twice = scene.broker.enter_act(&desk, &grant(&told, good)).await;
    assert_eq!(
        refused(twice),
        EnteredRefusal::Choice(ChoiceRefusal::AlreadyGiven)
    );
}

#[tokio::test]
async fn p_36_a_withdrawal_by_letter_counts_at_once_from_the_day_it_arrived() {
    let told = Telling::scene().await;
    let (scene, who) = (&told.scene, told.person.participant);
    let consent = told.agree().await;
    scene.clock.turn(3 * DAY);
    let letter = Sheet {
        arrived_on: Some(date(2026, 11, 24)),
        ..Sheet::default()
    };
    let entry = EntryForm {
        sheet: letter,
        ..form(scene, who, Asked::Withdraw(consent), Method::Paper)
    };
    // A session that is no longer fresh will do: withdrawing is not made harder.
    let desk = scene.desk(scene.officer).await;
    scene.clock.turn(1_000);
    scene.broker.enter_act(&desk, &entry).await.unwrap();
    let read = scene.broker.read().await.unwrap().consent(consent).await;
    let consent = read.unwrap().unwrap();
    let last = consent.events.last().unwrap();
    assert!(matches!(
        consent.state(scene.broker.now()),
        State::Withdrawn { .. }
    ));
    // Midnight in Paris.
    assert_eq!(last.effective_at.to_string(), "2026-11-23T23:00:00.000000Z");
    assert!(last.effective_at < last.recorded_at);
    let to_post = scene.broker.entered_desk(scene.officer).await.unwrap().to_post;
    assert_eq!(to_post.len(), 1);
    let again = EntryForm {
        id: scene.broker.fresh_entered().unwrap(),
        ..entry
    };
    assert_eq!(
        refused(scene.broker.enter_act(&desk, &again).await),
        EnteredRefusal::Change(ChangeRefusal::NotInForce)
    );
}

#[tokio::test]
async fn p_36_a_request_on_paper_has_its_clock_from_the_day_it_arrived() {
    let told = Telling::scene().await;
    let (scene, who) = (&told.scene, told.person.participant);
    let desk = scene.desk(scene.officer).await;
    let asked = |words: &str| EntryForm {
        sheet: Sheet {
            arrived_on: Some(date(2026, 11, 10)),
            ..Sheet::default()
        },
        ..form(
            scene,
            who,
            Asked::Right(Right::Objection, words.into()),
            Method::Paper,
        )
    };
    assert_eq!(
        refused(scene.broker.enter_act(&desk, &asked(" ")).await),
        EnteredRefusal::Ask(AskRefusal::NoWords)
    );
    scene
        .broker
        .enter_act(&desk, &asked("Plus de recherche"))
        .await
        .unwrap();
    let [thread] = scene
        .broker
        .own_rights_requests(who)
        .await
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(thread.row.request.words, "Plus de recherche");
    assert_eq!(thread.row.request.due_on, date(2026, 12, 10));
}

#[tokio::test]
async fn p_36_the_letter_is_opened_for_the_record_and_posted_once() {
    let told = Telling::scene().await;
    let (scene, who) = (&told.scene, told.person.participant);
    let consent = told.agree().await;
    let entry = form(scene, who, Asked::Withdraw(consent), Method::Phone);
    let desk = scene.desk(scene.officer).await;
    scene.broker.enter_act(&desk, &entry).await.unwrap();
    let size = scene.broker.latest_checkpoint().size().get();
    let letter = scene.broker.open_envelope(scene.colleague, entry.id).await;
    let letter = letter.ok().unwrap();
    assert_eq!(
        (letter.name.as_str(), letter.address.as_str()),
        ("Anna", "1, rue des Tilleuls")
    );
    assert_eq!(
        scene.broker.latest_checkpoint().size().get(),
        size + 2,
        "a record of it"
    );
    // The page that she clicked on showed another state: the letter that waits is not the one in her envelope.
    let old = scene
        .broker
        .mark_posted(scene.colleague, entry.id, Some("sent-back"));
    assert!(matches!(old.await, Err(broker_service::Failure::Conflict)));
    scene
        .broker
        .mark_posted(scene.colleague, entry.id, None)
        .await
        .unwrap();
    let done = scene.broker.entered_desk(scene.officer).await.unwrap();
    assert!(done.to_post.is_empty());
    assert_eq!(
        refused(scene.broker.mark_posted(scene.officer, entry.id, None).await),
        EnteredRefusal::Unknown
    );
    assert_eq!(
        refused(
            scene
                .broker
                .open_envelope(scene.officer, entry.id)
                .await
                .map(|_| ())
        ),
        EnteredRefusal::Unknown
    );
}

/// No account, no address, no computer.
#[tokio::test]
async fn p_36_somebody_without_an_account_agrees_and_withdraws_on_paper() {
    let told = Telling::scene().await;
    let scene = &told.scene;
    let (who, _) = scene.invited("33333333333333").await;
    let read = scene.broker.read().await.unwrap().points_of(who).await;
    let point = read.unwrap()[0].id;
    let entry = EntryForm {
        sheet: sheet(&reference(&told, Lang::French).await),
        ..form(
            scene,
            who,
            Asked::Grant {
                point,
                age: AgeSaid::OfAge,
            },
            Method::Paper,
        )
    };
    let desk = scene.desk(scene.officer).await;
    let colleague = scene.desk(scene.colleague).await;
    scene.broker.enter_act(&desk, &entry).await.unwrap();
    scene
        .broker
        .decide_act(&colleague, entry.id, &CONFIRM)
        .await
        .unwrap();
    let read = scene.broker.read().await.unwrap().consents_of(who).await;
    let consent = read.unwrap()[0].id;
    let back = form(scene, who, Asked::Withdraw(consent), Method::Paper);
    scene.broker.enter_act(&desk, &back).await.unwrap();
    let receipt = scene
        .broker
        .entered_receipt(scene.officer, back.id)
        .await
        .unwrap();
    assert_eq!(receipt.unwrap().act, ReceiptAct::Withdrawn);
}

#[tokio::test]
async fn p_36_an_erasure_takes_what_was_entered_along() {
    let told = Telling::scene().await;
    let (scene, who) = (&told.scene, told.person.participant);
    let consent = told.agree().await;
    let desk = scene.desk(scene.officer).await;
    let acts = [
        form(scene, who, Asked::Withdraw(consent), Method::Phone),
        form(scene, who, Asked::Code(Seen::InPerson), Method::Paper),
    ];
    for act in &acts {
        scene.broker.enter_act(&desk, act).await.unwrap();
    }
    scene
        .broker
        .erase(Principal::Participant(who), who)
        .await
        .unwrap();
    let desk = scene.broker.entered_desk(scene.officer).await.unwrap();
    assert!(desk.waiting.is_empty() && desk.to_post.is_empty());
}

#[tokio::test]
async fn p_37_a_call_withdraws_pauses_and_asks_and_never_agrees() {
    let told = Telling::scene().await;
    let (scene, who) = (&told.scene, told.person.participant);
    let consent = told.agree().await;
    told.round().await;
    told.subjects();
    let desk = scene.desk(scene.officer).await;
    let pause = form(scene, who, Asked::Freeze(consent), Method::Phone);
    scene.broker.enter_act(&desk, &pause).await.unwrap();
    let read = scene.broker.read().await.unwrap().consent(consent).await;
    assert!(read.unwrap().unwrap().pause(scene.broker.now()).is_some());
    let again = form(scene, who, Asked::Freeze(consent), Method::Phone);
    assert_eq!(
        refused(scene.broker.enter_act(&desk, &again).await),
        EnteredRefusal::Change(ChangeRefusal::PausedLonger)
    );
    let right = Asked::Right(Right::Access, String::new());
    let right = form(scene, who, right, Method::Phone);
    scene.broker.enter_act(&desk, &right).await.unwrap();
    let end = form(scene, who, Asked::Withdraw(consent), Method::Phone);
    scene.broker.enter_act(&desk, &end).await.unwrap();
    let acts = scene.broker.read().await.unwrap().consent_acts(consent).await;
    let ways: Vec<_> = acts.unwrap().iter().map(|act| act.how.method).collect();
    assert_eq!(ways, [Method::Web, Method::Phone, Method::Phone]);
    // A confirmation follows: by message here, and by letter.
    told.round().await;
    let subjects = told.subjects();
    assert!(
        subjects.iter().any(|subject| subject.contains("retrait")),
        "{subjects:?}"
    );
    let to_post = scene.broker.entered_desk(scene.officer).await.unwrap().to_post;
    assert_eq!(to_post.len(), 3);
    let point = told.point;
    let agree = form(
        scene,
        who,
        Asked::Grant {
            point,
            age: AgeSaid::OfAge,
        },
        Method::Phone,
    );
    assert!(matches!(
        refused(scene.broker.enter_act(&desk, &agree).await),
        EnteredRefusal::Form | EnteredRefusal::NotByTelephone
    ));
}

#[tokio::test]
async fn p_14_withdrawing_everything_stops_a_grant_on_paper_that_waits() {
    let told = Telling::scene().await;
    let (scene, who) = (&told.scene, told.person.participant);
    let reference = reference(&told, Lang::French).await;
    let entry = grant(&told, sheet(&reference));
    let desk = scene.desk(scene.officer).await;
    scene.broker.enter_act(&desk, &entry).await.unwrap();
    // From another organisation alone: this one goes on waiting.
    let other = Together::From(OrganisationId::from_bytes([9; 16]));
    scene.broker.withdraw_together(who, other).await.unwrap();
    let waiting = scene.broker.waiting_grants(who, Together::Everything).await;
    assert_eq!(waiting.unwrap().len(), 1);
    for _ in 0..2 {
        let done = scene.broker.withdraw_together(who, Together::Everything).await;
        assert!(done.unwrap().ended.is_empty());
    }
    let colleague = scene.desk(scene.colleague).await;
    let confirmed = scene.broker.decide_act(&colleague, entry.id, &CONFIRM).await;
    assert_eq!(refused(confirmed), EnteredRefusal::Cannot(CannotConfirm::Decided));
    let read = scene.broker.read().await;
    assert!(read.unwrap().consents_of(who).await.unwrap().is_empty());
    let steps: Vec<_> = entered(scene, who).await.iter().map(|act| act.step).collect();
    assert_eq!(steps, [EnteredStep::Entered, EnteredStep::Stopped]);
}

#[tokio::test]
async fn p_34_paper_says_that_she_is_of_age_and_is_not_taken_without() {
    let told = Telling::scene().await;
    let (scene, who) = (&told.scene, told.person.participant);
    let reference = reference(&told, Lang::French).await;
    let mut entry = grant(&told, sheet(&reference));
    let point = told.point;
    entry.asked = Asked::Grant {
        point,
        age: AgeSaid::Unsaid,
    };
    let desk = scene.desk(scene.officer).await;
    let unsaid = scene.broker.enter_act(&desk, &entry).await;
    assert_eq!(refused(unsaid), EnteredRefusal::AgeUnsaid);
    entry.asked = Asked::Grant {
        point,
        age: AgeSaid::OfAge,
    };
    scene.broker.enter_act(&desk, &entry).await.unwrap();
    let colleague = scene.desk(scene.colleague).await;
    scene
        .broker
        .decide_act(&colleague, entry.id, &CONFIRM)
        .await
        .unwrap();
    let read = scene.broker.read().await;
    assert!(read.unwrap().age_stated_at(who).await.unwrap().is_some());
}
