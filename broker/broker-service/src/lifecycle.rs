//! The life of a consent after it was given: narrowed, renewed, paused, resumed; its end announced.
//!
//! Each act is one event, one record and one leaf. What takes away (pausing, narrowing, withdrawing) needs what a
//! withdrawal needs; what gives again (resuming, renewing) needs what giving needs. No reason is asked for any.

mod expiry;
mod freeze;
mod joint;
mod record;
mod reminders;
mod shown;
mod signing;
mod together;

use async_trait::async_trait;
use broker_domain::consent::{Consent, ConsentEvent, EventKind, EvidenceLevel, How, NotAdmitted, Terms};
use broker_domain::ids::ConsentId;
use broker_domain::mandate::{Acting, Hand};
use broker_domain::policy::{Action, Permit, Query, Resource};
use broker_domain::time::{Instant, Interval, Step};
use broker_store::{ActRow, OfferRow, Serial};
use evidence::passkey::Refusal as SignatureRefusal;
use ledger_core::leaf::ActorClass;
use thiserror::Error;

use crate::broker::Broker;
use crate::consents::{add_event_by, click_level, use_intent, word};
use crate::failure::{Failure, Fault};
use crate::group::{Commit, Draft, Group};
use crate::receipts::Receipt;
use crate::standstill::under_way;
pub use expiry::Announced;
pub use freeze::Frozen;
pub use joint::{Agreement, Awaited, HerWord};
pub(crate) use record::{Next, ON_A_PAGE};
pub use reminders::{LATEST_REMINDER_SECONDS, ReminderRefusal};
pub use shown::RenewalShown;
pub use together::{Together, WithdrawnTogether};

/// Longest pause, in seconds: a year. Whoever wants to stop for longer withdraws.
pub const LONGEST_PAUSE_SECONDS: i64 = 366 * 86_400;

/// A renewal brings a day at least: otherwise nothing is worth a new act.
const LEAST_GAIN_SECONDS: i64 = 86_400;

/// What a person leaves of a sharing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Narrowing {
    /// The finest step from now on.
    pub step: Step,
    /// The end from now on.
    pub until: Instant,
}

/// Why a sharing is not changed.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum ChangeRefusal {
    /// No such consent, or somebody else's.
    #[error("this sharing is not one of yours")]
    NotYours,
    /// It is not in force, so there is nothing to change.
    #[error("this sharing is not in force any more; you can agree to a new one")]
    NotInForce,
    /// A pause that is over at once, or longer than a year.
    #[error("choose a day after today and within a year")]
    PauseLength,
    /// A shorter pause is a resumption, which is an act of its own.
    #[error("this sharing is paused for longer already; resume it if you want transfers to go on earlier")]
    PausedLonger,
    /// Another adult of the home objected; the officer has not answered yet.
    #[error(
        "this sharing stands still until the data-protection officer has answered; you can withdraw it at any time"
    )]
    WithOfficer,
    /// She agreed, and another must who has not yet.
    #[error("you agreed; it waits for those who hold the contract with you")]
    Waits,
    /// Nothing waits for anybody.
    #[error("nothing waits here any more; look at the sharing")]
    NothingWaits,
    /// Another holder of the contract paused it, and all must agree to what gives again.
    #[error("another holder of the contract paused this; only she ends that pause")]
    PausedByAnother,
    /// There is no pause to end.
    #[error("this sharing is not paused")]
    NotPaused,
    /// Not less than what is agreed.
    #[error("this is not less than what you share now; choose coarser values or an earlier end")]
    NotLess,
    /// The recipient asks for this no more, or asks for something else.
    #[error("the recipient does not ask for this any more, so it ends on the day you agreed to")]
    NotAsked,
    /// A renewal would not end later.
    #[error("this sharing runs for as long as the recipient asks; renew it later")]
    NotLater,
    /// The offer asks for stronger evidence than this, or the person gave stronger evidence when she agreed.
    #[error("renewing this agreement asks for evidence of level {}", needed.code())]
    TooWeak {
        /// The least level.
        needed: EvidenceLevel,
    },
    /// The person has no passkey to sign with, or none can be used here.
    #[error("there is no passkey to sign with; choose another way")]
    NoKey,
    /// The signature is not one of this person over these terms.
    #[error("the signature is not accepted: {0}; try again, or choose another way")]
    Signature(SignatureRefusal),
    /// The text changed since it was shown.
    #[error("the text of this offer changed; read the new one before you choose")]
    NoticeChanged,
}

