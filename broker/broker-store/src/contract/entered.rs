//! Facts about acts that officers enter for people.

use broker_domain::consent::Method;
use broker_domain::entered::{EnteredAct, EnteredState, Entry, Seen, Sheet, WAITS_SECONDS};
use broker_domain::ids::Digest;
use jiff::civil::date;

use super::samples::{assert_conflict, at, consent, furnish, id, invitation, officer};
use crate::{
    DecidedSteps, EnrolmentFormRow, EnteredRow, SealedReason, Serial, SessionRole, StopCodeRow, Store,
};

/// Officer 1 stands in the samples, this one is added.
const SECOND: u8 = 7;

/// An act of participant 1 or 2, entered by officer 1.
pub(super) fn act(number: u8, who: u8, entry: Entry) -> EnteredAct {
    EnteredAct {
        id: id(number),
        participant: id(who),
        entry,
        method: Method::Paper,
        sheet: Sheet {
            form: Some("W-7K2M".into()),
            signed_on: Some(date(2026, 11, 18)),
            arrived_on: Some(date(2026, 11, 19)),
            scan: Some(Digest([number; 32])),
        },
        by: id(1),
        at: at(i64::from(number)),
        state: EnteredState::Waiting,
    }
}

const CODE: Entry = Entry::Code { seen: Seen::InPerson };

fn confirmed(act: EnteredAct) -> EnteredAct {
    EnteredAct {
        state: EnteredState::Confirmed {
            by: id(SECOND),
            at: at(90),
            seen: Seen::FromAfar,
        },
        ..act
    }
}

const STEPS: DecidedSteps = DecidedSteps {
    serial: Serial(4),
    effect: None,
};

fn row(act: EnteredAct) -> EnteredRow {
    EnteredRow {
        act,
        leaf: 3,
        effect_leaf: None,
        decided_leaf: None,
        reason: None,
        invitation: None,
        posted: None,
    }
}

async fn add_second(tx: &mut dyn crate::Tx) {
    tx.add_officer(&officer(SECOND)).await.unwrap();
}

/// Each kind with what belongs to it, and how it was decided.
pub async fn an_entered_act_is_decided_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("enter").await.unwrap();
    add_second(&mut *tx).await;
    let new = act(9, 1, CODE);
    tx.add_entered(&new, Serial(3), None).await.unwrap();
    assert_conflict(tx.add_entered(&new, Serial(5), None).await, "entered_act");
    assert_conflict(
        tx.add_entered(&act(8, 99, CODE), Serial(5), None).await,
        "entered_act",
    );
    assert_eq!(tx.entered(id(9)).await.unwrap(), Some(row(new.clone())));
    let own = EnteredAct {
        state: EnteredState::SentBack {
            by: id(1),
            at: at(90),
        },
        ..new.clone()
    };
    assert_conflict(tx.decide_entered(&own, STEPS, None).await, "entered_act");
    assert_conflict(tx.decide_entered(&new, STEPS, None).await, "entered_act");
    let yes = confirmed(new.clone());
    tx.decide_entered(&yes, STEPS, None).await.unwrap();
    let decided = EnteredRow {
        decided_leaf: Some(4),
        ..row(yes.clone())
    };
    assert_eq!(tx.entered(id(9)).await.unwrap(), Some(decided.clone()));
    assert_conflict(tx.decide_entered(&yes, STEPS, None).await, "entered_act");
    assert_eq!(tx.entered_decided(9).await.unwrap(), [decided]);
    assert_eq!(tx.entered(id(10)).await.unwrap(), None);
}

