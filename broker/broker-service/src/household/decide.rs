//! What an officer decides about sharings that stand still: they end, or go on.

use async_trait::async_trait;
use broker_domain::consent::{Consent, EventKind, How};
use broker_domain::household::{HouseholdCaseKind, Outcome, StandstillCause};
use broker_domain::ids::{OfficerId, ParticipantId, RightsRequestId};
use broker_domain::time::Instant;
use broker_store::{HouseholdCaseRow, MessageKind, Read, RightsRow, StandstillRow};
use broker_vault::SealedText;
use evidence::record::RightsStepKind;
use ledger_core::leaf::ActorClass;
use secrecy::ExposeSecret as _;

use super::visit::{changed_meanwhile, home_of_case};
use super::{Said, step_of};
use crate::broker::Broker;
use crate::consents::add_event_by;
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::lifecycle::{AddChange, Next};
use crate::rights::{AnswerRefusal, MAX_RIGHTS_WORDS, RightsAction};
use crate::standstill::{tell_of, under_way};
use crate::telling;

/// What makes a request one of another adult, for officers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseholdCase {
    /// What it is.
    pub kind: HouseholdCaseKind,
    /// Where she can be reached, if she said so.
    pub contact: Option<String>,
}

impl Broker {
    /// Ends the sharings that a case stopped, or lets them go on, and answers the case with the reason. What nobody agreed to
    /// ends as invalid from `since` on, by default from the day on which it was given; what another adult rightly objects to
    /// ends now. Recipients are told as of any other end.
    ///
    /// Done in steps of which each may run twice: what is decided stays decided, and the rest is decided by the same call again.
    ///
    /// # Errors
    /// See [`AnswerRefusal`].
    pub async fn decide_case(
        &self,
        officer: OfficerId,
        case: RightsRequestId,
        (outcome, since): (Outcome, Option<Instant>),
        words: &str,
    ) -> Result<(), Failure<AnswerRefusal>> {
        let now = self.clock.now();
        self.may_answer(officer, now)?;
        let words = words.trim();
        if words.is_empty() {
            let cannot = broker_domain::rights::CannotAnswer::NoWords;
            return Err(Failure::Refused(AnswerRefusal::Cannot(cannot)));
        }
        if MAX_RIGHTS_WORDS < words.chars().count() {
            return Err(Failure::Refused(AnswerRefusal::TooLong));
        }
        let rows = {
            let mut read = self.store.read().await?;
            let found = read.rights_request(case).await?;
            found.ok_or(Failure::Refused(AnswerRefusal::Unknown))?;
            read.standstills_of_case(case).await?
        };
        for row in rows.into_iter().filter(|row| row.ended_at.is_none()) {
            self.settle(row, outcome, since, now).await?;
        }
        let answer = RightsAction::Answer(words.to_owned());
        self.advance_right(officer, case, &answer).await
    }

    async fn settle(
        &self,
        row: StandstillRow,
        outcome: Outcome,
        since: Option<Instant>,
        now: Instant,
    ) -> Result<(), Failure<AnswerRefusal>> {
        let (consent, all, waits) = {
            let mut read = self.store.read().await?;
            let consent = read.consent(row.consent).await?.ok_or(Fault::SubjectErased)?;
            let waits = capacity_waits(&mut *read, consent.participant, now).await?;
            (consent, read.standstills_of(row.consent).await?, waits)
        };
        let others: Vec<_> = all
            .iter()
            .filter(|other| other.ended_at.is_none() && other.began_at != row.began_at)
            .copied()
            .collect();
        // What the person paused herself, or had an officer pause, goes on whatever becomes of a case.
        let own: Vec<Instant> = all.iter().map(|row| row.began_at).collect();
        // So does a death that was entered and waits for another officer.
        let kept = consent.paused_beside(&own, now).max(waits);
        let change = match decided(&consent, &row, (outcome, since), (&others, kept), now)? {
            None => None,
            Some((kind, effective_at)) => {
                let next = Next {
                    kind,
                    effective_at,
                    now,
                    // The broker had to; that an officer did it for the broker stands in the leaf.
                    how: How::BY_CLOCK,
                    acting: None,
                };
                let drafted = self.drafted(&consent, next, ActorClass::Dpo).await;
                Some(drafted.map_err(changed_meanwhile)?)
            }
        };
        let settle = Settle {
            row,
            who: consent.participant,
            change,
            others,
            waits,
        };
        self.commit(settle).await
    }

    /// What makes a request one of another adult, opened for an officer. Whoever calls has asked the policies.
    pub(crate) async fn household_of(&self, row: &RightsRow) -> Result<Option<HouseholdCase>, Fault> {
        let mut read = self.store.read().await?;
        let Some(HouseholdCaseRow { kind, contact, .. }) = read.household_case(row.request.id).await? else {
            return Ok(None);
        };
        let contact = match contact {
            None => None,
            Some((epoch, sealed)) => {
                let wrapped = read.key(row.request.participant, epoch).await?;
                let key = self.vault.data_key(&wrapped.ok_or(Fault::SubjectErased)?)?;
                let text = broker_vault::open_case_contact(&key, row.request.id, &SealedText(sealed));
                let text = text.map_err(|_| Fault::Crypto {
                    during: "open the contact of a case",
                })?;
                Some(text.expose_secret().to_owned())
            }
        };
        Ok(Some(HouseholdCase { kind, contact }))
    }

