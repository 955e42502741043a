//! The first officer: what is entered, and what of it counts at once.

use async_trait::async_trait;
use broker_domain::consent::{Consent, EventKind, EvidenceLevel, How, Method, State};
use broker_domain::entered::{AgeSaid, Counts, EnteredAct, EnteredState, Entry, Seen, Sheet};
use broker_domain::ids::{ConsentId, EnteredId, ParticipantId, PointId, RightsRequestId};
use broker_domain::rights::Right;
use broker_domain::time::Instant;
use broker_store::{EnteredRow, MessageKind, Serial};
use evidence::record::EnteredStep;
use jiff::civil::Date;
use ledger_core::leaf::ActorClass;

use super::{EnteredRefusal, officer};
use crate::broker::Broker;
use crate::consents::{Answer, Choice};
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::lifecycle::{AddChange, ChangeRefusal, LONGEST_PAUSE_SECONDS, Next};
use crate::own_data::{local_day, zone};
use crate::rights::{AddRightsRequest, AskRefusal, MAX_RIGHTS_WORDS};
use crate::telling;

/// How often a withdrawal or a freeze is tried that another act of the same consent was faster than.
const TRIES: u32 = 8;
/// A freeze of a sharing that stands still for nearly as long already is not made again.
const SAME_SECONDS: i64 = 86_400;

/// A form that an officer filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryForm {
    /// Identifier, drawn when the form was shown: sent twice, it enters one act.
    pub id: EnteredId,
    /// For whom.
    pub participant: ParticipantId,
    /// What.
    pub asked: Asked,
    /// [`Method::Paper`] or [`Method::Phone`].
    pub method: Method,
    /// What there is to look at. Of a call the day is the present one, whatever stands here.
    pub sheet: Sheet,
}

/// What the person asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// She agreed to the offer of the form whose reference stands on the sheet.
    Grant {
        /// For which meter.
        point: PointId,
        /// Whether the form says that she is of age.
        age: AgeSaid,
    },
    /// She withdraws.
    Withdraw(ConsentId),
    /// She stops transfers.
    Freeze(ConsentId),
    /// She asks for a right, in these words.
    Right(Right, String),
    /// She lost the way into her account.
    Code(Seen),
}