impl From<NotAdmitted> for ChangeRefusal {
    fn from(refused: NotAdmitted) -> Self {
        match refused {
            NotAdmitted::Order | NotAdmitted::Clock | NotAdmitted::Backdated | NotAdmitted::NotOver => {
                Self::NotInForce
            }
            NotAdmitted::NotNarrower => Self::NotLess,
            NotAdmitted::NotLonger => Self::NotLater,
            NotAdmitted::NoPause => Self::PauseLength,
        }
    }
}

/// What a renewal would change: the terms of today beside those after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// The offer with its notices of today.
    pub offer: OfferRow,
    /// What holds now.
    pub old: Terms,
    /// The end after it.
    pub until: Instant,
    /// The least evidence it takes: what the offer asks for, and what she gave before. Nobody who took over a session
    /// prolongs by a click what was signed.
    pub needed: EvidenceLevel,
}

/// A click that renews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenewalClick {
    /// What was shown.
    pub shown: RenewalShown,
    /// When the person last proved who she is: minutes later a click counts for more.
    pub proved_at: Option<Instant>,
}

/// What the policies are asked.
#[derive(Clone, Copy)]
enum Demand {
    /// Taking away: policies ask for no more than that it is hers.
    Leaving,
    /// Giving again.
    Granting,
}