/// What counts at once is to be posted at once, and once more when it was found wrong.
pub async fn entered_acts_wait_and_are_posted(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("enter").await.unwrap();
    add_second(&mut *tx).await;
    tx.add_consent(&consent(30, 1)).await.unwrap();
    let ended = act(11, 1, Entry::Withdraw { consent: id(30) });
    tx.add_entered(&act(12, 2, CODE), Serial(3), None).await.unwrap();
    tx.add_entered(&ended, Serial(4), Some(Serial(5))).await.unwrap();
    let ids = |rows: Vec<EnteredRow>| rows.into_iter().map(|row| row.act.id).collect::<Vec<_>>();
    let (soon, late) = (at(50), at(12 + WAITS_SECONDS));
    assert_eq!(ids(tx.entered_waiting(soon, 9).await.unwrap()), [id(11), id(12)]);
    let just = at(11 + WAITS_SECONDS);
    assert_eq!(ids(tx.entered_waiting(just, 9).await.unwrap()), [id(11), id(12)]);
    assert_eq!(
        ids(tx.entered_waiting(late, 9).await.unwrap()),
        [id(11)],
        "what expired cannot be decided"
    );
    assert_eq!(ids(tx.entered_of(id(2), 9).await.unwrap()), [id(12)]);
    assert_eq!(ids(tx.entered_to_post(9).await.unwrap()), [id(11)]);
    // The letter that she was shown is not the one that waits.
    let other = confirmed(ended.clone());
    assert_conflict(tx.post_entered(&other, id(SECOND), at(59)).await, "entered_act");
    tx.post_entered(&ended, id(SECOND), at(60)).await.unwrap();
    assert_conflict(tx.post_entered(&ended, id(1), at(61)).await, "entered_act");
    assert!(tx.entered_to_post(9).await.unwrap().is_empty());
    let wrong = EnteredAct {
        state: EnteredState::SentBack {
            by: id(SECOND),
            at: at(90),
        },
        ..ended
    };
    let reason = SealedReason {
        epoch: 1,
        sealed: vec![7; 64],
    };
    let steps = DecidedSteps {
        serial: Serial(6),
        effect: None,
    };
    tx.decide_entered(&wrong, steps, Some(&reason)).await.unwrap();
    let back = EnteredRow {
        leaf: 4,
        effect_leaf: Some(5),
        decided_leaf: Some(6),
        reason: Some(reason),
        ..row(wrong)
    };
    assert_eq!(tx.entered_to_post(9).await.unwrap(), [back]);
    assert_eq!(ids(tx.entered_waiting(soon, 9).await.unwrap()), [id(12)]);
}

/// By its code, once, also after it was confirmed; and the invitation made of it closes.
pub async fn a_code_is_stopped_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("stop").await.unwrap();
    add_second(&mut *tx).await;
    let new = act(9, 1, CODE);
    tx.add_entered(&new, Serial(3), None).await.unwrap();
    assert_conflict(tx.note_invitation(id(9), [5; 32]).await, "entered_act");
    tx.decide_entered(&confirmed(new.clone()), STEPS, None)
        .await
        .unwrap();
    let stop = StopCodeRow {
        act: id(9),
        hash: [8; 32],
        epoch: 1,
        sealed: vec![8; 64],
        message: id(40),
    };
    tx.add_stop_code(&stop).await.unwrap();
    assert_conflict(tx.add_stop_code(&stop).await, "stop_code");
    assert!(tx.stop_code([8; 32]).await.unwrap() == Some(stop.clone()));
    assert!(tx.stop_code([9; 32]).await.unwrap().is_none());
    tx.forget_stop_code(id(40)).await.unwrap();
    tx.forget_stop_code(id(41)).await.unwrap();
    assert!(tx.stop_code_of(id(40)).await.unwrap().unwrap().sealed.is_empty());
    let open = invitation(5, SessionRole::Participant(id(1)));
    tx.add_invitation(&open, at(0)).await.unwrap();
    tx.note_invitation(id(9), [5; 32]).await.unwrap();
    tx.close_invitations(id(1)).await.unwrap();
    assert!(tx.invitation([5; 32]).await.unwrap().is_none());
    let stopped = EnteredAct {
        state: EnteredState::Stopped { at: at(95) },
        ..new
    };
    tx.stop_entered(&stopped, Serial(5)).await.unwrap();
    assert_conflict(tx.stop_entered(&stopped, Serial(6)).await, "entered_act");
    let found = tx.entered(id(9)).await.unwrap().unwrap();
    assert_eq!((found.act.state, found.decided_leaf), (stopped.state, Some(5)));
    assert!(tx.entered_to_post(9).await.unwrap().is_empty());
}

/// A double click enrols one person.
pub async fn a_form_enrols_once(store: &dyn Store) {
    furnish(store).await;
    let mut tx = store.begin("enrol").await.unwrap();
    let form = EnrolmentFormRow {
        id: id(3),
        participant: id(1),
        officer: id(1),
        at: at(3),
    };
    tx.add_enrolment_form(&form).await.unwrap();
    assert_conflict(tx.add_enrolment_form(&form).await, "enrolment_form");
    assert_eq!(tx.enrolment_form(id(3)).await.unwrap(), Some(form));
    assert_eq!(tx.enrolment_form(id(4)).await.unwrap(), None);
}