impl Broker {
    /// A fresh identifier for a form.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn fresh_entered(&self) -> Result<EnteredId, Fault> {
        Ok(EnteredId::random(&*self.entropy)?)
    }

    /// Enters what a person wrote, said or asked for in person. What takes away counts from the day on which it arrived, as
    /// soon as this returns; what gives waits for another officer, and asks a proof of the last ten minutes.
    ///
    /// # Errors
    /// See [`EnteredRefusal`].
    pub async fn enter_act(
        &self,
        token: &[u8; 32],
        form: &EntryForm,
    ) -> Result<EnteredRow, Failure<EnteredRefusal>> {
        for _ in 1..TRIES {
            match self.enter_once(token, form).await {
                Err(Failure::Conflict) => {}
                done => return done,
            }
        }
        self.enter_once(token, form).await
    }

    async fn enter_once(
        &self,
        token: &[u8; 32],
        form: &EntryForm,
    ) -> Result<EnteredRow, Failure<EnteredRefusal>> {
        let session = self.able(token).await;
        let session = session.map_err(|failure| failure.map_refusal(EnteredRefusal::SignIn))?;
        let by = officer(&session)?;
        let now = self.clock.now();
        self.may_enter(by, form.participant, now)?;
        let entry = self.entry(form).await?;
        if let Some(row) = self.store.read().await?.entered(form.id).await? {
            let same = row.act.participant == form.participant && row.act.by == by && row.act.entry == entry;
            return match same {
                true => Ok(row),
                false => Err(Failure::Refused(EnteredRefusal::SentBefore)),
            };
        }
        if entry.counts() == Counts::Confirmed && !session.is_fresh(now) {
            let again = crate::accounts::SignInRefusal::ProveAgain;
            return Err(Failure::Refused(EnteredRefusal::SignIn(again)));
        }
        let act = EnteredAct {
            id: form.id,
            participant: form.participant,
            entry,
            method: form.method,
            sheet: self.sheet(form, &entry, now)?,
            by,
            at: now,
            state: EnteredState::Waiting,
        };
        let effect = self.effect(&act, form, now).await?;
        let draft = self.entered_draft(&act, (EnteredStep::Entered, None), None, ActorClass::Dpo, now)?;
        self.commit(Enter { act, draft, effect }).await?;
        let row = self.store.read().await?.entered(form.id).await?;
        Ok(row.ok_or(Fault::SubjectErased)?)
    }

    async fn entry(&self, form: &EntryForm) -> Result<Entry, Failure<EnteredRefusal>> {
        let entry = match &form.asked {
            Asked::Grant { point, age } => {
                if *age == AgeSaid::Unsaid {
                    return Err(Failure::Refused(EnteredRefusal::AgeUnsaid));
                }
                let reference = form.sheet.form.as_deref().unwrap_or_default();
                let sheet = self.form_of_grant(reference).await?;
                let sheet = sheet.ok_or(Failure::Refused(EnteredRefusal::Form))?;
                Entry::Grant {
                    offer: sheet.0,
                    point: *point,
                    notice: sheet.1,
                }
            }
            Asked::Withdraw(consent) => Entry::Withdraw { consent: *consent },
            Asked::Freeze(consent) => Entry::Freeze { consent: *consent },
            // The same form opens the same request.
            Asked::Right(right, _) => Entry::Ask {
                request: RightsRequestId::from_bytes(*form.id.as_bytes()),
                right: *right,
            },
            Asked::Code(seen) => Entry::Code { seen: *seen },
        };
        match entry.may_come(form.method) {
            true => Ok(entry),
            false => Err(Failure::Refused(EnteredRefusal::NotByTelephone)),
        }
    }

    /// What is kept of the paper. Of a call there is the day; for a code the officers looked at the person or her letter. A
    /// withdrawal is taken without form, scan and signature's day: the letter alone will do.
    fn sheet(&self, form: &EntryForm, entry: &Entry, now: Instant) -> Result<Sheet, Failure<EnteredRefusal>> {
        let today = local_day(now)?;
        if form.method == Method::Phone {
            return Ok(Sheet {
                arrived_on: Some(today),
                ..Sheet::default()
            });
        }
        let sheet = Sheet {
            form: form.sheet.form.clone().filter(|text| !text.is_empty()),
            ..form.sheet.clone()
        };
        let arrived = sheet.arrived_on.unwrap_or(today);
        let signed = sheet.signed_on.unwrap_or(arrived);
        if today < arrived || arrived < signed {
            return Err(Failure::Refused(EnteredRefusal::Days));
        }
        if matches!(entry, Entry::Grant { .. }) {
            if sheet.arrived_on.is_none() || sheet.signed_on.is_none() {
                return Err(Failure::Refused(EnteredRefusal::Days));
            }
            if sheet.scan.is_none() {
                return Err(Failure::Refused(EnteredRefusal::Scan));
            }
        }
        Ok(Sheet {
            arrived_on: Some(arrived),
            ..sheet
        })
    }

    async fn effect(
        &self,
        act: &EnteredAct,
        form: &EntryForm,
        now: Instant,
    ) -> Result<Effect, Failure<EnteredRefusal>> {
        let arrived = act.sheet.arrived_on;
        match (act.entry, &form.asked) {
            (Entry::Withdraw { consent }, _) => {
                let beat = self.withdrawal(act, consent, arrived, now).await?;
                Ok(Effect::Change(Box::new(beat)))
            }
            (Entry::Freeze { consent }, _) => Ok(Effect::Change(Box::new(
                self.freeze_beat(act, consent, now).await?,
            ))),
            (Entry::Ask { request, right }, Asked::Right(_, words)) => {
                let words = words.trim();
                if right.needs_words() && words.is_empty() {
                    return Err(Failure::Refused(AskRefusal::NoWords.into()));
                }
                if words.chars().count() > MAX_RIGHTS_WORDS {
                    return Err(Failure::Refused(AskRefusal::TooLong.into()));
                }
                self.known(act.participant).await?;
                let received = (arrival(arrived, now)?, ActorClass::Dpo);
                let beat = self
                    .request_beat((act.participant, request), right, words, received, now)
                    .await?;
                Ok(Effect::Ask(Box::new(beat)))
            }
            (Entry::Grant { offer, point, notice }, _) => {
                // Looked at now too, so that nobody confirms what cannot be.
                let choice = Choice {
                    offer,
                    point,
                    notice,
                    answer: Answer::Agree,
                    proved_at: None,
                };
                let beat = self
                    .paper_grant(act.participant, &choice, act.sheet.signed_on, now)
                    .await;
                beat.map_err(|failure| failure.map_refusal(EnteredRefusal::Choice))?;
                Ok(Effect::Nothing)
            }
            // It has a form of its own.
            (Entry::Capacity { .. }, _) => Err(Failure::Refused(EnteredRefusal::NotAllowed)),
            (Entry::Code { .. } | Entry::Ask { .. }, _) => {
                self.known(act.participant).await?;
                Ok(Effect::Nothing)
            }
        }
    }

    async fn known(&self, who: ParticipantId) -> Result<(), Failure<EnteredRefusal>> {
        let row = self.store.read().await?.participant(who).await?;
        row.map(|_| ()).ok_or(Failure::Refused(EnteredRefusal::Unknown))
    }

    async fn given(
        &self,
        act: &EnteredAct,
        id: ConsentId,
        now: Instant,
    ) -> Result<(Consent, Instant), Failure<EnteredRefusal>> {
        let consent = self.store.read().await?.consent(id).await?;
        let consent = consent.filter(|consent| consent.participant == act.participant);
        let consent = consent.ok_or(Failure::Refused(EnteredRefusal::Unknown))?;
        match consent.state(now) {
            State::Given { since } => Ok((consent, since)),
            _ => Err(Failure::Refused(ChangeRefusal::NotInForce.into())),
        }
    }

    /// From the day on which the letter arrived, not before the agreement; a call from now on.
    async fn withdrawal(
        &self,
        act: &EnteredAct,
        id: ConsentId,
        arrived: Option<Date>,
        now: Instant,
    ) -> Result<AddChange, Failure<EnteredRefusal>> {
        let (consent, since) = self.given(act, id, now).await?;
        let effective_at = match act.method {
            Method::Phone => now,
            _ => arrival(arrived, now)?.max(since).min(now),
        };
        let next = Next {
            kind: EventKind::Withdrawn,
            effective_at,
            now,
            how: how(act.method),
            acting: None,
        };
        let beat = self.drafted(&consent, next, ActorClass::Dpo).await;
        beat.map_err(|failure| failure.map_refusal(EnteredRefusal::Change))
    }

    async fn freeze_beat(
        &self,
        act: &EnteredAct,
        id: ConsentId,
        now: Instant,
    ) -> Result<AddChange, Failure<EnteredRefusal>> {
        let (consent, _) = self.given(act, id, now).await?;
        let until = now.plus_seconds(LONGEST_PAUSE_SECONDS);
        let stands = until.plus_seconds(-SAME_SECONDS);
        if consent.pause(now).is_some_and(|pause| stands <= pause.until) {
            return Err(Failure::Refused(ChangeRefusal::PausedLonger.into()));
        }
        let next = Next {
            how: how(act.method),
            ..Next::at_once(EventKind::Paused { until }, now)
        };
        let beat = self.drafted(&consent, next, ActorClass::Dpo).await;
        beat.map_err(|failure| failure.map_refusal(EnteredRefusal::Change))
    }
}