impl Broker {
    /// Stops transfers until an instant. The consent stands; what is measured meanwhile never passes under it.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub async fn pause(
        &self,
        who: impl Into<Hand>,
        id: ConsentId,
        until: Instant,
    ) -> Result<Receipt, Failure<ChangeRefusal>> {
        let hand = who.into();
        let now = self.clock.now();
        let consent = self.own_consent(hand, id, Demand::Leaving, now).await?;
        if until <= now || now.plus_seconds(LONGEST_PAUSE_SECONDS) < until {
            return Err(Failure::Refused(ChangeRefusal::PauseLength));
        }
        // Or every session that may only take away could give back.
        if consent.pause(now).is_some_and(|pause| until < pause.until) {
            return Err(Failure::Refused(ChangeRefusal::PausedLonger));
        }
        self.change(consent, EventKind::Paused { until }, hand, now).await
    }

    /// Leaves less: coarser values, an earlier end, or both. A partial withdrawal, under the same notice (`consent.md` §2.2).
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub async fn narrow(
        &self,
        who: impl Into<Hand>,
        id: ConsentId,
        less: Narrowing,
    ) -> Result<Receipt, Failure<ChangeRefusal>> {
        let hand = who.into();
        let now = self.clock.now();
        let consent = self.own_consent(hand, id, Demand::Leaving, now).await?;
        let old = consent.terms_now(now);
        if less.until <= now {
            // An end in the past is a withdrawal, and is asked for as one.
            return Err(Failure::Refused(ChangeRefusal::NotLess));
        }
        let data = Interval::new(old.data.start(), less.until)
            .map_err(|_| Failure::Refused(ChangeRefusal::NotLess))?;
        let terms = self
            .other_terms(&consent, (less.step, data, old.notice), now)
            .await?;
        self.change(consent, EventKind::Narrowed(terms), hand, now).await
    }

    /// What renewing would change; `Err` where it cannot be renewed now.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub async fn renewal(
        &self,
        who: impl Into<Hand>,
        id: ConsentId,
    ) -> Result<Renewal, Failure<ChangeRefusal>> {
        let hand = who.into();
        let now = self.clock.now();
        let consent = self.own_consent(hand, id, Demand::Granting, now).await?;
        self.renewal_of(&consent, now, now).await
    }

    /// Moves the end to as long from now as the recipient asks for: a new act, with the notice of today. Never by silence,
    /// and only before the end.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub async fn renew(
        &self,
        who: impl Into<Hand>,
        id: ConsentId,
        click: RenewalClick,
    ) -> Result<Receipt, Failure<ChangeRefusal>> {
        let hand = who.into();
        let RenewalClick { shown, proved_at } = click;
        let now = self.clock.now();
        let consent = self.own_consent(hand, id, Demand::Granting, now).await?;
        let renewal = self.renewal_of(&consent, now, now).await?;
        renewal.agrees_with(shown)?;
        let level = click_level(proved_at, now);
        if level < renewal.needed {
            let needed = renewal.needed;
            return Err(Failure::Refused(ChangeRefusal::TooWeak { needed }));
        }
        let data = Interval::new(renewal.old.data.start(), renewal.until)?;
        let terms = self
            .other_terms(&consent, (renewal.old.step, data, shown.notice), now)
            .await?;
        let said = self.renewing_word(&consent, hand, now).await?;
        let next = Next {
            how: How::on_a_page(level),
            acting: hand.acting(),
            ..Next::at_once(said.renewed(&consent, terms, now), now)
        };
        let leaf_index = self.append(consent, next, ActorClass::Participant).await?;
        Ok(self.receipt(leaf_index).await?)
    }

    /// What renewing changes, counted from when it was drafted.
    async fn renewal_of(
        &self,
        consent: &Consent,
        now: Instant,
        drafted_at: Instant,
    ) -> Result<Renewal, Failure<ChangeRefusal>> {
        // Nor while nobody knows whether she still lives there.
        if !consent.state(now).is_given() || consent.occupancy.held_since.is_some() {
            return Err(Failure::Refused(ChangeRefusal::NotInForce));
        }
        let old = consent.terms_now(now);
        let mut read = self.store.read().await?;
        // A standstill lasts as long as the agreement that it stops: a later end would be free of it.
        if !under_way(&mut *read, consent.id).await?.is_empty() {
            return Err(Failure::Refused(ChangeRefusal::NotInForce));
        }
        let asked = asked_again(read.offers().await?, consent, old.step);
        let offer = asked.ok_or(Failure::Refused(ChangeRefusal::NotAsked))?;
        let granted = granted_with(consent, &read.consent_acts(consent.id).await?);
        // To what another holder agreed already, and to nothing else: also not under the text of another offer.
        let proposal = consent.proposal(now);
        if proposal.is_some_and(|waits| !offer.notices().contains(&waits.terms.notice)) {
            return Err(Failure::Refused(ChangeRefusal::NoticeChanged));
        }
        let until = proposal.map_or_else(
            || drafted_at.plus_seconds(i64::from(offer.offer.days) * 86_400),
            |proposal| proposal.terms.data.end(),
        );
        if until < old.data.end().plus_seconds(LEAST_GAIN_SECONDS) {
            return Err(Failure::Refused(ChangeRefusal::NotLater));
        }
        let needed = offer.evidence.max(granted);
        Ok(Renewal {
            offer,
            old,
            until,
            needed,
        })
    }

    /// A consent of hers, once the policies allow the act.
    async fn own_consent(
        &self,
        hand: Hand,
        id: ConsentId,
        demand: Demand,
        now: Instant,
    ) -> Result<Consent, Failure<ChangeRefusal>> {
        let who = hand.person();
        let consent = self.store.read().await?.consent(id).await?;
        let consent = consent.filter(|consent| consent.participant == who && hand.reaches(consent.point));
        let consent = consent.ok_or(Failure::Refused(ChangeRefusal::NotYours))?;
        let query = Query {
            principal: hand.principal(),
            action: match demand {
                Demand::Leaving => Action::Withdraw,
                Demand::Granting => Action::Grant,
            },
            resource: Resource::Consent {
                consent: id,
                owner: who,
            },
            now,
        };
        Permit::ask(&*self.policy, query).map_err(|_| Failure::Refused(ChangeRefusal::NotYours))?;
        Ok(consent)
    }

    async fn change(
        &self,
        consent: Consent,
        kind: EventKind,
        hand: Hand,
        now: Instant,
    ) -> Result<Receipt, Failure<ChangeRefusal>> {
        let next = Next {
            acting: hand.acting(),
            ..Next::at_once(kind, now)
        };
        let leaf_index = self.append(consent, next, ActorClass::Participant).await?;
        Ok(self.receipt(leaf_index).await?)
    }

    /// Writes the next event of a consent with its record, if the consent admits it.
    pub(crate) async fn append(
        &self,
        consent: Consent,
        next: Next,
        actor: ActorClass,
    ) -> Result<u64, Failure<ChangeRefusal>> {
        let beat = self.drafted(&consent, next, actor).await?;
        self.commit(beat).await
    }

    /// The next event of a consent with its record, if the consent admits it, for whatever beat writes it.
    pub(crate) async fn drafted(
        &self,
        consent: &Consent,
        next: Next,
        actor: ActorClass,
    ) -> Result<AddChange, Failure<ChangeRefusal>> {
        consent
            .admits(next.kind, next.effective_at, next.now)
            .map_err(|refused| Failure::Refused(refused.into()))?;
        let signed = self.sign(self.next_record(consent, next).await?)?;
        let event = consent.dated_event(next.kind, next.effective_at, next.now, signed.digest());
        Ok(AddChange {
            event: event.ok_or(Fault::Corrupt {
                what: "consent events",
            })?,
            how: (next.how, next.acting),
            intent: None,
            draft: Draft {
                subject: consent.participant.into(),
                actor,
                signed,
            },
            consent: consent.id,
        })
    }
}