    /// The record of a step of a case of another adult; `None` for a person's own request.
    pub(crate) async fn case_draft(
        &self,
        request: &broker_domain::rights::RightsRequest,
        step: RightsStepKind,
        actor: ActorClass,
        now: Instant,
    ) -> Result<Option<Draft>, Fault> {
        let case = self.store.read().await?.household_case(request.id).await?;
        let Some(case) = case else { return Ok(None) };
        let home = home_of_case(self, case.point).await?;
        let said = Said::Case(request, step_of(step, case.kind));
        self.household_draft(&home, said, actor, now).map(Some)
    }
}

/// The event that a decision needs; `None` where the sharing is invalid already, where another case holds it still, or where what
/// is left of it is as it should be. `kept` is until when somebody else paused it.
fn decided(
    consent: &Consent,
    row: &StandstillRow,
    (outcome, since): (Outcome, Option<Instant>),
    (others, kept): (&[StandstillRow], Option<Instant>),
    now: Instant,
) -> Result<Option<(EventKind, Instant)>, Failure<AnswerRefusal>> {
    let state = consent.state(now);
    if outcome == Outcome::End && row.cause == StandstillCause::NotMe {
        return never_held(consent, since, now);
    }
    if !state.is_given() {
        return Ok(None);
    }
    Ok(match (outcome, consent.pause(now)) {
        (Outcome::End, _) => Some((EventKind::Revoked, now)),
        (Outcome::GoOn, Some(pause)) if others.is_empty() => match kept {
            None => Some((EventKind::Resumed, now)),
            Some(until) if until < pause.until => Some((EventKind::Paused { until }, now)),
            Some(_) => None,
        },
        (Outcome::GoOn, _) => None,
    })
}

/// The end of what nobody agreed to, from a day on; also of a sharing that she withdrew meanwhile, so that its recipient
/// learns since when it held nothing rightly.
fn never_held(
    consent: &Consent,
    since: Option<Instant>,
    now: Instant,
) -> Result<Option<(EventKind, Instant)>, Failure<AnswerRefusal>> {
    let mut events = consent.events.iter();
    let given = events.find(|event| event.kind == EventKind::Given);
    let Some(given_at) = given.map(|event| event.effective_at) else {
        return Ok(None);
    };
    let at = since.unwrap_or(given_at);
    if at < given_at || now < at {
        return Err(Failure::Refused(AnswerRefusal::DayOutOfReach));
    }
    let ended = consent.state(now).ended_at();
    Ok(ended
        .is_none_or(|ended| at < ended)
        .then_some((EventKind::Invalidated, at)))
}

/// Until when an end of her capacity that was entered holds everything of hers still; `None` without one.
async fn capacity_waits<R: Read + ?Sized>(
    read: &mut R,
    who: ParticipantId,
    now: Instant,
) -> Result<Option<Instant>, Fault> {
    Ok(read
        .capacity_entered(who, now)
        .await?
        .map(|row| row.act.expires_at()))
}

struct Settle {
    row: StandstillRow,
    /// Whose sharing it is.
    who: ParticipantId,
    change: Option<AddChange>,
    /// What else held the sharing still when this was decided,
    others: Vec<StandstillRow>,
    /// and until when an entered end of her capacity did.
    waits: Option<Instant>,
}

#[async_trait]
impl Commit for Settle {
    type Answer = ();
    type Refusal = AnswerRefusal;
    const NAME: &'static str = "decide about a sharing that stands still";

    fn leaves(&self) -> usize {
        usize::from(self.change.is_some())
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<(), AnswerRefusal>, Fault> {
        let mut others = under_way(&mut *group.tx, self.row.consent).await?;
        others.retain(|other| other.began_at != self.row.began_at);
        if others != self.others {
            return Err(Fault::Conflict { table: "standstill" });
        }
        if capacity_waits(&mut *group.tx, self.who, group.now).await? != self.waits {
            return Err(Fault::Conflict { table: "entered_act" });
        }
        let (row, now) = (&self.row, group.now);
        group.tx.end_standstill(row.consent, row.began_at, now).await?;
        let Some(change) = &self.change else {
            return Ok(Ok(()));
        };
        add_event_by(group, change.consent, change.event, change.how, &change.draft).await?;
        match (change.event.kind, row.cause) {
            (EventKind::Resumed, _) => {
                tell_of(&mut *group.tx, row, MessageKind::SharingLifted, now).await?;
            }
            (_, StandstillCause::Objection) => {
                let mark = change.consent.as_bytes().as_slice();
                let kind = MessageKind::HouseholdSpoke;
                telling::about_a_request(&mut *group.tx, self.who, kind, mark, now).await?;
            }
            _ => {}
        }
        Ok(Ok(()))
    }
}