/// Whatever withdraws is good enough as [`EvidenceLevel::L1`] (`consent.md` §4.5).
const fn how(method: Method) -> How {
    How {
        method,
        level: Some(EvidenceLevel::L1),
    }
}

/// The beginning of the day of arrival, where the meters are; now for none.
fn arrival(day: Option<Date>, now: Instant) -> Result<Instant, Fault> {
    let Some(day) = day else { return Ok(now) };
    let start = day
        .to_zoned(zone()?)
        .map_err(|_| Fault::Corrupt { what: "day" })?;
    Ok(Instant::from_micros(start.timestamp().as_microsecond())?.min(now))
}

/// What counts at once.
enum Effect {
    Nothing,
    Change(Box<AddChange>),
    Ask(Box<AddRightsRequest>),
}

struct Enter {
    act: EnteredAct,
    draft: Draft,
    effect: Effect,
}

#[async_trait]
impl Commit for Enter {
    type Answer = Serial;
    type Refusal = EnteredRefusal;
    const NAME: &'static str = "enter act";

    fn leaves(&self) -> usize {
        match &self.effect {
            Effect::Nothing => 1,
            Effect::Change(beat) => 1 + beat.leaves(),
            Effect::Ask(beat) => 1 + beat.leaves(),
        }
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, EnteredRefusal>, Fault> {
        let effect = match &mut self.effect {
            Effect::Nothing => None,
            Effect::Change(beat) => match beat.run(group).await? {
                Ok(serial) => Some(serial),
                Err(refusal) => return Ok(Err(refusal.into())),
            },
            Effect::Ask(beat) => match beat.run(group).await? {
                Ok(serial) => Some(serial),
                Err(refusal) => return Ok(Err(refusal.into())),
            },
        };
        let serial = group.append(&self.draft).await?;
        group.tx.add_entered(&self.act, serial, effect).await?;
        if effect.is_some() {
            telling::about_an_entry(group, &self.act, MessageKind::Entered).await?;
        }
        Ok(Ok(serial))
    }
}