/// The offer that a consent may be renewed under: the coarsest that still holds what she shares. Finer values are another
/// choice, with a consent of its own (invariant I7), and a renewal does not bring them. Among those of one step the one
/// with the strictest evidence, so that which of them was made first decides nothing.
fn asked_again(offers: Vec<OfferRow>, consent: &Consent, step: Step) -> Option<OfferRow> {
    offers
        .into_iter()
        .filter(|row| row.offer.recipient == consent.recipient && row.offer.purpose == consent.purpose)
        .filter(|row| step.is_multiple_of(row.offer.step))
        .max_by_key(|row| (row.offer.step, row.evidence))
}

/// How strong the evidence of the agreement is. Of those from before it was kept, as of a click: there was nothing else.
fn granted_with(consent: &Consent, acts: &[ActRow]) -> EvidenceLevel {
    let grants = consent.events.iter().filter(|event| {
        matches!(
            event.kind,
            EventKind::Given | EventKind::Agreed { .. } | EventKind::Renewed(_)
        )
    });
    grants
        .filter_map(|event| acts.iter().find(|act| act.seq == event.seq)?.how.level)
        .max()
        .unwrap_or(EvidenceLevel::L1)
}

/// An event of a consent that stands, with its record.
pub(crate) struct AddChange {
    pub(crate) consent: ConsentId,
    pub(crate) event: ConsentEvent,
    pub(crate) how: (How, Option<Acting>),
    /// The terms that were signed, to be marked as answered.
    intent: Option<[u8; 32]>,
    pub(crate) draft: Draft,
}

/// Writes changes of several sharings in one go.
pub(crate) async fn write_all(group: &mut Group<'_>, changes: &[AddChange]) -> Result<(), Fault> {
    for change in changes {
        add_event_by(group, change.consent, change.event, change.how, &change.draft).await?;
    }
    Ok(())
}

#[async_trait]
impl Commit for AddChange {
    type Answer = Serial;
    type Refusal = ChangeRefusal;
    const NAME: &'static str = "change consent";

    fn leaves(&self) -> usize {
        1
    }

    async fn run(&mut self, group: &mut Group<'_>) -> Result<Result<Serial, ChangeRefusal>, Fault> {
        if let Some(nonce) = self.intent
            && let Some(refusal) = use_intent(group, nonce).await?
        {
            return Ok(Err(ChangeRefusal::Signature(refusal)));
        }
        if matches!(
            self.event.kind,
            EventKind::Given | EventKind::Renewed(_) | EventKind::Agreed { .. }
        ) {
            // Who holds the contract, and who must agree, may have changed since.
            let consent = group.tx.consent(self.consent).await?;
            let consent = consent.ok_or(Fault::SubjectErased)?;
            let said = word(&mut *group.tx, &consent, self.how.1, group.now).await?;
            if !said.is_said_by(self.event.kind) {
                return Err(Fault::Conflict {
                    table: "joint_holding",
                });
            }
        }
        // The event's number is unique: if another event came between, this one conflicts and is decided again. Its
        // record names the digest of the one before, which is therefore the right one.
        let serial = add_event_by(group, self.consent, self.event, self.how, &self.draft).await?;
        Ok(Ok(serial))
    }
}

#[cfg(test)]
mod tests;
